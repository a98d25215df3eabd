#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Planned restarts under clients that keep their connections and never repeat anything: every
request is answered. Usage: restart_test.py BIN_DIR [--long]
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

from group import FREE_PORTS, Group, wait_until
from load import Load

BIN_DIR = None
LONG = False
CLIENTS = 64


class Restarts(unittest.TestCase):
    def under_load(self, *roles, rounds):
        """Restarts each role so many times, one after the other."""
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            with Load(group.http, clients=CLIENTS, pause=0.01) as load:
                wait_until(lambda: load.answered_count() > CLIENTS, 'load is answered')
                began = time.monotonic()
                for _ in range(rounds):
                    for role in roles:
                        group.tally('restart', *([role] if role else ['--all']))
                ended = time.monotonic()
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + CLIENTS, 'load is answered afterwards')
            report = load.check(group)
            print(f'{rounds} × {", ".join(role or "all" for role in roles)}: {report["answered"]} answered, '
                  f'{report["refused"]} refused, {report["unknown"]} without an answer, longest gap '
                  f'{load.longest_gap(began, ended) * 1000:.0f} ms')
            self.assertEqual((report['unknown'], report['refused']), (0, 0))

    def test_a_restarted_bridge_leaves_no_request_unanswered(self):
        self.under_load('bridge', rounds=30 if LONG else 6)

    def test_each_other_role_that_restarts_leaves_no_request_unanswered(self):
        for role in ('replica-1', 'replica-2', 'replica-3', 'comparator', 'distributor'):
            with self.subTest(role):
                self.under_load(role, rounds=10 if LONG else 2)

    def test_all_that_restart_one_by_one_leave_no_request_unanswered(self):
        self.under_load(None, rounds=5 if LONG else 1)

    def test_two_restarts_at_once_take_turns(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            with Load(group.http, clients=16, pause=0.01) as load:
                wait_until(lambda: load.answered_count() > 16, 'load is answered')
                command = [BIN_DIR / 'tally', 'restart', '--all', '--connect', group.data]
                both = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(2)]
                self.assertEqual([one.wait(60) for one in both], [0, 0])
            report = load.check(group)
            self.assertEqual((report['unknown'], report['refused']), (0, 0))

    def test_the_end_of_the_group_leaves_nobody_waiting(self):
        """A `tally up` that ends answers what it has, and refuses what comes new."""
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            load = Load(group.http, clients=16, timeout=5).start()
            wait_until(lambda: load.answered_count() > 100, 'load is answered')
            group.up.send_signal(signal.SIGTERM)
            group.up.wait(timeout=40)
            load.stop()
            self.assertEqual(load.report()['unknown'], 0, 'connections that were accepted and left alone')
            group.ready_file.unlink(missing_ok=True)
            group.start()
            report = load.check(group)
            print(f'end of the group: {report}')


class WhatCleanersTake(unittest.TestCase):
    def goes_on(self, group):
        pid = group.pid('replica-2')
        os.kill(pid, signal.SIGKILL)
        group.wait_new_pid('replica-2', pid)
        group.tally('wait', '--state', 'ok', '--timeout', '30')
        self.assertEqual(group.run('incr', 'home').returncode, 0)
        self.assertNotIn('child_hung', (group.temporary / 'up.log').read_text())

    def test_a_run_directory_that_was_removed_is_made_again(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            shutil.rmtree(group.data / 'run')
            wait_until(lambda: (group.data / 'run' / 'distributor.sock').exists(), 'the sockets are there again')
            self.goes_on(group)
            self.assertEqual(group.run('replica', 'evict', 1).returncode, 0, 'the token is there again')

    def test_a_link_of_a_long_path_that_was_removed_is_made_again(self):
        with Group(BIN_DIR, data=pathlib.Path('/tmp') / ('tally-test-' + 'x' * 100)) as group:
            self.addCleanup(shutil.rmtree, group.data)
            group.wait_all_vote()
            links = [path for path in pathlib.Path('/tmp').glob('tally-??????/run')
                     if path.is_symlink() and os.readlink(path) == str(group.data / 'run')]
            self.assertEqual(len(links), 1)
            shutil.rmtree(links[0].parent)
            self.goes_on(group)
            self.assertTrue(links[0].is_symlink())

    def test_a_log_directory_that_was_moved_away_is_made_again(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            (group.data / 'log').rename(group.data / 'log.old')
            self.goes_on(group)
            self.assertTrue((group.data / 'log' / 'replica-2.log').exists())

    def test_up_goes_on_when_the_reader_of_what_it_prints_has_gone(self):
        with Group(BIN_DIR) as group:
            group.stop()
            group.ready_file.unlink(missing_ok=True)
            read, write = os.pipe()
            group.up = subprocess.Popen([BIN_DIR / 'tally', 'up', '--data', group.data, *FREE_PORTS, '--ready-file',
                                         group.ready_file], stdout=write, stderr=write)
            os.close(write)
            os.read(read, 10)
            os.close(read)
            wait_until(group.ready_file.exists, 'it is ready', 30)
            self.goes_on(group)


if __name__ == '__main__':
    if '--long' in sys.argv:
        sys.argv.remove('--long')
        LONG = True
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    unittest.main()
