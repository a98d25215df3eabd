#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random and malformed bytes come at every door while honest clients count. Usage: hostile_test.py
BIN_DIR"""

import pathlib
import random
import socket
import struct
import sys
import unittest
import urllib.parse

import zmq

from group import Group, wait_until
from load import Load
from processes import memory_bytes

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
SEED = 20261123
GROWTH_BYTES = 64 << 20  # so much memory may the hostile traffic cost a daemon


def hostile_http_requests(rng):
    """Returns requests that no client should send."""
    yield rng.randbytes(4096)
    yield b'\r\n' * 2000
    yield b'GET ' + b'/' * 100_000 + b' HTTP/1.1\r\n\r\n'
    yield b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 20_000 + b'\r\n'
    yield b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n'
    yield b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'
    yield b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n'
    yield b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"by"'
    yield b'POST /v1/counters/%00%ff%zz/increment HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'
    yield b'GET /hit/' + b'%41' * 3000 + b' HTTP/1.1\r\nHost: x\r\n\r\n'
    yield b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
    yield b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + rng.randbytes(500)
    body = b'[' * 60_000
    yield b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(body) + body


def send_raw(make_socket, payload):
    """Sends bytes, and reads for a short while what comes, until the other side has had enough."""
    with make_socket() as connection:
        connection.settimeout(0.05)
        try:
            connection.sendall(payload)
            while connection.recv(65536):
                pass
        except OSError:
            pass


def hostile_messages(rng, body_types=48):
    """Returns ZeroMQ messages: without a header, with broken headers, of every type with garbage as
    the body, and with wrong numbers of frames."""
    for size in (0, 1, 15, 16, 17, 1000):
        yield [rng.randbytes(size)]
        yield [rng.randbytes(size), rng.randbytes(100)]
    for kind in range(body_types):
        for flags in (0, 1, 2, 0xffff):
            header = struct.pack('<4sHHQ', b'TLY1', kind, flags, 0 if flags == 0 else rng.getrandbits(64))
            for body in (b'', b'\xff' * 100, rng.randbytes(200), b'\x0a\xff\xff\xff\xff\x0f' * 50, b'\x0a\x02\x0a\x00' * 5000):
                yield [header, body]
                yield [header, body, b'more', b'frames']
    yield [struct.pack('<4sHHQ', b'TLY1', 3, 0, 0), rng.randbytes(4 << 20)]


def flood_endpoint(endpoint, rng):
    with zmq.Context() as context:
        with context.socket(zmq.DEALER) as dealer:
            dealer.linger = 1000
            dealer.sndtimeo = 1000
            dealer.connect(endpoint)
            for frames in hostile_messages(rng):
                try:
                    dealer.send_multipart(frames)
                except zmq.Again:
                    pass  # nobody reads any more, which is as good as a refusal


class HostileBytes(unittest.TestCase):
    def test_no_daemon_dies_and_honest_clients_notice_nothing(self):
        rng = random.Random(SEED)
        with Group(BIN_DIR) as group:
            address = urllib.parse.urlsplit(group.http)
            sockets = sorted(path for path in (group.data / 'run').iterdir() if path.is_socket())
            # 2 for clients, 2 for bridges, 1 for the comparator, and 3 for each of three replicas.
            self.assertEqual(len(sockets), 14)
            with Load(group.http, clients=4) as load:
                wait_until(lambda: load.answered_count() > 500, 'load is answered')
                pids = group.pids()
                before = {role: memory_bytes(pid) for role, pid in pids.items()}
                for _ in range(3):
                    for payload in hostile_http_requests(rng):
                        send_raw(lambda: socket.create_connection((address.hostname, address.port)), payload)
                for path in sockets:
                    for _ in range(20):
                        send_raw(lambda path=path: connect_unix(path), rng.randbytes(rng.randrange(1, 3000)))
                    for _ in range(3):
                        flood_endpoint(f'ipc://{path}', rng)
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + 500, 'load is answered afterwards')
            self.assertEqual(group.pids(), pids, 'a daemon died')
            for role, pid in pids.items():
                self.assertLess(memory_bytes(pid) - before[role], GROWTH_BYTES, role)
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0)
            status = group.status()
            self.assertEqual(status['state'], 'ok')
            self.assertEqual([replica['evictions'] for replica in status['replicas']], [0, 0, 0])


def connect_unix(path):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))
    return connection


if __name__ == '__main__':
    unittest.main(verbosity=2)
