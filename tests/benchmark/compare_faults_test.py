#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts/compare-faults would find: services that lose, double or invent increments, or answer
wrongly, are convicted, and those that only fail to answer are not. The services are fakes in this
process, because etcd is not installed for the tests.
"""

import pathlib
import subprocess
import sys
import unittest

import compare_faults
import increments
from fault_systems import newest_values
from increments import Client, Load, Outcome, Refused, Unknown, Verdict, judge, longest_gap, total

PROGRAM = pathlib.Path(__file__).with_name('compare_faults.py')


def outcomes(*words):
    """Returns outcomes a second apart: a number is an answer."""
    return [Outcome(at, 'answered', word) if isinstance(word, int) else Outcome(at, word)
            for at, word in enumerate(words)]


class Service:
    """A door to counters that does what its plan says, increment by increment, and right otherwise."""

    def __init__(self, **plan):
        self.plan = plan
        self.value = 0
        self.calls = 0

    def increment(self, _counter):
        self.calls += 1
        act = self.plan.get(f'at_{self.calls}')
        if act == 'refuse':
            raise Refused
        if act == 'vanish':
            raise Unknown
        self.value += 2 if act == 'double' else 1
        if act == 'silent':
            raise Unknown
        if act == 'lie':
            return self.value + 1
        if act == 'lose':
            self.value -= 1
            return self.value + 1
        return self.value

    def read(self, _counter):
        return self.value

    def close(self):
        pass


def judged(calls, **plan):
    client = Client(Service(**plan), 'c')
    client.outcomes = [client.count() for _ in range(calls)]
    return judge(client.outcomes, client.read())


class Judging(unittest.TestCase):
    def test_a_service_that_is_right_is_found_right(self):
        self.assertEqual(judged(5), Verdict(answered=5))

    def test_what_is_refused_or_not_answered_is_not_held_against_a_service(self):
        verdict = judged(5, at_2='refuse', at_3='silent', at_4='vanish')
        self.assertEqual(verdict, Verdict(answered=2, refused=1, unknown=2))

    def test_an_answered_increment_that_is_gone_is_lost(self):
        verdict = judged(5, at_3='lose')
        self.assertEqual((verdict.lost, verdict.surplus, len(verdict.wrong)), (1, 0, 2))

    def test_one_that_was_lost_at_the_end_is_found_by_the_last_reading(self):
        self.assertEqual(judged(3, at_3='lose'), Verdict(answered=3, lost=1))

    def test_an_increment_that_was_counted_twice_is_too_much(self):
        verdict = judged(5, at_3='double')
        self.assertEqual((verdict.lost, verdict.surplus, len(verdict.wrong)), (0, 1, 3))

    def test_an_unknown_increment_covers_one_that_was_counted_twice_and_no_more(self):
        self.assertEqual(judge(outcomes(1, 'unknown', 3), 3), Verdict(answered=2, unknown=1))
        self.assertEqual(judge(outcomes(1, 'unknown', 4), 4), Verdict(2, 0, 1, (2,), 0, 1))

    def test_a_wrong_answer_is_wrong_even_if_the_counter_is_right_in_the_end(self):
        verdict = judged(3, at_2='lie')
        self.assertEqual((verdict.answered, verdict.lost, verdict.surplus, len(verdict.wrong)), (3, 0, 0, 1))

    def test_an_unknown_increment_may_be_counted_late(self):
        self.assertEqual(judge(outcomes('unknown', 1, 2, 4, 5), 5), Verdict(answered=4, unknown=1))
        self.assertEqual(judge(outcomes('unknown', 1), 2), Verdict(answered=1, unknown=1))

    def test_what_an_answer_has_included_stays_included(self):
        self.assertEqual(judge(outcomes('unknown', 2, 2), 2), Verdict(2, 0, 1, (2,), 1, 0))

    def test_an_answer_may_not_come_twice(self):
        self.assertEqual(judge(outcomes(1, 1, 2), 2), Verdict(3, 0, 0, (1, 2), 1, 0))

    def test_refused_increments_excuse_nothing(self):
        self.assertEqual(judge(outcomes(1, 'refused', 3), 3), Verdict(2, 1, 0, (2,), 0, 1))

    def test_the_verdicts_of_all_clients_are_added(self):
        verdicts = [Verdict(3, 1, 0, (5.0,), 1, 0), Verdict(2, 0, 2, (4.0,), 0, 3)]
        self.assertEqual(total(verdicts), Verdict(5, 1, 2, (4.0, 5.0), 1, 3))


class Gaps(unittest.TestCase):
    def test_the_longest_time_without_an_answer_counts(self):
        self.assertEqual(longest_gap(outcomes(1, 'unknown', 'refused', 2, 3), 0.5, 4.5), 3)

    def test_a_client_that_is_never_answered_again_waits_up_to_the_end(self):
        self.assertEqual(longest_gap(outcomes(1, 2, 'unknown'), 1.5, 20), 19)


class Loads(unittest.TestCase):
    def setUp(self):
        self.pauses = increments.PAUSE_SECONDS, increments.RETRY_SECONDS
        increments.PAUSE_SECONDS = increments.RETRY_SECONDS = 0

    def tearDown(self):
        increments.PAUSE_SECONDS, increments.RETRY_SECONDS = self.pauses

    def test_clients_count_until_they_are_stopped_and_may_go_on(self):
        load = Load([Service(), Service(at_2='lie')])
        for _ in range(2):
            load.start()
            self.assertTrue(load.wait_answers(5, 30))
            load.stop()
        right, wrong = [judge(client.outcomes, client.read()) for client in load.clients]
        self.assertGreaterEqual(right.answered, 10)
        self.assertEqual((len(right.wrong), len(wrong.wrong)), (0, 1))

    def test_a_client_that_breaks_is_no_result(self):
        load = Load([Service(at_1='silent')])
        load.clients[0].door.increment = lambda _: 1 // 0
        load.start()
        self.assertFalse(load.wait_answers(1, 30))
        with self.assertRaises(AssertionError):
            load.stop()


class Reporting(unittest.TestCase):
    ROW = {'system': 'tally', 'fault': 'killed', 'who': 'replica', 'answered': 9, 'refused': 0, 'unknown': 0,
           'wrong': 0, 'lost': 0, 'surplus': 0, 'gap_before': 0.01, 'gap': None}

    def test_only_a_failure_and_a_broken_promise_of_tally_fail_the_run(self):
        rows = [self.ROW, {**self.ROW, 'system': 'redis', 'lost': 3}]
        self.assertEqual(compare_faults.failures(rows), [])
        bad = [{**self.ROW, name: 1} for name in ('wrong', 'lost', 'surplus')]
        failed = {'system': 'etcd', 'fault': 'gone', 'who': 'leader', 'failure': 'it did not start'}
        self.assertEqual(len(compare_faults.failures([*rows, *bad, failed])), 4)

    def test_the_table_has_a_line_for_each_row_in_the_order_of_the_faults(self):
        failed = {'system': 'etcd', 'fault': 'killed', 'who': 'leader', 'failure': 'it did not start'}
        rows = [{**self.ROW, 'fault': 'wrong', 'lost': 7}, failed, self.ROW]
        lines = compare_faults.result_table(rows).splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual({line.count('|') for line in lines}, {len(compare_faults.HEADING) + 1})
        self.assertIn('it did not start', lines[2])
        self.assertIn('| **7** |', lines[4])

    def test_each_fault_is_done_to_each_system_and_plotted_once(self):
        cells = compare_faults.cells()
        for fault in compare_faults.FAULTS:
            for system in ('tally', 'etcd', 'redis'):
                plotted = [cell for cell in cells if cell.is_plotted and (cell.system, cell.fault) == (system, fault)]
                self.assertEqual(len(plotted), 1, f'{system}, {fault}')

    def test_runs_of_some_faults_each_are_joined(self):
        parts = [{'machine': 'm', 'command': name, 'versions': {}, 'rows': [{**self.ROW, 'fault': name}]}
                 for name in ('wrong', 'gone', 'wrong')]
        whole = compare_faults.joined(parts)
        self.assertEqual(whole['heads'], [('m', 'wrong'), ('m', 'gone')])
        self.assertEqual(len(whole['rows']), 3)

    def test_a_wrong_option_is_a_matter_of_usage(self):
        for option, code in (('--no-such-option', 2), ('--help', 0)):
            ended = subprocess.run([sys.executable, PROGRAM, option], capture_output=True, check=False, timeout=30)
            self.assertEqual(ended.returncode, code, option)


class Databases(unittest.TestCase):
    def test_the_newest_value_of_a_key_is_found_in_each_of_its_copies(self):
        def entry(key, revision, value):
            return (b'\x0a' + bytes([len(key)]) + key + b'\x10\x01\x18' + revision + b'\x20\x05\x2a' +
                    bytes([len(value)]) + value)
        old, new = entry(b'c-1', b'\x7f', b'12'), entry(b'c-1', b'\x80\x01', b'345')
        data = b'..' + new + b'....' + old + entry(b'c-10', b'\x80\x02', b'9') + new
        places = newest_values(data, b'c-1')
        self.assertEqual([data[first:first + length] for first, length in places], [b'345', b'345'])


if __name__ == '__main__':
    unittest.main()
