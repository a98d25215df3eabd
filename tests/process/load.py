# SPDX-License-Identifier: Apache-2.0
"""HTTP load that remembers every answer, and judges them all in the end.

    load = Load(group.http, clients=8).start()
    ... something bad happens ...
    load.stop()
    load.check(group)

With `keyed`, each increment has an Idempotency-Key and is sent again until it is answered, so that
no outcome is unknown. check() demands what a single correct counter would have done: every value
comes once, in real-time order and in the order of the sequence numbers, nothing is lost, and
nothing is counted twice.
"""

import http.client
import json
import secrets
import threading
import time
import urllib.parse

KEYED_SECONDS = 30  # after so long a keyed increment is given up
RETRY_SECONDS = 0.01


class Increment:
    """One increment as its client saw it. `value` is None unless it was answered."""

    __slots__ = ('begin', 'end', 'counter', 'value', 'sequence', 'votes', 'outcome', 'status', 'repetitions')

    def __init__(self, counter, begin):
        self.counter = counter
        self.begin = begin
        self.end = None
        self.value = self.sequence = self.votes = None
        self.outcome = 'unknown'  # or answered, or refused
        self.status = None
        self.repetitions = 0  # with the same key


class Load:
    def __init__(self, url, clients=8, counters=4, timeout=10, pause=0.0, keyed=False):
        self.address = urllib.parse.urlsplit(url).netloc
        self.run_id = secrets.token_hex(4)
        self.counters = [f'load-{self.run_id}-{number}' for number in range(counters)]
        self.timeout = timeout
        self.pause = pause
        self.keyed = keyed
        self.stopping = threading.Event()
        self.given_up = threading.Event()  # what is not answered is not repeated any more
        self.done = [[] for _ in range(clients)]
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(clients)]

    # ---- load

    def start(self):
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind is not None:
            self.given_up.set()
        self.stop()

    def _run(self, client):
        connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        count = client
        while not self.stopping.is_set():
            increment = Increment(self.counters[count % len(self.counters)], time.monotonic())
            count += 1
            self._send(connection, increment, f'{self.run_id}-{client}-{count}' if self.keyed else None)
            increment.end = time.monotonic()
            self.done[client].append(increment)
            if self.pause:
                self.stopping.wait(self.pause)
        connection.close()

    def _send(self, connection, increment, key):
        """Sends the increment once, or with a key until it is answered."""
        self._send_once(connection, increment, key)
        while key and increment.outcome != 'answered':
            if self.given_up.is_set() or time.monotonic() > increment.begin + KEYED_SECONDS:
                increment.outcome = 'unknown'  # whatever its last repetition was told
                return
            time.sleep(RETRY_SECONDS)
            increment.repetitions += 1
            self._send_once(connection, increment, key)

    @staticmethod
    def _send_once(connection, increment, key):
        increment.outcome = 'unknown'
        try:
            connection.request('POST', f'/v1/counters/{increment.counter}/increment',
                               headers={'Idempotency-Key': key} if key else {})
            answer = connection.getresponse()
            text = answer.read()
            # A proxy has pages of its own.
            is_ours = 'json' in (answer.getheader('Content-Type') or '')
            body = json.loads(text) if is_ours else {}
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, ConnectionRefusedError):
                increment.outcome = 'refused'  # nothing was sent
            connection.close()  # the next request opens it again
            # Nobody may be listening, so do not try again at once.
            time.sleep(RETRY_SECONDS)
            return
        increment.status = answer.status
        if answer.status == 200:
            increment.outcome = 'answered'
            increment.value = body['value']
            increment.sequence = body['sequence']
            increment.votes = body['votes']
        elif body.get('applied') == 'no':
            increment.outcome = 'refused'

    # ---- what came of it

    def all(self):
        return [increment for client in self.done for increment in list(client)]

    def with_outcome(self, outcome):
        return [increment for increment in self.all() if increment.outcome == outcome]

    def answered_count(self):
        return sum(1 for client in self.done for increment in list(client) if increment.outcome == 'answered')

    def repeated_count(self):
        return sum(1 for increment in self.all() if increment.repetitions)

    def last_answer(self):
        """Returns when a client was answered last."""
        ends = [increment.end for client in self.done for increment in client[-1:] if increment.value]
        return max(ends, default=0.0)

    def longest_gap(self, since=None, until=None):
        """The longest time in which no client got any answer, in seconds."""
        times = sorted(increment.end for increment in self.with_outcome('answered'))
        times = [moment for moment in times if (since is None or moment >= since) and (until is None or moment <= until)]
        edges = ([since] if since is not None else []) + times + ([until] if until is not None else [])
        return max((later - earlier for earlier, later in zip(edges, edges[1:])), default=0.0)

    def longest_gap_of_a_client(self, since, until):
        """The longest time between two answers of any one client, in seconds, of those times that
        overlap with since .. until."""
        longest = 0.0
        for client in self.done:
            ends = [increment.end for increment in list(client) if increment.outcome == 'answered']
            pairs = [(a, b) for a, b in zip(ends, ends[1:]) if a <= until and b >= since]
            longest = max([longest, *(b - a for a, b in pairs)])
        return longest

    def report(self):
        """Counts the operations that were answered, refused and unknown, and, as far as they can be
        judged without the group, the duplicates and the order violations."""
        answered = self.with_outcome('answered')
        return {
            'answered': len(answered),
            'refused': len(self.with_outcome('refused')),
            'unknown': len(self.with_outcome('unknown')),
            'twice': sum(duplicates(self._of(counter, answered)) for counter in self.counters),
            'order_violations': sum(order_violations(self._of(counter, answered)) for counter in self.counters),
            'longest_gap_ms': round(self.longest_gap() * 1000, 1),
        }

    def lost(self, group):
        """Returns how many answered increments the counters lack, and how many they have too many.
        """
        lost = excess = 0
        for counter in self.counters:
            increments = [increment for increment in self.all() if increment.counter == counter]
            answered = sum(1 for increment in increments if increment.outcome == 'answered')
            unknown = sum(1 for increment in increments if increment.outcome == 'unknown')
            final = read_counter(group, counter)
            highest = max((increment.value for increment in increments if increment.value), default=0)
            lost += max(0, max(answered, highest) - final)
            excess += max(0, final - answered - unknown)
        return lost, excess

    def check(self, group):
        """Fails unless every answer was right. Returns the report."""
        report = self.report()
        lost, excess = self.lost(group)
        report.update(lost=lost, excess=excess)
        if report['answered'] == 0 or lost or excess or report['twice'] or report['order_violations']:
            raise AssertionError(f'wrong answers: {report}')
        return report

    @staticmethod
    def _of(counter, increments):
        return [increment for increment in increments if increment.counter == counter]


def read_counter(group, counter):
    status, body = group.request('GET', f'/v1/counters/{counter}')
    if status == 404:
        return 0
    if status != 200:
        raise AssertionError(f'GET {counter}: {status} {body}')
    return json.loads(body)['value']


def duplicates(increments):
    return len(increments) - len({increment.value for increment in increments})


def order_violations(increments):
    """Counts the answers of one counter that contradict real time, or the order of their sequence
    numbers."""
    violations = 0
    by_begin = sorted(increments, key=lambda increment: increment.begin)
    by_end = sorted(increments, key=lambda increment: increment.end)
    highest = finished = 0
    for increment in by_begin:
        while by_end[finished].end < increment.begin:
            highest = max(highest, by_end[finished].value)
            finished += 1
        violations += increment.value <= highest
    by_value = sorted(increments, key=lambda increment: increment.value)
    violations += sum(earlier.sequence > later.sequence for earlier, later in zip(by_value, by_value[1:]))
    return violations
