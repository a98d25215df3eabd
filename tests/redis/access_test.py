#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who is let in at the Redis door, and what for: passwords, rights, and other machines.

    access_test.py --ours BIN_DIR [NAME…]

What strangers try at the door all the same is in tests/hostile/attacks_resp.py.
"""

import contextlib
import ctypes
import pathlib
import socket
import subprocess
import sys
import threading
import time

from checks import Checks, Unavailable, expect
from resp import Connection, encode
from servers import UNHURRIED, Group, wait_until

PASSWORD = 'correct horse'
USERS = ['shop:s3cret:add', 'dashboard:another:read', 'clerk:pen:write', 'boss:secret:admin']
COMMANDS = {'add': ['INCR', 'x'], 'read': ['GET', 'x'], 'write': ['SET', 'x', 1],
            'admin': ['FLUSHALL']}
# What each user may do, by what AUTH is told; first a client that has told nothing.
RIGHTS = {(): set(), (PASSWORD,): {'add', 'read', 'write'},
          ('default', PASSWORD): {'add', 'read', 'write'}, ('shop', 's3cret'): {'add'},
          ('dashboard', 'another'): {'read'}, ('clerk', 'pen'): {'write'},
          ('boss', 'secret'): {'admin'}}
SILENT = 200
AUTHENTICATION_SECONDS = 10  # authentication_timeout
LATE_SECONDS = 30  # after it, at most, on a machine with much else to do
OUTSIDE = '192.0.2.1'  # an address that is only for documents, and here of the test's own network
NETWORK = f'ip link set lo up && ip address add {OUTSIDE}/32 dev lo && exec "$@"'
CLONE_NEWNET = 0x40000000  # setns(2)


def is_closed(connection):
    """Tells whether the other side has closed it. What it has said before is dropped."""
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def guarded(bin_dir):
    return Group(bin_dir, environment={**UNHURRIED, 'TALLY_RESP_PASSWORD': PASSWORD,
                                       'TALLY_RESP_USERS': ','.join(USERS)})


def rights(bin_dir):
    """Each user may do what its rights say."""
    with guarded(bin_dir) as group:
        for greeting, may in RIGHTS.items():
            refusal = b'-NOPERM ' if greeting else b'-NOAUTH '
            with Connection(group.resp) as connection:
                if greeting:
                    expect(b'+OK\r\n', connection.call('AUTH', *greeting).raw, 'AUTH')
                for right, command in COMMANDS.items():
                    reply = connection.call(*command).raw
                    expect(right in may, not reply.startswith(refusal),
                           f'whether {greeting} may {command}: {reply}')
    return f'{len(RIGHTS) * len(COMMANDS)} commands'


def strangers(bin_dir):
    """Only who stays a stranger is closed. Others may be idle, here for longer than strangers."""
    with guarded(bin_dir) as group, contextlib.ExitStack() as stack:
        bridge = group.pid('bridge')
        known = stack.enter_context(Connection(group.resp))
        expect(b'+OK\r\n', known.call('AUTH', PASSWORD).raw, 'AUTH')
        begun = time.monotonic()
        silent = [stack.enter_context(socket.create_connection(group.resp))
                  for _ in range(SILENT)]
        wait_until(lambda: all(map(is_closed, silent)), 'the silent ones are closed',
                   AUTHENTICATION_SECONDS + LATE_SECONDS)
        closed = time.monotonic() - begun
        expect(True, closed > AUTHENTICATION_SECONDS - 1, f'whether {closed:.1f} s are enough')
        expect(bridge, group.pid('bridge'), 'the bridge')
        reply = known.call('INCR', 'idle')
        expect(b':1\r\n', reply.raw, f'the answer to one that was idle ({reply.kind})')
    return f'{SILENT} were closed after {closed:.1f} s'


def other_machines(bin_dir):
    """Without a password only this machine is served; with one all machines are alike. The group
    gets a network of its own, in which this process is another machine to it."""
    if subprocess.run(['unshare', '--net', 'true'], capture_output=True, check=False).returncode:
        raise Unavailable('a network of its own for the group')
    with inside_a_network(bin_dir) as group:
        with connection_inside(group, OUTSIDE) as outsider:
            outsider.send(encode([b'INCR', b'x']))
            first = outsider.read().raw
            expect(True, first.startswith(b'-DENIED '), f'whether {first} is a refusal')
            expect('closed', outsider.read().kind, 'what follows')
        with connection_inside(group, '127.0.0.1') as local:
            expect(b':1\r\n', local.call('INCR', 'x').raw, 'the answer to this machine')
    with inside_a_network(bin_dir, TALLY_RESP_PASSWORD=PASSWORD) as group:
        for value, address in enumerate((OUTSIDE, '127.0.0.1'), 1):
            with connection_inside(group, address) as connection:
                first = connection.call('INCR', 'x').raw
                expect(True, first.startswith(b'-NOAUTH '), f'whether {first} is a refusal')
                expect(b'+OK\r\n', connection.call('AUTH', PASSWORD).raw, 'AUTH')
                expect(b':%d\r\n' % value, connection.call('INCR', 'x').raw, 'INCR')
    return f'a client from {OUTSIDE} is refused, and served with a password'


def inside_a_network(bin_dir, **settings):
    group = Group(bin_dir, environment={'TALLY_HTTP_ADDRESS': '0.0.0.0', **UNHURRIED, **settings})
    group.prefix = ['unshare', '--net', 'sh', '-c', NETWORK, 'sh']
    return group


def connection_inside(group, host):
    """Returns a connection to the door that was made within the network of the group."""
    made = []

    def make():  # a thread has a network of its own
        with open(f'/proc/{group.up.pid}/ns/net', encoding='ascii') as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), 'setns')
        made.append(Connection((host, group.resp[1])))
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


if __name__ == '__main__':
    checks = Checks('Who is let in at the Redis door.', [rights, strangers, other_machines])
    checks.parser.add_argument('--ours', required=True, metavar='BIN_DIR', type=pathlib.Path)
    options = checks.parse()
    for check in checks.chosen:
        checks.run(check, options.ours)
    sys.exit(checks.end())
