# SPDX-License-Identifier: Apache-2.0
"""Clients that count, each on a counter of its own, through a door: a connection to some service.
They remember what came of each increment, and judge() says which answers were wrong, and whether
the counter was right in the end.

A client never sends an increment again. If it has no answer, its outcome is noted, and the client
begins the next one. So the same rules serve every service, whether or not that knows repetitions.
"""

import dataclasses
import itertools
import threading
import time

ANSWER_SECONDS = 1.0  # for one request, then its outcome is unknown
PAUSE_SECONDS = 0.005  # of a client between an answer and its next increment
RETRY_SECONDS = 0.02  # of a client after an increment without an answer
END_SECONDS = 15  # for what a client is doing when it is told to stop


class Refused(Exception):
    """The increment was certainly not applied."""


class Unknown(Exception):
    """The increment may have been applied, or may still be."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    at: float  # when it was known, by time.monotonic()
    kind: str  # answered, refused or unknown
    value: int = None


@dataclasses.dataclass(frozen=True)
class Verdict:
    answered: int = 0
    refused: int = 0
    unknown: int = 0
    wrong: tuple = ()  # when each wrong answer came
    lost: int = 0  # increments that were answered, and that the counter does not have
    surplus: int = 0  # what the counter has beyond all increments that may have been applied


def judge(outcomes, final):
    """Judges one client. Nobody else counts on its counter, so its n-th answer is n, and more only
    by increments of its own whose outcome was unknown. One of these may take effect late, but what
    an answer has included stays included. Once a counter is wrong, each answer is, until it is
    right again."""
    answered = refused = unknown = included = 0
    wrong = []
    for outcome in outcomes:
        if outcome.kind == 'refused':
            refused += 1
        elif outcome.kind == 'unknown':
            unknown += 1
        else:
            answered += 1
            more = outcome.value - answered
            if included <= more <= unknown:
                included = more
            else:
                wrong.append(outcome.at)
    return Verdict(answered, refused, unknown, tuple(wrong), max(0, answered + included - final),
                   max(0, final - answered - unknown))


def total(verdicts):
    verdicts = list(verdicts)
    sums = {name: sum(getattr(verdict, name) for verdict in verdicts)
            for name in ('answered', 'refused', 'unknown', 'lost', 'surplus')}
    return Verdict(wrong=tuple(sorted(at for verdict in verdicts for at in verdict.wrong)), **sums)


def longest_gap(outcomes, since, until):
    """The longest time between two answers to one client that ended between the two moments. A time
    that had begun before, or that had not ended then, counts from its beginning, or up to its
    end."""
    answers = [outcome.at for outcome in outcomes if outcome.kind == 'answered']
    before = max((at for at in answers if at < since), default=since)
    within = [at for at in answers if since <= at < until]
    return max(later - earlier for earlier, later in itertools.pairwise([before, *within, until]))


class Client:
    """Counts through its door until it is told to stop. A door has increment(counter), which
    returns the new value or raises Refused or Unknown; read(counter), which returns the value or
    raises Refused; and close(), after which it connects anew."""

    def __init__(self, door, counter):
        self.door = door
        self.counter = counter
        self.outcomes = []
        self.failure = None

    def count_until(self, stopping):
        try:
            while not stopping.is_set():
                self.outcomes.append(self.count())
                stopping.wait(PAUSE_SECONDS if self.outcomes[-1].kind == 'answered' else RETRY_SECONDS)
        except Exception as failure:  # pylint: disable=broad-exception-caught
            self.failure = failure  # Load.stop() tells it

    def count(self):
        try:
            value = self.door.increment(self.counter)
        except Refused:
            return Outcome(time.monotonic(), 'refused')
        except Unknown:
            return Outcome(time.monotonic(), 'unknown')
        return Outcome(time.monotonic(), 'answered', value)

    def answers(self):
        return sum(outcome.kind == 'answered' for outcome in list(self.outcomes))

    def read(self, seconds=END_SECONDS):
        """Returns the counter, as soon as somebody tells it."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.door.read(self.counter)
            except Refused as refusal:
                if time.monotonic() > deadline:
                    raise AssertionError(f'{self.counter} cannot be read: {refusal}') from refusal
                time.sleep(RETRY_SECONDS)


class Load:
    """A client for each door, which count from start() to stop(), and may be started again."""

    def __init__(self, doors):
        self.clients = [Client(door, f'count-{number}') for number, door in enumerate(doors)]
        self.stopping = threading.Event()
        self.threads = []

    def start(self):
        self.stopping.clear()
        self.threads = [threading.Thread(target=client.count_until, args=(self.stopping,), daemon=True)
                        for client in self.clients]
        for thread in self.threads:
            thread.start()

    def stop(self):
        """Returns when each client has ended, and its connection too."""
        self.stopping.set()
        deadline = time.monotonic() + END_SECONDS
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise AssertionError('a client does not end')
        self.threads = []
        for client in self.clients:
            client.door.close()
            if client.failure:
                raise AssertionError(f'a client of {client.counter} failed') from client.failure

    def wait_answers(self, more, seconds):
        """Tells whether each client got so many more answers in time."""
        before = [client.answers() for client in self.clients]
        deadline = time.monotonic() + seconds
        while any(client.answers() < had + more for client, had in zip(self.clients, before)):
            if time.monotonic() > deadline or any(client.failure for client in self.clients):
                return False
            time.sleep(RETRY_SECONDS)
        return True
