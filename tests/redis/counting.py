# SPDX-License-Identifier: Apache-2.0
"""Redis clients that count while something bad happens, and remember every answer.

    with Counting(address) as counting:
        ... something bad happens ...
    report = counting.judge()

Each client has one connection, and never makes another. judge() demands what one correct counter
would have done: the answers to a counter's increments are 1, 2, 3 and so on, each once, in the
order of real time, up to what the counter says in the end; and no connection was lost.
"""

import collections
import itertools
import threading
import time

import redis

from checks import expect

ANSWER_SECONDS = 30  # for one answer, so that no client waits for ever
COUNTERS = 20
INCREMENTS = 16  # of a pipeline
WATCHED = 2
WINDOWS = 3
WINDOW_SECONDS = 1
WINDOW_SLACK_SECONDS = 0.1  # clocks of a server and of a client that reads seconds

# What one request has counted: pairs of a counter and its value afterwards, in their order.
Batch = collections.namedtuple('Batch', 'begin end counted')
# What SET NX EX, INCR and PTTL have said of a window.
Hit = collections.namedtuple('Hit', 'begin end window is_first value milliseconds_left')
Report = collections.namedtuple('Report', 'answered conflicts windows shortest longest')


class Client:
    """A client that counts until it is told to stop."""

    def __init__(self, address, number):
        self.redis = redis.Redis(*address, max_connections=1, socket_timeout=ANSWER_SECONDS,
                                 socket_connect_timeout=ANSWER_SECONDS)
        self.number = number
        self.turn = number
        self.id = self.redis.client_id()
        self.ids = set()  # of the connections on which it was answered
        self.batches = []
        self.hits = []
        self.conflicts = 0
        self.errors = []

    def count_until(self, stopping):
        while not stopping.is_set():
            begin = time.monotonic()
            try:
                counted = self.count()
            except (redis.RedisError, OSError) as error:
                self.errors.append(f'after {time.monotonic() - begin:.2f} s: {error!r}')
                stopping.wait(0.01)  # nobody may be there
                continue
            self.batches.append(Batch(begin, time.monotonic(), counted))
            self.turn += 1

    def count(self):
        """Counts once, and returns the pairs of Batch."""
        raise NotImplementedError


class Pipelining(Client):
    """Sends increments of several counters at a time, in a transaction or not."""

    def __init__(self, address, number, is_transaction):
        super().__init__(address, number)
        self.is_transaction = is_transaction

    def count(self):
        names = [f'count:{(self.turn * 7 + place) % COUNTERS}' for place in range(INCREMENTS)]
        if self.turn % 8 == 0:
            names[0] = f'watched:{self.turn // 8 % WATCHED}'
        pipeline = self.redis.pipeline(transaction=self.is_transaction)
        for name in names:
            pipeline.incr(name)
        pipeline.client_id()
        *values, own_id = pipeline.execute()
        self.ids.add(own_id)
        return list(zip(names, values))


class Watching(Client):
    """Reads a counter, and sets it to one more if nobody was faster."""

    def count(self):
        name = f'watched:{self.turn % WATCHED}'
        with self.redis.pipeline() as pipeline:
            pipeline.watch(name)
            value = int(pipeline.get(name) or 0) + 1
            pipeline.multi()
            pipeline.set(name, value)
            pipeline.client_id()
            try:
                _, own_id = pipeline.execute()
            except redis.WatchError:
                self.conflicts += 1
                return []
        self.ids.add(own_id)
        return [(name, value)]


class Windowing(Client):
    """Counts within windows, as applications do by hand."""

    def __init__(self, address, number, is_transaction):
        super().__init__(address, number)
        self.is_transaction = is_transaction

    def count(self):
        window = f'window:{self.turn % WINDOWS}'
        begin = time.monotonic()
        pipeline = self.redis.pipeline(transaction=self.is_transaction)
        pipeline.set(window, 0, ex=WINDOW_SECONDS, nx=True)
        pipeline.incr(window)
        pipeline.pttl(window)
        pipeline.client_id()
        is_first, value, left, own_id = pipeline.execute()
        self.ids.add(own_id)
        self.hits.append(Hit(begin, time.monotonic(), window, bool(is_first), value, left))
        return []


class Counting:
    """Two clients of each kind."""

    def __init__(self, address):
        self.monitor = redis.Redis(*address, max_connections=1, socket_timeout=ANSWER_SECONDS)
        self.clients = [
            *(Pipelining(address, number, number % 2 == 0) for number in range(4)),
            *(Watching(address, number) for number in range(2)),
            *(Windowing(address, number, number % 2 == 0) for number in range(2))]
        self.connections = self.connections_received()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=client.count_until, args=(self.stopping,))
                        for client in self.clients]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def connections_received(self):
        return self.monitor.info('stats')['total_connections_received']

    def errors(self):
        return [error for client in self.clients for error in list(client.errors)]

    def all_answered(self, more, since):
        """Tells whether each client got so many answers more than it had. `since`: from
        counts()."""
        return all(now >= before + more for before, now in zip(since, self.counts()))

    def counts(self):
        return [len(client.batches) for client in self.clients]

    # ---- what came of it

    def longest_gap(self, since, until):
        """The longest time in which no client got any answer, in seconds."""
        ends = sorted(batch.end for client in self.clients for batch in list(client.batches)
                      if since <= batch.end <= until)
        return max(b - a for a, b in itertools.pairwise([since, *ends, until]))

    def longest_wait(self, since, until):
        """The longest time that any client waited for an answer, in seconds."""
        return max((batch.end - batch.begin for client in self.clients
                    for batch in list(client.batches)
                    if batch.begin <= until and batch.end >= since), default=0.0)

    def judge(self):
        """Fails unless every answer was right. Returns what there was."""
        expect([], self.errors()[:3], 'errors')
        for client in self.clients:
            expect({client.id}, client.ids, 'the numbers of a connection')
        expect(self.connections, self.connections_received(), 'connections received')
        answered = collections.defaultdict(list)
        for client in self.clients:
            for batch in client.batches:
                for name, value in batch.counted:
                    answered[name].append((value, batch.begin, batch.end))
            expect([], backward_steps(client), 'values that go back in one client')
        for name, answers in answered.items():
            final = int(self.monitor.get(name))
            check_values(name, answers, final)
        windows = [length for name in {hit.window for client in self.clients
                                       for hit in client.hits}
                   for length in self.window_lengths(name)]
        return Report(sum(map(len, answered.values())),
                      sum(client.conflicts for client in self.clients), len(windows),
                      min(windows, default=0.0), max(windows, default=0.0))

    def window_lengths(self, name):
        """Fails unless each window counts from 1 on without a gap, and lasts as long as it is to.
        Returns how long each lasted at least, as the clients saw it."""
        hits = [hit for client in self.clients for hit in client.hits if hit.window == name]
        values = collections.Counter(hit.value for hit in hits)
        for value, count in values.items():
            if value > 1 and count > values[value - 1]:
                raise AssertionError(f'{name}: {value} was counted {count} times, {value - 1} only '
                                     f'{values[value - 1]} times')
        for hit in hits:
            expect(hit.value == 1, hit.is_first, f'{name}: whether {hit} began a window')
            if not 0 < hit.milliseconds_left <= 1000 * WINDOW_SECONDS:
                raise AssertionError(f'{name}: {hit} lasts for a wrong time')
        firsts = sorted((hit for hit in hits if hit.is_first), key=lambda hit: hit.begin)
        for one, next_one in itertools.pairwise(firsts):
            if next_one.end - one.begin < WINDOW_SECONDS - WINDOW_SLACK_SECONDS:
                raise AssertionError(f'{name}: a window lasted only from {one} to {next_one}')
        return [next_one.end - one.begin for one, next_one in itertools.pairwise(firsts)]


def backward_steps(client):
    """Returns the counters whose values did not increase from one of a client's answers to the
    next."""
    highest = collections.defaultdict(int)
    found = []
    for batch in client.batches:
        for name, value in batch.counted:
            if value <= highest[name]:
                found.append((name, highest[name], value))
            highest[name] = max(highest[name], value)
    return found


def check_values(name, answers, final):
    """Fails unless the answers are 1 to `final`, each once, and in the order of real time."""
    values = sorted(value for value, _, _ in answers)
    if values != list(range(1, final + 1)):
        twice = [value for value, count in collections.Counter(values).items() if count > 1]
        lost = sorted(set(range(1, final + 1)) - set(values))
        raise AssertionError(f'{name} is {final} after {len(values)} answers; twice {twice[:5]}, '
                             f'never answered {lost[:5]}')
    newest_begin = 0.0
    for value, begin, end in sorted(answers):
        if end < newest_begin:
            raise AssertionError(f'{name}: {value} was answered before a lower value was asked for')
        newest_begin = max(newest_begin, begin)
