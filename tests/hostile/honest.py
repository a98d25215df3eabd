# SPDX-License-Identifier: Apache-2.0
"""Honest clients that count while others attack: some are native, some use HTTP, and one is a Redis
client. Each has a counter of its own, and together they have a process of their own, so that nobody
else's work shows in their latencies.

    honest = Honest(endpoints).start()
    ... something bad happens ...
    report = honest.stop()
    report.window(begin, end).p50

Every answer is checked: an increment's value is exactly the next one of its counter, or, after an
increment whose outcome is unknown, perhaps one more. At the end each counter must hold what its
client was told. The clients wait a while between two increments, so that their latency is that of
the service and not of their own queue. If a request took so long that a client could not send the
next ones in time, those are counted as requests that waited as well.
"""

import collections
import concurrent.futures
import http.client
import json
import multiprocessing
import pathlib
import sys
import threading
import time
import urllib.parse

for place in ('contract', 'redis'):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / place))

import native_client as native  # pylint: disable=wrong-import-position
import resp  # pylint: disable=wrong-import-position

CLIENTS = ('native', 'native', 'http', 'http-keyed', 'resp')
PAUSE_SECONDS = 0.01
TIMEOUT_SECONDS = 10
RETRY_SECONDS = 0.05
READ_BACK_SECONDS = 12
STOP_SECONDS = 80
ADDRESS = '127.0.0.2'

# The kind is the client's; an outcome is answered, refused, unknown or wrong.
Record = collections.namedtuple('Record', 'kind begin end outcome detail')
Window = collections.namedtuple('Window', 'answered p50 p99 worst refused unknown wrong details')


class Report:
    def __init__(self, records, totals_wrong):
        self.records = records
        self.totals_wrong = totals_wrong

    def window(self, begin, end, kind=''):
        """Describes the requests that were under way between these moments, in milliseconds."""
        records = [record for record in self.records
                   if record.end > begin and record.begin < end and record.kind.startswith(kind)]
        times = []
        for record in records:
            took = record.end - record.begin
            times.append(took)
            # It would have asked again meanwhile.
            while (took := took - PAUSE_SECONDS) > PAUSE_SECONDS:
                times.append(took)
        times.sort()
        of = collections.Counter(record.outcome for record in records)
        details = collections.Counter(record.detail for record in records
                                      if record.outcome != 'answered')
        return Window(of['answered'],
                      *(1000 * percentile(times, share) for share in (0.5, 0.99, 1)),
                      of['refused'], of['unknown'], of['wrong'], dict(details.most_common(4)))


def percentile(times, share):
    return times[min(len(times) - 1, int(len(times) * share))] if times else float('nan')


class Honest:
    """The clients run in a process of their own. `answered()` may be called while they run.
    `endpoints`: as `tally up` writes them, and `resp_password` if there is one."""

    def __init__(self, endpoints, clients=CLIENTS):
        context = multiprocessing.get_context('spawn')
        self.counts = context.Array('Q', len(clients), lock=False)
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(endpoints, clients, self.counts, theirs),
                                       daemon=True)

    def start(self):
        self.process.start()
        return self

    def answered(self):
        """Returns the number of increments of the client that has the fewest."""
        return min(self.counts)

    def stop(self):
        """Returns the report, once every counter was read back."""
        self.pipe.send('stop')
        if not self.pipe.poll(STOP_SECONDS):
            self.kill()
            raise AssertionError('the honest clients do not end')
        report = Report(*self.pipe.recv())
        self.process.join(STOP_SECONDS)
        return report

    def kill(self):
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def run(endpoints, clients, counts, pipe):
    stopping = threading.Event()
    workers = []
    for number, kind in enumerate(clients):
        make = WORKERS[kind.partition('-')[0]]
        workers.append(make(endpoints, kind, number, counts, stopping))
    threads = [threading.Thread(target=worker.work) for worker in workers]
    for thread in threads:
        thread.start()
    pipe.recv()
    stopping.set()
    for thread in threads:
        thread.join()
    with concurrent.futures.ThreadPoolExecutor(len(workers)) as pool:
        wrong = [complaint for complaint in pool.map(lambda worker: worker.read_back(), workers)
                 if complaint]
    pipe.send(([record for worker in workers for record in worker.records], wrong))


class Worker:
    """One client with one counter. A subclass says how it increments and reads."""

    def __init__(self, endpoints, kind, number, counts, stopping):
        self.endpoints = endpoints
        self.kind = kind
        self.number = number
        self.counts = counts
        self.stopping = stopping
        self.counter = f'honest-{kind}-{number}'
        self.low = self.high = 0  # what the counter may hold
        self.records = []

    def work(self):
        while not self.stopping.is_set():
            begin = time.monotonic()
            outcome, value = self.increment()
            end = time.monotonic()
            detail = ''
            if outcome == 'answered':
                if not self.low < value <= self.high + 1:
                    outcome = 'wrong'
                    detail = f'{value} instead of {self.low + 1} to {self.high + 1}'
                self.low = self.high = value
                self.counts[self.number] += 1
            else:
                detail = str(value)
                self.high += outcome == 'unknown'
            self.records.append(Record(self.kind, begin, end, outcome, detail))
            self.stopping.wait(PAUSE_SECONDS if outcome == 'answered' else RETRY_SECONDS)

    def read_back(self):
        """Returns what is wrong with the counter's total, or None if it is right."""
        end = time.monotonic() + READ_BACK_SECONDS
        value = None
        while value is None and time.monotonic() < end:
            value = self.read()
            if value is None:
                time.sleep(RETRY_SECONDS)  # between two tries, within a deadline
        if value is None:
            return f'{self.counter} cannot be read'
        right = self.low <= value <= self.high
        return None if right else f'{self.counter} holds {value}, not {self.low} to {self.high}'


class NativeWorker(Worker):
    client = None

    def connected(self):
        if self.client is None:
            # So it has another principal than the attackers.
            native_endpoints = self.endpoints['bridge']
            self.client = native.NativeClient(native_endpoints['distributor'],
                                              native_endpoints['comparator'],
                                              timeout=TIMEOUT_SECONDS)
            self.client.say_hello()
        if self.client.secret is None:
            self.client.open_session()
        return self.client

    def ask(self, operation):
        """Returns (outcome, the operation's result or why there is none)."""
        try:
            client = self.connected()
        except (native.Refused, native.NoAnswer) as problem:
            return 'refused', f'no session: {problem}'
        try:
            result = client.execute([operation])
        except native.Refused as problem:
            return 'refused', problem
        except native.NoAnswer as problem:
            # It is given up, so nobody will run it any more.
            client.acknowledged = client.next_number - 1
            return 'unknown', f'no answer: {str(problem).split()[0]}'
        executed = result.outcome == native.EXECUTED
        if not executed or result.operations[0].status not in (native.OK, native.NOT_FOUND):
            client.secret = None
            return 'refused', f'outcome {result.outcome}'
        return 'answered', result.operations[0].value

    def increment(self):
        return self.ask(native.add(self.counter))

    def read(self):
        outcome, value = self.ask(native.get(self.counter))
        return value if outcome == 'answered' else None


class HttpWorker(Worker):
    connection = None
    asked = 0

    def ask(self, method, path, headers=None):
        if self.connection is None:
            address = urllib.parse.urlsplit(self.endpoints['http']).netloc
            # The address differs from that of the attackers, because each address has a share of
            # its own (law 25).
            self.connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS,
                                                         source_address=(ADDRESS, 0))
        try:
            self.connection.request(method, path, headers=headers or {})
            answer = self.connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as problem:
            self.connection.close()
            return 'unknown', type(problem).__name__
        if answer.status == 200:
            return 'answered', body['value']
        detail = f'{answer.status} {body.get("detail", "")[:60]}'
        return 'refused' if body.get('applied') == 'no' else 'unknown', detail

    def increment(self):
        self.asked += 1
        keyed = self.kind.endswith('keyed')
        headers = {'Idempotency-Key': f'{self.counter}-{self.asked}'} if keyed else {}
        return self.ask('POST', f'/v1/counters/{self.counter}/increment', headers)

    def read(self):
        outcome, value = self.ask('GET', f'/v1/counters/{self.counter}')
        if outcome != 'answered' and str(value).startswith('404'):
            return 0
        return value if outcome == 'answered' else None


class RespWorker(Worker):
    connection = None

    def connected(self):
        if self.connection is None:
            host, _, port = self.endpoints['resp'].rpartition(':')
            self.connection = resp.Connection((host, int(port)), ADDRESS)
            if password := self.endpoints.get('resp_password'):
                self.connection.call('AUTH', password)
        return self.connection

    def ask(self, *words):
        try:
            reply = self.connected().call(*words)
        except OSError as problem:
            return 'refused', f'no connection: {type(problem).__name__}'
        if reply.kind in ':$':
            return 'answered', int(reply.value or 0)
        if reply.kind != '-':
            self.connection.close()
            self.connection = None
        not_applied = reply.raw.startswith(b'-') and not reply.raw.startswith(b'-UNKNOWN')
        return 'refused' if not_applied else 'unknown', reply.raw[:60].decode() or reply.kind

    def increment(self):
        return self.ask('INCR', self.counter)

    def read(self):
        outcome, value = self.ask('GET', self.counter)
        return value if outcome == 'answered' else None


WORKERS = {'native': NativeWorker, 'http': HttpWorker, 'resp': RespWorker}
