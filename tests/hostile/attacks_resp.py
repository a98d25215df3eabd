# SPDX-License-Identifier: Apache-2.0
"""What may come by the Redis door."""

import contextlib
import itertools
import pathlib
import random
import secrets
import select
import socket
import sys
import time

import zmtp
from attacks import attack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'redis'))

from resp import Connection, encode, printable  # pylint: disable=wrong-import-position

SEED = 20261128
SOMEBODY_NEW = '127.0.0.3'
MANY = 64
SMALL_BUFFER = 4096  # of a socket, so that what is not read is soon in the bridge's way
STUCK_SECONDS = 1.0  # in which nothing can be sent
CUT_SECONDS = 45  # write_timeout is 30 s
CLOSED_SECONDS = 10
ENDLESS_BYTES = 4 << 20
SLOW = 2_000
HELD_MIB = 640  # held_bytes is 512 MiB, and an allocator keeps some more
PIPELINE = 20_000
OF_A_SOURCE = 2_500  # connections_of_a_source
OF_ALL = 10_000  # connections
COUNTERS = 20_000
PASSWORD = 'correct horse'
USERS = {'reader': 'read', 'adder': 'add', 'writer': 'write', 'boss': 'admin'}
GUARDED = {'TALLY_RESP_PASSWORD': PASSWORD,
           'TALLY_RESP_USERS': ','.join(f'{name}:of-{name}:{right}'
                                        for name, right in USERS.items())}
WINDOW_SCRIPT = b'628bd136a573a06b346879695681af12ccef300f'  # of limits: seconds, amount
FLEXIBLE_SCRIPT = b'a1de965f42e177aa339706bd580f049065eca79a'


def address(target):
    host, _, port = target.resp.removeprefix('tcp://').rpartition(':')
    return host, int(port)


def open_resp(target, source=None):
    return zmtp.Peer(zmtp.open_socket(target.resp, source))


def words(*arguments):
    return encode([argument if isinstance(argument, bytes) else str(argument).encode()
                   for argument in arguments])


def ask(target, *arguments, source=None):
    """Returns the reply to one command on a connection of its own."""
    with Connection(address(target), source) as connection:
        return connection.call(*arguments)


def see_service(target, source=SOMEBODY_NEW):
    """Somebody new is let in, and counts."""
    try:
        reply = ask(target, 'INCR', f'new-{secrets.token_hex(4)}', source=source)
    except OSError as problem:
        target.found(f'somebody new is not let in: {problem}')
        return
    if reply.raw != b':1\r\n':
        target.found(f'somebody new is told {printable(reply.raw)}')


def flood_and_read(target, count, batch):
    """Floods on so many connections. No reply may be another one than `batch` says: it returns the
    bytes, and how each reply of theirs begins."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(address(target))) for _ in range(count)]
        while target.running():
            owed = []
            for connection in connections:
                data, beginnings = batch()
                connection.send(data)
                owed.append(beginnings)
            for connection, beginnings in zip(connections, owed):
                for beginning in beginnings:
                    reply = connection.read()
                    target.count('replies')
                    if not reply.raw.startswith(beginning):
                        target.found(f'{printable(reply.raw)} ({reply.kind}) instead of '
                                     f'{beginning}')
                        return


# ---- what does not come to its end

@attack('resp', seconds=8, memory_mib=96)
def resp_slow_loris(target):
    """2,000 connections, some of which send a command byte by byte, while the others stop in the
    middle of one."""
    command = words('MSET', *itertools.chain(*((f'loris-{number}', number)
                                               for number in range(100))))
    slow, stopped = [], []
    for number in range(SLOW):
        peer = open_resp(target)
        (slow if number % 4 == 0 else stopped).append(peer)
    for number, peer in enumerate(stopped):
        peer.push(command[:1 + number % (len(command) - 1)])
    for place in itertools.cycle(range(len(command))):
        if not target.running():
            break
        for peer in list(slow):
            try:
                peer.push(command[place:place + 1], 0)
                peer.drain()
            except zmtp.Closed:
                slow.remove(peer)
                target.count('closed')
        target.wait(0.1)
    target.did['held'] = len(slow) + len(stopped)
    see_service(target)


@attack('resp', seconds=10, memory_mib=HELD_MIB)
def resp_hoarded_halves(target):
    """1,500 connections, each with more than a megabyte of a command that does not end: what all of
    them hold together is bounded, and some are closed for it."""
    argument = b'$64000\r\n' + bytes(64_000) + b'\r\n'
    half = b'*8000\r\n' + 18 * argument
    peers = []
    for _ in range(1500):
        if not target.running():
            break
        try:
            peer = open_resp(target)
            peer.push(half, 2)
            peers.append(peer)
        except (OSError, zmtp.Closed):
            target.count('closed')
    target.did['held'] = len(peers)
    see_service(target)
    while target.running():
        for peer in list(peers):
            try:
                peer.push(b'', 0)
                peer.drain()
            except zmtp.Closed:
                peers.remove(peer)
                target.count('closed')
        target.wait(0.5)


# What never ends, how it goes on, and the reply to it, behind which the connection is closed.
ENDLESS = {
    'a bulk of 512 MiB': (b'*2\r\n$4\r\nECHO\r\n$536870912\r\n', b'x', b'invalid bulk length'),
    'a bulk of 2^63-1 bytes': (b'*1\r\n$9223372036854775807\r\n', b'x', b'invalid bulk length'),
    'a bulk of -2^63 bytes': (b'*1\r\n$-9223372036854775808\r\n', b'x', b'invalid bulk length'),
    '2^31-1 arguments': (b'*2147483647\r\n', b'$1\r\nx\r\n', b'invalid multibulk length'),
    '2^63 arguments': (b'*9223372036854775808\r\n', b'$1\r\nx\r\n', b'invalid multibulk length'),
    '8200 arguments of 60,000 bytes': (b'*8200\r\n', b'$60000\r\n' + bytes(60_000) + b'\r\n',
                                       b'invalid bulk length'),
    'a line': (b'', b'x', b'too big inline request'),
    'a line behind a NUL': (b'PING\0\r\n', b'x\r\n', b'too big inline request'),
    'an open quote': (b'INCR "', b'x', b'too big inline request'),
    'a count': (b'*', b'1', b'too big mbulk count string'),
    'a size': (b'*1\r\n$', b'1', b'too big bulk count string'),
}


@attack('resp', seconds=6, short=2)
def resp_endless_commands(target):
    """Arguments without an end, and counts and sizes beyond all bounds: each gets Redis's error, and
    the connection is closed."""
    while target.running():
        for what, (head, filler, error) in ENDLESS.items():
            reply = reply_to_endless(target, head, filler)
            if reply != b'-ERR Protocol error: ' + error + b'\r\n':
                target.found(f'{what} is answered {printable(reply)}')
            target.count('connections')


def reply_to_endless(target, head, filler):
    """Sends until the other side hangs up. Returns what it has said."""
    block = filler * (1 + (1 << 16) // len(filler))
    said = b''
    with socket.create_connection(address(target), CLOSED_SECONDS) as connection:
        connection.sendall(head)
        connection.setblocking(False)
        sent = 0
        end = time.monotonic() + CLOSED_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(BlockingIOError):
                data = connection.recv(1 << 16)
                if not data:
                    return said
                said += data
            if sent > ENDLESS_BYTES:
                zmtp.wait_for(connection, select.POLLIN, 1)
                continue
            try:
                sent += connection.send(block[sent % len(filler):])
            except BlockingIOError:
                zmtp.wait_for(connection, select.POLLIN | select.POLLOUT, 1)
            except OSError:  # it has closed, and what it has said may still be read
                sent = ENDLESS_BYTES + 1
    return said + b' (not closed)'


@attack('resp', seconds=4)
def resp_pages_of_browsers(target):
    """What a stranger's page makes a browser send: nothing behind `POST` or `Host:` is executed, and
    the connection is closed without a word."""
    heads = (b'POST / HTTP/1.1\r\n', b'GET / HTTP/1.1\r\nHost: there\r\n', b'Host: there\r\n',
             b'post x\r\n', b'hOsT:\r\n', b'POST\r\n')
    name = f'page-{secrets.token_hex(4)}'
    command = b'INCR %s\r\n' % name.encode() + words('INCR', name)
    while target.running():
        for head in heads:
            for page in (head + command, head + b'Content-Type: text/plain\r\n\r\n' + 99 * command):
                with Connection(address(target)) as connection:
                    connection.send(page)
                    said, is_closed = connection.read_to_end(CLOSED_SECONDS)
                # GET is a command, whose arguments are too many.
                expected = b'-ERR wrong number of arguments for \'get\' command\r\n'
                if not is_closed or said not in (b'', expected if head.startswith(b'GET') else b''):
                    target.found(f'{printable(head)} is answered {printable(said)}, '
                                 f'{"closed" if is_closed else "open"}')
                target.count('pages')
    if ask(target, 'EXISTS', name).value != b'0':
        target.found('a page counts')


# ---- who does not read

@attack('resp', seconds=60, short=3, memory_mib=96)
def resp_unread_replies(target):
    """Commands without an end on 48 connections that never read: each stops only itself, and is cut
    in the end."""
    names = [f'unread:{number}' for number in range(500)]
    kinds = [words('PING'), words('ECHO', bytes(60_000)), words('INCR', 'unread'),
             words('MGET', *names), words('COMMAND'), words('INFO')]
    poll = select.poll()
    unread = {}
    for request in (kind * (1 + 10_000 // len(kind)) for kind in 8 * kinds):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        connection.connect(address(target))
        connection.setblocking(False)
        poll.register(connection, select.POLLOUT)
        unread[connection.fileno()] = [connection, request, 0]
    moved = time.monotonic()
    while target.running() and unread:
        for descriptor, _ in poll.poll(100):
            connection, request, place = unread[descriptor]
            try:
                sent = connection.send(request[place:])
            except OSError:
                poll.unregister(descriptor)
                unread.pop(descriptor)[0].close()
                target.count('cut')
                continue
            target.count('bytes', sent)
            unread[descriptor][2] = (place + sent) % len(request)
            moved = time.monotonic()
        stuck = time.monotonic() - moved
        if stuck > STUCK_SECONDS:
            target.did.setdefault('stuck', len(unread))
        if stuck > CUT_SECONDS:
            target.found(f'{len(unread)} that do not read are not cut after {stuck:.0f} s')
            return


@attack('resp', seconds=8, memory_mib=96)
def resp_long_pipelines(target):
    """20,000 commands before any reply is read, on 8 connections at a time: each is answered, and in
    order."""
    while target.running():
        with contextlib.ExitStack() as stack:
            connections = [stack.enter_context(Connection(address(target))) for _ in range(8)]
            names = [f'long-{secrets.token_hex(4)}' for _ in connections]
            for connection, name in zip(connections, names):
                connection.send(PIPELINE * words('INCR', name))
            for connection in connections:
                for value in range(1, PIPELINE + 1):
                    reply = connection.read()
                    if reply.raw != b':%d\r\n' % value:
                        target.found(f'{printable(reply.raw)} ({reply.kind}) instead of {value}')
                        return
                target.count('pipelines')


# ---- connections

@attack('resp', seconds=15, memory_mib=192)
def resp_connections(target):
    """As many connections of one address as it may have, and more; then as many as the door has.
    Whoever was there before is served, and newcomers when the flood is over."""
    held = opened(target, None, OF_A_SOURCE)
    with contextlib.suppress(OSError):
        refusal = ask(target, 'PING').raw
        if refusal not in (b'', b'-ERR max number of clients reached\r\n'):
            target.found(f'beyond its share an address is told {printable(refusal)}')
    see_service(target)
    for number in range(10, 10 + OF_ALL // OF_A_SOURCE):
        held += opened(target, f'127.0.0.{number}', OF_A_SOURCE)
    target.did['opened'] = len(held)
    target.rest()
    for peer in held:
        peer.close()
    end = time.monotonic() + CLOSED_SECONDS
    while ask(target, 'PING', source=SOMEBODY_NEW).raw != b'+PONG\r\n':
        if time.monotonic() > end:
            target.found('nobody new is let in when the flood is over')
            return


def opened(target, source, count):
    """Returns connections. The door may have closed some of them."""
    peers = []
    while target.running() and len(peers) < count:
        try:
            peers.append(open_resp(target, source))
        except OSError:
            target.count('turned_away')
            target.wait(0.01)
    return peers


@attack('resp', seconds=6)
def resp_reconnecting(target):
    """Connections that come, say a little and go, as fast as they are taken."""
    while target.running():
        for data in (b'', b'*1\r\n', words('PING'), words('MULTI'), words('INCR', 'coming'),
                     words('WATCH', 'coming'), words('CLIENT', 'REPLY', 'OFF')):
            with contextlib.suppress(OSError, zmtp.Closed), open_resp(target) as peer:
                peer.push(data)
                target.count('connections')


# ---- what costs much

def make_counters(target, prefix, count):
    names = [f'{prefix}-{number:05}-'.ljust(200, 'a') for number in range(count)]
    with Connection(address(target)) as connection:
        for start in range(0, count, 1000):
            pairs = itertools.chain(*((name, 1) for name in names[start:start + 1000]))
            reply = connection.call('MSET', *pairs)
            if reply.raw != b'+OK\r\n':
                target.found(f'MSET is answered {printable(reply.raw)}')


@attack('resp', seconds=10, memory_mib=128)
def resp_scans(target):
    """KEYS, SCAN, RANDOMKEY and DBSIZE over 20,000 counters, with patterns of 60,000 bytes, on 16
    connections."""
    make_counters(target, 'scanned', COUNTERS)
    stars = b'*a' * 30_000
    sets = b'[a-z]*' * 10_000
    commands = [words('KEYS', '*'), words('KEYS', stars), words('KEYS', sets + b'b'),
                words('SCAN', 0, 'COUNT', 1000), words('SCAN', 0, 'COUNT', 2**62, 'MATCH', stars),
                words('SCAN', 2**63 - 1), words('SCAN', 2**64 - 1), words('RANDOMKEY'),
                words('DBSIZE')]
    beginnings = (b'*', b'$', b':', b'-TRYAGAIN nothing was applied', b'-ERR invalid cursor')
    rng = random.Random(SEED)
    flood_and_read(target, 16, lambda: (b''.join(rng.choices(commands, k=4)), 4 * [beginnings]))


@attack('resp', seconds=6, short=2, memory_mib=256)
def resp_expensive_replies(target):
    """Commands of a few bytes with long replies, pipelined on 32 connections that read them."""
    requests = itertools.cycle([
        500 * words('COMMAND'), 500 * words('COMMAND', 'DOCS'), 500 * words('INFO'),
        500 * words('CONFIG', 'GET', '*'), words('COMMAND', 'INFO', *8000 * ['client'])])
    target.flood([open_resp(target) for _ in range(32)], lambda: next(requests))


@attack('resp', seconds=10, memory_mib=HELD_MIB)
def resp_unread_keys(target):
    """KEYS of 20,000 counters, 4 megabytes each, for 200 connections that never read them."""
    make_counters(target, 'kept', COUNTERS)
    peers = [open_resp(target) for _ in range(200)]
    for peer in itertools.cycle(peers):
        if not target.running():
            break
        try:
            peer.push(b'' if peer.leaving else words('KEYS', '*'), 0.01)
        except zmtp.Closed:
            target.count('closed')
            peers[peers.index(peer)] = peer
    see_service(target)


@attack('resp', seconds=6, memory_mib=96)
def resp_huge_transactions(target):
    """Transactions that are as large as they may be, larger, and never executed, on 64
    connections."""
    most = 1920  # INCR of a transaction
    count = words('INCR', 'transaction')
    large = b'*2\r\n$4\r\nECHO\r\n$60000\r\n' + bytes(60_000) + b'\r\n'
    unfinished = [open_resp(target) for _ in range(MANY)]
    for peer in unfinished:
        peer.push(words('MULTI') + 500 * count, 1)
    queued, spoilt = b'+QUEUED', b'-ERR the transaction is too large'
    kinds = [
        (words('MULTI') + most * count + words('EXEC'), [b'+OK', *most * [queued], b'*512']),
        (words('MULTI') + (most + 1) * count + words('EXEC'),
         [b'+OK', *most * [queued], spoilt, b'-EXECABORT']),
        (words('MULTI') + 3 * large + words('DISCARD'),
         [b'+OK', queued, queued, spoilt, b'+OK']),
    ]
    turns = itertools.cycle(kinds)
    flood_and_read(target, 16, lambda: next(turns))
    for peer in unfinished:
        peer.close()


@attack('resp', seconds=6, memory_mib=96)
def resp_watches(target):
    """WATCH of as many counters as may be, and more, and executing after somebody else's change, on
    64 connections."""
    names = [f'watched-{number}' for number in range(256)]
    all_at_once = words('WATCH', *names)
    one_more = words('WATCH', 'one-more')
    change = words('MULTI') + words('INCR', names[0]) + words('EXEC')
    executed = [b'+OK', b'+QUEUED', b'*']
    kinds = [
        (all_at_once + all_at_once + words('UNWATCH'), [b'+OK', b'-ERR too many', b'+OK']),
        (all_at_once + one_more + change, [b'+OK', b'-ERR too many', *executed]),
        (words('WATCH', names[0]) + change, [b'+OK', *executed]),
        (50 * (words('WATCH', *names[:5]) + words('UNWATCH')), 100 * [b'+OK']),
        (words('MULTI') + all_at_once + words('EXEC'),
         [b'+OK', b'-ERR WATCH inside MULTI', b'*0']),
    ]
    turns = itertools.cycle(kinds)
    flood_and_read(target, MANY, lambda: next(turns))


@attack('resp', seconds=6, memory_mib=96)
def resp_odd_scripts(target):
    """Scripts that nobody knows, ever new ones to load, and known ones with odd arguments, on 16
    connections."""
    numbers = itertools.count()
    integer = b'-ERR value is not an integer'
    odd_calls = [
        (words('EVALSHA', WINDOW_SCRIPT, 0), b'-ERR this script takes'),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd'), b'-ERR this script takes'),
        (words('EVALSHA', WINDOW_SCRIPT, 2, 'odd', 'odd', 1, 1), b'-ERR this script takes'),
        (words('EVALSHA', WINDOW_SCRIPT, -1, 'odd', 1, 1), b"-ERR Number of keys can't be neg"),
        (words('EVALSHA', WINDOW_SCRIPT, 2**63, 'odd', 1, 1), integer),
        (words('EVALSHA', WINDOW_SCRIPT, 2**31, 'odd', 1, 1), b"-ERR Number of keys can't be gr"),
        (words('EVALSHA', WINDOW_SCRIPT, 'x', 'odd', 1, 1), integer),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd', 'x', 1), integer),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd', 0, 1), b'-ERR invalid expire'),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd', -5, 1), b'-ERR invalid expire'),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd', 2**63 - 1, 1), b'-ERR invalid expire'),
        (words('EVALSHA', FLEXIBLE_SCRIPT, 1, 'odd', 2**63, 1), integer),
        (words('EVALSHA', WINDOW_SCRIPT, 1, b'\xff\n', 1, 1), b"-ERR a counter's name"),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd', 60, 1), b':'),
        (words('EVALSHA', WINDOW_SCRIPT, 1, 'odd', 60, 1, *2000 * ['more']), b':'),
        (words('EVALSHA', 'f' * 40, 1, 'odd'), b'-NOSCRIPT'),
        (words('EVALSHA', b'\0' * 60_000, 0), b'-NOSCRIPT'),
        (words('SCRIPT', 'EXISTS', *4000 * [WINDOW_SCRIPT]), b'*4000'),
        (words('SCRIPT', 'FLUSH', 'odd'), b'-ERR SCRIPT FLUSH'),
    ]

    def batch():
        calls = [(words('SCRIPT', 'LOAD', b'return %d' % next(numbers) + bytes(60_000)), b'-ERR '),
                 (words('EVAL', b'return %d' % next(numbers) + bytes(60_000), 0), b'-ERR '),
                 *odd_calls]
        return b''.join(call for call, _ in calls), [beginning for _, beginning in calls]
    flood_and_read(target, 16, batch)
    see_service(target)


@attack('resp', seconds=6, memory_mib=96)
def resp_noise(target):
    """Good commands, noise and halves of commands, one behind the other, on 50 connections that
    rarely read."""
    rng = random.Random(SEED)
    pieces = [words('INCR', 'noise'), words('MULTI'), words('EXEC'), words('HELLO', 3), b'\r\n' * 999,
              words('CLIENT', 'REPLY', 'SKIP'), words('RESET'), rng.randbytes(4096), b'*-1\r\n',
              words('SET', 'noise', 2**63), words('CLIENT', 'KILL', 'ID', 1), b'*3\r\n$3\r\nSET',
              words('FLUSHALL'), words('SHUTDOWN'), words('DEBUG', 'SEGFAULT'),
              words('CONFIG', 'SET', 'dir', '/'), words('SUBSCRIBE', 'x'), words('MONITOR'),
              words('OBJECT', 'ENCODING', 'noise'), words(b'\xff' * 60_000, b'\0' * 60_000)]
    target.flood([open_resp(target) for _ in range(50)], lambda: b''.join(rng.choices(pieces, k=4)),
                 lambda: open_resp(target))


# ---- passwords and rights

@attack('resp', seconds=6, environment=GUARDED)
def resp_guessed_passwords(target):
    """Passwords that are tried on 16 connections, which begin anew when their time is over."""
    numbers = itertools.count()

    def batch():
        guesses = [(words('AUTH', f'guess-{next(numbers)}'), b'-WRONGPASS'),
                   (words('AUTH', 'boss', f'guess-{next(numbers)}'), b'-WRONGPASS'),
                   (words('HELLO', 3, 'AUTH', 'default', PASSWORD[:-1]), b'-WRONGPASS'),
                   (words('AUTH', ''), b'-WRONGPASS'), (words('INCR', 'guessed'), b'-NOAUTH')]
        target.count('guesses', 40)
        return b''.join(10 * [guess for guess, _ in guesses]), 10 * [told for _, told in guesses]
    flood_and_read(target, 16, batch)


@attack('resp', seconds=6, short=2, environment=GUARDED)
def resp_wrong_rights(target):
    """Users who do what they have no right to, alone and in transactions."""
    commands = {
        'read': [('GET', 'owned'), ('TTL', 'owned'), ('SCAN', 0), ('KEYS', '*'), ('DBSIZE',),
                 ('WATCH', 'owned')],
        'add': [('INCR', 'owned'), ('DECRBY', 'owned', 5),
                ('TALLY.INCRBY', 'owned', 5, 'IDEMPOTENCY', 'token'),
                ('EVALSHA', WINDOW_SCRIPT, 1, 'owned', 60, 1)],
        'write': [('SET', 'owned', 5), ('DEL', 'owned'), ('EXPIRE', 'owned', 1), ('GETDEL', 'owned'),
                  ('MSET', 'owned', 5), ('SETNX', 'owned', 5), ('GETEX', 'owned', 'EX', 1)],
        'admin': [('FLUSHALL',), ('FLUSHDB',)]}
    with Connection(address(target)) as owner:
        owner.call('AUTH', PASSWORD)
        owner.call('SET', 'owned', 1)
        while target.running():
            for name, right in USERS.items():
                refused = [words(*command) for needed, group in commands.items() if needed != right
                           for command in group]
                data = b''.join([words('AUTH', name, f'of-{name}'), *refused, words('MULTI'),
                                 *refused, words('EXEC')])
                told = [b'+OK', *len(refused) * [b'-NOPERM'], b'+OK', *len(refused) * [b'-NOPERM'],
                        b'-EXECABORT']
                see_told(target, data, told)
            if owner.call('GET', 'owned').raw != b'$1\r\n1\r\n':
                target.found('somebody without the right has changed a counter')


def see_told(target, data, told):
    with Connection(address(target)) as connection:
        connection.send(data)
        for number, beginning in enumerate(told):
            reply = connection.read()
            target.count('replies')
            if not reply.raw.startswith(beginning):
                target.found(f'reply {number}: {printable(reply.raw)} instead of {beginning}')
                return
