#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A distributor, comparator or bridge that hangs is found and restarted by `tally up`. Usage:
watchdog_test.py BIN_DIR"""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from group import Group, clean_environment, process_is_alive, wait_until
from load import Load

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
LONGEST_GAP_SECONDS = 1.0


def hung_events(group):
    """Returns what `tally up` said of children that hung."""
    return [line for line in (group.temporary / 'up.log').read_text().splitlines() if ' child_hung ' in line]


def state_of(pid):
    return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]


class AHungDaemon(unittest.TestCase):
    def hang_under_load(self, group, role):
        """Stops the role's process and nothing else. Returns the load, and the longest gap of any
        of its clients."""
        old = group.pid(role)
        with Load(group.http, clients=8) as load:
            wait_until(lambda: load.answered_count() > 500, 'load is answered')
            stopped = time.monotonic()
            os.kill(old, signal.SIGSTOP)
            group.wait_new_pid(role, old)
            seen = load.answered_count()
            wait_until(lambda: load.answered_count() > seen + 500, 'load is answered afterwards')
            again = time.monotonic()
        gap = load.longest_gap_of_a_client(stopped, again)
        print(f'{role} hangs: longest gap of a client {gap * 1000:.0f} ms', file=sys.stderr)
        self.assertFalse(process_is_alive(old))
        return load, gap

    def test_a_hung_distributor_or_comparator_costs_clients_less_than_a_second(self):
        with Group(BIN_DIR) as group:
            for role in ('distributor', 'comparator', 'comparator', 'distributor'):
                with self.subTest(role=role):
                    group.wait_all_vote()
                    pid = group.pid(role)
                    load, gap = self.hang_under_load(group, role)
                    load.check(group)
                    self.assertLess(gap, LONGEST_GAP_SECONDS)
                    self.assertIn(f'role={role} pid={pid} ', hung_events(group)[-1])
            self.assertEqual(len(hung_events(group)), 4)

    def test_a_hung_replica_is_masked_and_restarted_later(self):
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '300'}) as group:
            group.wait_all_vote()
            load, _ = self.hang_under_load(group, 'replica-2')
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0)
            group.wait_all_vote(60)
            self.assertEqual(group.replica(2)['evictions'], 1)

    def test_a_hung_bridge_is_restarted_and_no_answer_is_wrong(self):
        with Group(BIN_DIR) as group:
            load, _ = self.hang_under_load(group, 'bridge')
            load.check(group)
            self.assertEqual(len(hung_events(group)), 1)

    def test_a_hung_replica_is_left_to_the_comparator(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            pid = group.pid('replica-2')
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda: group.replica(2)['state'] == 'evicted', 'replica 2 is evicted')
            os.kill(pid, signal.SIGCONT)
            group.wait_votes(2)
            self.assertEqual(group.pid('replica-2'), pid)
            self.assertEqual(hung_events(group), [])


class NoFalseAlarm(unittest.TestCase):
    def test_an_up_that_was_stopped_kills_nobody_and_nobody_waits_for_it(self):
        with Group(BIN_DIR, '--bridges', 4) as group:
            group.wait_all_vote()
            pids = group.pids()
            with Load(group.http, clients=8) as load:
                wait_until(lambda: load.answered_count() > 500, 'load is answered')
                os.kill(group.up.pid, signal.SIGSTOP)
                stopped = time.monotonic()
                wait_until(lambda: time.monotonic() > stopped + 3, 'three seconds without `tally up`')
                os.kill(group.up.pid, signal.SIGCONT)
                continued = time.monotonic()
                wait_until(lambda: time.monotonic() > continued + 2, 'three watchdog intervals')
            self.assertEqual(group.pids(), pids)
            self.assertEqual(hung_events(group), [])
            self.assertLess(load.longest_gap_of_a_client(stopped, continued), LONGEST_GAP_SECONDS)
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0)

    def test_a_loaded_machine_is_no_reason_to_kill(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            pids = group.pids()
            hogs = [subprocess.Popen(['/usr/bin/python3', '-c', 'while True: pass'])
                    for _ in range(4 * (os.cpu_count() or 1))]
            try:
                with Load(group.http, clients=8) as load:
                    begun = time.monotonic()
                    wait_until(lambda: time.monotonic() > begun + 5, 'five seconds of it')
            finally:
                for hog in hogs:
                    hog.kill()
                    hog.wait()
            self.assertEqual(group.pids(), pids)
            self.assertEqual(hung_events(group), [])
            load.check(group)

    def test_a_slow_disk_makes_the_distributor_slow_and_no_more(self):
        library = BIN_DIR.resolve() / 'libslow_sync.so'
        with Group(BIN_DIR, '--fault-injection',
                   environment={'LD_PRELOAD': str(library), 'SLOW_SYNC_MS': '300'}) as group:
            group.wait_all_vote()
            pids = group.pids()
            with Load(group.http, clients=8) as load:
                wait_until(lambda: load.answered_count() > 8, 'load is answered')
                group.tally('fault', 'inject', 2, 'wrong-value')
                wait_until(lambda: group.replica(2)['state'] == 'evicted', 'replica 2 is evicted')
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + 40, 'load is answered afterwards')
            self.assertEqual(group.replica(2)['last_verdict']['reason'], 'dissent')
            self.assertEqual(group.pids(), pids)
            self.assertEqual(hung_events(group), [])
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0)
            self.assertLess(len(load.all()), 8 * 100)  # the distributor was slow

    def test_without_a_watchdog_a_stopped_daemon_stays(self):
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '0'}) as group:
            pid = group.pid('comparator')
            os.kill(pid, signal.SIGSTOP)
            stopped = time.monotonic()
            wait_until(lambda: time.monotonic() > stopped + 2, 'more than an interval')
            self.assertEqual((group.pid('comparator'), state_of(pid)), (pid, 'T'))
            os.kill(pid, signal.SIGCONT)
            wait_until(lambda: group.run('incr', 'home').returncode == 0, 'an answer')


class Configuration(unittest.TestCase):
    def test_a_watchdog_too_short_to_be_told_from_a_busy_daemon_is_refused(self):
        refused = subprocess.run([BIN_DIR / 'tally', 'config', 'show'], capture_output=True, text=True, check=False,
                                 env={**clean_environment(), 'TALLY_WATCHDOG_MS': '50'})
        self.assertEqual(refused.returncode, 2)
        self.assertIn('must be 0, or at least 100', refused.stderr)

    def test_daemons_are_told_of_the_watchdog_as_systemd_does(self):
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '700', 'WATCHDOG_USEC': '1'}) as group:
            for role, pid in group.pids().items():
                variables = pathlib.Path(f'/proc/{pid}/environ').read_bytes().split(b'\0')
                interval = 14_000_000 if role.startswith('replica-') else 700_000
                wanted = {f'WATCHDOG_USEC={interval}'.encode(), f'WATCHDOG_PID={pid}'.encode()}
                self.assertEqual({v for v in variables if v.startswith(b'WATCHDOG_')}, wanted, role)


if __name__ == '__main__':
    unittest.main(verbosity=2)
