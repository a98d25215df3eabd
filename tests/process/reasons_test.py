#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Whenever the group is not `ok`, everybody is told the same reason and what to do. Usage:
reasons_test.py BIN_DIR

The reason journal_behind is tested in tests/process/loss_test.py, and wrong_group in
mistakes_test.py.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import unittest

from group import Group, wait_until

BIN_DIR = None


class ReasonsTest(unittest.TestCase):
    """The tests have a `group`, which runs."""

    @contextlib.contextmanager
    def stopped(self, *roles):
        """Lets these roles hang until the end of the block."""
        pids = [self.group.pid(role) for role in roles]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def status(self):
        return json.loads(self.group.request('GET', '/v1/cluster')[1])

    def is_told(self, state, reason):
        """Checks that the reason is told by /v1/cluster, by `tally status` and in the distributor's
        log; and, where nothing is served, by /readyz, by a refused request and by a command that
        fails."""
        found = wait_until(lambda: (lambda status: status if status.get('reason') == reason else None)(self.status()),
                           f'the status says {reason}', 20)
        self.assertEqual(found['state'], state)
        self.assertGreater(len(found['advice']), 10)
        said = self.group.tally('status')
        self.assertIn(f'{reason}: ', said)
        log = self.group.data / 'log' / 'distributor.log'
        wait_until(lambda: f'group_state state={state} reason={reason} ' in log.read_text(), 'the log says it')
        if state != 'degraded':
            self.is_told_by_refusals(reason)

    def is_told_by_refusals(self, reason):
        def says(method, path):
            code, body = self.group.request(method, path)
            return code in (503, 504) and json.loads(body).get('reason') == reason and json.loads(body)['advice']
        wait_until(lambda: says('GET', '/readyz'), '/readyz says it', 20)
        wait_until(lambda: says('POST', '/v1/counters/home/increment'), 'a refusal says it', 20)
        result = self.group.run('incr', 'home')
        self.assertIn(result.returncode, (3, 4))
        self.assertIn(f'{reason}: ' if reason != 'no_distributor' else 'the distributor says nothing', result.stderr)

    def is_ok_again(self):
        wait_until(lambda: self.status().get('state') == 'ok', 'it is ok again', 40)
        self.assertNotIn('reason', self.status())


class Reasons(ReasonsTest):
    def setUp(self):
        self.group = self.enterContext(Group(BIN_DIR, '--fault-injection', environment={'TALLY_WATCHDOG_MS': '0'}))
        self.group.wait_all_vote()

    def test_a_replica_that_is_out_is_told(self):
        self.group.tally('replica', 'evict', 2)
        self.is_told('degraded', 'replicas_out')
        self.assertIn('`tally replica readmit 2`', self.status()['advice'])
        self.group.tally('replica', 'readmit', 2)
        self.is_ok_again()

    def test_the_lack_of_a_majority_is_told(self):
        with self.stopped('replica-1', 'replica-2'):
            self.is_told('unavailable', 'no_majority')
        self.is_ok_again()

    def test_the_first_refusal_has_its_reason(self):
        """The bridge need not have heard before that the group does not answer."""
        with self.stopped('replica-1', 'replica-2'):
            wait_until(lambda: self.status()['state'] == 'unavailable', 'nothing is decided', 20)
            code, body = self.group.request('POST', '/v1/counters/home/increment')
        self.assertEqual(code, 503, body)
        self.assertEqual(json.loads(body).get('reason'), 'no_majority', body)
        self.is_ok_again()

    def test_the_lack_of_a_comparator_is_told(self):
        with self.stopped('comparator'):
            # The state is still ok for a moment.
            waited = self.group.run('wait', '--state', 'ok', '--timeout', '3')
            self.assertEqual(waited.returncode, 4)
            self.assertIn('no_comparator: ', waited.stderr)
            self.is_told('unavailable', 'no_comparator')
        self.is_ok_again()

    def test_the_lack_of_a_distributor_is_told(self):
        with self.stopped('distributor'):
            self.is_told_by_refusals('no_distributor')
        self.is_ok_again()

    def test_too_few_replicas_at_the_start_are_told(self):
        with self.stopped('replica-1', 'replica-2'):
            pid = self.group.pid('distributor')
            os.kill(pid, signal.SIGKILL)
            self.group.wait_new_pid('distributor', pid)
            wait_until(lambda: '1 of the 2 that are needed' in self.status().get('advice', ''), 'the status says it', 20)
            self.is_told_by_refusals('waiting_for_replicas')
        self.is_ok_again()

    def test_a_halt_is_told(self):
        # Replica 3 is evicted, so that nobody can tell which of the other two lies.
        self.group.tally('replica', 'evict', 3)
        self.group.tally('fault', 'inject', 2, 'wrong-value')
        wait_until(lambda: self.group.run('incr', 'home') and self.status()['state'] == 'halted', 'it halts', 60)
        self.is_told('halted', 'halted')


class WithLongPatience(ReasonsTest):
    """These states would otherwise be over within milliseconds."""

    def begin(self, ack_timeout_ms):
        """A replica counts as silent after four of these timeouts, and one that is slow votes after
        two."""
        environment = {'TALLY_WATCHDOG_MS': '0', 'TALLY_ACK_TIMEOUT_MS': str(ack_timeout_ms)}
        self.group = self.enterContext(Group(BIN_DIR, '--fault-injection', environment=environment))
        self.group.wait_all_vote()

    def order_of(self, text):
        """Returns the number of the order that does this, or None if there is none yet."""
        command = [BIN_DIR / 'tally', 'journal', 'dump', self.group.data]
        dumped = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(rf'order (\d+) .* {text}', dumped)
        return int(found.group(1)) if found else None

    def test_a_start_that_is_not_over_is_told(self):
        self.begin(ack_timeout_ms=4000)
        for replica in (1, 2):
            # Nothing is decided any more.
            self.group.tally('fault', 'inject', replica, 'drop-orders')
        pid = self.group.pid('distributor')
        os.kill(pid, signal.SIGKILL)
        self.group.wait_new_pid('distributor', pid)
        self.is_told('unavailable', 'starting')
        for replica in (1, 2):
            self.group.tally('fault', 'clear', replica)
        self.is_ok_again()

    def test_a_roll_back_of_the_group_is_told(self):
        """Replica 1 votes on an order on which the voters disagree, and gets no order after it."""
        self.begin(ack_timeout_ms=2000)  # so that a ballot is open for five seconds
        self.group.tally('replica', 'evict', 3)
        self.group.tally('fault', 'inject', 1, 'slow')
        self.group.tally('fault', 'inject', 2, 'wrong-value')
        asking = threading.Thread(target=self.group.request, args=('POST', '/v1/counters/home/increment'))
        asking.start()
        self.addCleanup(asking.join)
        order = wait_until(lambda: self.order_of('add "home" by 1'), 'it is ordered')
        wait_until(lambda: self.group.replica(1)['applied'] >= order, 'replica 1 has executed it')
        self.group.tally('fault', 'inject', 1, 'drop-orders')
        self.group.tally('fault', 'clear', 2)
        # The first term rolls back until the next begins, which waits for replicas; then for as long as replica 1 hangs.
        wait_until(lambda: self.status().get('term') == 2, 'the next term has begun', 20)
        self.is_told('unavailable', 'rolling_back')
        self.group.tally('fault', 'clear', 1)
        wait_until(lambda: self.status().get('reason') == 'replicas_out', 'it serves again', 40)
        self.group.tally('replica', 'readmit', 3)
        self.is_ok_again()


class TheJournalsDisk(ReasonsTest):
    """The journal has a small disk of its own, on which a sync takes two seconds while the file
    `slow` is there."""

    def setUp(self):
        environment = {'TALLY_WATCHDOG_MS': '0', 'TALLY_JOURNAL_MIB': '32',
                       'LD_PRELOAD': str(BIN_DIR.resolve() / 'libslow_sync.so')}
        self.group = Group(BIN_DIR, environment=environment)
        self.slow = self.group.temporary / 'slow'
        self.group.environment.update({'SLOW_SYNC_WHILE': str(self.slow), 'SLOW_SYNC_MS': '2000'})
        self.disk = self.group.data / 'journal'
        self.group.give_small_disk(self, self.disk)
        self.enterContext(self.group)
        self.group.wait_all_vote()

    def test_a_slow_journal_is_told(self):
        self.slow.touch()
        self.is_told('unavailable', 'journal_slow')
        # Another distributor cannot begin either.
        pid = self.group.pid('distributor')
        os.kill(pid, signal.SIGKILL)
        self.group.wait_new_pid('distributor', pid)
        wait_until(lambda: 'next term begins once' in self.status().get('advice', ''), 'the status says it', 20)
        self.slow.unlink()
        self.is_ok_again()

    def test_the_lack_of_room_is_told(self):
        # This is the only name that may be there.
        filler = self.disk.parent / 'journal' / 'lost+found'
        with open(filler, 'wb', buffering=0) as stream, self.assertRaises(OSError):
            while True:
                stream.write(bytes(65536))
        wait_until(lambda: [self.group.run('bench', '--clients', 64, '--pipeline', 1024, '--seconds', 1)]
                   and self.status().get('reason') == 'no_room', 'it is refused', 60)
        self.is_told('unavailable', 'no_room')
        before = self.group.run('get', 'home')
        filler.unlink()
        self.is_ok_again()
        self.assertEqual(self.group.tally('incr', 'home'), str(int(before.stdout or 0) + 1))


class AJournalWithoutAState(unittest.TestCase):
    def test_the_lack_of_any_state_is_told(self):
        """The journal was cut, and all replicas lost the states from which it leads on."""
        small = {'TALLY_CHECKPOINT_ORDERS': '50', 'TALLY_JOURNAL_MIB': '4'}
        with Group(BIN_DIR, environment=small) as group:
            wait_until(lambda: [group.run('bench', '--clients', 64, '--pipeline', 1024, '--seconds', 1)]
                       and group.status()['journal_first'] > 1, 'the journal is cut', 60)
            self.assertEqual(group.stop(), 0)
            for number in (1, 2, 3):
                shutil.rmtree(group.data / f'replica-{number}')
            group.ready_file.unlink(missing_ok=True)
            group.launch()
            wait_until(lambda: (group.data / 'run' / 'endpoints.json').exists(), 'it has begun')

            def says():
                result = group.run('status', '--json')
                return result.returncode == 0 and json.loads(result.stdout).get('reason') == 'no_state'
            wait_until(says, 'the status says it', 20)


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    unittest.main()
