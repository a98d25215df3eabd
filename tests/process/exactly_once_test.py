#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An Idempotency-Key makes an increment count once, whoever is killed meanwhile. Usage:
exactly_once_test.py BIN_DIR"""

import http.client
import json
import os
import pathlib
import signal
import sys
import threading
import time
import unittest
import urllib.parse

from group import Group, wait_until
from load import Load, read_counter

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
ROLES = ('replica-1', 'distributor', 'bridge', 'replica-2', 'comparator', 'replica-3')
THREADS = 20
SENDS = 200
ANSWER_SECONDS = 60


def kill_and_wait(group, role):
    old = group.pid(role)
    os.kill(old, signal.SIGKILL)
    group.wait_new_pid(role, old)


class OneKey:
    """The same increment with the same key from many threads. Each sends it again until it is
    answered."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url).netloc
        self.answers = []  # pairs of a value and a sequence
        self.tries = 0
        self.strange = []  # answers that nobody should get
        self.tickets = threading.Semaphore(0)  # one for each send that may begin
        self.threads = [threading.Thread(target=self._run) for _ in range(THREADS)]

    def _run(self):
        for _ in range(SENDS // THREADS):
            self.tickets.acquire()
            deadline = time.monotonic() + ANSWER_SECONDS
            while not self._send_once() and time.monotonic() < deadline:
                time.sleep(0.01)

    def _send_once(self):
        self.tries += 1
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request('POST', '/v1/counters/once/increment', body='{"by":7}',
                               headers={'Idempotency-Key': 'the-one', 'Content-Type': 'application/json'})
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if answer.status == 200:
            self.answers.append((body['value'], body['sequence']))
        elif answer.status not in (503, 504):
            self.strange.append((answer.status, body))
        return answer.status == 200


class ExactlyOnce(unittest.TestCase):
    def test_one_key_sent_200_times_by_20_threads_while_every_role_is_killed_counts_once(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            one = OneKey(group.http)
            for thread in one.threads:
                thread.start()
            share = SENDS // (len(ROLES) + 1)
            for role in ROLES:
                one.tickets.release(share)  # these are on their way while the role dies
                kill_and_wait(group, role)
                if role.startswith('replica-'):
                    group.wait_votes(int(role.removeprefix('replica-')))
            one.tickets.release(SENDS - share * len(ROLES))
            for thread in one.threads:
                thread.join()
            self.assertEqual(one.strange, [])
            self.assertEqual(len(one.answers), SENDS)
            self.assertEqual(len(set(one.answers)), 1, 'more than one answer')
            self.assertEqual(one.answers[0][0], 7)
            self.assertEqual(read_counter(group, 'once'), 7)
            print(f'{one.tries} tries for {SENDS} answers', file=sys.stderr)

    def test_increments_with_keys_are_all_answered_and_count_once_while_every_role_is_killed(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            with Load(group.http, clients=THREADS, keyed=True) as load:
                for role in ROLES:
                    seen = load.answered_count()
                    wait_until(lambda seen=seen: load.answered_count() > seen + 200, 'load is answered')
                    kill_and_wait(group, role)
                    group.wait_all_vote()
            report = load.check(group)
            self.assertEqual(report['unknown'] + report['refused'], 0)
            total = sum(read_counter(group, counter) for counter in load.counters)
            self.assertEqual(total, report['answered'])

    def test_a_key_is_refused_for_another_operation(self):
        with Group(BIN_DIR) as group:
            headers = {'Idempotency-Key': 'k'}
            self.assertEqual(group.request('POST', '/v1/counters/a/increment', {'by': 1}, headers)[0], 200)
            kill_and_wait(group, 'distributor')
            self.assertEqual(group.request('POST', '/v1/counters/a/increment', {'by': 2}, headers)[0], 422)
            self.assertEqual(read_counter(group, 'a'), 1)


if __name__ == '__main__':
    unittest.main(verbosity=2)
