#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever may reach a door may try to use things up: connections, memory, the disk with the logs.
Usage: abuse_test.py BIN_DIR"""

import os
import pathlib
import resource
import selectors
import signal
import socket
import struct
import sys
import time
import unittest

import zmq

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'contract'))

from group import Group, process_is_alive, wait_until  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position
from native_client import pb  # pylint: disable=wrong-import-position
from processes import cpu_seconds, descriptors, memory_bytes  # pylint: disable=wrong-import-position

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
FILES = 1024  # the limit of open files that nearly everybody has
SILENT_CONNECTIONS = 1500
SMALL_MEMORY = 768 << 20
DOORS_FOR_CLIENTS = [('distributor', 'distributor.sock'), ('comparator', 'comparator.sock')]
LOG_BYTES_A_MINUTE = 1_000_000
REPORTS = 200_000
# The greeting of ZMTP 3.1 with the NULL mechanism, and the command READY of a DEALER. After these,
# a connection counts as a peer.
GREETING = b'\xff' + bytes(8) + b'\x7f\x03\x01NULL' + bytes(48)
READY = b'\x04\x29\x05READY\x0bSocket-Type' + struct.pack('>I', 6) + b'DEALER\x08Identity' + bytes(4)


def connect(endpoint):
    """Connects a plain socket to a ZeroMQ endpoint, and says nothing."""
    kind, _, place = endpoint.partition('://')
    host, _, port = place.rpartition(':')
    connection = socket.socket(socket.AF_UNIX if kind == 'ipc' else socket.AF_INET)
    try:
        connection.settimeout(5)
        connection.connect(place if kind == 'ipc' else (host, int(port)))
    except OSError:
        connection.close()
        raise
    return connection


class Silent:
    """Connections that say nothing, or only `words`. press() makes as many as are missing."""

    def __init__(self, endpoint, count, words=b''):
        self.endpoint = endpoint
        self.count = count
        self.words = words
        self.selector = selectors.DefaultSelector()
        self.refused = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def press(self):
        for key, _ in self.selector.select(0):
            self._read(key.fileobj)
        for _ in range(self.count - len(self.selector.get_map())):
            try:
                connection = connect(self.endpoint)
            except OSError:
                return  # the queue of those that wait to be accepted is full
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ)
            try:
                connection.send(self.words)
            except OSError:
                self._close(connection)

    def _read(self, connection):
        try:
            if connection.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._close(connection)

    def _close(self, connection):
        self.selector.unregister(connection)
        connection.close()
        self.refused += 1


class SilentConnections(unittest.TestCase):
    """Every daemon has a limit of 1,024 open files, and honest load goes on beside the silent
    connections."""

    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        # This process needs more files than the daemons.
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def group(self, **settings):
        group = Group(BIN_DIR, environment={f'TALLY_{key.upper()}': value for key, value in settings.items()})
        group.prefix = ['prlimit', f'--nofile={FILES}:{FILES}']
        return self.enterContext(group)

    def assert_it_does_no_harm(self, group, endpoints, words=b''):
        with Load(group.http, clients=4) as load:
            wait_until(lambda: load.answered_count() > 200, 'load is answered')
            pids = group.pids()
            for role, endpoint in endpoints:
                with self.subTest(endpoint=endpoint), Silent(endpoint, SILENT_CONNECTIONS, words) as silent:
                    seen, busy, began = load.answered_count(), cpu_seconds(pids[role]), time.monotonic()

                    def pressed(silent=silent, seen=seen):
                        silent.press()
                        return silent.refused > SILENT_CONNECTIONS // 2 and load.answered_count() > seen + 500
                    wait_until(pressed, 'load is answered beside them', 60)
                    self.assertLess(descriptors(pids[role]), FILES)
                    spent = (cpu_seconds(pids[role]) - busy) / (time.monotonic() - began)
                    print(f'{endpoint}: {silent.refused} refused, {descriptors(pids[role])} files, '
                          f'{spent:.2f} processors')
                    other = next(place for other, place in endpoints if other == role and place != endpoint)
                    with connect(other) as newcomer:
                        self.assertEqual(newcomer.recv(1), b'\xff', 'a new connection to another endpoint')
            self.assertEqual(group.pids(), pids, 'a daemon ended')
        report = load.check(group)
        self.assertEqual(report['unknown'] + report['refused'], 0, report)
        group.tally('incr', 'afterwards')

    def test_silent_connections_over_ipc_end_no_daemon_and_clients_notice_nothing(self):
        group = self.group()
        run = f'ipc://{group.data}/run/'
        self.assert_it_does_no_harm(group, [
            ('distributor', run + 'distributor.sock'), ('distributor', run + 'orders.sock-1'),
            ('comparator', run + 'comparator.sock'), ('comparator', run + 'votes.sock-2')])

    def test_silent_connections_over_tcp_end_no_daemon_and_clients_notice_nothing(self):
        ports = free_ports(2)
        places = [f'tcp://127.0.0.1:{port}' for port in ports]
        group = self.group(distributor_client_endpoint=places[0], comparator_client_endpoint=places[1])
        run = f'ipc://{group.data}/run/'
        self.assert_it_does_no_harm(group, [
            ('distributor', places[0]), ('distributor', run + 'orders.sock-1'),
            ('comparator', places[1]), ('comparator', run + 'votes.sock-2')])

    def test_connections_that_fall_silent_after_the_handshake_do_no_harm(self):
        group = self.group()
        run = f'ipc://{group.data}/run/'
        self.assert_it_does_no_harm(group, [
            ('distributor', run + 'distributor.sock'), ('distributor', run + 'ballots.sock')], GREETING + READY)

    def test_silent_connections_to_a_bridge_leave_it_what_it_needs_itself(self):
        group = self.group(trusted_proxies='127.0.0.1')  # whose share does not end at a quarter
        with socket.create_connection(group.resp, timeout=20) as client:
            client.sendall(b'INCR home\r\n')
            self.assertEqual(client.recv(100), b':1\r\n')
            endpoints = group.endpoints()
            doors = [Silent('tcp://' + endpoints[door].removeprefix('http://'), SILENT_CONNECTIONS)
                     for door in ('resp', 'http')]
            with doors[0] as resp, doors[1] as http:
                wait_until(lambda: (resp.press(), http.press()) and resp.refused > SILENT_CONNECTIONS // 2,
                           'they are refused', 60)
                bridge = group.pid('bridge')
                self.assertGreater(descriptors(bridge), FILES // 3)
                self.assertLess(descriptors(bridge), FILES)
                for role in ('distributor', 'comparator'):
                    pid = group.pid(role)
                    os.kill(pid, signal.SIGKILL)
                    group.wait_new_pid(role, pid)
                client.sendall(b'INCR home\r\n')
                self.assertEqual(client.recv(100), b':2\r\n')
                self.assertEqual(group.pid('bridge'), bridge, 'the bridge ended')

    def test_a_replicas_endpoint_for_state_is_bounded(self):
        group = self.group()
        pids = group.pids()
        with Silent(f'ipc://{group.data}/run/state.sock-1', SILENT_CONNECTIONS) as silent:
            wait_until(lambda: silent.press() or silent.refused > SILENT_CONNECTIONS // 2, 'they are refused')
            self.assertLess(descriptors(pids['replica-1']), FILES // 2)
            self.assertEqual(group.tally('incr', 'beside'), '1')
        self.assertEqual(group.pids(), pids, 'a daemon ended')


class Viewers(unittest.TestCase):
    """Those who watch /events take nothing from those who count."""

    def viewer(self, group, source='127.0.0.1', receive_bytes=None):
        """Returns the socket, and the status that it was answered with."""
        viewer = socket.socket()
        self.addCleanup(viewer.close)
        if receive_bytes:
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        viewer.bind((source, 0))
        viewer.settimeout(5)
        host, _, port = group.http.removeprefix('http://').rpartition(':')
        viewer.connect((host, int(port)))
        viewer.sendall(b'GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
        return viewer, int(viewer.recv(12, socket.MSG_WAITALL).split()[1])

    def test_they_have_a_quarter_of_the_connections_and_one_address_a_quarter_of_that(self):
        group = Group(BIN_DIR)
        group.prefix = ['prlimit', f'--nofile={FILES}:{FILES}']
        group = self.enterContext(group)
        served = FILES // 4  # connections, of which 64 watch
        for number in range(2, 8):
            watching = [self.viewer(group, f'127.0.0.{number}')[1] for _ in range(20)]
            most = max(0, min(served // 16, served // 4 - (number - 2) * (served // 16)))
            self.assertEqual(watching, [200] * most + [503] * (20 - most), number)
        self.assertEqual(group.request('POST', '/v1/counters/beside/increment')[0], 200)

    def test_one_that_does_not_read_is_cut_off(self):
        with Group(BIN_DIR) as group, Load(group.http, clients=2) as load:
            wait_until(lambda: load.answered_count() > 100, 'load is answered')
            bridge = group.pid('bridge')
            before = descriptors(bridge)
            viewer, status = self.viewer(group, receive_bytes=4096)
            self.assertEqual((status, descriptors(bridge)), (200, before + 1))
            wait_until(lambda: descriptors(bridge) == before, 'it is cut off', 60)
            self.assertGreater(len(viewer.recv(1)), 0)


class EndlessMessages(unittest.TestCase):
    """libzmq keeps the parts of a message until the last one is there, however many come."""

    def assert_it_is_ended(self, group, role, endpoint):
        pid = group.pid(role)
        # The limit is lowered, so that it is reached sooner.
        resource.prlimit(pid, resource.RLIMIT_DATA, (SMALL_MEMORY, SMALL_MEMORY))
        part = b'\x03' + struct.pack('>Q', 8192) + bytes(8192)  # a part that says that more follow
        began, largest = time.monotonic(), 0
        with connect(f'ipc://{group.data}/run/{endpoint}') as connection:
            connection.sendall(GREETING + READY)
            heard = b''
            while b'READY' not in heard:
                heard += connection.recv(4096)
            try:
                for _ in range(4 * SMALL_MEMORY // len(part) // 64):
                    connection.sendall(part * 64)
                    largest = max(largest, memory_of(pid))
                self.fail('all parts are taken')
            except OSError:
                pass  # the daemon has hung up, or is gone
        ended = time.monotonic() - began
        wait_until(lambda: group.run('incr', 'after').returncode == 0, 'the group answers', 20)
        print(f'{role}: {largest >> 20} MiB, ended after {ended:.1f} s, answers after '
              f'{time.monotonic() - began - ended:.1f} s more, '
              f'{"the same process" if process_is_alive(pid) else "another process"}')
        self.assertLess(largest, SMALL_MEMORY)

    def test_an_endless_message_is_ended_by_the_memory_limit_and_answers_stay_right(self):
        with Group(BIN_DIR) as group:
            for role in group.roles():
                most = 32 << 30 if role.startswith('replica') else 4 << 30
                limits = resource.prlimit(group.pid(role), resource.RLIMIT_DATA)
                self.assertEqual(limits, (most, most), role)
            with Load(group.http, clients=4, keyed=True) as load:
                for role, endpoint in DOORS_FOR_CLIENTS:
                    seen = load.answered_count()
                    wait_until(lambda seen=seen: load.answered_count() > seen + 200, 'load is answered')
                    self.assert_it_is_ended(group, role, endpoint)
                    seen = load.answered_count()
                    wait_until(lambda seen=seen: load.answered_count() > seen + 200, 'load is answered again')
            load.check(group)
            group.wait_all_vote()


class Logs(unittest.TestCase):
    def test_a_peer_that_reports_as_a_new_process_each_time_fills_no_disk(self):
        with Group(BIN_DIR) as group:
            log = group.data / 'log' / 'distributor.log'
            before, began = log.stat().st_size, time.monotonic()
            with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
                dealer.linger = 0
                dealer.connect(f'ipc://{group.data}/run/orders.sock-1')
                header = struct.pack('<4sHHQ', b'TLY1', pb.MESSAGE_TYPE_REPLICA_REPORT, 0, 0)
                for number in range(1, REPORTS):
                    dealer.send_multipart([header, pb.ReplicaReport(incarnation=number).SerializeToString()])
                    if time.monotonic() > began + 20:
                        break
            wait_until(lambda: 'events_suppressed event=replica_connected replica=1 count=' in log.read_text(),
                       'what was held back is told')
            minutes = max(1, (time.monotonic() - began) / 60)
            print(f'{number} reports, {log.stat().st_size - before} bytes of log')
            self.assertLess(log.stat().st_size - before, LOG_BYTES_A_MINUTE * minutes)
            wait_until(lambda: group.run('incr', 'after').returncode == 0, 'the group answers')


def memory_of(pid):
    """Returns zero if the process is gone."""
    try:
        return memory_bytes(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def free_ports(count):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


if __name__ == '__main__':
    unittest.main(verbosity=2)
