#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Replicas that lose or damage what they know, under real load: each repairs itself, and no client
notices. Usage: repair_test.py BIN_DIR"""

import os
import pathlib
import random
import shutil
import signal
import sys
import time
import unittest

from group import Group, wait_until
from load import Load

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
SEED = 20261123
LONGEST_GAP_SECONDS = 0.25
HEALING_SECONDS = 30
SCRUB_SECONDS = 60
CHECKPOINT_ORDERS = 50


class RepairTest(unittest.TestCase):
    """What these tests have in common: there is one group for each class, and each test harms one
    replica."""

    environment = {}

    @classmethod
    def setUpClass(cls):
        environment = {'TALLY_CHECKPOINT_ORDERS': str(CHECKPOINT_ORDERS), **cls.environment}
        cls.group = Group(BIN_DIR, '--fault-injection', environment=environment)
        cls.group.__enter__()
        cls.group.wait_all_vote()

    @classmethod
    def tearDownClass(cls):
        cls.group.__exit__(None, None, None)

    def setUp(self):
        self.random = random.Random(SEED)

    def directory(self, number):
        return self.group.data / f'replica-{number}'

    def log(self, number):
        return (self.group.data / 'log' / f'replica-{number}.log').read_text()

    def wait_log(self, number, event, before, seconds=HEALING_SECONDS):
        """Waits until the replica's log tells of the event behind its first `before` characters.
        Returns that line."""
        def line():
            return next((line for line in self.log(number)[before:].splitlines() if event in line), None)
        return wait_until(line, f'replica {number} says {event}', seconds)

    def wait_checkpoints(self, number, count=2):
        """Waits until the replica has committed so many more checkpoints."""
        before = len(self.log(number))
        wait_until(lambda: self.log(number)[before:].count('checkpoint_committed') >= count, 'checkpoints', 30)

    def newest_slot(self, number):
        """Returns the directory of the checkpoint that was written last."""
        slots = [self.directory(number) / letter for letter in 'ab']
        return max(slots, key=lambda slot: max(file.stat().st_mtime_ns for file in slot.glob('*.log')))

    def kill(self, number):
        old = self.group.pid(f'replica-{number}')
        os.kill(old, signal.SIGKILL)
        self.group.wait_new_pid(f'replica-{number}', old)

    def masked(self, harm):
        """Harms a replica under load. Afterwards all replicas vote, every answer is right, and no
        client has noticed."""
        group = self.group
        with Load(group.http, clients=4) as load:
            wait_until(lambda: load.answered_count() > 200, 'load is answered')
            for number in (1, 2, 3):
                self.wait_checkpoints(number)
            harmed = time.monotonic()
            harm()
            group.wait_all_vote(HEALING_SECONDS)
            seen = load.answered_count()
            wait_until(lambda: load.answered_count() > seen + 200, 'load is answered afterwards')
            healed = time.monotonic()
        report = load.check(group)
        self.assertEqual(report['unknown'] + report['refused'], 0, 'clients noticed')
        self.assertLess(load.longest_gap(harmed, healed), LONGEST_GAP_SECONDS)


def flip_byte(file, offset):
    with open(file, 'r+b') as stream:
        stream.seek(offset)
        byte = stream.read(1)
        stream.seek(offset)
        stream.write(bytes([byte[0] ^ 1 << offset % 8]))


class OwnCheckpoints(RepairTest):
    """Roll-back: a replica has two checkpoints that share no byte, and the journal has the orders
    after them."""

    def test_a_wiped_directory_is_masked_and_repaired(self):
        def harm():
            shutil.rmtree(self.directory(1), ignore_errors=True)
            self.kill(1)
        self.masked(harm)
        self.assertIn('started_empty', self.log(1))

    def test_a_wiped_directory_is_repaired_while_the_group_is_idle(self):
        evictions = [replica['evictions'] for replica in self.group.status()['replicas']]
        shutil.rmtree(self.directory(3), ignore_errors=True)
        self.kill(3)
        self.group.wait_all_vote(HEALING_SECONDS)
        self.assertEqual([replica['evictions'] for replica in self.group.status()['replicas']], evictions)

    def test_any_flipped_byte_of_the_newest_checkpoint_is_masked_and_repaired(self):
        for _ in range(6):
            files = []

            def harm():
                slot = self.newest_slot(2)
                files[:] = sorted(file for file in slot.iterdir() if file.stat().st_size > 0)
                file = self.random.choice(files)
                flip_byte(file, self.random.randrange(file.stat().st_size))
                self.kill(2)
            before = len(self.log(2))
            self.masked(harm)
            self.wait_log(2, 'checkpoint_restored', before)

    def test_damage_to_both_checkpoints_is_masked_and_repaired(self):
        before = len(self.log(3))

        def harm():
            for letter in 'ab':
                for file in (self.directory(3) / letter).glob('CURRENT'):
                    file.write_bytes(b'nonsense')
            self.kill(3)
        self.masked(harm)
        self.wait_log(3, 'checkpoint_damaged', before)
        self.wait_log(3, 'started_empty', before)

    def test_a_directory_that_is_removed_while_the_replica_runs_is_made_again(self):
        def harm():
            while self.directory(1).exists():
                shutil.rmtree(self.directory(1), ignore_errors=True)
            wait_until(lambda: all((self.directory(1) / letter / 'CURRENT').exists() for letter in 'ab'),
                       'both checkpoints are written again')
        pid = self.group.pid('replica-1')
        self.masked(harm)
        self.assertEqual(self.group.pid('replica-1'), pid)
        before = len(self.log(1))
        self.kill(1)
        self.wait_log(1, 'checkpoint_restored', before)
        self.group.wait_all_vote(HEALING_SECONDS)

    def test_a_full_disk_is_masked_and_forgotten(self):
        before = len(self.log(2))

        def harm():
            self.group.tally('fault', 'inject', 2, 'disk-full')
            self.wait_log(2, 'checkpoint_failed', before)
            self.wait_log(2, 'checkpoint_failed', before + 1)
            self.group.tally('fault', 'clear', 2)
            self.wait_checkpoints(2)
        self.masked(harm)
        before = len(self.log(2))
        self.kill(2)
        self.wait_log(2, 'checkpoint_restored', before)
        self.group.wait_all_vote(HEALING_SECONDS)


class AFullDisk(unittest.TestCase):
    def test_a_full_disk_costs_no_vote_and_is_forgotten_once_there_is_room(self):
        group = Group(BIN_DIR, environment={'TALLY_CHECKPOINT_ORDERS': str(CHECKPOINT_ORDERS)})
        disk = group.data / 'replica-2'
        group.give_small_disk(self, disk)
        with group:
            group.wait_all_vote()
            log = group.data / 'log' / 'replica-2.log'
            with Load(group.http, clients=4) as load:
                wait_until(lambda: 'checkpoint_committed' in log.read_text(), 'a first checkpoint')
                filler = disk / 'filler'
                # It is filled slowly, so that what a replica holds in reserve lasts for one commit.
                # Otherwise RocksDB aborts.
                with open(filler, 'wb', buffering=0) as stream, self.assertRaises(OSError):
                    while True:
                        stream.write(bytes(65536))
                        time.sleep(0.005)
                full = len(log.read_text())
                wait_until(lambda: log.read_text()[full:].count('checkpoint_failed') >= 2, 'no checkpoint is written')
                filler.unlink()
                roomy = len(log.read_text())
                wait_until(lambda: 'checkpoint_committed' in log.read_text()[roomy:], 'one is written again')
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0, 'clients noticed')
            self.assertEqual(group.replica(2)['evictions'], 0)
            self.assertNotIn('child_exited', (group.temporary / 'up.log').read_text())


class Scrub(RepairTest):
    """A change that nobody made is found, even if nobody touches the place."""

    def test_a_flipped_counter_of_an_idle_group_is_found(self):
        self.group.tally('incr', 'home')
        before = len(self.log(2))
        dissents = self.group.replica(2)['dissents']
        self.group.tally('fault', 'inject', 2, 'wrong-state')
        self.wait_log(2, 'state_mismatch', before)
        wait_until(lambda: self.group.replica(2)['dissents'] > dissents, 'it convicts itself')
        self.group.wait_all_vote(HEALING_SECONDS)
        self.assertEqual(self.group.replica(2)['last_verdict']['reason'], 'dissent')
        self.assertEqual(self.group.tally('incr', 'home'), '2')

    def test_a_flipped_byte_of_a_checkpoint_that_nobody_loads_is_found(self):
        with Load(self.group.http, clients=2) as load:
            wait_until(lambda: load.answered_count() > 200, 'load is answered')
            self.wait_checkpoints(3, 4)
        before = len(self.log(3))
        for slot in (self.directory(3) / letter for letter in 'ab'):
            file = max(slot.glob('*.sst'), key=lambda file: file.stat().st_size)
            flip_byte(file, 30)
        self.wait_log(3, 'checkpoint_damaged', before, SCRUB_SECONDS)
        with Load(self.group.http, clients=2):
            self.wait_checkpoints(3, 4)
        before = len(self.log(3))
        self.kill(3)
        self.wait_log(3, 'checkpoint_restored', before)
        self.group.wait_all_vote(HEALING_SECONDS)


class Import(RepairTest):
    """Roll-forward: a replica imports the state of another one, here whenever more than a hundred
    orders are missing."""

    environment = {'TALLY_IMPORT_ORDERS': '100'}

    def wipe(self, number):
        """The replica is evicted meanwhile, because a voter would rather execute what it misses
        than wait for a seal."""
        self.group.tally('replica', 'evict', number)
        shutil.rmtree(self.directory(number), ignore_errors=True)
        self.kill(number)
        self.group.tally('replica', 'readmit', number)

    def test_a_wiped_replica_imports_from_the_next_one(self):
        for number in (1, 2, 3):
            with self.subTest(replica=number):
                before = len(self.log(number))
                self.masked(lambda number=number: self.wipe(number))
                line = self.wait_log(number, 'import_finished', before)
                self.assertIn(f'donor={number % 3 + 1}', line)
                self.wait_log(number, 'checkpoint_restored', before)


class NoImport(Import):
    """This needs a group of its own: there is a pause between two seals, and a replica that waits
    for none executes the journal instead."""

    test_a_wiped_replica_imports_from_the_next_one = None

    def test_nothing_is_imported_while_a_donor_has_only_damaged_checkpoints(self):
        """Of the two replicas that could seal a state, one reads something else than it wrote."""
        before = len(self.log(1))
        self.group.tally('fault', 'inject', 2, 'corrupt-checkpoint')
        with Load(self.group.http, clients=2):
            wait_until(lambda: self.group.status()['sequence'] > 300, 'there is enough to miss')
            self.wipe(1)
            self.wait_log(2, 'checkpoint_not_sealed', 0)
        self.assertNotIn('import_finished', self.log(1)[before:])
        self.group.tally('fault', 'clear', 2)
        self.group.wait_all_vote(HEALING_SECONDS)


if __name__ == '__main__':
    unittest.main(verbosity=2)
