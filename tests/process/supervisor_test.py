#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `tally up` promises as a supervisor: supervisor_test.py BIN_DIR"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import unittest

from group import FREE_PORTS, Group, clean_environment, process_is_alive, wait_until

BIN_DIR = None

ROLES = ['bridge', 'comparator', 'distributor', 'replica-1', 'replica-2', 'replica-3']


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def first_line(url):
    """Returns the first line that the server at `url` answers to a request for its readiness."""
    host, port = url.removeprefix('http://').split(':')
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b'GET /readyz HTTP/1.0\r\n\r\n')
        return connection.makefile().readline().strip()


class WhatIsTooSmallOrMissing(unittest.TestCase):
    def refuses(self, data, *prefix):
        refused = subprocess.run([*prefix, pathlib.Path(BIN_DIR) / 'tally', 'up', *FREE_PORTS, '--data', data],
                                 capture_output=True, text=True, timeout=30, env=clean_environment(), check=False)
        self.assertEqual(refused.returncode, 2)
        return refused.stderr

    def test_a_limit_that_is_too_small_is_told(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            data = pathlib.Path(directory) / 'data'
            self.assertEqual(self.refuses(data, 'prlimit', '--fsize=10240'),
                             "tally: the limit of a file's size (ulimit -f) is 10240 bytes; "
                             'at least 268435456 are needed\n')
            self.assertIn('(ulimit -v) is 500000000 bytes', self.refuses(data, 'prlimit', '--as=500000000'))
            self.assertFalse(data.exists())

    def test_a_file_in_the_place_of_the_directory_is_told(self):
        with tempfile.NamedTemporaryFile(prefix='tally-test-') as file:
            self.assertEqual(self.refuses(file.name),
                             f'tally: {file.name} is a file, and the data directory must be a directory\n')

    def test_a_link_that_leads_nowhere_is_named(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            link = pathlib.Path(directory) / 'data'
            link.symlink_to('/no-such-directory')
            self.assertEqual(self.refuses(link), f'tally: {link}: it is a link that leads nowhere\n')


class ARunningGroup(unittest.TestCase):
    """These tests leave the group as it was."""

    @classmethod
    def setUpClass(cls):
        cls.group = cls.enterClassContext(Group(BIN_DIR, '--bridges', 2))

    def test_the_ready_file_has_the_url_of_the_first_bridge(self):
        self.assertEqual(self.group.ready_file.read_text(), self.group.http + '\n')
        self.assertIn('200', first_line(self.group.http))

    def test_what_is_counted_after_ready_is_answered(self):
        self.assertEqual(self.group.tally('incr', 'ready', '--by', 5), '5')
        self.assertEqual(self.group.tally('get', 'ready'), '5')

    def test_every_daemon_has_a_pid_file(self):
        self.assertEqual(self.group.roles(), sorted(ROLES + ['bridge-2']))
        for role, pid in self.group.pids().items():
            program = os.readlink(f'/proc/{pid}/exe')
            self.assertEqual(program, str(self.group.bin_dir / ('tally-' + role.split('-')[0])))

    def test_status_knows_the_same_processes(self):
        status = self.group.status()
        self.assertEqual(status['distributor']['pid'], self.group.pid('distributor'))
        self.assertEqual(status['comparator']['pid'], self.group.pid('comparator'))
        for replica in status['replicas']:
            self.assertEqual(replica['pid'], self.group.pid(f'replica-{replica["id"]}'))

    def test_endpoints_json_names_all_doors(self):
        endpoints = self.group.endpoints()
        self.assertEqual(endpoints['data'], str(self.group.data))
        self.assertEqual(len(endpoints['bridges']), 2)
        self.assertEqual(endpoints['bridges'][0]['http'], endpoints['http'])
        for bridge in endpoints['bridges']:
            self.assertIn('200', first_line(bridge['http']))
        pair = endpoints['native']['distributor'] + ',' + endpoints['native']['comparator']
        answer = subprocess.run([self.group.bin_dir / 'tally', 'incr', 'by-endpoint', '--connect', pair], timeout=30,
                                capture_output=True, text=True, env=clean_environment(), check=False)
        self.assertEqual((answer.returncode, answer.stdout), (0, '1\n'))

    def test_secrets_are_private(self):
        token = self.group.data / 'run' / 'admin.token'
        self.assertEqual(mode_of(token), 0o600)
        self.assertRegex(token.read_text(), r'^[0-9a-f]{64}\n$')

    def test_a_second_up_on_the_same_directory_is_refused(self):
        second = subprocess.run([self.group.bin_dir / 'tally', 'up', *FREE_PORTS, '--data', self.group.data],
                                capture_output=True, text=True, timeout=30, env=clean_environment(), check=False)
        self.assertEqual(second.returncode, 2)
        self.assertIn(f'another `tally up` (pid {self.group.up.pid})', second.stderr)
        self.assertEqual(second.stdout, '')
        self.assertEqual(self.group.run('get', 'none').returncode, 1)  # the first one is unharmed

    def test_a_port_in_use_is_a_clear_error(self):
        port = self.group.http.rsplit(':', 1)[1]
        other = Group(BIN_DIR, '--http', port)
        self.addCleanup(other.kill)
        self.addCleanup(shutil.rmtree, other.temporary, ignore_errors=True)
        other.launch()
        self.assertEqual(other.up.wait(30), 2)
        self.assertIn(f'cannot listen on 127.0.0.1 port {port}: Address already in use',
                      (other.temporary / 'up.log').read_text())
        self.assertEqual(other.roles(), [])
        self.assertFalse((other.data / 'journal').exists(), 'no group was begun')

    def test_daemons_are_out_of_reach_of_the_terminals_ctrl_c(self):
        for role, pid in self.group.pids().items():
            self.assertEqual(os.getpgid(pid), pid, role)

    def test_daemons_hold_no_configuration_in_their_environment(self):
        with Group(BIN_DIR, environment={'TALLY_ACK_MISSES': '7'}) as other:
            for role, pid in other.pids().items():
                self.assertNotIn(b'TALLY_', pathlib.Path(f'/proc/{pid}/environ').read_bytes(), role)
            self.assertIn('ack_misses = 7 ', (other.data / 'run' / 'tally.toml').read_text())


class Restarts(unittest.TestCase):
    def test_each_killed_daemon_comes_back_and_the_group_answers(self):
        with Group(BIN_DIR) as group:
            group.tally('incr', 'home')
            for count, role in enumerate(ROLES, start=2):
                old = group.pid(role)
                os.kill(old, signal.SIGKILL)
                group.wait_new_pid(role, old)
                wait_until(lambda: group.run('get', 'home').returncode == 0, f'an answer after {role} was killed')
                wait_until(lambda: (group.run('incr', 'home', '--key', role).stdout).strip() == str(count),
                           f'increment {count} after {role} was killed')
            self.assertEqual(group.stop(), 0)

    def test_the_port_survives_the_bridge_and_connections_wait_for_the_next_one(self):
        with Group(BIN_DIR) as group:
            url, old = group.http, group.pid('bridge')
            os.kill(old, signal.SIGSTOP)
            host, port = url.removeprefix('http://').split(':')
            with socket.create_connection((host, int(port)), timeout=30) as waiting:
                waiting.sendall(b'GET /livez HTTP/1.0\r\n\r\n')
                os.kill(old, signal.SIGKILL)
                self.assertIn('200', waiting.makefile().readline())
            self.assertNotEqual(group.wait_new_pid('bridge', old), old)
            self.assertEqual(group.http, url)
            self.assertEqual(group.stop(), 0)

    def test_a_large_log_is_put_aside_when_its_daemon_starts(self):
        with Group(BIN_DIR) as group:
            log = group.data / 'log' / 'replica-2.log'
            old = group.pid('replica-2')
            os.truncate(log, 17 << 20)
            os.kill(old, signal.SIGKILL)
            group.wait_new_pid('replica-2', old)
            wait_until(log.with_name('replica-2.log.1').exists, 'a log put aside')
            wait_until(log.exists, 'a new log')
            self.assertGreaterEqual(log.with_name('replica-2.log.1').stat().st_size, 17 << 20)
            self.assertLess(log.stat().st_size, 1 << 20)

    def test_a_log_that_is_full_is_put_aside_while_its_daemon_goes_on(self):
        with Group(BIN_DIR) as group:
            log = group.data / 'log' / 'distributor.log'
            pid, old = group.pid('distributor'), group.pid('replica-2')
            os.truncate(log, 17 << 20)
            os.kill(group.up.pid, signal.SIGSTOP)  # so the daemon does it by itself
            os.kill(old, signal.SIGKILL)
            os.kill(group.up.pid, signal.SIGCONT)
            wait_until(log.with_name('distributor.log.1').exists, 'a log put aside')
            group.wait_new_pid('replica-2', old)
            wait_until(lambda: log.exists() and log.stat().st_size < 1 << 20, 'a new log')
            self.assertGreaterEqual(log.with_name('distributor.log.1').stat().st_size, 17 << 20)
            self.assertEqual(group.pid('distributor'), pid)

    def test_a_directory_of_logs_that_was_moved_away_is_made_again(self):
        with Group(BIN_DIR) as group:
            old = group.pid('replica-1')
            (group.data / 'log').rename(group.data / 'log.old')
            os.kill(old, signal.SIGKILL)
            group.wait_new_pid('replica-1', old)
            wait_until((group.data / 'log' / 'replica-1.log').exists, 'a new log')
            self.assertEqual(mode_of(group.data / 'log'), 0o700)
            self.assertEqual(group.stop(), 0)

    def test_signals_that_mean_read_again_end_nobody(self):
        with Group(BIN_DIR) as group:
            pids = group.pids()
            for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
                for pid in pids.values():
                    os.kill(pid, number)
            os.kill(group.up.pid, signal.SIGUSR1)
            self.assertEqual(group.tally('incr', 'home'), '1')
            group.wait_all_vote()
            self.assertEqual(group.pids(), pids)
            self.assertEqual(group.stop(), 0)

    def test_an_up_whose_reader_has_gone_goes_on(self):
        group = Group(BIN_DIR)
        self.addCleanup(group.kill)
        self.addCleanup(shutil.rmtree, group.temporary, ignore_errors=True)
        reader, writer = os.pipe()
        group.up = subprocess.Popen([group.bin_dir / 'tally', 'up', *FREE_PORTS, '--data', group.data, '--ready-file',
                                     group.ready_file], stdout=writer, stderr=writer, env=group.environment)
        os.close(writer)
        group.wait_ready()
        os.close(reader)
        old = group.pid('replica-2')
        os.kill(old, signal.SIGKILL)
        group.wait_new_pid('replica-2', old)
        self.assertEqual(group.tally('incr', 'home'), '1')
        self.assertEqual(group.stop(), 0)


class OtherUsers(unittest.TestCase):
    """Other users of this machine read, write and reach nothing."""

    def test_whatever_the_umask_nothing_in_the_directory_is_for_others(self):
        group = Group(BIN_DIR)
        group.prefix = ['sh', '-c', 'umask 0; exec "$@"', 'sh']
        with group:
            group.tally('incr', 'home')
            old = group.pid('replica-2')
            os.kill(old, signal.SIGKILL)
            group.wait_new_pid('replica-2', old)
            group.wait_all_vote()
            paths = [group.data, *group.data.rglob('*')]
            self.assertGreater(sum(path.is_socket() for path in paths), 12)
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    self.assertEqual(mode_of(path) & 0o077, 0, path)
            # It is the operator's, wherever it is.
            self.assertEqual(mode_of(group.ready_file), 0o644)

    def test_a_directory_that_others_may_enter_is_narrowed_and_that_is_told(self):
        group = Group(BIN_DIR)
        group.data.mkdir()
        group.data.chmod(0o775)
        with group:
            self.assertEqual(mode_of(group.data), 0o700)
            self.assertEqual((group.temporary / 'up.log').read_text().count(' directory_narrowed '), 1)

    def refusal(self, mode, owner=None):
        group = Group(BIN_DIR)
        self.addCleanup(group.kill)
        self.addCleanup(shutil.rmtree, group.temporary, ignore_errors=True)
        group.data.mkdir()
        if owner is not None:
            os.chown(group.data, owner, -1)
        group.data.chmod(mode)
        group.launch()
        self.assertEqual(group.up.wait(30), 2)
        self.assertEqual(mode_of(group.data), mode)
        self.assertEqual(list(group.data.iterdir()), [])
        return (group.temporary / 'up.log').read_text()

    def test_a_directory_that_all_share_is_refused(self):
        self.assertIn('all users share it', self.refusal(0o1777))

    @unittest.skipUnless(os.geteuid() == 0, 'only root gives files away')
    def test_a_directory_of_somebody_else_that_others_may_write_is_refused(self):
        self.assertIn('belongs to another user', self.refusal(0o777, owner=65534))


class Endings(unittest.TestCase):
    def assert_nothing_runs(self, pids):
        wait_until(lambda: not any(map(process_is_alive, pids)), 'no daemon is left', 10)

    def assert_nothing_is_left_in_run(self, group):
        self.assertEqual([path.name for path in (group.data / 'run').iterdir()], [])
        self.assertFalse(group.ready_file.exists())

    def test_sigterm_and_sigint_leave_nothing_and_exit_0(self):
        for stop in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(stop.name), Group(BIN_DIR) as group:
                pids = group.pids().values()
                group.up.send_signal(stop)
                self.assertEqual(group.up.wait(40), 0)
                self.assertFalse(any(map(process_is_alive, pids)))
                self.assert_nothing_is_left_in_run(group)
                self.assertEqual(group.run('get', 'home').returncode, 4)

    def test_a_stopped_daemon_does_not_hold_up_the_end(self):
        with Group(BIN_DIR) as group:
            pids = group.pids()
            os.kill(pids['replica-1'], signal.SIGSTOP)
            os.kill(pids['distributor'], signal.SIGSTOP)
            self.assertEqual(group.stop(), 0)
            self.assertFalse(any(map(process_is_alive, pids.values())))

    def test_sigkill_of_up_leaves_no_daemon_and_the_directory_can_be_used_again(self):
        with Group(BIN_DIR) as group:
            self.assertEqual(group.tally('incr', 'home', '--by', 3), '3')
            old_token = (group.data / 'run' / 'admin.token').read_text()
            pids = group.pids().values()
            group.kill()
            self.assert_nothing_runs(pids)
            group.ready_file.unlink()
            group.start()
            self.assertEqual(group.tally('get', 'home'), '3')
            self.assertNotEqual((group.data / 'run' / 'admin.token').read_text(), old_token)
            self.assertEqual(group.stop(), 0)
            self.assert_nothing_is_left_in_run(group)

    def test_a_stop_before_ready_is_a_stop(self):
        group = Group(BIN_DIR)
        self.addCleanup(group.kill)
        self.addCleanup(shutil.rmtree, group.temporary, ignore_errors=True)
        group.launch()
        wait_until(lambda: len(group.roles()) == len(ROLES), 'all daemons are started')
        pids = group.pids().values()
        self.assertEqual(group.stop(), 0)
        self.assertFalse(any(map(process_is_alive, pids)))
        self.assert_nothing_is_left_in_run(group)


class Directories(unittest.TestCase):
    def test_a_long_directory_gets_a_short_link_that_goes_with_it(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as parent:
            data = pathlib.Path(parent) / ('d' * 120) / 'data'
            with Group(BIN_DIR, data=data) as group:
                endpoint = group.endpoints()['native']['distributor']
                link = pathlib.Path(endpoint.removeprefix('ipc://')).parent
                self.assertRegex(str(link), r'^/tmp/tally-......(/run)$')
                self.assertEqual(mode_of(link.parent), 0o700)
                self.assertEqual(os.readlink(link), str(data / 'run'))
                self.assertEqual(group.tally('incr', 'home'), '1')
                self.assertEqual(group.stop(), 0)
                self.assertFalse(link.parent.exists())

    def test_a_relative_directory_is_told_by_its_whole_name(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as parent:
            up = subprocess.Popen([pathlib.Path(BIN_DIR).resolve() / 'tally', 'up', *FREE_PORTS, '--data', './x/'],
                                  cwd=parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=clean_environment())
            self.addCleanup(up.wait)
            self.addCleanup(up.kill)
            file = pathlib.Path(parent) / 'x' / 'run' / 'endpoints.json'
            wait_until(file.exists, 'endpoints.json')
            self.assertEqual(json.loads(file.read_text())['data'], parent + '/x')
            up.terminate()
            self.assertEqual(up.wait(40), 0)


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    BIN_DIR = sys.argv.pop(1)
    unittest.main()
