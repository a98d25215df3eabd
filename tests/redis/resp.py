# SPDX-License-Identifier: Apache-2.0
"""Redis's protocol as bytes: requests to send, replies to compare.

A reply keeps the bytes that it came as, because they are what is compared. Every wait has a
deadline.
"""

import collections
import socket
import time

REPLY_SECONDS = 10
CONNECT_SECONDS = 10
READ_BYTES = 1 << 16

SIMPLE = b'+-:_#,('  # one line
BULK = b'$=!'  # a length, and so many bytes
AGGREGATE = {b'*': 1, b'~': 1, b'>': 1, b'%': 2}  # a number of replies, or of pairs

# kind: the first byte, or 'closed' or 'silent' if there was no reply, or '?' if it cannot be read.
# value: bytes, a list of replies, or None for a null.
Reply = collections.namedtuple('Reply', 'raw kind value')


class Closed(Exception):
    """The server closed the connection."""


class Unreadable(Exception):
    """What the server sent is not RESP."""


def encode(arguments):
    """Returns a command as an array of bulk strings."""
    parts = [b'*%d\r\n' % len(arguments)]
    for argument in arguments:
        parts.append(b'$%d\r\n%s\r\n' % (len(argument), argument))
    return b''.join(parts)


def encode_inline(arguments, end=b'\r\n'):
    """Returns a command as a line, with quotes where an argument needs them."""
    return b' '.join(_quoted(argument) for argument in arguments) + end


def _quoted(argument):
    if argument and all(0x21 <= byte <= 0x7e and byte not in b'"\'\\' for byte in argument):
        return argument
    plain = (byte for byte in argument)
    return b'"' + b''.join(
        bytes([byte]) if 0x20 <= byte <= 0x7e and byte not in b'"\\' else b'\\x%02x' % byte
        for byte in plain) + b'"'


def printable(data, most=300):
    """Returns bytes for a person to read, cut if they are many."""
    text = repr(bytes(data))[1:]
    return text if len(text) <= most else f'{text[:most]}… ({len(data)} bytes)'


class Connection:
    """A connection to a server, which reads replies until a deadline. `source`: the address that it
    comes from, if that matters."""

    def __init__(self, address, source=None):
        self.socket = socket.create_connection(address, CONNECT_SECONDS,
                                               (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.at = 0
        self.deadline = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data, seconds=REPLY_SECONDS):
        """Sends bytes. A server that has closed the connection is noticed when it is read."""
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(data)
        except (ConnectionError, TimeoutError):
            pass

    def half_close(self):
        """Says that no more bytes will come, and goes on reading."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server was first.

    def read(self, seconds=REPLY_SECONDS):
        """Returns the next reply, or one that says that there was none."""
        self.deadline = time.monotonic() + seconds
        try:
            return self._reply()
        except Closed:
            return Reply(self._rest(), 'closed', None)
        except TimeoutError:
            return Reply(self._rest(), 'silent', None)
        except Unreadable:
            return Reply(self._rest(), '?', None)

    def read_to_end(self, seconds=REPLY_SECONDS):
        """Returns all bytes until the server closes, and whether it did so in time."""
        self.deadline = time.monotonic() + seconds
        try:
            while True:
                self._more()
        except Closed:
            return self._rest(), True
        except TimeoutError:
            return self._rest(), False

    def call(self, *arguments):
        """Sends one command, and returns its reply."""
        self.send(encode([_bytes(argument) for argument in arguments]))
        return self.read()

    def _rest(self):
        rest = bytes(self.buffer[self.at:])
        self.buffer.clear()
        self.at = 0
        return rest

    def _more(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(READ_BYTES)
        except ConnectionError as error:
            raise Closed from error
        if not data:
            raise Closed
        if self.at == len(self.buffer):
            self.buffer.clear()
            self.at = 0
        self.buffer += data

    def _line(self):
        while True:
            end = self.buffer.find(b'\r\n', self.at)
            if end >= 0:
                line = bytes(self.buffer[self.at:end + 2])
                self.at = end + 2
                return line
            self._more()

    def _exactly(self, count):
        while len(self.buffer) - self.at < count:
            self._more()
        data = bytes(self.buffer[self.at:self.at + count])
        self.at += count
        return data

    def _reply(self):
        line = self._line()
        kind, rest = line[:1], line[1:-2]
        if kind in SIMPLE and line != b'\r\n':
            return Reply(line, kind.decode(), None if kind == b'_' else rest)
        try:
            count = int(rest)
        except ValueError as error:
            raise Unreadable from error
        if kind in BULK:
            if count < 0:
                return Reply(line, kind.decode(), None)
            data = self._exactly(count + 2)
            return Reply(line + data, kind.decode(), data[:-2])
        if kind in AGGREGATE:
            if count < 0:
                return Reply(line, kind.decode(), None)
            items = [self._reply() for _ in range(count * AGGREGATE[kind])]
            return Reply(line + b''.join(item.raw for item in items), kind.decode(), items)
        raise Unreadable


def _bytes(argument):
    return argument if isinstance(argument, bytes) else str(argument).encode()
