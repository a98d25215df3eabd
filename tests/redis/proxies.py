# SPDX-License-Identifier: Apache-2.0
"""Proxies for the tests: before a real Redis, to prove them with while there is no door.

Liar changes each reply that has some bytes. StandIn answers as the door is meant to: it refuses
what the door does not serve and values that are no integers, and everything else is Redis's.
Integers stands before the door itself, for a suite that writes other values.
"""

import contextlib
import re
import socket
import threading

from differences import is_integer
from resp import Connection, encode

READ_BYTES = 1 << 16
STOP_SECONDS = 10
REPLY_SECONDS = 60
FIRST_NUMBER = 1 << 62

SERVED = set('''
    auth client command config dbsize decr decrby del discard echo eval evalsha exec exists expire
    expireat expiretime flushall flushdb function get getdel getex getset hello incr incrby info
    keys mget mset msetnx multi object persist pexpire pexpireat pexpiretime ping psetex pttl quit
    randomkey reset scan script select set setex setnx strlen time touch ttl type unlink unwatch
    wait watch cluster readonly
    '''.split()) | {'post', 'host:'}  # Redis closes on these two without a word
SUBCOMMANDS = {
    'client': 'id info list setname getname setinfo no-evict no-touch kill reply'.split(),
    'command': 'count docs info list getkeys'.split(), 'config': ['get'], 'object': ['encoding'],
    'script': 'load exists flush'.split(), 'function': ['flush']}
VALUES = {'set': 2, 'setnx': 2, 'getset': 2, 'setex': 3, 'psetex': 3}  # where the value is
BLANKS = bytes.maketrans(b'\r\n', b'  ')  # as Redis shows these in errors


class Proxy:
    """Accepts connections on a free port, each of which two threads serve until one side ends."""

    def __init__(self, address):
        self.address_behind = address
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = self.listener.getsockname()
        self.threads = []
        self.sockets = []
        self.ending = False
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        for open_socket in [self.listener, *self.sockets]:
            with contextlib.suppress(OSError):
                open_socket.shutdown(socket.SHUT_RDWR)
            open_socket.close()
        for thread in list(self.threads):
            thread.join(STOP_SECONDS)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=self._quietly, args=(function, *arguments), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _quietly(self, function, *arguments):
        with contextlib.suppress(OSError):  # the connection is over
            function(*arguments)

    def _accept(self):
        while not self.ending:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = Connection(self.address_behind)
            self.sockets += [client, server.socket]
            self.serve(client, server)

    def serve(self, client, server):
        raise NotImplementedError


class Liar(Proxy):
    """Replaces some bytes of the replies by others."""

    def __init__(self, address, truth, lie):
        self.truth, self.lie = truth, lie
        super().__init__(address)

    def serve(self, client, server):
        self._start(self._requests, client, server.socket)
        self._start(self._replies, client, server.socket)

    def _requests(self, client, server):
        while data := client.recv(READ_BYTES):
            server.sendall(data)
        server.shutdown(socket.SHUT_WR)

    def _replies(self, client, server):
        held = b''
        while data := server.recv(READ_BYTES):
            data = (held + data).replace(self.truth, self.lie)
            # A beginning of what is to be replaced waits for the rest.
            keep = max((size for size in range(1, len(self.truth))
                        if data.endswith(self.truth[:size])), default=0)
            held = data[len(data) - keep:]
            client.sendall(data[:len(data) - keep])
        client.sendall(held)
        client.shutdown(socket.SHUT_RDWR)


class CommandProxy(Proxy):
    """Looks at each command and its reply. Requests that it cannot read go to the server as they
    are, and all that comes after them."""

    def request(self, arguments, words, raw):
        """Returns the bytes that the server gets, and what makes the client's bytes of its reply.
        `words` are the arguments as text in lower case."""
        raise NotImplementedError

    def serve(self, client, server):
        self._start(self._commands, Requests(client), client, server)

    def _commands(self, requests, client, server):
        silent = False  # after CLIENT REPLY OFF
        skip = 0
        while (request := requests.next()) is not None:
            arguments, raw = request
            if arguments is None:  # not a command, or one that breaks the protocol
                self._rest(requests, raw, client, server)
                return
            if not arguments:
                continue
            words = [argument.lower().decode('latin-1') for argument in arguments]
            if words[:2] == ['client', 'kill']:
                raw = encode([_address_behind(argument, client, server) for argument in arguments])
            raw, restore = self.request(arguments, words, raw)
            server.send(raw)
            if words[:2] == ['client', 'reply'] and len(words) == 3:
                silent = words[2] == 'off' or (silent and words[2] != 'on')
                skip = 2 if words[2] == 'skip' and not silent else skip
            if silent or skip:
                skip = max(0, skip - 1)
                continue
            reply = server.read(REPLY_SECONDS)
            client.sendall(restore(reply))
            if reply.kind in ('closed', 'silent', '?') or words[0] == 'quit':
                break
        # What is left to say is said, as Redis does after a half-closed connection.
        server.half_close()
        rest, _ = server.read_to_end()
        client.sendall(rest)
        client.shutdown(socket.SHUT_RDWR)

    def _rest(self, requests, raw, client, server):
        """Hands everything over as it comes."""
        server.send(raw)
        self._start(self._copy_rest, requests.socket, server)
        client.sendall(server.read_to_end(REPLY_SECONDS)[0])
        client.shutdown(socket.SHUT_RDWR)

    def _copy_rest(self, client, server):
        while data := client.recv(READ_BYTES):
            server.send(data)
        server.half_close()


class StandIn(CommandProxy):
    """Serves what the door is to serve. A refusal must be Redis's own, so that it also counts in a
    transaction."""

    def request(self, arguments, words, raw):
        if any(not is_integer(arguments[at]) for at in _written(words)):
            # Redis's own refusal of a value that is no integer, and nothing is written.
            return encode([b'INCRBY', arguments[1], b'x']), as_it_is
        if words[:2] in (['client', 'setinfo'], ['client', 'no-touch']):
            return encode([b'CLIENT', b'NO-EVICT', b'off']), as_it_is
        if words[0] not in SERVED:
            name = _disguised(arguments[0])
            return encode([name, *arguments[1:]]), _undisguised(name, arguments[0])
        if len(words) > 1 and words[0] in SUBCOMMANDS and words[1] not in SUBCOMMANDS[words[0]]:
            name = _disguised(arguments[1])
            raw = encode([arguments[0], name, *arguments[2:]])
            return raw, _undisguised(name, arguments[1])
        return raw, as_it_is


class Integers(CommandProxy):
    """Lets programs that write other values than integers run against a server that takes integers
    only: each other value gets a number of its own, and a reply with this number has the value
    again."""

    def __init__(self, address):
        self.numbers = {}
        self.values = {}
        super().__init__(address)

    def request(self, arguments, words, raw):
        arguments = list(arguments)
        written = _written(words)
        for at in written:
            if not is_integer(arguments[at]):
                arguments[at] = self._number(arguments[at])
        return encode(arguments) if written else raw, self._with_values

    def _number(self, value):
        if value not in self.numbers:
            number = b'%d' % (FIRST_NUMBER + len(self.numbers))
            self.numbers[value] = number
            self.values[number] = value
        return self.numbers[value]

    def _with_values(self, reply):
        if reply.kind == '$' and reply.value in self.values:
            value = self.values[reply.value]
            return b'$%d\r\n%s\r\n' % (len(value), value)
        if isinstance(reply.value, list):
            head = reply.raw[:reply.raw.index(b'\r\n') + 2]
            return head + b''.join(self._with_values(item) for item in reply.value)
        return reply.raw


def as_it_is(reply):
    return reply.raw


def _written(words):
    """Returns where the values are that a command with enough arguments writes."""
    if words[0] in VALUES:
        at = VALUES[words[0]]
        has_all = len(words) == at + 1 or (words[0] == 'set' and len(words) > at)
        return [at] if has_all else []
    return range(2, len(words), 2) if words[0] in ('mset', 'msetnx') and len(words) % 2 else []


def _address_behind(argument, client, server):
    """Returns a client's address as Redis sees it."""
    for seen, real in ((client.getpeername(), server.socket.getsockname()),
                       (client.getsockname(), server.socket.getpeername())):
        if argument == b'%s:%d' % (seen[0].encode(), seen[1]):
            return b'%s:%d' % (real[0].encode(), real[1])
    return argument


def _disguised(name):
    """Returns a name of the same length that Redis does not know."""
    return b'~' + name[1:] if name[:1] not in (b'', b'\0') else name


def _undisguised(now, was):
    now, was = (b"'%s'" % name.partition(b'\0')[0][:128].translate(BLANKS) for name in (now, was))
    return lambda reply: reply.raw.replace(now, was, 1)


class Requests:
    """Reads requests, well-formed ones one by one."""

    def __init__(self, client):
        self.socket = client
        self.buffer = b''

    def next(self):
        """Returns (arguments, bytes); (None, bytes) if the bytes are not a usual request; None at
        the end."""
        while True:
            arguments, size = parse(self.buffer) if self.buffer else (None, 0)
            if size:
                raw, self.buffer = self.buffer[:size], self.buffer[size:]
                return arguments, raw
            data = self.socket.recv(READ_BYTES)
            if not data:
                raw, self.buffer = self.buffer, b''
                return (None, raw) if raw else None
            self.buffer += data


def parse(data):
    """Returns (arguments, size) of the first request of some bytes, (None, 0) if it is not all
    there, and (None, size) if it breaks the protocol."""
    end = data.find(b'\r' if data[:1] == b'*' else b'\n')
    if end < 0 or len(data) < end + 2 and data[:1] == b'*':
        return None, (len(data) if len(data) >= 1 << 16 else 0)
    if data[:1] != b'*':
        arguments = parse_inline(data[:end].removesuffix(b'\r'))
        return arguments, (len(data) if arguments is None else end + 1)
    count = data[1:end]
    if not is_integer(count) or int(count) > 1 << 20:
        return None, len(data)
    at, arguments = end + 2, []
    for _ in range(int(count)):
        end = data.find(b'\r', at)
        if end < 0 or len(data) < end + 2:
            is_good = data[at:at + 1] in (b'', b'$') and len(data) - at < 1 << 16
            return None, (0 if is_good else len(data))
        length = data[at + 1:end]
        if data[at:at + 1] != b'$' or not is_integer(length) or not 0 <= int(length) <= 1 << 29:
            return None, len(data)
        at = end + 2
        if len(data) < at + int(length) + 2:
            return None, 0
        arguments.append(data[at:at + int(length)])
        at += int(length) + 2
    return arguments, at


INLINE = re.compile(
    rb'[ \t\r\v\f]*(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|'
    rb"'((?:[^'\\]|\\.)*)'(?=\s|$)|"
    rb'''([^\s"']+))''', re.DOTALL)
ESCAPES = {b'n': b'\n', b'r': b'\r', b't': b'\t', b'b': b'\b', b'a': b'\a'}


def parse_inline(line):
    """Returns the arguments of a line, or None if its quotes are not balanced."""
    arguments, at = [], 0
    line = line.rstrip()
    while at < len(line):
        found = INLINE.match(line, at)
        if not found:
            return None
        double, single, plain = found.groups()
        if double is not None:
            arguments.append(re.sub(rb'\\(x[0-9a-fA-F]{2}|.)', _unescaped, double, flags=re.DOTALL))
        elif single is not None:
            arguments.append(single.replace(b"\\'", b"'"))
        else:
            arguments.append(plain)
        at = found.end()
    return arguments


def _unescaped(found):
    escape = found.group(1)
    if len(escape) == 3:
        return bytes([int(escape[1:], 16)])
    return ESCAPES.get(escape, escape)
