#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The native protocol as docs/protocol.md promises it, tested with a client that knows nothing
else.

Usage: native_client_test.py BIN_DIR
"""

import os
import pathlib
import signal
import struct
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'process'))

from group import Group, clean_environment, wait_until  # pylint: disable=wrong-import-position
import native_client as native  # pylint: disable=wrong-import-position
from native_client import NativeClient, add, add_within, check, count_counters, expire, get, list_counters, pb, put, remove, scan  # pylint: disable=wrong-import-position

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
WINDOW = 64
LARGEST = 2**63 - 1
NEVER = -1
LONG_MS = 600_000  # never over while a test runs


class Native(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.group = cls.enterClassContext(Group(BIN_DIR, '--fault-injection'))
        endpoints = cls.group.endpoints()['native']
        cls.endpoints = [endpoints['distributor'], endpoints['comparator']]

    def client(self):
        return self.enterContext(NativeClient(*self.endpoints))

    def session(self):
        client = self.client()
        client.open_session()
        return client

    def assert_one(self, result, status, value=None):
        self.assertEqual(result.status, status)
        if value is not None:
            self.assertEqual(result.value, value)


class Greeting(Native):
    def test_a_client_is_welcomed_by_distributor_and_comparator(self):
        client = self.client()
        self.assertGreaterEqual(client.term, 1)
        self.assertNotEqual(client.comparator_incarnation, 0)

    def test_an_empty_message_counts_as_a_hello(self):
        client = NativeClient(*self.endpoints)
        self.addCleanup(client.__exit__)
        client.wait(lambda: client.term and client.comparator_incarnation, 'welcomes without a hello')

    def test_what_makes_no_sense_is_dropped_and_nothing_else_happens(self):
        client = self.session()
        header = struct.pack('<4sHHQ', b'TLY1', 5, 0, 0)
        for frames in ([b''], [b'', b''], [b'x' * 16, b''], [header], [header, b'\xff'], [header, b'', b''],
                       [struct.pack('<4sHHQ', b'TLY1', 5, 1, 12345), native.frames_of(client.request())[1]],
                       [struct.pack('<4sHHQ', b'TLY1', 39, 0, 0), b'']):
            client.distributor.send_multipart(frames)
            client.comparator.send_multipart(frames)
        self.assert_one(client.one(add('after-nonsense')), native.OK, 1)
        self.assertEqual(client.refusals, [])


class Sessions(Native):
    def test_a_session_belongs_to_who_has_its_secret(self):
        client, stranger = self.session(), self.session()
        request = client.request([add('mine')])
        first = client.transmit(request)
        # The name of a session, which others may come to see, is not its secret.
        stranger.secret = native.session_of(client.secret)
        result = stranger.transmit(stranger.request([add('mine')], number=request.number))
        self.assertEqual(result.outcome, native.SESSION_EXPIRED)
        self.assertEqual(client.transmit(request).answer, first.answer)

    def test_a_session_that_is_opened_again_is_the_same_one(self):
        client = self.session()
        request = client.request([add('opened-twice')])
        first = client.transmit(request)
        opening = pb.Request(kind=pb.REQUEST_KIND_OPEN_SESSION, secret=client.secret, result_limit=13)
        self.assertEqual(client.transmit(opening).outcome, native.SESSION_OPENED)
        self.assertEqual(client.transmit(request).answer, first.answer)

    def test_a_closed_session_is_expired(self):
        client = self.session()
        self.assertEqual(client.close_session().outcome, native.SESSION_CLOSED)
        self.assertEqual(client.execute([add('closed')]).outcome, native.SESSION_EXPIRED)
        self.assert_one(self.session().one(get('closed')), native.NOT_FOUND)

    def test_an_unknown_session_is_expired_and_nothing_is_executed(self):
        client = self.session()
        for secret in (bytes(16), bytes(reversed(client.secret))):
            result = client.transmit(client.request([add('unknown')], number=1, secret=secret))
            self.assertEqual(result.outcome, native.SESSION_EXPIRED)
            self.assertEqual(result.operations, [])
        self.assert_one(client.one(get('unknown')), native.NOT_FOUND)

    def test_a_repeated_number_brings_the_stored_result_again(self):
        client = self.session()
        request = client.request([add('repeated', 5), get('repeated')])
        first = client.transmit(request)
        self.assertEqual([result.value for result in first.operations], [5, 5])
        self.assert_one(self.session().one(add('repeated')), native.OK, 6)
        again = client.transmit(request)
        # It has the sequence of the order that first executed it.
        self.assertEqual(again.answer, first.answer)
        # Nothing else is answered under this number.
        other = client.transmit(client.request([add('another')], number=request.number))
        self.assertEqual(other.outcome, native.MALFORMED)
        self.assert_one(client.one(get('repeated')), native.OK, 6)

    def test_an_acknowledged_number_is_stale(self):
        client = self.session()
        request = client.request([add('acknowledged')])
        client.transmit(request)
        client.acknowledged = request.number
        client.execute([get('acknowledged')])
        self.assertEqual(client.transmit(request).outcome, native.STALE)
        self.assert_one(client.one(get('acknowledged')), native.OK, 1)

    def test_what_was_given_up_never_runs(self):
        client = self.session()
        given_up = client.request([add('given-up')])
        client.acknowledged = given_up.number
        client.execute([get('given-up')])
        self.assertEqual(client.transmit(given_up).outcome, native.STALE)
        self.assert_one(client.one(get('given-up')), native.NOT_FOUND)

    def test_a_number_beyond_the_window_is_refused(self):
        client = self.session()
        self.assertEqual(client.transmit(client.request([add('w')], number=WINDOW)).outcome, native.EXECUTED)
        beyond = client.transmit(client.request([add('w')], number=WINDOW + 1))
        self.assertEqual(beyond.outcome, native.BEYOND_WINDOW)
        moved = client.transmit(client.request([add('w')], number=WINDOW + 1, acknowledged=1))
        self.assertEqual(moved.outcome, native.EXECUTED)
        self.assertEqual(moved.operations[0].value, 2)

    def test_numbers_may_come_in_any_order(self):
        client = self.session()
        for number in (3, 1, 2):
            result = client.transmit(client.request([add('any-order')], number=number))
            self.assertEqual(result.outcome, native.EXECUTED)
        self.assert_one(client.one(get('any-order'), number=4), native.OK, 3)


class Operations(Native):
    def test_a_counter_is_added_to_read_set_and_removed(self):
        client = self.session()
        self.assert_one(client.one(get('counter')), native.NOT_FOUND)
        self.assert_one(client.one(add('counter')), native.OK, 1)
        self.assert_one(client.one(add('counter', -11)), native.OK, -10)
        self.assert_one(client.one(put('counter', LARGEST)), native.OK, LARGEST)
        self.assert_one(client.one(get('counter')), native.OK, LARGEST)
        self.assert_one(client.one(remove('counter')), native.OK, LARGEST)
        self.assert_one(client.one(remove('counter')), native.NOT_FOUND)

    def test_an_answer_has_the_votes_of_a_majority(self):
        self.assertIn(self.session().execute([add('votes')]).votes, (2, 3))

    def test_an_overflow_changes_nothing(self):
        client = self.session()
        client.one(put('overflow', LARGEST))
        self.assert_one(client.one(add('overflow')), native.OVERFLOW, LARGEST)
        client.one(put('overflow', -LARGEST - 1))
        self.assert_one(client.one(add('overflow', -1)), native.OVERFLOW, -LARGEST - 1)
        self.assert_one(client.one(get('overflow')), native.OK, -LARGEST - 1)

    def test_counters_are_listed_in_byte_order(self):
        client = self.session()
        names = ['list/é', 'list/a', 'list/b', 'list/B', 'other']
        client.execute([put(name, place) for place, name in enumerate(names)])
        result = client.one(list_counters('list/'))
        self.assert_one(result, native.OK, 4)
        self.assertEqual(result.listed, [('list/B', 3), ('list/a', 1), ('list/b', 2), ('list/é', 0)])
        self.assertEqual(client.one(list_counters('list/', limit=2)).listed, [('list/B', 3), ('list/a', 1)])
        self.assertEqual(client.one(list_counters('list/', after='list/a')).listed, [('list/b', 2), ('list/é', 0)])
        self.assertEqual(client.one(list_counters('no-such-prefix')).listed, [])

    def test_one_malformed_operation_leaves_the_others_alone(self):
        client = self.session()
        malformed = [
            add(''), add('x' * 257), add(b'\xff'), add('line\nfeed'), add(b'\xed\xa0\x80'), add('k', key=b'k' * 257),
            list_counters(limit=0), list_counters(limit=1001), pb.Operation(name=b'no-kind'),
            pb.Operation(kind=pb.OPERATION_KIND_GET, name=b'keyed-get', idempotency_key=b'k')]
        for operation in malformed:
            with self.subTest(operation=str(operation)[:60]):
                results = client.execute([add('beside'), operation, add('beside')]).operations
                self.assertEqual([result.status for result in results],
                                 [native.OK, native.MALFORMED_OPERATION, native.OK])
        self.assert_one(client.one(get('beside')), native.OK, 2 * len(malformed))

    def test_the_longest_name_is_a_name(self):
        client = self.session()
        for name in ('x' * 256, 'é' * 128, ' ', '%/?#'):
            self.assert_one(client.one(add(name)), native.OK, 1)

    def test_a_request_without_operations_is_executed(self):
        result = self.session().execute([])
        self.assertEqual((result.outcome, result.operations), (native.EXECUTED, []))

    def test_operations_that_cannot_be_decoded_are_refused_by_vote(self):
        client = self.session()
        result = client.transmit(client.request(b'\xff\xff\xff'))
        self.assertEqual(result.outcome, native.MALFORMED)

    def test_too_many_operations_are_refused_by_vote(self):
        client = self.session()
        self.assertEqual(client.execute([get('m')] * 4097).outcome, native.MALFORMED)
        self.assertEqual(len(client.execute([get('m')] * 4096).operations), 4096)

    def test_results_beyond_the_requests_own_limit_are_refused_by_vote(self):
        client = self.session()
        result = client.execute([add('limited')], result_limit=13 + 8)
        self.assertEqual(result.outcome, native.RESULTS_TOO_LARGE)
        self.assert_one(client.one(add('limited'), result_limit=13 + 9), native.OK, 1)

    def test_a_request_beyond_a_limit_is_refused_by_the_distributor(self):
        client = self.session()
        for fields in ({'result_limit': 12}, {'result_limit': 524289}, {'operations': b'x' * (512 * 1024 + 1)}):
            with self.assertRaisesRegex(native.Refused, 'MALFORMED'):
                client.transmit(client.request(**fields))

    def test_a_change_in_a_read_only_request_is_refused(self):
        client = self.session()
        results = client.execute([put('read-only', 7)]).operations
        self.assert_one(results[0], native.OK)
        results = client.execute([get('read-only'), add('read-only'), remove('read-only'), put('read-only', 1),
                                  list_counters('read-only')], read_only=True).operations
        self.assertEqual([result.status for result in results],
                         [native.OK, native.READ_ONLY, native.READ_ONLY, native.READ_ONLY, native.OK])
        self.assert_one(client.one(get('read-only'), read_only=True), native.OK, 7)


class Expiry(Native):
    def wait_missing(self, client, name):
        wait_until(lambda: client.one(get(name)).status == native.NOT_FOUND, f'{name} expires')

    def test_a_counter_says_of_itself_when_it_expires_and_what_changed_it_last(self):
        client = self.session()
        self.assertIsNone(client.one(add('told')).detail)
        lasting = client.one(get('told', detail=True)).detail
        self.assertEqual(lasting[:2], (NEVER, NEVER))
        self.assertGreater(lasting.last_change, 0)
        result = client.one(add_within(LONG_MS, 'told', detail=True))
        self.assert_one(result, native.OK, 2)
        self.assertEqual(result.detail.expires_in_ms, LONG_MS)
        self.assertLess(abs(result.detail.expires_at_ms - LONG_MS - time.time() * 1000), 60_000)
        self.assertNotEqual(result.detail.last_change, lasting.last_change)
        read = client.one(get('told', detail=True), read_only=True)
        self.assert_one(read, native.OK, 2)
        self.assertEqual(read.detail.last_change, result.detail.last_change)
        self.assertLessEqual(read.detail.expires_in_ms, LONG_MS)
        missing = client.one(get('told-not', detail=True))
        self.assertEqual((missing.status, missing.detail), (native.NOT_FOUND, (NEVER, NEVER, 0)))

    def test_a_window_starts_is_not_prolonged_ends_and_starts_again(self):
        client = self.session()
        began = time.monotonic()
        left = client.one(add_within(1000, 'window', detail=True)).detail.expires_in_ms
        self.assertEqual(left, 1000)
        value = 1
        while (result := client.one(add_within(1000, 'window', detail=True))).value != 1:
            value += 1
            self.assert_one(result, native.OK, value)
            self.assertLessEqual(result.detail.expires_in_ms, left)
            left = result.detail.expires_in_ms
            self.assertLess(time.monotonic(), began + 20)
        self.assertEqual(result.detail.expires_in_ms, 1000)
        # Orders may have the time at which the distributor's turn began.
        self.assertGreater(time.monotonic() - began, 0.75)
        self.wait_missing(client, 'window')
        self.assertEqual(client.one(list_counters('window')).listed, [])

    def test_a_set_gives_an_expiry_keeps_it_or_takes_it(self):
        client = self.session()
        def left(operation):
            return client.one(operation).detail.expires_in_ms
        after, keep, at = pb.EXPIRY_KIND_AFTER, pb.EXPIRY_KIND_KEEP, pb.EXPIRY_KIND_AT
        self.assertEqual(left(put('set', 1, detail=True, expiry_kind=after, expiry_ms=LONG_MS)), LONG_MS)
        self.assertGreater(left(put('set', 2, detail=True, expiry_kind=keep)), 0)
        self.assertEqual(left(put('set', 3, detail=True)), NEVER)
        self.assertEqual(left(put('set', 4, detail=True, expiry_kind=keep)), NEVER)
        end = int(time.time() * 1000) + LONG_MS
        self.assertEqual(client.one(put('set', 5, detail=True, expiry_kind=at, expiry_ms=end)).detail.expires_at_ms, end)
        self.assert_one(client.one(put('set', 6, expiry_kind=after, expiry_ms=300)), native.OK, 6)
        self.wait_missing(client, 'set')

    def test_an_expiry_changes_where_its_conditions_hold(self):
        client = self.session()
        after, none = pb.EXPIRY_KIND_AFTER, pb.EXPIRY_KIND_NONE
        self.assert_one(client.one(expire('e', after, LONG_MS)), native.NOT_FOUND)
        client.one(put('e', 7))
        for milliseconds, conditions, status in (
                (LONG_MS, native.WITH_EXPIRY, native.NOT_MET), (LONG_MS, native.LATER, native.NOT_MET),
                (LONG_MS, native.WITHOUT_EXPIRY | native.SOONER, native.OK),
                (2 * LONG_MS, native.SOONER, native.NOT_MET), (2 * LONG_MS, native.WITHOUT_EXPIRY, native.NOT_MET),
                (2 * LONG_MS, native.LATER | native.WITH_EXPIRY, native.OK)):
            self.assert_one(client.one(expire('e', after, milliseconds, conditions=conditions)), status, 7)
        self.assertGreater(client.one(get('e', detail=True)).detail.expires_in_ms, LONG_MS)
        self.assert_one(client.one(expire('e', none)), native.OK, 7)
        self.assertEqual(client.one(get('e', detail=True)).detail.expires_in_ms, NEVER)
        self.assert_one(client.one(expire('e', pb.EXPIRY_KIND_AT, 1)), native.OK, 7)  # that is over
        self.assert_one(client.one(get('e')), native.NOT_FOUND)

    def test_a_key_belongs_to_its_window_and_brings_the_detail_of_now(self):
        client = self.session()
        first = client.execute([add_within(1000, 'keyed', key=b'w1', detail=True)])
        again = client.one(add_within(1000, 'keyed', key=b'w1', detail=True))
        self.assertEqual((again.status, again.value, again.first_sequence), (native.OK, 1, first.sequence))
        self.assertLessEqual(again.detail.expires_in_ms, 1000)
        self.assertIsNone(client.one(add_within(1000, 'keyed', key=b'w1')).detail)
        for other in (add_within(1001, 'keyed', key=b'w1'), add('keyed', key=b'w1')):
            self.assert_one(client.one(other), native.KEY_REUSED)
        self.wait_missing(client, 'keyed')
        over = client.one(add_within(1000, 'keyed', key=b'w1', detail=True))
        self.assertEqual((over.status, over.value, over.detail), (native.OK, 1, (NEVER, NEVER, 0)))

    def test_an_expiry_that_makes_no_sense_is_malformed(self):
        client = self.session()
        for operation in (add_within(0, 'm'), add_within(-1, 'm'), add_within(LARGEST, 'm'),
                          add('m', expiry_kind=pb.EXPIRY_KIND_AT, expiry_ms=LARGEST),
                          add('m', expiry_kind=pb.EXPIRY_KIND_KEEP), add('m', expiry_kind=99, expiry_ms=5),
                          put('m', 1, expiry_kind=pb.EXPIRY_KIND_AFTER), put('m', 1, conditions=native.UNCHANGED)):
            with self.subTest(operation=str(operation)):
                self.assert_one(client.one(operation), native.MALFORMED_OPERATION)
        self.assert_one(client.one(get('m')), native.NOT_FOUND)

    def test_a_detail_takes_24_bytes_of_a_result(self):
        client = self.session()
        result = client.execute([get('limited', detail=True)], result_limit=13 + 9 + 23)
        self.assertEqual(result.outcome, native.RESULTS_TOO_LARGE)
        result = client.execute([get('limited', detail=True)], result_limit=13 + 9 + 24)
        self.assertEqual(result.outcome, native.EXECUTED)


class Conditions(Native):
    def test_a_set_may_ask_that_the_counter_is_missing_or_present(self):
        client = self.session()
        self.assert_one(client.one(put('c', 1, conditions=native.PRESENT)), native.NOT_MET, 0)
        self.assert_one(client.one(put('c', 1, conditions=native.MISSING)), native.OK, 1)
        self.assert_one(client.one(put('c', 2, conditions=native.MISSING)), native.NOT_MET, 1)
        self.assert_one(client.one(put('c', 2, conditions=native.PRESENT)), native.OK, 2)

    def test_a_check_that_does_not_hold_passes_over_what_depends_on_it(self):
        client = self.session()
        client.one(put('checked', 1))
        last_change = client.one(get('checked', detail=True)).detail.last_change
        for value in (2, 3):  # the second one comes too late
            results = client.execute([check('checked', native.UNCHANGED, last_change, passes_over=2),
                                      put('checked', value), add('depends'), get('checked')]).operations
            expected = [native.OK] * 4 if value == 2 else [native.NOT_MET, native.PASSED_OVER, native.PASSED_OVER, native.OK]
            self.assertEqual([result.status for result in results], expected)
            self.assertEqual(results[3].value, 2)
        self.assert_one(client.one(get('depends')), native.OK, 1)
        self.assert_one(client.one(check('checked', native.PRESENT), read_only=True), native.OK, 2)
        self.assert_one(client.one(check('checked', native.MISSING), read_only=True), native.NOT_MET, 2)


class Scans(Native):
    def test_a_scan_brings_every_counter_once_from_the_newest_on(self):
        client = self.session()
        names = [f'scan/{place}' for place in (5, 1, 4, 2, 3)]
        client.execute([put(name, place) for place, name in enumerate(names)])
        client.one(put('scan/gone', 1, expiry_kind=pb.EXPIRY_KIND_AFTER, expiry_ms=1))
        wait_until(lambda: client.one(get('scan/gone')).status == native.NOT_FOUND, 'one expires')
        found, cursor, steps = [], 0, 0
        while cursor != 0 or steps == 0:
            result = client.one(scan(cursor, limit=2), read_only=True)
            self.assertEqual(result.status, native.OK)
            self.assertLessEqual(len(result.listed), 2)
            found += result.listed
            cursor = result.value
            steps += 1
        mine = [(name, value) for name, value in found if name.startswith('scan/')]
        self.assertEqual(mine, [(name, place) for place, name in reversed(list(enumerate(names)))])
        self.assertEqual(len({name for name, _ in found}), len(found))

    def test_counters_are_counted(self):
        results = self.session().execute([count_counters(), add('one-more'), count_counters(), remove('one-more'),
                                          count_counters()]).operations
        self.assertEqual([results[2].value - results[0].value, results[4].value - results[0].value], [1, 0])


class IdempotencyKeys(Native):
    def test_a_key_brings_the_first_result_again_in_any_session(self):
        client = self.session()
        first = client.execute([add('keyed', 3, key=b'k1')])
        self.assertIsNone(first.operations[0].first_sequence)
        client.one(add('keyed', 100))
        for again in (client, self.session()):
            self.assertEqual(again.one(add('keyed', 3, key=b'k1')),
                             native.OperationResult(native.OK, 3, first.sequence, []))
        self.assert_one(client.one(get('keyed')), native.OK, 103)

    def test_a_key_twice_in_one_request_counts_once(self):
        results = self.session().execute([add('twice', key=b'k2'), add('twice', key=b'k2')]).operations
        self.assertEqual([result.value for result in results], [1, 1])
        self.assertIsNone(results[0].first_sequence)
        self.assertIsNotNone(results[1].first_sequence)

    def test_a_key_with_another_operation_is_refused(self):
        client = self.session()
        client.one(add('reused', 3, key=b'k3'))
        for other in (add('reused', 4, key=b'k3'), add('reused-not', 3, key=b'k3'), put('reused', 3, key=b'k3'),
                      remove('reused', key=b'k3')):
            self.assert_one(client.one(other), native.KEY_REUSED)
        self.assert_one(client.one(get('reused')), native.OK, 3)

    def test_a_key_remembers_that_nothing_was_found(self):
        client = self.session()
        self.assert_one(client.one(remove('never', key=b'k4')), native.NOT_FOUND)
        client.one(add('never'))
        self.assert_one(client.one(remove('never', key=b'k4')), native.NOT_FOUND)
        self.assert_one(client.one(get('never')), native.OK, 1)


    def test_a_key_remembers_an_overflow(self):
        client = self.session()
        client.one(put('full', LARGEST))
        self.assert_one(client.one(add('full', key=b'k5')), native.OVERFLOW, LARGEST)
        client.one(put('full', 0))
        self.assert_one(client.one(add('full', key=b'k5')), native.OVERFLOW, LARGEST)
        self.assert_one(client.one(get('full')), native.OK, 0)


class People(Native):
    def test_the_status_needs_no_session(self):
        status = self.client().status()
        self.assertEqual(status.state, pb.GROUP_STATE_OK)
        self.assertEqual([replica.id for replica in status.replicas], [1, 2, 3])
        self.assertEqual({replica.state for replica in status.replicas}, {pb.REPLICA_STATE_VOTING})
        self.assertEqual(status.distributor_pid, self.group.pid('distributor'))
        self.assertEqual(status.comparator_pid, self.group.pid('comparator'))
        self.assertEqual(status.distributor_state, b'ok')

    def test_the_comparator_tells_what_it_decided_and_how_each_replica_voted(self):
        client = self.session()
        client.one(add('observed'))
        observation = wait_until(lambda: self.all_agree(client.observe()), 'votes that agree with the newest decision')
        self.assertEqual(observation.incarnation, client.comparator_incarnation)
        self.assertEqual([vote.replica for vote in observation.voters], [1, 2, 3])
        self.assertGreaterEqual(observation.votes, 2)
        for vote in observation.voters:
            self.assertGreater(vote.matches, 0)
            self.assertEqual((vote.state, vote.results), (observation.decided.state, observation.results))
        self.assertEqual(list(observation.records), [], 'the audit log is for those at the bridges\' endpoint')

    @staticmethod
    def all_agree(observation):
        sequence = observation.decided.order.sequence
        agree = [vote.sequence == sequence and vote.outcome == pb.VOTE_OUTCOME_AGREES for vote in observation.voters]
        return observation if sequence and all(agree) else None

    def test_at_the_bridges_endpoint_the_comparator_tells_its_audit_records(self):
        endpoints = self.group.endpoints()['bridge']
        client = self.enterContext(NativeClient(endpoints['distributor'], endpoints['comparator']))
        records = client.observe().records
        lines = (self.group.data / 'audit' / 'audit.jsonl').read_bytes().splitlines()
        self.assertGreater(len(records), 1)
        for record in records:
            self.assertEqual(record.line, lines[record.number - 1])
            self.assertTrue(record.line.endswith(b'"hash":"' + record.hash + b'"}'))
        last = records[-1].number
        self.assertEqual([record.number for record in client.observe(last - 1).records], [last])
        self.assertEqual(list(client.observe(last).records), [])

    def test_a_wrong_admin_token_is_forbidden(self):
        client = self.client()
        for token in (b'', b'wrong'):
            reply = client.ask(pb.AdminCommand(token=token, action=pb.ADMIN_ACTION_EVICT, replica=2))
            self.assertEqual(reply.outcome, pb.ADMIN_OUTCOME_FORBIDDEN)
            self.assertNotEqual(reply.detail, b'')
        self.assertEqual(client.status().replicas[1].state, pb.REPLICA_STATE_VOTING)

    def test_a_command_that_cannot_be_carried_out_is_refused(self):
        token = (self.group.data / 'run' / 'admin.token').read_bytes().strip()
        client = self.client()
        for action, replica in ((pb.ADMIN_ACTION_READMIT, 1), (pb.ADMIN_ACTION_EVICT, 4), (pb.ADMIN_ACTION_RESUME, 0)):
            reply = client.ask(pb.AdminCommand(token=token, action=action, replica=replica))
            self.assertEqual(reply.outcome, pb.ADMIN_OUTCOME_REFUSED)

    def test_the_program_counts_and_shows(self):
        def run(*arguments):
            command = ['/usr/bin/python3', HERE / 'native_client.py', *self.endpoints, *arguments]
            return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean_environment(),
                                  check=False)
        self.assertEqual(run('incr', 'program', '5').stdout, '5\n')
        self.assertEqual(run('get', 'program').stdout, '5\n')
        self.assertEqual(run('list', 'program').stdout, 'program\t5\n')
        self.assertEqual(run('delete', 'program').stdout, '5\n')
        self.assertEqual(run('get', 'program').returncode, 1)
        self.assertEqual(self.group.run('get', 'program').returncode, 1)


class Restarts(Native):
    """This kills what the other tests need, so it has a group of its own."""

    def test_clients_hear_of_a_new_distributor_and_a_new_comparator_and_go_on(self):
        client = self.session()
        for role in ('comparator', 'distributor'):
            client.one(add('restarts'))
            before = (client.term, client.comparator_incarnation)
            old = self.group.pid(role)
            os.kill(old, signal.SIGKILL)
            self.group.wait_new_pid(role, old)
            client.wait(lambda: (client.term, client.comparator_incarnation) != before, f'a new {role} says so')  # pylint: disable=cell-var-from-loop
            wait_until(lambda: client.status().state == pb.GROUP_STATE_OK, 'the group is whole')
        self.assert_one(client.one(get('restarts')), native.OK, 2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
