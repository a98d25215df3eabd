#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Faults in real processes under real load: each is masked, found, the replica is evicted, and it
comes back. Usage: faults_test.py BIN_DIR"""

import http.client
import json
import os
import pathlib
import signal
import statistics
import sys
import time
import unittest

from group import Group, process_is_alive, wait_until
from load import Load

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
LONGEST_GAP_SECONDS = 0.25
HEALING_SECONDS = 30
REFUSAL_SECONDS = 0.05
RETURN_SECONDS = 1.5


def verdicts(group, number):
    """Returns the verdicts on a replica that are in the audit log."""
    lines = (group.data / 'audit' / 'audit.jsonl').read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [record for record in records if record['kind'] == 'verdict' and record['replica'] == number]


class OneFaultyReplica(unittest.TestCase):
    """Any one replica may crash, hang, or answer anything, and nobody notices."""

    @classmethod
    def setUpClass(cls):
        cls.group = Group(BIN_DIR, '--fault-injection')
        cls.group.start()
        cls.group.wait_all_vote()

    @classmethod
    def tearDownClass(cls):
        cls.group.stop()
        cls.group.__exit__(None, None, None)

    def masked(self, harm, heal, victim, evicted_for=None):
        """Harms a replica under load, waits for its eviction, heals it, and waits until it votes
        again."""
        group = self.group
        evictions = group.replica(victim)['evictions']
        with Load(group.http, clients=8) as load:
            wait_until(lambda: load.answered_count() > 200, 'load is answered')
            harmed = time.monotonic()
            harm(victim)
            if evicted_for:
                wait_until(lambda: group.replica(victim)['evictions'] > evictions, 'the replica is evicted')
            heal(victim)
            group.wait_all_vote(HEALING_SECONDS)
            seen = load.answered_count()
            wait_until(lambda: load.answered_count() > seen + 200, 'load is answered afterwards')
            healed = time.monotonic()
        report = load.check(group)
        self.assertEqual(report['unknown'] + report['refused'], 0, 'clients noticed')
        self.assertLess(load.longest_gap(harmed, healed), LONGEST_GAP_SECONDS)
        if evicted_for:
            self.assertEqual(group.replica(victim)['last_verdict']['reason'], evicted_for)
            record = verdicts(group, victim)[-1]
            self.assertEqual(record['reason'], evicted_for)
            self.assertIn('evidence', record)
        group.tally('audit', 'verify', group.data / 'audit' / 'audit.jsonl')

    def test_a_killed_replica_is_masked_and_votes_again(self):
        for victim in (1, 2, 3):
            with self.subTest(victim=victim):
                old = self.group.pid(f'replica-{victim}')
                self.masked(lambda _: os.kill(old, signal.SIGKILL),
                            lambda v: self.group.wait_new_pid(f'replica-{v}', old), victim)

    def test_a_stopped_replica_is_masked_evicted_and_votes_again(self):
        for victim in (1, 2, 3):
            with self.subTest(victim=victim):
                pid = self.group.pid(f'replica-{victim}')
                self.masked(lambda _, pid=pid: os.kill(pid, signal.SIGSTOP),
                            lambda _, pid=pid: os.kill(pid, signal.SIGCONT), victim, 'silence')

    def test_a_replica_that_answers_wrongly_is_masked_evicted_and_votes_again(self):
        self.masked(lambda v: self.group.tally('fault', 'inject', v, 'wrong-value'),
                    lambda v: self.group.tally('fault', 'clear', v), 1, 'dissent')

    def test_a_replica_with_a_flipped_counter_is_masked_evicted_and_votes_again(self):
        self.masked(lambda v: self.group.tally('fault', 'inject', v, 'wrong-state'),
                    lambda v: self.group.tally('fault', 'clear', v), 2, 'dissent')

    def test_a_silent_replica_is_masked_evicted_and_votes_again(self):
        self.masked(lambda v: self.group.tally('fault', 'inject', v, 'silent'),
                    lambda v: self.group.tally('fault', 'clear', v), 3, 'silence')

    def test_a_hung_replica_is_masked_evicted_and_votes_again(self):
        self.masked(lambda v: self.group.tally('fault', 'inject', v, 'hang'),
                    lambda v: self.group.tally('fault', 'clear', v), 1, 'silence')

    def test_a_slow_replica_is_masked_evicted_and_votes_again(self):
        self.masked(lambda v: self.group.tally('fault', 'inject', v, 'slow'),
                    lambda v: self.group.tally('fault', 'clear', v), 2, 'silence')

    def test_a_crashing_replica_is_masked_and_votes_again(self):
        old = self.group.pid('replica-3')
        self.masked(lambda v: self.group.tally('fault', 'inject', v, 'crash'),
                    lambda v: self.group.wait_new_pid(f'replica-{v}', old), 3)

    def test_an_operator_evicts_and_readmits(self):
        self.masked(lambda v: self.group.tally('replica', 'evict', v),
                    lambda v: self.group.tally('replica', 'readmit', v), 2)


class LargerGroups(unittest.TestCase):
    """2f+1 replicas mask f faults of different kinds at one time."""

    def test_five_replicas_mask_two_and_seven_mask_three(self):
        for replicas, faults in ((5, ('stop', 'lie')), (7, ('kill', 'stop', 'lie'))):
            with self.subTest(replicas=replicas), Group(BIN_DIR, '--fault-injection', '--replicas', replicas) as group:
                group.wait_all_vote()
                with Load(group.http, clients=8) as load:
                    wait_until(lambda: load.answered_count() > 200, 'load is answered')
                    stopped = self.harm(group, faults)
                    wait_until(lambda: all(replica['evictions'] for replica in group.status()['replicas'][:2]),
                               'the two that do not come back by themselves are evicted')
                    seen = load.answered_count()
                    wait_until(lambda: load.answered_count() > seen + 200, 'load is answered without them')
                    os.kill(stopped, signal.SIGCONT)
                    group.tally('fault', 'clear', 1)
                    group.wait_all_vote(HEALING_SECONDS)
                report = load.check(group)
                self.assertEqual(report['unknown'] + report['refused'], 0, 'clients noticed')

    @staticmethod
    def harm(group, faults):
        """Makes replica 1 lie, stops replica 2, and kills replica 3 if wanted. Returns the process
        that is stopped."""
        stopped = group.pid('replica-2')
        if 'kill' in faults:
            os.kill(group.pid('replica-3'), signal.SIGKILL)
        os.kill(stopped, signal.SIGSTOP)
        group.tally('fault', 'inject', 1, 'wrong-value')
        return stopped


class Restarts(unittest.TestCase):
    """The distributor, the comparator and the bridge may crash and restart."""

    def test_every_role_restarts_under_load_and_no_answer_is_wrong(self):
        with Group(BIN_DIR) as group:
            with Load(group.http, clients=8) as load:
                for role in ('distributor', 'comparator', 'bridge', 'replica-1', 'distributor'):
                    seen = load.answered_count()
                    wait_until(lambda: load.answered_count() > seen + 200, 'load is answered')
                    old = group.pid(role)
                    os.kill(old, signal.SIGKILL)
                    group.wait_new_pid(role, old)
                    seen = load.answered_count()
                    wait_until(lambda: load.answered_count() > seen + 200, f'load is answered after {role} died')
            report = load.check(group)
            self.assertEqual(report['refused'], 0)
            group.wait_all_vote(HEALING_SECONDS)
            self.assertGreaterEqual(group.status()['term'], 3)

    def test_after_a_power_cut_every_answered_increment_is_there_once(self):
        with Group(BIN_DIR) as group:
            loads = []
            for _ in range(3):
                load = Load(group.http, clients=8, timeout=2).start()
                loads.append(load)
                wait_until(lambda: load.answered_count() > 500, 'load is answered')
                pids = [group.up.pid, *group.pids().values()]
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                load.stop()
                wait_until(lambda: not any(process_is_alive(pid) for pid in pids[1:]), 'every process is dead')
                group.up.wait()
                group.ready_file.unlink()
                group.start()
                for earlier in loads:
                    earlier.check(group)
            group.wait_all_vote(HEALING_SECONDS)


class NoMajority(unittest.TestCase):
    """When two of three replicas are gone, there are refusals, and never a guess."""

    def test_without_a_majority_nothing_is_answered_and_afterwards_nothing_is_lost(self):
        with Group(BIN_DIR) as group:
            pids = [group.pid('replica-1'), group.pid('replica-3')]
            with Load(group.http, clients=8, pause=0.005) as load:
                wait_until(lambda: load.answered_count() > 200, 'load is answered')
                for pid in pids:
                    os.kill(pid, signal.SIGSTOP)
                stopped = time.monotonic()
                wait_until(lambda: group.request('GET', '/readyz')[0] == 503, 'readyz says 503')
                wait_until(lambda: any(i.status == 503 for i in load.all()), 'a client is refused')
                self.assertEqual(group.run('incr', 'nobody').returncode, 3)
                wait_until(lambda: time.monotonic() > stopped + 4, 'four seconds of it')
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
                continued = time.monotonic()
                wait_until(lambda: group.request('GET', '/readyz')[0] == 200, 'readyz says 200')
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + 200, 'load is answered again')
            # Votes that the two had cast before they were stopped may still have been on their way.
            silent = [i for i in load.with_outcome('answered') if stopped + 0.1 < i.end < continued]
            self.assertEqual(silent, [])
            self.assertLessEqual({i.status for i in load.all() if i.outcome != 'answered'}, {503, 504})
            load.check(group)

    def test_refusals_are_quick_and_the_bridge_is_back_by_itself(self):
        """The circuit breaker works both with two replicas stopped, and with a distributor that
        hangs and has no watchdog."""
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '0'}) as group:
            for roles in (('replica-1', 'replica-3'), ('distributor',)):
                with self.subTest(roles=roles):
                    group.wait_all_vote()
                    self.break_off(group, [group.pid(role) for role in roles])

    def break_off(self, group, pids):
        """Stops the processes under load, and looks at what clients get meanwhile and afterwards.
        """
        with Load(group.http, clients=16, pause=0.005) as load:
            wait_until(lambda: load.answered_count() > 200, 'load is answered')
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            wait_until(lambda: any(i.status in (503, 504) for i in load.all()), 'a client is let down')
            let_down = time.monotonic()
            answers = [timed_increment(group) for _ in range(50)]
            wait_until(lambda: time.monotonic() > let_down + 3, 'three seconds of it')
            answers += [timed_increment(group) for _ in range(50)]
            self.assertEqual(group.request('GET', '/readyz')[0], 503)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            continued = time.monotonic()
            wait_until(lambda: group.request('GET', '/readyz')[0] == 200, 'readyz says 200')
            seen = load.answered_count()
            wait_until(lambda: load.answered_count() > seen + 200, 'load is answered again')
        self.assertEqual({status for status, _, _ in answers}, {503})
        self.assertLessEqual({retry_after for _, retry_after, _ in answers}, {'1', '2', '3'})
        self.assertLess(statistics.median(seconds for _, _, seconds in answers), REFUSAL_SECONDS)
        of_the_load = [i.end - i.begin for i in load.all() if let_down < i.begin and i.end < continued]
        self.assertLess(statistics.median(of_the_load), REFUSAL_SECONDS)
        back = min(i.end for i in load.with_outcome('answered') if i.begin > continued) - continued
        print(f'refused in {statistics.median(of_the_load) * 1000:.1f} ms, back after {back * 1000:.0f} ms',
              file=sys.stderr)
        self.assertLess(back, RETURN_SECONDS)
        load.check(group)


def timed_increment(group):
    """Returns the status, the Retry-After and the seconds of one increment over a connection of its
    own."""
    begun = time.monotonic()
    connection = http.client.HTTPConnection(group.http.removeprefix('http://'), timeout=10)
    connection.request('POST', '/v1/counters/nobody/increment')
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.getheader('Retry-After'), time.monotonic() - begun


if __name__ == '__main__':
    unittest.main(verbosity=2)
