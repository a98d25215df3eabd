#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What an operator gives up, and what cannot get better by itself. Usage: loss_test.py BIN_DIR"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from group import Group, clean_environment, process_is_alive, wait_until
from load import Load

BIN_DIR = None

USAGE = 2
UNVERIFIED = 5


def tally(*arguments, stdin=subprocess.DEVNULL):
    command = [BIN_DIR.resolve() / 'tally', *[str(argument) for argument in arguments]]
    return subprocess.run(command, capture_output=True, text=True, stdin=stdin, check=False, timeout=60,
                          env=clean_environment())


class LossTest(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='tally-loss-')))
        self.data = self.place / 'data'

    def group(self, *arguments, **environment):
        return Group(BIN_DIR, *arguments, data=self.data, environment=environment)

    def run_with(self, count, **environment):
        """Counts, and stops in good order."""
        with self.group(**environment) as group:
            for _ in range(count):
                value = int(group.tally('incr', 'home'))
            return value

    def refuses(self, *arguments, **environment):
        """Runs `tally up`, which must end by itself. Returns its last line."""
        group = self.group(*arguments, **environment)
        self.addCleanup(shutil.rmtree, group.temporary, ignore_errors=True)
        self.addCleanup(group.kill)
        group.launch()
        self.assertEqual(group.up.wait(20), USAGE)
        return (group.temporary / 'up.log').read_text().splitlines()[-1]

    def waits(self, reason):
        """Runs `tally up`, which must stay without serving. Returns the advice in the status."""
        group = self.group()
        self.addCleanup(shutil.rmtree, group.temporary, ignore_errors=True)
        self.addCleanup(group.kill)
        group.launch()
        wait_until(lambda: (self.data / 'run' / 'endpoints.json').exists(), 'the group has begun')

        def status():
            result = group.run('status', '--json')
            found = json.loads(result.stdout) if result.returncode == 0 else {}
            return found if found.get('reason') == reason else None
        found = wait_until(status, f'the reason is {reason}', 20)
        self.assertEqual(found['state'], 'unavailable')
        ready = wait_until(lambda: self.unready(group, reason), '/readyz says so')
        self.assertEqual(ready['advice'], found['advice'])
        refused = group.run('incr', 'home')
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(f'{reason}: {found["advice"]}', refused.stderr)
        self.assertEqual(group.stop(), 0)
        return found['advice']

    def unready(self, group, reason):
        code, body = group.request('GET', '/readyz')
        body = json.loads(body)
        return body if code == 503 and body.get('reason') == reason else None

    def audit_kinds(self):
        return [json.loads(line)['kind'] for line in (self.data / 'audit' / 'audit.jsonl').read_text().splitlines()]


class WhatCannotGetBetter(LossTest):
    def test_another_number_of_replicas_is_refused_and_leaves_nothing_new(self):
        self.run_with(1)
        before = sorted(path.name for path in self.data.iterdir())
        self.assertIn('it belongs to a group of 3 replicas, but 5 are configured', self.refuses('--replicas', 5))
        self.assertEqual(sorted(path.name for path in self.data.iterdir()), before)

    def test_a_journal_that_is_gone_is_refused_and_not_made_anew(self):
        self.run_with(1)
        shutil.rmtree(self.data / 'journal')
        self.assertIn(f'{self.data}/journal: is missing or damaged: No such file or directory', self.refuses())
        self.assertFalse((self.data / 'journal').exists())

    def test_one_replica_that_refuses_is_masked_and_two_are_not(self):
        value = self.run_with(3)
        for number in (1, 2):
            (self.data / f'replica-{number}' / 'identity').unlink()
            if number == 1:
                with self.group() as group:
                    self.assertEqual(int(group.tally('incr', 'home')), value + 1)
                    wait_until(lambda: group.status()['state'] == 'degraded', 'it is missed')
                    said = (group.temporary / 'up.log').read_text()
                self.assertIn('replica-1 refuses, and is tried again: ', said)
                self.assertEqual(said.count('is tried again'), 1)
        self.assertIn('replica-1 refuses: ', self.refuses())


class AnOlderJournal(LossTest):
    def setUp(self):
        super().setUp()
        self.run_with(3)
        shutil.copytree(self.data / 'journal', self.place / 'older')

    def put_older(self):
        shutil.rmtree(self.data / 'journal')
        shutil.copytree(self.place / 'older', self.data / 'journal')

    def test_an_older_journal_is_not_served_and_the_newest_one_put_back_is(self):
        self.run_with(4)
        shutil.copytree(self.data / 'journal', self.place / 'newest')
        self.put_older()
        self.assertIn('it is an older copy', self.waits('journal_behind'))
        shutil.rmtree(self.data / 'journal')
        shutil.copytree(self.place / 'newest', self.data / 'journal')
        self.assertEqual(self.run_with(1), 8)

    def test_an_older_journal_is_not_served_beside_replicas_that_run(self):
        with self.group() as group:
            for _ in range(4):
                group.tally('incr', 'home')
            self.put_older()
            pid = group.pid('distributor')
            os.kill(pid, 9)
            wait_until(lambda: not process_is_alive(pid), 'it is dead')
            wait_until(lambda: self.unready(group, 'journal_behind'), 'it says so')

    def test_an_older_journal_is_not_served_beside_a_replica_that_lost_its_directory(self):
        self.run_with(4)
        self.put_older()
        shutil.rmtree(self.data / 'replica-1')
        self.waits('journal_behind')

    def test_an_older_journal_is_not_served_after_everything_was_killed(self):
        with self.group() as group:
            for _ in range(4):
                group.tally('incr', 'home')
            wait_until(lambda: group.status()['stable'] > 40, 'some empty orders have passed')
            group.kill()
        self.put_older()
        self.waits('journal_behind')

    def test_an_older_journal_is_served_when_the_loss_is_accepted_and_that_is_on_record(self):
        self.run_with(4)
        self.put_older()
        asked = tally('journal', 'accept-loss', '--data', self.data)
        self.assertEqual(asked.returncode, USAGE)
        self.assertIn('LOST: what was counted after order', asked.stdout)
        self.assertIn('`tally journal rebuild` would lose less', asked.stdout)
        self.assertIn('nothing was done', asked.stderr)
        self.waits('journal_behind')
        self.assertEqual(tally('journal', 'accept-loss', '--yes', '--data', self.data).returncode, 0)
        self.assertEqual(self.audit_kinds().count('loss'), 1)
        with self.group() as group:
            self.assertEqual(group.tally('incr', 'home'), '4')
            self.assertGreater(group.status()['term'], 1 << 20)
            group.wait_all_vote()
        kept = json.loads(tally('aside', 'list', '--json', '--data', self.data).stdout)['aside']
        self.assertEqual(sorted(one['name'].split('/')[0] for one in kept), ['replica-1', 'replica-2', 'replica-3'])

    def test_a_rebuild_in_place_of_an_older_journal_loses_nothing_after_a_stop_in_good_order(self):
        value = self.run_with(4)
        self.put_older()
        self.assertEqual(tally('journal', 'rebuild', '--yes', '--data', self.data).returncode, 0)
        self.assertEqual(self.run_with(1), value + 1)

    def test_an_older_journal_that_lacks_no_decided_order_is_served_in_a_later_term(self):
        # Nothing that changes anything was decided since the copy, and its term is one that the
        # others know.
        self.put_older()
        with self.group() as group:
            term = group.status()['term']
            self.assertEqual(group.tally('incr', 'home'), '4')
        self.assertLess(term, 1 << 20)


class ALostJournal(LossTest):
    def test_a_lost_journal_is_rebuilt_without_a_loss_after_a_stop_in_good_order(self):
        value = self.run_with(5)
        shutil.rmtree(self.data / 'journal')
        rebuilt = tally('journal', 'rebuild', '--yes', '--data', self.data)
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stderr)
        self.assertIn('replicas 1, 2, 3 vouch for it', rebuilt.stdout)
        self.assertNotIn('LOST', rebuilt.stdout)
        self.assertEqual(self.run_with(1), value + 1)
        self.assertEqual(tally('audit', 'verify', '--data', self.data).returncode, 0)

    def test_a_lost_journal_is_rebuilt_from_staggered_checkpoints_of_which_one_is_a_liars(self):
        """Everything is killed under load, and the newest checkpoint is not as the other replicas
        remember it."""
        small = {'TALLY_CHECKPOINT_ORDERS': '60'}
        with self.group(**small) as group:
            with Load(group.http, clients=2):
                wait_until(lambda: all(replica['checkpoint'] > 300 for replica in group.status()['replicas']),
                           'each has checkpoints', 60)
            checkpoints = {replica['id']: replica['checkpoint'] for replica in group.status()['replicas']}
            group.kill()
        shutil.rmtree(self.data / 'journal')
        # The liar gets the checkpoints of another group, which are of later orders. Each of them is
        # whole, but nobody vouches for it.
        liar = max(checkpoints, key=checkpoints.get)
        other = Group(BIN_DIR, data=self.place / 'other', environment=small)
        with other:
            with Load(other.http, clients=2):
                wait_until(lambda: other.replica(liar)['checkpoint'] > checkpoints[liar] + 100, 'it is further', 60)
        for slot in 'ab':
            shutil.rmtree(self.data / f'replica-{liar}' / slot)
            shutil.copytree(other.data / f'replica-{liar}' / slot, self.data / f'replica-{liar}' / slot)
        rebuilt = tally('journal', 'rebuild', '--yes', '--data', self.data)
        self.assertEqual(rebuilt.returncode, 0, rebuilt.stdout + rebuilt.stderr)
        begins = int(rebuilt.stdout.split('begins after order ')[1].split(':')[0])
        self.assertIn(begins, checkpoints.values())
        self.assertIn('LOST: what was counted after order', rebuilt.stdout)
        with self.group(**small) as group:
            before = int(group.tally('get', 'count-0')) if 'count-0' in group.tally('list') else 0
            self.assertGreaterEqual(before, 0)
            group.tally('incr', 'home')
            self.assertIn(group.status()['state'], ('ok', 'degraded'))

    def test_the_commands_remove_nothing_that_is_not_theirs(self):
        self.run_with(2)
        theirs = self.data / 'journal.new'
        shutil.copytree(self.data / 'journal', theirs)
        (self.data / 'journal' / 'stable.mark').write_bytes(b'')
        before = sorted(path.name for path in self.data.iterdir())
        self.assertEqual(tally('journal', 'accept-loss', '--data', self.data).returncode, USAGE)
        self.assertEqual(sorted(path.name for path in self.data.iterdir()), before)
        self.assertTrue((theirs / 'identity').exists())

    def test_a_lost_journal_is_not_rebuilt_over_a_link(self):
        self.run_with(2)
        shutil.rmtree(self.data / 'journal')
        (self.data / 'journal').symlink_to(self.place / 'nowhere')
        rebuilt = tally('journal', 'rebuild', '--yes', '--data', self.data)
        self.assertEqual(rebuilt.returncode, USAGE)
        self.assertIn('is a link', rebuilt.stderr)
        self.assertNotIn('loss', self.audit_kinds())

    def test_a_lost_journal_is_not_rebuilt_from_what_nobody_vouches_for(self):
        self.run_with(2)
        shutil.rmtree(self.data / 'journal')
        for number in (1, 2):
            shutil.rmtree(self.data / f'replica-{number}')
        rebuilt = tally('journal', 'rebuild', '--yes', '--data', self.data)
        self.assertEqual(rebuilt.returncode, USAGE)
        self.assertIn('no checkpoint is vouched for by 2 replicas', rebuilt.stderr)
        self.assertFalse((self.data / 'journal').exists())

    def test_the_commands_want_a_group_that_is_stopped(self):
        with self.group():
            for command in (('journal', 'rebuild'), ('journal', 'accept-loss'), ('audit', 'accept-loss')):
                result = tally(*command, '--yes', '--data', self.data)
                self.assertEqual(result.returncode, USAGE)
                self.assertIn('another `tally up`', result.stderr)


class ADamagedJournal(LossTest):
    def test_a_damaged_journal_goes_on_with_what_can_be_read(self):
        value = self.run_with(5)
        segment = sorted((self.data / 'journal').glob('orders-*'))[-1]
        content = segment.read_bytes()
        place = content.rindex(b'home')  # within its last increment
        segment.write_bytes(content[:place] + bytes(len(content) - place))
        self.assertIn('distributor refuses: ', self.refuses())
        accepted = tally('journal', 'accept-loss', '--yes', '--data', self.data)
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        self.assertIn('what was there is in', accepted.stdout)
        kept = json.loads(tally('aside', 'list', '--json', '--data', self.data).stdout)['aside']
        self.assertIn('journal.lost-1', [one['name'] for one in kept])
        self.assertEqual(self.run_with(1), value)  # the last increment was given up
        self.assertEqual(tally('aside', 'remove', 'journal.lost-1', '--data', self.data).returncode, 0)
        self.assertEqual(tally('aside', 'remove', 'journal', '--data', self.data).returncode, USAGE)
        self.assertTrue((self.data / 'journal' / 'identity').exists())


class TheAuditLog(LossTest):
    def test_the_audit_log_knows_where_it_must_end(self):
        with self.group() as group:
            for change in ('evict', 'readmit'):
                group.tally('replica', change, 3)
            group.wait_all_vote()
        log = self.data / 'audit' / 'audit.jsonl'
        whole = tally('audit', 'verify', '--data', self.data)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertIn('the newest that the journal knows of', whole.stdout)
        head = whole.stdout.split('head ')[1].split()[0]
        lines = log.read_text().splitlines(keepends=True)
        for missing in (lines[:-2], lines[:1], []):
            log.write_text(''.join(missing))
            for arguments in (('--data', self.data), (log, '--head', head)):
                result = tally('audit', 'verify', *arguments)
                self.assertEqual(result.returncode, UNVERIFIED, result.stdout)
                self.assertIn('the tail was cut', result.stderr)
            alone = tally('audit', 'verify', log)
            self.assertEqual(alone.returncode, 0)
            self.assertIn('nothing is known of what may have followed', alone.stdout)

    def test_a_cut_of_the_audit_log_stays_known_until_an_operator_accepts_it(self):
        self.run_with(1)
        with self.group() as group:
            for change in ('evict', 'readmit'):
                group.tally('replica', change, 3)
            group.wait_all_vote()
        log = self.data / 'audit' / 'audit.jsonl'
        log.write_text(''.join(log.read_text().splitlines(keepends=True)[:-2]))
        for _ in range(2):
            self.run_with(1)
            verified = tally('audit', 'verify', '--data', self.data)
            self.assertEqual(verified.returncode, UNVERIFIED, verified.stdout)
        self.assertIn('its end was missing before', verified.stderr)
        self.assertEqual(tally('audit', 'accept-loss', '--yes', '--data', self.data).returncode, 0)
        verified = tally('audit', 'verify', '--data', self.data)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_a_broken_part_of_the_audit_log_shows_for_good(self):
        self.run_with(1)
        log = self.data / 'audit' / 'audit.jsonl'
        text = log.read_text()
        log.write_text(text.replace('"kind"', '"kinb"', 1))
        self.run_with(1)
        result = tally('audit', 'verify', log)
        self.assertEqual(result.returncode, UNVERIFIED)
        self.assertIn('audit.jsonl.broken-1', result.stderr)

    def test_the_audit_log_is_begun_anew_by_a_command_only(self):
        value = self.run_with(2)
        shutil.rmtree(self.data / 'audit')
        self.assertIn('comparator refuses: ', self.refuses())
        self.assertFalse((self.data / 'audit').exists())
        self.assertEqual(tally('audit', 'accept-loss', '--yes', '--data', self.data).returncode, 0)
        self.assertEqual(self.audit_kinds(), ['created', 'loss'])
        self.assertEqual(tally('audit', 'verify', '--data', self.data).returncode, 0)
        self.assertEqual(self.run_with(1), value + 1)
        self.assertEqual(tally('audit', 'verify', '--data', self.data).returncode, 0)


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    unittest.main()
