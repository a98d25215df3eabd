#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP as the bridge promises it, byte for byte where it matters. Usage: http_surface_test.py
BIN_DIR"""

import concurrent.futures
import http.client
import io
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.parse

from group import Group, wait_until
from processes import connections_of_a_door

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')

PROBLEM_KEYS = {'type', 'title', 'status', 'detail', 'applied'}
LARGEST = 2**63 - 1
MOST_BODY = 64 * 1024
SECONDS = 20


def quoted(name):
    return urllib.parse.quote(name, safe='')


class AnswerStream(io.BufferedReader):
    """The buffer that several answers of one connection share.

    HTTPResponse asks for a buffer of its own, and closes it. If two answers arrived in one read,
    the second one would be lost with the buffer of the first.
    """

    def __init__(self, connection):
        super().__init__(connection.makefile('rb', buffering=0))

    def makefile(self, _mode):
        return self

    def close(self):
        pass


class Bridge(unittest.TestCase):
    up_args = ['--fault-injection']
    environment = {}

    @classmethod
    def setUpClass(cls):
        cls.group = cls.enterClassContext(Group(BIN_DIR, *cls.up_args, environment=cls.environment))
        cls.address = urllib.parse.urlsplit(cls.group.http)
        cls.token = (cls.group.data / 'run' / 'admin.token').read_text().strip()

    def connect(self):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=SECONDS)
        self.addCleanup(connection.close)
        return connection

    def open(self):
        return self.enterContext(socket.create_connection((self.address.hostname, self.address.port), timeout=SECONDS))

    def ask(self, method, path, body=None, connection=None, **headers):
        """Sends one request. The answer has its content as `body` too."""
        connection = connection or self.connect()
        connection.request(method, path, body, {name.replace('_', '-'): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer

    def admin(self, method, path, body=None, **headers):
        return self.ask(method, path, body, Authorization=f'Bearer {self.token}', **headers)

    def raw(self, payload, count=1):
        """Sends bytes as they are, and returns the answers."""
        connection = self.open()
        connection.sendall(payload)
        stream = AnswerStream(connection)
        answers = []
        for _ in range(count):
            answer = http.client.HTTPResponse(stream)
            answer.begin()
            answer.body = answer.read()
            answers.append(answer)
        return answers if count > 1 else answers[0]

    def assert_json(self, answer, status, expected):
        self.assertEqual((answer.status, answer.getheader('Content-Type')), (status, 'application/json'), answer.body)
        self.assertEqual(json.loads(answer.body), expected)

    def assert_counter(self, answer, name, value, expires_within=None):
        """With `expires_within`, in milliseconds, the answer must say when the counter expires."""
        self.assertEqual((answer.status, answer.getheader('Content-Type')), (200, 'application/json'), answer.body)
        content = json.loads(answer.body)
        time_left = set() if expires_within is None else {'expires_in_ms'}
        self.assertEqual(set(content), {'name', 'value', 'sequence', 'votes'} | time_left)
        self.assertEqual((content['name'], content['value']), (name, value))
        if time_left:
            self.assertGreater(content['expires_in_ms'], 0)
            self.assertLessEqual(content['expires_in_ms'], expires_within)
        self.assertIn(content['votes'], (2, 3))
        return content

    def assert_problem(self, answer, status, applied='no'):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.getheader('Content-Type'), 'application/problem+json')
        problem = json.loads(answer.body)
        self.assertEqual(set(problem), PROBLEM_KEYS)
        self.assertEqual((problem['status'], problem['applied']), (status, applied))
        self.assertTrue(problem['title'] and problem['detail'])
        self.assertRegex(problem['type'], r'^\S+$')
        return problem


class Counters(Bridge):
    def test_increments_answer_with_name_value_sequence_and_votes(self):
        path = '/v1/counters/home/increment'
        first = self.assert_counter(self.ask('POST', path), 'home', 1)
        for body, value in ((b'', 2), (b'{}', 3), (b'{"by":5}', 8), (b' { "by" : -10 } ', -2), (b'{"by":0}', -2)):
            content = self.assert_counter(self.ask('POST', path, body, Content_Type='application/json'), 'home', value)
            self.assertGreater(content['sequence'], first['sequence'])
        self.assert_counter(self.ask('GET', '/v1/counters/home'), 'home', -2)

    def test_a_hit_counts_one_and_is_never_cached(self):
        for value in (1, 2):
            answer = self.ask('GET', '/hit/page')
            self.assert_counter(answer, 'page', value)
            self.assertEqual(answer.getheader('Cache-Control'), 'no-store')

    def test_head_looks_and_does_not_count(self):
        for path in ('/hit/looked-at', '/v1/counters', '/v1/cluster', '/livez', '/readyz'):
            answer = self.ask('HEAD', path)
            self.assertEqual((answer.status, answer.body), (200, b''), path)
            self.assertGreater(int(answer.getheader('Content-Length')), 0)
        self.assertEqual(self.ask('HEAD', '/v1/counters/looked-at').status, 404)
        self.assert_problem(self.ask('GET', '/v1/counters/looked-at'), 404)

    def test_a_counter_that_never_was_is_not_found(self):
        self.assert_problem(self.ask('GET', '/v1/counters/never'), 404)
        self.assert_problem(self.admin('DELETE', '/v1/counters/never'), 404)

    def test_a_counter_is_set_and_deleted_with_the_token(self):
        self.assert_counter(self.admin('PUT', '/v1/counters/imported', b'{"value":1000}'), 'imported', 1000)
        self.assert_counter(self.ask('GET', '/v1/counters/imported'), 'imported', 1000)
        self.assert_counter(self.admin('PUT', '/v1/counters/imported', b'{"value":-9223372036854775808}'), 'imported',
                            -LARGEST - 1)
        self.assert_counter(self.admin('DELETE', '/v1/counters/imported'), 'imported', -LARGEST - 1)
        self.assert_problem(self.ask('GET', '/v1/counters/imported'), 404)

    def test_an_overflow_is_422_and_changes_nothing(self):
        self.admin('PUT', '/v1/counters/full', f'{{"value":{LARGEST}}}')
        self.assert_problem(self.ask('POST', '/v1/counters/full/increment'), 422)
        self.assert_problem(self.ask('GET', '/hit/full'), 422)
        self.assert_counter(self.ask('GET', '/v1/counters/full'), 'full', LARGEST)

    def test_names_are_utf8_percent_encoded(self):
        for name in ('ä/ö ü', '日本', '%41', 'a+b', 'q?x=1#y', '"quoted\\"', '.', '..', ' ', 'x' * 256, '€' * 85):
            with self.subTest(name):
                self.assert_counter(self.ask('POST', f'/v1/counters/{quoted(name)}/increment'), name, 1)
                self.assert_counter(self.ask('GET', f'/hit/{quoted(name)}'), name, 2)
        # This is the same name spelt differently: with lower-case digits, and with letters that
        # need no encoding.
        self.assert_counter(self.ask('GET', '/hit/%e6%97%a5%e6%9c%ac'), '日本', 3)

    def test_what_is_no_name_is_malformed(self):
        for name in ('%00', '%0A', '%7F', '%C2%80', '%FF', '%C0%80', '%ED%A0%80', 'x' * 257, '%E2%82%AC' * 86, '%', '%4',
                     '%zz'):
            with self.subTest(name):
                self.assert_problem(self.ask('POST', f'/v1/counters/{name}/increment'), 400)
                self.assert_problem(self.ask('GET', f'/hit/{name}'), 400)

    def test_counters_are_listed_page_by_page(self):
        names = [f'list/{place}' for place in range(7)]
        for place, name in enumerate(names):
            self.admin('PUT', f'/v1/counters/{quoted(name)}', f'{{"value":{place}}}')
        found, after, pages = [], '', 0
        while after is not None:
            answer = self.ask('GET', f'/v1/counters?prefix=list/&limit=3&after={quoted(after)}')
            page = json.loads(answer.body)
            self.assertEqual((answer.status, set(page)), (200, {'counters', 'next'}))
            found += page['counters']
            after = page['next']
            pages += 1
        self.assertEqual(found, [{'name': name, 'value': place} for place, name in enumerate(names)])
        self.assertEqual(pages, 3)
        self.assert_json(self.ask('GET', '/v1/counters?prefix=none-such'), 200, {'counters': [], 'next': None})
        for query in ('limit=0', 'limit=1001', 'limit=x', 'limit=-1', 'prefix=%FF'):
            self.assert_problem(self.ask('GET', f'/v1/counters?{query}'), 400)


class Idempotency(Bridge):
    def test_a_repeated_key_brings_the_same_answer(self):
        path = '/v1/counters/keyed/increment'
        first = self.assert_counter(self.ask('POST', path, b'{"by":3}', Idempotency_Key='k1'), 'keyed', 3)
        self.ask('POST', path)
        for _ in range(2):
            again = self.assert_counter(self.ask('POST', path, b'{"by":3}', Idempotency_Key='k1'), 'keyed', 3)
            self.assertEqual(again['sequence'], first['sequence'])
        self.assert_counter(self.ask('GET', '/v1/counters/keyed'), 'keyed', 4)

    def test_a_key_that_is_used_again_for_something_else_is_422(self):
        self.ask('POST', '/v1/counters/reused/increment', b'{"by":3}', Idempotency_Key='k2')
        for path, body in (('reused', b'{"by":4}'), ('another', b'{"by":3}')):
            self.assert_problem(self.ask('POST', f'/v1/counters/{path}/increment', body, Idempotency_Key='k2'), 422)
        self.assert_counter(self.ask('GET', '/v1/counters/reused'), 'reused', 3)

    def test_one_key_in_many_requests_at_once_counts_once(self):
        def count(_):
            return json.loads(self.ask('POST', '/v1/counters/rush/increment', Idempotency_Key='k3').body)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(count, range(64)))
        self.assertEqual({answer['value'] for answer in answers}, {1})
        self.assertEqual(len({answer['sequence'] for answer in answers}), 1)
        self.assert_counter(self.ask('GET', '/v1/counters/rush'), 'rush', 1)

    def test_keys_work_for_every_change(self):
        for _ in range(2):
            self.assert_counter(self.admin('PUT', '/v1/counters/p', b'{"value":5}', Idempotency_Key='k4'), 'p', 5)
        for _ in range(2):
            self.assert_counter(self.admin('DELETE', '/v1/counters/p', Idempotency_Key='k5'), 'p', 5)
        for _ in range(2):
            self.assert_counter(self.ask('GET', '/hit/keyed-hit', Idempotency_Key='k6'), 'keyed-hit', 1)

    def test_a_key_that_makes_no_sense_is_malformed(self):
        for key in ('', 'with space', 'k' * 257, 'ä'.encode('latin-1')):
            self.assert_problem(self.ask('POST', '/v1/counters/k/increment', Idempotency_Key=key), 400)


class Windows(Bridge):
    """Counters that are gone after a while. That a time is over is seen by what the group answers."""

    LONG_MS = 600_000  # never over while a test runs

    def within(self, window_ms, name, by=1, **headers):
        body = json.dumps({'by': by, 'window_ms': window_ms})
        return self.ask('POST', f'/v1/counters/{name}/increment', body, **headers)

    def is_missing(self, name):
        return self.ask('GET', f'/v1/counters/{name}').status == 404

    def is_listed(self, name):
        page = json.loads(self.ask('GET', f'/v1/counters?prefix={name}').body)
        return name in [counter['name'] for counter in page['counters']]

    def assert_as_long_as(self, window_ms, began):
        """A window begins at the time of its order, which may be that of the turn in which the
        distributor found the request. So it may seem a little shorter to a client, and longer by
        what answers take."""
        seconds = time.monotonic() - began
        self.assertGreater(seconds, 0.75 * window_ms / 1000)
        self.assertLess(seconds, window_ms / 1000 + 10)

    def count_through(self, window_ms, name):
        """Counts within windows from the start of one until the next one has started, and checks
        every answer. Returns how many counted in the first."""
        began = time.monotonic()
        counted, left = 1, self.assert_counter(self.within(window_ms, name), name, 1, window_ms)['expires_in_ms']
        self.assertEqual(left, window_ms)
        while time.monotonic() < began + SECONDS:
            answer = self.within(window_ms, name)
            if json.loads(answer.body)['value'] == 1:
                self.assert_as_long_as(window_ms, began)
                self.assertEqual(self.assert_counter(answer, name, 1, window_ms)['expires_in_ms'], window_ms)
                return counted
            counted += 1
            left = self.assert_counter(answer, name, counted, left)['expires_in_ms']
        raise AssertionError(f'a window of {window_ms} ms has not ended in {SECONDS} s')

    def test_a_window_starts_with_an_increment_ends_and_starts_again(self):
        # On a machine that is slow, a short window may end before the second increment.
        for window_ms in (1000, 2000, 4000, 8000):
            if self.count_through(window_ms, 'window') > 1:
                break
            wait_until(lambda: self.is_missing('window'), 'the window ends')
        else:
            self.fail('no window had time for two increments')
        began = time.monotonic()
        wait_until(lambda: self.is_missing('window'), 'the second window ends')
        self.assertLess(time.monotonic() - began, window_ms / 1000 + 10)
        self.assertFalse(self.is_listed('window'))
        self.assert_counter(self.within(self.LONG_MS, 'window', by=5), 'window', 5, self.LONG_MS)

    def test_what_says_no_window_counts_in_the_one_that_runs_and_does_not_prolong_it(self):
        self.assert_counter(self.within(self.LONG_MS, 'runs'), 'runs', 1, self.LONG_MS)
        self.assert_counter(self.ask('POST', '/v1/counters/runs/increment'), 'runs', 2)
        self.assert_counter(self.ask('GET', '/hit/runs'), 'runs', 3)
        self.assert_counter(self.within(2 * self.LONG_MS, 'runs'), 'runs', 4, self.LONG_MS)
        self.assert_counter(self.ask('GET', '/v1/counters/runs'), 'runs', 4, self.LONG_MS)
        self.assertTrue(self.is_listed('runs'))

    def test_a_counter_that_lasts_gets_a_window(self):
        self.ask('GET', '/hit/lasts')
        self.assert_counter(self.ask('GET', '/v1/counters/lasts'), 'lasts', 1)
        self.assert_counter(self.within(self.LONG_MS, 'lasts'), 'lasts', 2, self.LONG_MS)

    def test_increments_within_windows_that_travel_together_are_answered_one_by_one(self):
        def request(window_ms):
            body = json.dumps({'window_ms': window_ms}).encode()
            return (b'POST /v1/counters/together/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b'
                    % (len(body), body))
        answers = self.raw((request(self.LONG_MS) + request(2 * self.LONG_MS)) * 50, 100)
        for value, answer in enumerate(answers, 1):
            self.assert_counter(answer, 'together', value, self.LONG_MS)
        self.assertEqual(len({len(answer.body) for answer in answers}), 1)

    def test_windows_run_while_a_replica_dies_and_while_one_lies(self):
        self.group.wait_all_vote()
        killed = self.group.pid('replica-2')
        os.kill(killed, signal.SIGKILL)
        self.count_through(1000, 'dies')
        self.group.wait_new_pid('replica-2', killed)
        self.group.wait_all_vote()
        self.group.tally('fault', 'inject', 1, 'wrong-value')
        self.count_through(1000, 'lies')
        wait_until(lambda: self.group.replica(1)['dissents'] > 0, 'the lie is found')
        self.group.tally('fault', 'clear', 1)
        self.count_through(1000, 'returns')
        self.group.wait_all_vote()
        self.assert_counter(self.within(self.LONG_MS, 'whole'), 'whole', 1, self.LONG_MS)
        self.assertEqual([self.group.replica(number)['dissents'] for number in (2, 3)], [0, 0])

    def test_a_counter_that_is_set_may_expire(self):
        began = time.monotonic()
        answer = self.admin('PUT', '/v1/counters/set', b'{"value":7,"expires_in_ms":1000}')
        self.assertEqual(self.assert_counter(answer, 'set', 7, 1000)['expires_in_ms'], 1000)
        wait_until(lambda: self.is_missing('set'), 'it expires')
        self.assert_as_long_as(1000, began)
        self.assertFalse(self.is_listed('set'))
        self.assert_problem(self.admin('DELETE', '/v1/counters/set'), 404)
        self.assert_counter(self.ask('POST', '/v1/counters/set/increment'), 'set', 1)
        self.assert_counter(self.ask('GET', '/v1/counters/set'), 'set', 1)

    def test_a_counter_that_is_set_without_an_expiry_lasts(self):
        body = json.dumps({'value': 7, 'expires_in_ms': self.LONG_MS})
        self.assert_counter(self.admin('PUT', '/v1/counters/reset', body), 'reset', 7, self.LONG_MS)
        self.assert_counter(self.ask('GET', '/v1/counters/reset'), 'reset', 7, self.LONG_MS)
        self.assert_counter(self.admin('PUT', '/v1/counters/reset', b'{"value":8}'), 'reset', 8)
        self.assert_counter(self.ask('GET', '/v1/counters/reset'), 'reset', 8)

    def test_a_key_counts_once_within_a_window_and_says_when_that_is_over(self):
        window = 1000
        first = self.assert_counter(self.within(window, 'keyed', Idempotency_Key='w1'), 'keyed', 1, window)
        again = json.loads(self.within(window, 'keyed', Idempotency_Key='w1').body)
        self.assertEqual((again['value'], again['sequence']), (1, first['sequence']))
        self.assertLessEqual(again['expires_in_ms'], first['expires_in_ms'])
        self.assert_problem(self.within(window + 1, 'keyed', Idempotency_Key='w1'), 422)
        self.assert_problem(self.ask('POST', '/v1/counters/keyed/increment', Idempotency_Key='w1'), 422)
        wait_until(lambda: self.is_missing('keyed'), 'the window ends')
        over = json.loads(self.within(window, 'keyed', Idempotency_Key='w1').body)
        self.assertEqual(over, {**first, 'votes': over['votes'], 'expires_in_ms': 0})
        self.assertTrue(self.is_missing('keyed'))

    def test_a_key_of_a_set_belongs_to_its_expiry(self):
        def put(**body):
            return self.admin('PUT', '/v1/counters/p', json.dumps({'value': 5, **body}), Idempotency_Key='w2')
        for _ in range(2):
            self.assert_counter(put(expires_in_ms=self.LONG_MS), 'p', 5, self.LONG_MS)
        self.assert_problem(put(), 422)
        self.assert_problem(put(expires_in_ms=self.LONG_MS + 1), 422)

    def test_a_time_that_makes_no_sense_is_400_and_says_what_would(self):
        for ms in ('0', '-1', '1.5', '1e3', '"1000"', 'null', str(2**53), str(2**63)):
            with self.subTest(ms):
                for answer in (self.ask('POST', '/v1/counters/none/increment', f'{{"window_ms":{ms}}}'),
                               self.admin('PUT', '/v1/counters/none', f'{{"value":1,"expires_in_ms":{ms}}}')):
                    self.assertIn(f'from 1 to {2**53 - 1}', self.assert_problem(answer, 400)['detail'])
        self.assert_problem(self.ask('POST', '/v1/counters/none/increment', b'{"by":1,"expires_in_ms":5}'), 400)
        self.assert_problem(self.admin('PUT', '/v1/counters/none', b'{"value":1,"window_ms":5}'), 400)
        self.assertTrue(self.is_missing('none'))
        self.assert_counter(self.within(2**53 - 1, 'longest'), 'longest', 1, 2**53 - 1)


class Refusals(Bridge):
    def test_an_unknown_path_is_404(self):
        for path in ('/nothing', '/v1', '/v1/', '/v1/counters/', '/v1/counters/a/b', '/hit', '/hit/', '/hit/a/b',
                     '/v2/counters', '/v1/cluster/replicas', '//'):
            with self.subTest(path):
                self.assertIn(self.ask('GET', path).status, (400, 404))
        self.assert_problem(self.ask('GET', '/nothing'), 404)
        self.assert_problem(self.ask('POST', '/v1/counters//increment'), 400)

    def test_a_wrong_method_is_405_and_says_which_are_right(self):
        for method, path, allowed in (
                ('GET', '/v1/counters/a/increment', {'POST'}), ('POST', '/hit/a', {'GET', 'HEAD'}),
                ('POST', '/v1/counters/a', {'GET', 'HEAD', 'PUT', 'DELETE'}), ('DELETE', '/v1/counters', {'GET', 'HEAD'}),
                ('PATCH', '/v1/counters/a', {'GET', 'HEAD', 'PUT', 'DELETE'}), ('PUT', '/livez', {'GET', 'HEAD'}),
                ('GET', '/v1/cluster/replicas/1/evict', {'POST'})):
            with self.subTest(f'{method} {path}'):
                answer = self.ask(method, path)
                self.assert_problem(answer, 405)
                self.assertEqual({word.strip() for word in answer.getheader('Allow').split(',')}, allowed)

    def test_options_tells_what_a_path_takes(self):
        for path, allowed in (('/v1/cluster', 'GET, HEAD'), ('/hit/a', 'GET, HEAD'), ('/v1/counters/a/increment', 'POST'),
                              ('*', 'GET, HEAD, POST, PUT, DELETE')):
            connection = self.connect()
            answer = self.ask('OPTIONS', path, connection=connection)
            self.assertEqual((answer.status, answer.getheader('Allow'), answer.body), (204, allowed + ', OPTIONS', b''))
            self.assertIsNone(answer.getheader('Content-Length'))
            # Nothing was left over from the request before.
            self.assertEqual(self.ask('GET', '/livez', connection=connection).status, 200)
        self.assert_problem(self.ask('OPTIONS', '/nothing'), 404)

    def test_a_malformed_body_is_400(self):
        for body in (b'{', b'[]', b'5', b'null', b'{"by":"5"}', b'{"by":1.5}', b'{"by":1e3}', b'{"by":null}', b'{"by":true}',
                     b'{"by":9223372036854775808}', b'{"BY":1}', b'{"by":1,"more":2}', b'{"by":1,"by":1}', b'{"by":1} x', b'\xff',
                     b'[' * 1000):
            with self.subTest(body[:40]):
                self.assert_problem(self.ask('POST', '/v1/counters/m/increment', body), 400)
        for body in (b'', b'{}', b'{"value":"1"}', b'{"by":1}'):
            with self.subTest(body):
                self.assert_problem(self.admin('PUT', '/v1/counters/m', body), 400)
        self.assert_problem(self.ask('GET', '/v1/counters/m'), 404)

    def test_a_body_of_another_type_is_415(self):
        for kind in ('text/plain', 'application/xml', 'multipart/form-data', 'application/jsonx'):
            self.assert_problem(self.ask('POST', '/v1/counters/t/increment', b'{"by":1}', Content_Type=kind), 415)
        for kind in ('application/json', 'application/json; charset=utf-8', 'Application/JSON'):
            self.assertEqual(self.ask('POST', '/v1/counters/u/increment', b'{"by":1}', Content_Type=kind).status, 200)

    def test_a_body_in_another_charset_or_coding_is_415_and_says_which(self):
        path, body, json_type = '/v1/counters/c/increment', b'{"by":1}', 'application/json'
        for headers, word in (({'Content_Type': json_type + '; charset=utf-16'}, 'utf-16'),
                              ({'Content_Type': json_type, 'Content_Encoding': 'gzip'}, 'gzip')):
            self.assertIn(word, self.assert_problem(self.ask('POST', path, body, **headers), 415)['detail'])
        self.assertEqual(self.ask('POST', path, body, Content_Type=json_type, Content_Encoding='identity').status, 200)

    def test_a_body_beyond_64_kib_is_413(self):
        def body(size):
            return b'{"by":1' + b' ' * (size - 8) + b'}'
        self.assertEqual(self.ask('POST', '/v1/counters/b/increment', body(MOST_BODY)).status, 200)
        self.assert_problem(self.ask('POST', '/v1/counters/b/increment', body(MOST_BODY + 1)), 413)
        # The answer comes before all of the body has come.
        self.assert_problem(self.raw(b'POST /v1/counters/b/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n'),
                            413)
        self.assert_counter(self.ask('GET', '/v1/counters/b'), 'b', 1)

    def test_what_is_no_request_is_400_and_the_connection_ends(self):
        for payload in (b'nonsense\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
                        b'GET /hit/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n',
                        b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n',
                        b'POST /v1/counters/s/increment HTTP/1.0\r\nConnection: keep-alive\r\n'
                        b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                        b'POST /v1/counters/s/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n'
                        b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'):
            with self.subTest(payload):
                answer = self.raw(payload)
                self.assert_problem(answer, 400)
                self.assertEqual(answer.getheader('Connection'), 'close')
        self.assert_problem(self.ask('GET', '/v1/counters/s'), 404)  # nothing was smuggled in

    def test_a_head_that_is_too_large_is_refused(self):
        self.assert_problem(self.ask('GET', '/livez', X_Large='x' * 20_000), 431)
        self.assert_problem(self.ask('GET', '/hit/' + 'x' * 5_000), 414)
        # Many short lines are as large, because what is around names and values counts too.
        self.assert_problem(self.raw(b'GET /livez HTTP/1.1\r\nHost: localhost\r\n' + b'a:\r\n' * 8_000 + b'\r\n'), 431)

    def test_a_field_that_goes_on_in_the_next_line_is_400(self):
        self.assert_problem(self.raw(b'GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n'), 400)

    def test_a_query_parameter_that_is_not_known_or_comes_twice_is_named(self):
        for method, path, name in (('POST', '/v1/counters/q/increment?by=5', 'by'), ('GET', '/hit/q?nocache=1', 'nocache'),
                                   ('GET', '/v1/counters?limit=1&limit=2', 'limit'), ('GET', '/livez?x', 'x')):
            with self.subTest(path):
                self.assertIn(f'"{name}"', self.assert_problem(self.ask(method, path), 400)['detail'])
        self.assert_problem(self.ask('GET', '/v1/counters/q'), 404)


class Operators(Bridge):
    def test_changes_by_operators_need_the_token(self):
        requests = [('PUT', '/v1/counters/a', b'{"value":1}'), ('DELETE', '/v1/counters/a', None),
                    ('POST', '/v1/cluster/replicas/1/evict', None), ('POST', '/v1/cluster/replicas/1/readmit', None),
                    ('POST', '/v1/cluster/replicas/1/fault', b'{"kind":"silent"}')]
        for method, path, body in requests:
            with self.subTest(f'{method} {path}'):
                missing = self.ask(method, path, body)
                self.assert_problem(missing, 401)
                self.assertEqual(missing.getheader('WWW-Authenticate'), 'Bearer')
                for wrong in ('Bearer wrong', 'Bearer', f'Basic {self.token}', f'Bearer {self.token}x',
                              f'Bearer {self.token[:-1]}'):
                    self.assert_problem(self.ask(method, path, body, Authorization=wrong), 403)
        self.assert_problem(self.ask('GET', '/v1/counters/a'), 404)

    def test_the_cluster_is_what_status_says(self):
        answer = self.admin('GET', '/v1/cluster')
        self.assertEqual((answer.status, answer.getheader('Content-Type')), (200, 'application/json'))
        content, status = json.loads(answer.body), self.group.status()
        self.assertEqual(set(content), set(status))
        self.assertEqual(content['distributor'], status['distributor'])
        self.assertEqual([set(replica) for replica in content['replicas']],
                         [set(replica) for replica in status['replicas']])

    def test_process_ids_are_for_operators(self):
        def pids(answer):
            content = json.loads(answer.body)
            return [part['pid'] for part in (*content['replicas'], content['distributor'], content['comparator'])]
        self.assertEqual(pids(self.ask('GET', '/v1/cluster')), [None] * 5)
        self.assertEqual(pids(self.ask('GET', '/v1/cluster', Authorization='Bearer wrong')), [None] * 5)
        self.assertIn(self.group.pid('distributor'), pids(self.admin('GET', '/v1/cluster')))

    def test_a_replica_is_evicted_and_readmitted(self):
        self.group.wait_all_vote()
        self.assertEqual(self.admin('POST', '/v1/cluster/replicas/2/evict').status, 200)
        wait_until(lambda: self.group.replica(2)['state'] == 'evicted', 'the replica is evicted')
        self.assert_problem(self.admin('POST', '/v1/cluster/replicas/2/evict'), 409)
        self.assertEqual(self.admin('POST', '/v1/cluster/replicas/2/readmit', b'{}').status, 200)
        self.group.wait_all_vote()
        self.assert_problem(self.admin('POST', '/v1/cluster/replicas/2/readmit'), 409)

    def test_a_replica_that_there_is_not_is_404(self):
        for replica in ('0', '4', 'x', '-1', '99999999999999999999'):
            for action in ('evict', 'readmit'):
                self.assert_problem(self.admin('POST', f'/v1/cluster/replicas/{replica}/{action}'), 404)

    def test_a_fault_is_injected_and_cleared(self):
        self.group.wait_all_vote()
        self.assertEqual(self.admin('POST', '/v1/cluster/replicas/3/fault', b'{"kind":"silent","for_seconds":60}').status,
                         200)
        wait_until(lambda: self.group.replica(3)['state'] == 'evicted', 'the replica is evicted')
        self.assertEqual(self.admin('POST', '/v1/cluster/replicas/3/fault', b'{"kind":"clear"}').status, 200)
        self.group.wait_all_vote()
        for body in (b'', b'{}', b'{"kind":"no-such"}', b'{"kind":"slow","probability":2}',
                     b'{"kind":"slow","for_seconds":-1}', b'{"kind":"slow","more":1}'):
            self.assert_problem(self.admin('POST', '/v1/cluster/replicas/3/fault', body), 400)

    def test_the_comparator_crashes_and_the_distributor_hangs(self):
        for role, body in (('comparator', b'{"kind":"crash"}'), ('distributor', b'{"kind":"hang","for_seconds":30}')):
            self.group.wait_all_vote()
            before = self.group.pid(role)
            path = f'/v1/cluster/{role}/fault'
            self.assert_problem(self.admin('POST', path, b'{"kind":"silent"}'), 400)
            self.assertEqual(self.admin('POST', path, b'{"kind":"clear"}').status, 200)
            answer = self.admin('POST', path, body)
            self.assertEqual((answer.status, json.loads(answer.body)['role']), (200, role))
            wait_until(lambda: self.group.pid(role) != before, 'it is started again')
        self.group.wait_all_vote()


class Connections(Bridge):
    def test_keep_alive_is_kept_and_ends_when_asked(self):
        connection = self.connect()
        for value in range(1, 6):
            self.assert_counter(self.ask('GET', '/hit/kept', connection=connection), 'kept', value)
            self.assertIsNotNone(connection.sock)
        answer = self.ask('GET', '/hit/kept', connection=connection, Connection='close')
        self.assertEqual(answer.getheader('Connection'), 'close')
        self.assertTrue(answer.isclosed())

    def test_a_refusal_does_not_end_a_connection(self):
        connection = self.connect()
        for path in ('/nothing', '/hit/%00', '/v1/counters/never'):
            self.assertGreaterEqual(self.ask('GET', path, connection=connection).status, 400)
            self.assertIsNotNone(connection.sock)
        self.assertEqual(self.ask('GET', '/livez', connection=connection).status, 200)

    def test_http_1_0_closes_unless_it_asks_to_keep(self):
        connection = self.open()
        connection.sendall(b'GET /hit/one-zero HTTP/1.0\r\n\r\n')
        content = b''
        while piece := connection.recv(4096):
            content += piece
        self.assertRegex(content.splitlines()[0], rb'^HTTP/1\.[01] 200 OK$')
        self.assertNotIn(b'Transfer-Encoding', content)
        kept = b'GET /hit/one-zero HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
        answers = self.raw(kept * 2, 2)
        self.assertEqual([answer.getheader('Connection') for answer in answers], ['keep-alive', 'keep-alive'])
        self.assertEqual([json.loads(answer.body)['value'] for answer in answers], [2, 3])

    def test_pipelined_requests_are_answered_in_order(self):
        request = b'GET /hit/piped HTTP/1.1\r\nHost: localhost\r\n\r\n'
        answers = self.raw(request * 100, 100)
        self.assertEqual([json.loads(answer.body)['value'] for answer in answers], list(range(1, 101)))

    def test_empty_lines_before_a_request_are_passed_over(self):
        request = b'POST /v1/counters/lines/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n{"by":2}'
        answers = self.raw(b'\r\n' + request + b'\r\n\r\n' + request, 2)
        self.assertEqual([json.loads(answer.body)['value'] for answer in answers], [2, 4])

    def test_a_request_may_come_byte_by_byte(self):
        connection = self.open()
        for byte in b'POST /v1/counters/slow/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n{"by":2}':
            connection.sendall(bytes([byte]))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.body = answer.read()
        self.assert_counter(answer, 'slow', 2)

    def test_a_chunked_body_is_a_body(self):
        head = b'POST /v1/counters/chunked/increment HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
        self.assert_counter(self.raw(head + b'3\r\n{"b\r\n5;ext=1\r\ny":7}\r\n0\r\nTrailer: x\r\n\r\n'), 'chunked', 7)
        self.assert_problem(self.raw(head + b'zz\r\n'), 400)
        chunk = b'8000\r\n' + b' ' * 0x8000 + b'\r\n'
        self.assert_problem(self.raw(head + chunk * 3 + b'0\r\n\r\n'), 413)

    def test_expect_continue_is_answered(self):
        connection = self.open()
        connection.sendall(b'POST /v1/counters/expect/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n'
                           b'Expect: 100-continue\r\n\r\n')
        self.assertEqual(connection.recv(100), b'HTTP/1.1 100 Continue\r\n\r\n')
        connection.sendall(b'{"by":4}')
        self.assertIn(b'"value":4', connection.recv(4096))

    def test_who_waits_to_send_a_body_is_refused_at_once(self):
        for status, head in ((401, b'PUT /v1/counters/a HTTP/1.1\r\nContent-Type: application/json'),
                             (405, b'POST /livez HTTP/1.1'),
                             (415, b'POST /v1/counters/a/increment HTTP/1.1\r\nContent-Type: text/plain'),
                             (404, b'POST /nothing HTTP/1.1')):
            with self.subTest(status):
                answer = self.raw(head + b'\r\nHost: localhost\r\nContent-Length: 8\r\nExpect: 100-continue\r\n\r\n')
                self.assert_problem(answer, status)

    def test_another_version_of_http_is_505(self):
        for payload in (b'GET /livez HTTP/2.0\r\nHost: localhost\r\n\r\n', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
                        b'GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n'):
            self.assert_problem(self.raw(payload), 505)
        for version in (b'HTTP/one', b'http/2.0', b'HTTP/2'):
            self.assert_problem(self.raw(b'GET /livez ' + version + b'\r\nHost: localhost\r\n\r\n'), 400)

    def test_a_line_end_that_comes_late_resets_no_connection(self):
        connection = self.open()
        connection.sendall(b'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        self.assertIn(b'"alive"', AnswerStream(connection).read())
        for _ in range(2):  # the second one would fail if the first had been answered by a reset
            connection.sendall(b'\r\n')

    def test_an_absolute_target_is_understood(self):
        self.assert_counter(self.raw(b'GET http://localhost/hit/absolute HTTP/1.1\r\nHost: x\r\n\r\n'), 'absolute', 1)

    def test_every_answer_has_a_date_and_a_length_and_its_type_for_good(self):
        for path in ('/hit/dated', '/nothing', '/livez'):
            answer = self.ask('GET', path)
            self.assertEqual(answer.getheader('X-Content-Type-Options'), 'nosniff')
            self.assertRegex(answer.getheader('Date'), r'^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$')
            self.assertEqual(int(answer.getheader('Content-Length')), len(answer.body))

    def test_a_bridge_that_serves_is_alive_and_ready(self):
        self.assertEqual(self.ask('GET', '/livez').status, 200)
        self.assertEqual(self.ask('GET', '/readyz').status, 200)


class Browsers(Bridge):
    """A page asks, which may be a stranger's."""

    environment = {'TALLY_HTTP_HOSTS': 'counter.example', 'TALLY_HTTP_ORIGINS': 'https://page.example'}

    def test_what_is_no_host_is_400(self):
        for host in (b'"a b/c"', b'a b', b'[::1', b'a:b', b'a/b'):
            self.assert_problem(self.raw(b'GET /livez HTTP/1.1\r\nHost: ' + host + b'\r\n\r\n'), 400)

    def test_a_host_that_is_not_ours_is_421(self):
        for path in ('/v1/counters/h', '/hit/h', '/livez', '/v1/cluster', '/nothing'):
            problem = self.assert_problem(self.ask('GET', path, Host='evil.example'), 421)
            self.assertIn('http_hosts', problem['detail'])
        self.assert_problem(self.raw(b'GET http://evil.example/hit/h HTTP/1.1\r\nHost: localhost\r\n\r\n'), 421)
        self.assert_problem(self.ask('GET', '/livez', Host='a@localhost'), 400)
        for host in ('counter.example', 'counter.example:1', 'localhost:99', '[::1]', '192.0.2.1:80'):
            self.assertEqual(self.ask('GET', '/livez', Host=host).status, 200)
        self.assert_problem(self.ask('GET', '/v1/counters/h'), 404)

    def test_a_page_of_another_origin_changes_nothing(self):
        own = f'http://{self.address.netloc}'
        headers = ({'Origin': 'https://evil.example'}, {'Origin': 'null'}, {'Origin': own + '0'},
                   {'Sec_Fetch_Site': 'cross-site'}, {'Sec_Fetch_Site': 'same-site'},
                   {'Origin': own, 'Sec_Fetch_Site': 'cross-site'})
        for header in headers:
            with self.subTest(header):
                self.assert_problem(self.ask('POST', '/v1/counters/o/increment', **header), 403)
                self.assert_problem(self.admin('PUT', '/v1/counters/o', b'{"value":1}', **header), 403)
                self.assert_problem(self.admin('DELETE', '/v1/counters/o', **header), 403)
                self.assert_problem(self.admin('POST', '/v1/cluster/replicas/1/evict', **header), 403)
        self.assert_problem(self.ask('GET', '/v1/counters/o'), 404)
        for value, header in enumerate(({'Origin': own}, {'Origin': own, 'Sec_Fetch_Site': 'same-origin'},
                                        {'Origin': 'https://page.example', 'Sec_Fetch_Site': 'cross-site'}), 1):
            self.assert_counter(self.ask('POST', '/v1/counters/o/increment', **header), 'o', value)
        self.assert_counter(self.ask('GET', '/hit/o', Origin='null', Sec_Fetch_Site='cross-site'), 'o', 4)

    def test_the_body_of_a_page_is_json_by_its_type(self):
        own, path, form = f'http://{self.address.netloc}', '/v1/counters/j/increment', 'application/x-www-form-urlencoded'
        for kind in (form, 'text/plain'):
            self.assert_problem(self.ask('POST', path, b'{"by":1}', Origin=own, Content_Type=kind), 415)
        self.assert_problem(self.ask('POST', path, b'{"by":1}', Origin=own), 415)
        self.assert_counter(self.ask('POST', path, b'{"by":1}', Origin=own, Content_Type='application/json'), 'j', 1)
        # This is the type that curl -d sends.
        self.assert_counter(self.ask('POST', path, b'{"by":1}', Content_Type=form), 'j', 2)

    def test_a_prefetch_never_counts(self):
        for name, value in (('Sec-Purpose', 'prefetch'), ('Sec-Purpose', 'prefetch;prerender'), ('Purpose', 'prefetch'),
                            ('X-Moz', 'prefetch')):
            answer = self.ask('GET', '/hit/p', **{name: value})
            self.assert_problem(answer, 503)
            self.assertEqual(answer.getheader('Cache-Control'), 'no-store')
        self.assert_problem(self.ask('GET', '/v1/counters/p', Purpose='prefetch'), 404)


class Crowds(unittest.TestCase):
    """More connections come than there are places. 127.0.0.1, 127.0.0.2 and so on are different
    addresses."""

    MOST = connections_of_a_door()
    OF_A_SOURCE = MOST // 4
    RESERVE_OF_A_SOURCE = 64

    def setUp(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.group = self.enterContext(Group(BIN_DIR))
        self.address = urllib.parse.urlsplit(self.group.http)

    def open(self, source, count=1):
        target = (self.address.hostname, self.address.port)
        opened = [socket.create_connection(target, SECONDS, (source, 0)) for _ in range(count)]
        for connection in opened:
            self.addCleanup(connection.close)
        return opened if count > 1 else opened[0]

    def ask(self, connection, path):
        connection.sendall(f'GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return answer.status, answer.getheader('Connection')

    def wait_served(self, connection):
        """Waits until the bridge has accepted this connection, and so all those before it."""
        self.assertEqual(self.ask(connection, '/livez'), (200, 'keep-alive'))

    def test_a_source_has_its_share_and_a_reserve_for_health(self):
        many = self.open('127.0.0.1', self.OF_A_SOURCE)
        self.wait_served(many[-1])
        self.assertEqual(self.ask(self.open('127.0.0.1'), '/hit/a'), (503, 'close'))
        self.assertEqual(self.ask(self.open('127.0.0.1'), '/livez'), (200, 'close'))
        self.assertEqual(self.ask(self.open('127.0.0.1'), '/readyz'), (200, 'close'))
        self.assertEqual(self.ask(self.open('127.0.0.2'), '/hit/a'), (200, 'keep-alive'))
        self.assertEqual(self.ask(many[0], '/hit/a'), (200, 'keep-alive'))
        for connection in many[1:10]:
            connection.close()
        wait_until(lambda: self.ask(self.open('127.0.0.1'), '/hit/a') == (200, 'keep-alive'), 'a place is free again')

    def test_the_reserve_is_shared_too_and_nobody_keeps_it(self):
        self.wait_served(self.open('127.0.0.1', self.OF_A_SOURCE)[-1])
        silent = self.open('127.0.0.1', self.RESERVE_OF_A_SOURCE)
        self.assertEqual(self.open('127.0.0.1').recv(1), b'')
        self.assertEqual(silent[0].recv(1), b'')  # its time was over
        wait_until(lambda: self.answers_health(), 'the reserve is there again')

    def answers_health(self):
        try:
            return self.ask(self.open('127.0.0.1'), '/livez') == (200, 'close')
        except (ConnectionError, http.client.HTTPException):
            return False

    def test_when_all_are_used_the_longest_idle_one_makes_room(self):
        crowd = [self.open(f'127.0.1.{number}', self.OF_A_SOURCE) for number in range(self.MOST // self.OF_A_SOURCE)]
        crowd.append([self.open('127.0.2.1') for _ in range(self.MOST % self.OF_A_SOURCE)])
        for connections in crowd:
            if connections:
                self.wait_served(connections[-1])
        oldest, asked = crowd[0][1], crowd[0][0]
        self.assertEqual(self.ask(asked, '/hit/b'), (200, 'keep-alive'))
        self.assertEqual(self.ask(self.open('127.0.0.9'), '/hit/b'), (200, 'keep-alive'))
        self.assertEqual(oldest.recv(1), b'')
        self.assertEqual(self.ask(asked, '/hit/b'), (200, 'keep-alive'))
        self.assertEqual(self.ask(crowd[0][2], '/hit/b'), (200, 'keep-alive'))


class Health(Bridge):
    def test_what_proxies_ask_is_answered(self):
        """haproxy asks OPTIONS /, apache asks HEAD / or OPTIONS, and nginx and varnish ask what
        they are told to."""
        for path in ('/', '/livez', '/readyz', '/healthz'):
            for method, status in (('GET', 200), ('HEAD', 200), ('OPTIONS', 204)):
                with self.subTest(f'{method} {path}'):
                    self.assertEqual(self.ask(method, path).status, status)


class Idle(Bridge):
    environment = {'TALLY_HTTP_IDLE_MS': '1300'}

    def test_a_connection_that_asks_nothing_is_closed_after_http_idle_ms(self):
        connection = self.connect()
        answer = self.ask('GET', '/livez', connection=connection)
        self.assertEqual((answer.status, answer.getheader('Keep-Alive')), (200, 'timeout=1'))
        began = time.monotonic()
        self.assertEqual(connection.sock.recv(1), b'')
        self.assertLess(time.monotonic() - began, 5)


class WithoutFaultInjection(Bridge):
    up_args = []

    def test_faults_are_forbidden(self):
        self.assert_problem(self.admin('POST', '/v1/cluster/replicas/3/fault', b'{"kind":"silent"}'), 403)
        for role in ('distributor', 'comparator'):
            self.assert_problem(self.admin('POST', f'/v1/cluster/{role}/fault', b'{"kind":"crash"}'), 403)


def kept_connections(test, group, count):
    """Returns connections, each of which has asked something and was answered."""
    address = urllib.parse.urlsplit(group.http)
    connections = [http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS) for _ in range(count)]
    for connection in connections:
        test.addCleanup(connection.close)
        connection.request('GET', '/hit/warm')
        connection.getresponse().read()
    return connections


class Pause(unittest.TestCase):
    def test_what_came_while_a_bridge_stood_still_is_answered_as_if_it_came_afterwards(self):
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '0', 'TALLY_REQUEST_TIMEOUT_MS': '200'}) as group:
            connections = kept_connections(self, group, 20)
            bridge = group.pid('bridge')
            os.kill(bridge, signal.SIGSTOP)
            for connection in connections:
                connection.request('GET', '/hit/late')
            continues = time.monotonic() + 5.5
            wait_until(lambda: time.monotonic() > continues, 'all deadlines have passed')
            os.kill(bridge, signal.SIGCONT)
            self.assertEqual([connection.getresponse().status for connection in connections], [200] * 20)

    def test_what_waited_while_a_bridge_stood_still_is_told_that_its_outcome_is_unknown(self):
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '0', 'TALLY_REQUEST_TIMEOUT_MS': '200'}) as group:
            address = urllib.parse.urlsplit(group.http)
            stopped = [group.pid('comparator'), group.pid('bridge')]
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS)
            self.addCleanup(connection.close)
            os.kill(stopped[0], signal.SIGSTOP)
            connection.request('GET', '/hit/waiting')
            dump = [BIN_DIR / 'tally', 'journal', 'dump', group.data]
            wait_until(lambda: b'add "waiting"' in subprocess.run(dump, capture_output=True, check=True).stdout,
                       'it is on its way')
            os.kill(stopped[1], signal.SIGSTOP)
            continues = time.monotonic() + 5.5  # longer than any wait that the bridge grants
            wait_until(lambda: time.monotonic() > continues, 'all deadlines have passed')
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            answer = connection.getresponse()
            self.assertEqual((answer.status, json.loads(answer.read())['applied']), (504, 'unknown'))


class Drain(unittest.TestCase):
    def test_a_bridge_that_is_told_to_stop_answers_what_is_in_flight(self):
        with Group(BIN_DIR, environment={'TALLY_REQUEST_TIMEOUT_MS': '6000'}) as group:
            connections = kept_connections(self, group, 8)
            idle = connections.pop()
            stopped = [group.pid('replica-1'), group.pid('replica-2')]
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            for connection in connections:
                connection.request('GET', '/hit/drained')
            log = group.data / 'log' / 'bridge.log'
            bridge = group.pid('bridge')
            os.kill(bridge, signal.SIGTERM)
            wait_until(lambda: 'draining' in log.read_text(), 'the bridge drains')
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            answers = [connection.getresponse() for connection in connections]
            self.assertEqual([answer.status for answer in answers], [200] * len(connections))
            self.assertEqual({answer.getheader('Connection') for answer in answers}, {'close'})
            self.assertEqual(sorted(json.loads(answer.read())['value'] for answer in answers), list(range(1, 8)))
            # It is closed without a word, because nothing was asked.
            self.assertEqual(idle.sock.recv(1), b'')
            group.wait_new_pid('bridge', bridge)
            self.assertEqual(group.request('GET', '/v1/counters/drained')[0], 200)


if __name__ == '__main__':
    unittest.main(verbosity=2)
