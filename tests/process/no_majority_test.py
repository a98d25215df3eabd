#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is more than one fault: two voters that disagree, and a replica that lies whenever it is let
in again. The group repairs itself or refuses, but never answers wrongly. Usage: no_majority_test.py
BIN_DIR"""

import json
import pathlib
import re
import sys
import unittest

from group import Group, wait_until
from load import Load, read_counter

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
HALTED_SECONDS = 30


def events(group, role, name):
    text = (group.data / 'log' / f'{role}.log').read_text()
    return [line for line in text.splitlines() if f' {name} ' in line + ' ']


def audit_records(group, kind):
    lines = (group.data / 'audit' / 'audit.jsonl').read_text().splitlines()
    return [record for record in map(json.loads, lines) if record['kind'] == kind]


class TwoVotersThatDisagree(unittest.TestCase):
    def setUp(self):
        self.group = Group(BIN_DIR, '--fault-injection', environment={'TALLY_CHECKPOINT_ORDERS': '50'})
        self.group.__enter__()
        self.addCleanup(self.group.__exit__, None, None, None)
        self.group.wait_all_vote()
        self.group.tally('replica', 'evict', 3)
        wait_until(lambda: self.group.replica(3)['state'] == 'evicted', 'replica 3 is out')

    def wait_halted(self):
        """Sends increments until the group halts. Returns the answer to the last one, which was
        refused."""
        def halted():
            status, body = self.group.request('POST', '/v1/counters/x/increment')
            return body if status == 503 and json.loads(body)['type'].endswith(':undecided') else None
        return wait_until(halted, 'the group is halted', HALTED_SECONDS)

    def test_a_flipped_bit_is_rolled_back_and_nothing_is_lost(self):
        group = self.group
        term = group.status()['term']
        with Load(group.http, clients=4, keyed=True) as load:
            wait_until(lambda: load.answered_count() > 500, 'load is answered')
            group.tally('fault', 'inject', 2, 'wrong-state')
            wait_until(lambda: events(group, 'distributor', 'state_reproduced'), 'the state is reproduced')
            seen = load.answered_count()
            wait_until(lambda: load.answered_count() > seen + 500, 'load is answered afterwards')
        load.check(group)
        self.assertEqual(load.with_outcome('unknown'), [])
        self.assertGreater(group.status()['term'], term)
        self.assertEqual(group.status()['state'], 'degraded')
        self.assertEqual(len(audit_records(group, 'undecided')[-1]['votes']), 2)
        self.assertEqual(group.run('audit', 'verify').returncode, 0)

    def test_a_liar_that_cannot_be_told_from_the_other_halts_the_group_until_an_operator_resumes_it(self):
        group = self.group
        self.assertEqual(group.tally('incr', 'x'), '1')
        group.tally('fault', 'inject', 2, 'wrong-value')
        problem = json.loads(self.wait_halted())
        self.assertEqual(problem['applied'], 'no')
        status = group.status()
        self.assertEqual(status['state'], 'halted')
        self.assertGreater(status['undecided'], 0)
        refused = group.run('incr', 'x')
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn('tally group resume', refused.stderr)
        group.tally('fault', 'clear', 2)
        group.tally('group', 'resume')
        wait_until(lambda: group.run('incr', 'y').returncode == 0, 'the group answers', HALTED_SECONDS)
        self.assertEqual(group.status()['undecided'], None)
        self.assertEqual(group.run('group', 'resume').returncode, 1)

    def test_a_voided_order_counts_nothing(self):
        group = self.group
        group.tally('set', 'x', 10)
        group.tally('fault', 'inject', 2, 'wrong-value')
        self.wait_halted()
        undecided = group.status()['undecided']
        group.tally('fault', 'clear', 2)
        self.assertEqual(group.run('group', 'resume', '--void', 1).returncode, 1)
        group.tally('group', 'resume', '--void', undecided)
        wait_until(lambda: group.run('get', 'x').returncode == 0, 'the group answers', HALTED_SECONDS)
        # The first increment met the liar at once, and it was the one in the voided order. What
        # followed it was refused.
        self.assertLessEqual(read_counter(group, 'x'), 11)
        before = read_counter(group, 'x')
        self.assertEqual(group.tally('incr', 'x'), str(before + 1))
        group.tally('replica', 'readmit', 3)
        group.wait_all_vote()
        self.assertEqual(read_counter(group, 'x'), before + 1)


class ALiarForEver(unittest.TestCase):
    def test_a_liar_ends_in_quarantine_after_growing_pauses(self):
        environment = {'TALLY_COOLDOWN_MS': '200', 'TALLY_QUARANTINE_DISSENTS': '4', 'TALLY_PROBATION_VOTES': '8'}
        with Group(BIN_DIR, '--fault-injection', environment=environment) as group:
            group.wait_all_vote()
            with Load(group.http, clients=4) as load:
                wait_until(lambda: load.answered_count() > 200, 'load is answered')
                group.tally('fault', 'inject', 2, 'wrong-value')
                wait_until(lambda: group.replica(2)['state'] == 'quarantined', 'it is quarantined')
                group.tally('fault', 'clear', 2)
                self.assertEqual(group.replica(2)['state'], 'quarantined')
                group.tally('replica', 'readmit', 2)
                group.wait_all_vote()
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0)
            pauses = [int(re.search(r'cooldown_ms=(\d+)', line)[1])
                      for line in events(group, 'distributor', 'replica_evicted')]
            self.assertEqual(pauses, [200, 400, 800])


if __name__ == '__main__':
    unittest.main(verbosity=2)
