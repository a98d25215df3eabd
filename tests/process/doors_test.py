#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The ports of a bridge's doors: who holds them, who hands them down, and how many connections they
take. Usage: doors_test.py BIN_DIR"""

import fcntl
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from group import Group, address_of, clean_environment, free_ports_in_a_row, wait_until
from processes import connections_of_a_door

BIN_DIR = None
SECONDS = 20
TOO_MANY = b'-ERR max number of clients reached\r\n'


def all_that_comes(connection):
    """Returns what arrives until the connection ends."""
    received = b''
    try:
        while part := connection.recv(4096):
            received += part
    except ConnectionResetError:
        pass
    return received


def is_served(address):
    """Tells whether a bridge, and not only the kernel, has the connections to this address: it
    answers, or hangs up."""
    with socket.create_connection(address, SECONDS) as connection:
        try:
            connection.sendall(b'PING\r\n')
            connection.recv(1)
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
    return True


class TwoBridges(unittest.TestCase):
    """These tests leave the group as it was."""

    @classmethod
    def setUpClass(cls):
        cls.group = cls.enterClassContext(Group(BIN_DIR, '--bridges', 2))

    def test_endpoints_json_has_the_redis_door_of_each_bridge(self):
        endpoints = self.group.endpoints()
        self.assertEqual(list(endpoints)[:3], ['http', 'resp', 'bridges'])
        self.assertEqual(endpoints['bridges'][0], {'http': endpoints['http'], 'resp': endpoints['resp']})
        addresses = [bridge['resp'] for bridge in endpoints['bridges']]
        self.assertEqual(len(set(addresses)), 2)
        for address in addresses:
            self.assertRegex(address, r'^127\.0\.0\.1:\d+$')
            self.assertTrue(is_served(address_of(address)))

    def test_up_says_how_redis_clients_find_each_bridge(self):
        printed = (self.group.temporary / 'up.log').read_text()
        first, second = self.group.endpoints()['bridges']
        port = address_of(first['resp'])[1]
        self.assertIn(f'\ntry: curl -X POST {first["http"]}/v1/counters/home/increment\n'
                      f'or:  redis-cli -p {port} incr home\n', printed)
        port = address_of(second['resp'])[1]
        self.assertIn(f'\nanother bridge: {second["http"]}, redis-cli -p {port}\n', printed)

    def test_a_port_in_use_is_a_clear_error_that_says_what_chooses_another(self):
        for flag, other_flag, key, address in (('--http', '--resp', 'http_port', self.group.http.rsplit('/')[-1]),
                                               ('--resp', '--http', 'resp_port', self.group.endpoints()['resp'])):
            with self.subTest(flag):
                port = address_of(address)[1]
                other = Group(BIN_DIR, flag, port, other_flag, 0)
                self.addCleanup(other.kill)
                self.addCleanup(shutil.rmtree, other.temporary, ignore_errors=True)
                other.launch()
                self.assertEqual(other.up.wait(30), 2)
                self.assertEqual((other.temporary / 'up.log').read_text(),
                                 f'tally: cannot listen on 127.0.0.1 port {port}: Address already in use; '
                                 f'{flag} or {key} chooses another one\n')
                self.assertEqual(other.roles(), [])
                self.assertFalse((other.data / 'journal').exists(), 'no group was begun')

    def test_what_is_secret_is_in_no_log_and_no_process(self):
        users = 'web:very secret:read+add,ops:also secret:admin'
        with Group(BIN_DIR, environment={'TALLY_RESP_PASSWORD': 'most secret', 'TALLY_RESP_USERS': users,
                                         'TALLY_LOG_LEVEL': 'debug'}) as other:
            self.assertIn('most secret', (other.data / 'run' / 'tally.toml').read_text())
            self.assertEqual((other.data / 'run' / 'tally.toml').stat().st_mode & 0o777, 0o600)
            for pid in other.pids().values():
                for about in ('environ', 'cmdline'):
                    self.assertNotIn(b'secret', pathlib.Path(f'/proc/{pid}/{about}').read_bytes())
            for log in [other.temporary / 'up.log', *(other.data / 'log').iterdir()]:
                self.assertNotIn('secret', log.read_text(), log)


class Restarts(unittest.TestCase):
    def test_a_free_port_that_was_picked_is_kept_when_the_bridge_is_killed(self):
        with Group(BIN_DIR) as group:
            endpoints = group.endpoints()
            self.assertTrue(is_served(group.resp))
            old = group.pid('bridge')
            os.kill(old, signal.SIGKILL)
            # It waits in the backlog until the next bridge accepts it.
            self.assertTrue(is_served(group.resp))
            self.assertNotEqual(group.wait_new_pid('bridge', old), old)
            self.assertTrue(is_served(group.resp))
            self.assertEqual(group.endpoints(), endpoints)
            self.assertEqual(group.request('POST', '/v1/counters/home/increment')[0], 200)

    def test_a_restarted_bridge_takes_over_without_a_refusal(self):
        with Group(BIN_DIR) as group:
            restart = subprocess.Popen([BIN_DIR / 'tally', 'restart', 'bridge', '--connect', group.data],
                                       stdout=subprocess.DEVNULL)
            while restart.poll() is None:
                self.assertTrue(is_served(group.resp))
            self.assertEqual(restart.returncode, 0)

    def test_no_redis_client_is_let_in_once_up_has_ended(self):
        with Group(BIN_DIR) as group:
            address = group.resp
            self.assertEqual(group.stop(), 0)
            self.assertRaises(ConnectionRefusedError, socket.create_connection, address, SECONDS)


class Ports(unittest.TestCase):
    def test_the_second_bridge_has_the_next_ports(self):
        first = free_ports_in_a_row(4)
        with Group(BIN_DIR, '--http', first, '--resp', first + 2, '--bridges', 2) as group:
            self.assertEqual(group.endpoints()['bridges'],
                             [{'http': f'http://127.0.0.1:{first + bridge}', 'resp': f'127.0.0.1:{first + 2 + bridge}'}
                              for bridge in range(2)])
            for bridge in range(2):
                self.assertTrue(is_served(('127.0.0.1', first + 2 + bridge)))

    def test_ports_that_would_overlap_are_refused(self):
        first = free_ports_in_a_row(3)
        refused = subprocess.run([BIN_DIR / 'tally', 'up', '--http', str(first), '--resp', str(first + 1), '--bridges',
                                  '2', '--data', '/no/such/place'], capture_output=True, text=True, timeout=30,
                                 env=clean_environment(), check=False)
        self.assertEqual((refused.returncode, refused.stderr),
                         (2, f'tally: resp_port must differ from http_port, which is {first}, by at least 2, '
                             'the number of bridges\n'))


class InheritedSockets(unittest.TestCase):
    """A bridge that a service manager starts, as sd_listen_fds_with_names(3) says."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='tally-test-')))
        self.ports = {'http': free_ports_in_a_row(1), 'resp': free_ports_in_a_row(1)}

    def start(self, names, sockets):
        """Starts a bridge with these sockets as its descriptors 3, 4 … and LISTEN_FDNAMES, or None
        for a manager that names nothing."""
        file = self.directory / 'group.toml'
        file.write_text(f'data = "{self.directory}/data"\nadmin_token = "x"\nhttp_port = {self.ports["http"]}\n'
                        f'resp_port = {self.ports["resp"]}\n')
        moved = ' '.join(f'{3 + place}<&{one.fileno()}' for place, one in enumerate(sockets))
        named = '' if names is None else f'export LISTEN_FDNAMES={names};'
        told = f'export LISTEN_PID=$$ LISTEN_FDS={len(sockets)}; {named}' if sockets else ''
        command = f'{told} exec "$@" {moved}'
        bridge = subprocess.Popen(['bash', '-c', command, 'bash', BIN_DIR / 'tally-bridge', '--config', file, '--log',
                                   self.directory / 'log'], env=clean_environment(),
                                  pass_fds=[one.fileno() for one in sockets])
        self.addCleanup(bridge.wait)
        self.addCleanup(bridge.kill)
        return bridge

    def log(self):
        file = self.directory / 'log'
        return file.read_text() if file.exists() else ''

    def wait_listening(self, *ports):
        def listening():
            return set(ports) <= {int(port) for port in re.findall(r' listening .*port=(\d+)', self.log())}
        wait_until(listening, f'it listens on {ports}')

    def listen(self):
        """Returns a listening socket, whose number is none of the places where sockets go."""
        with socket.create_server(('127.0.0.1', 0)) as server:
            held = socket.socket(fileno=fcntl.fcntl(server.fileno(), fcntl.F_DUPFD, 10))
        self.addCleanup(held.close)
        return held

    def is_http(self, port):
        with socket.create_connection(('127.0.0.1', port), SECONDS) as connection:
            connection.sendall(b'GET /livez HTTP/1.0\r\n\r\n')
            return connection.recv(100).startswith(b'HTTP/1.')  # the Redis door says that it is no GET, and waits

    def test_each_door_gets_the_socket_of_its_name_in_whatever_order(self):
        resp, http = self.listen(), self.listen()
        ports = http.getsockname()[1], resp.getsockname()[1]
        self.start('resp:http', [resp, http])
        self.wait_listening(*ports)
        self.assertTrue(self.is_http(ports[0]))
        self.assertFalse(self.is_http(ports[1]))
        self.assertTrue(is_served(('127.0.0.1', ports[1])))

    def test_one_socket_that_is_not_named_like_a_door_is_for_http(self):
        for names in (None, 'tally-bridge.socket'):
            with self.subTest(names):
                http = self.listen()
                bridge = self.start(names, [http])
                self.wait_listening(http.getsockname()[1], self.ports['resp'])
                self.assertTrue(self.is_http(http.getsockname()[1]))
                self.assertTrue(is_served(('127.0.0.1', self.ports['resp'])))
                bridge.kill()
                bridge.wait()

    def test_a_socket_for_redis_clients_alone_leaves_http_its_own(self):
        resp = self.listen()
        self.start('resp', [resp])
        self.wait_listening(resp.getsockname()[1], self.ports['http'])
        self.assertTrue(self.is_http(self.ports['http']))

    def test_several_sockets_without_names_are_refused_with_words(self):
        bridge = self.start(None, [self.listen(), self.listen()])
        self.assertEqual(bridge.wait(SECONDS), 1)
        self.assertIn('an inherited socket is named unknown, and must be named http or resp', self.log())

    def test_a_port_in_use_names_its_key(self):
        with socket.create_server(('127.0.0.1', self.ports['resp'])):
            bridge = self.start(None, [])
            self.assertEqual(bridge.wait(SECONDS), 1)
        self.assertIn(f'127.0.0.1 port {self.ports["resp"]} (resp_port): Address already in use', self.log())


class Connections(unittest.TestCase):
    OF_A_SOURCE = connections_of_a_door() // 4

    def setUp(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.group = self.enterContext(Group(BIN_DIR))

    def open(self, source):
        connection = socket.create_connection(self.group.resp, SECONDS, (source, 0))
        self.addCleanup(connection.close)
        return connection

    def figure(self, name):
        return float(re.search(rf'^{re.escape(name)} (.*)$', self.group.request('GET', '/metrics')[1], re.MULTILINE)[1])

    def wait_open(self, count):
        wait_until(lambda: self.figure('tally_connections{door="resp"}') == count, f'{count} connections are open')

    def test_an_address_has_its_share_and_hears_when_that_is_used_up(self):
        many = [self.open('127.0.0.1') for _ in range(self.OF_A_SOURCE)]
        self.wait_open(self.OF_A_SOURCE)
        self.assertEqual(all_that_comes(self.open('127.0.0.1')), TOO_MANY)
        self.open('127.0.0.2')
        self.wait_open(self.OF_A_SOURCE + 1)
        self.assertEqual(self.figure('tally_connections_refused_total{door="resp"}'), 1)
        self.assertEqual(self.figure('tally_connections_total{door="resp"}'), self.OF_A_SOURCE + 1)
        many.pop().close()
        self.wait_open(self.OF_A_SOURCE)
        self.open('127.0.0.1')
        self.wait_open(self.OF_A_SOURCE + 1)
        # The other door is not in the least affected.
        self.assertEqual(self.group.request('GET', '/readyz')[0], 200)
        self.assertEqual(self.figure('tally_connections_refused_total{door="http"}'), 0)

    def test_a_peer_whose_machine_has_gone_is_noticed(self):
        connection = self.open('127.0.0.1')
        self.wait_open(1)
        ports = [f'0100007F:{port:04X}' for port in (self.group.resp[1], connection.getsockname()[1])]
        table = [line.split() for line in pathlib.Path('/proc/net/tcp').read_text().splitlines()[1:]]
        # proc_net_tcp.txt of the kernel: the pending timer (2: keep-alive), and when it is due.
        timer, jiffies = next(row[5] for row in table if row[1:3] == ports).split(':')
        self.assertEqual(timer, '02')
        self.assertLessEqual(int(jiffies, 16), 10 * os.sysconf('SC_CLK_TCK'))


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    BIN_DIR = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
