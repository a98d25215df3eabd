#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Redis clients of a group whose processes are killed, stopped and made to lie.

    faults_test.py --ours BIN_DIR [NAME…]

NAME is the name of a check, as it is printed; all run if none is given. Each starts a group of its
own, prints what it measured, and fails if a client noticed what it must not notice.
"""

import collections
import itertools
import pathlib
import statistics
import sys
import threading
import time

import redis

from checks import Checks, expect
from counting import Counting, check_values
from group_faults import (PATIENT, crashing, hung, injected, killed, replica, stopped,
                          wait_all_vote)
from resp import Connection, encode
from servers import UNHURRIED, Group, parse_address, wait_until

SERVED_SECONDS = 60  # until clients are served again, on a machine with much else to do
MORE_ANSWERS = 10  # of each client, so that it is known to be served
EVICTION_SECONDS = 60
REQUEST_SECONDS = 2.0  # request_timeout_ms
LATE_SECONDS = 15.0  # after the request timeout, at most, on a machine with much else to do
NO_MAJORITY_SECONDS = 3.0
REFUSALS = 20  # of each client
TOKENS = 5  # of each client, for each process that is killed
TOKEN_CLIENTS = 4
BRIDGE_KILLS = 3
RECONNECTING_CLIENTS = 8


def tell(line):
    print(f'        {line}', flush=True)


def milliseconds(seconds):
    return f'{1000 * seconds:.0f} ms'


# ---- nobody notices

# What happens, whether the replica is put out for it, and the block that it lasts for.
MASKED = [
    ('replica 1 is killed', None, lambda group: killed(group, 'replica-1')),
    ('replica 2 is stopped', 2, lambda group: stopped(group, 'replica-2')),
    ('replica 3 answers wrongly', 3, lambda group: injected(group, 3, 'wrong-value')),
    ('the distributor is killed', None, lambda group: killed(group, 'distributor')),
    ('replica 1 is silent', 1, lambda group: injected(group, 1, 'silent')),
    ('the comparator is killed', None, lambda group: killed(group, 'comparator')),
    ('replica 2 has a flipped bit', 2, lambda group: injected(group, 2, 'wrong-state')),
    ('the distributor is stopped', None, lambda group: hung(group, 'distributor')),
    ('replica 3 hangs', 3, lambda group: injected(group, 3, 'hang')),
    ('the comparator is stopped', None, lambda group: hung(group, 'comparator')),
    ('replica 1 is slow', 1, lambda group: injected(group, 1, 'slow')),
    ('replica 2 crashes', None, lambda group: crashing(group, 2)),
    ('replica 3 is killed', None, lambda group: killed(group, 'replica-3')),
]


def nobody_notices(bin_dir):
    """Pipelines, transactions, WATCH and windows go on through every fault of one process."""
    with Group(bin_dir, '--fault-injection', environment={**PATIENT, **UNHURRIED}) as group:
        wait_all_vote(group)
        with Counting(group.resp) as counting:
            wait_served(counting)
            begun = time.monotonic()
            for what, victim, fault in MASKED:
                harmed = time.monotonic()
                evictions = replica(group, victim)['evictions'] if victim else 0
                with fault(group):
                    if victim:
                        wait_until(lambda: replica(group, victim)['evictions'] > evictions,
                                   f'{what}, and is put out', EVICTION_SECONDS)
                    wait_served(counting)
                wait_all_vote(group)
                wait_served(counting)
                healed = time.monotonic()
                tell(f'{what}: longest gap {milliseconds(counting.longest_gap(harmed, healed))}, '
                     f'longest wait {milliseconds(counting.longest_wait(harmed, healed))}, '
                     f'{len(counting.errors())} errors')
            ended = time.monotonic()
        report = counting.judge()
        group.tally('audit', 'verify', group.data / 'audit' / 'audit.jsonl')
    return (f'{report.answered} increments, each answered once and in order, no error and no '
            f'connection lost; {report.conflicts} conflicts of WATCH; {report.windows} windows of '
            f'1 s, seen to last {report.shortest:.2f} to {report.longest:.2f} s; longest gap '
            f'{milliseconds(counting.longest_gap(begun, ended))}, longest wait of a client '
            f'{milliseconds(counting.longest_wait(begun, ended))}')


def wait_served(counting):
    since = counting.counts()

    def served():
        if counting.errors():
            raise AssertionError(f'clients noticed: {counting.errors()[:3]}')
        return counting.all_answered(MORE_ANSWERS, since)
    wait_until(served, 'every client is answered', SERVED_SECONDS)


# ---- no majority

Told = collections.namedtuple('Told', 'begin end kind values')


class Asking:
    """A client that sends the same request again and again, whatever it is told."""

    def __init__(self, address, name, request, replies, increments):
        self.connection = Connection(address)
        self.id = self.connection.call('CLIENT', 'ID').value
        self.name = name
        self.request = b''.join(encode([word.encode() for word in command]) for command in request)
        self.replies = replies
        self.increments = increments  # of one request
        self.told = []
        self.strange = []

    def ask_until(self, stopping):
        while not stopping.is_set() and not self.strange:
            begin = time.monotonic()
            self.connection.send(self.request)
            for _ in range(self.replies):
                self._take(begin, self.connection.read(REQUEST_SECONDS + 2 * LATE_SECONDS))

    def _take(self, begin, reply):
        end = time.monotonic()
        if reply.kind in ':$':
            values = [int(reply.value)] if reply.kind == ':' else []
            self.told.append(Told(begin, end, 'answered', values))
        elif reply.kind == '*':
            self.told.append(Told(begin, end, 'answered', [int(one.value) for one in reply.value]))
        elif reply.raw.startswith(b'-TRYAGAIN nothing was applied'):
            self.told.append(Told(begin, end, 'refused', []))
        elif reply.raw.startswith(b'-UNKNOWN whether this was applied'):
            self.told.append(Told(begin, end, 'unknown', []))
        elif reply.raw not in (b'+OK\r\n', b'+QUEUED\r\n'):
            self.strange.append(reply)

    def count(self, kind):
        return sum(told.kind == kind for told in list(self.told))


def two_replicas_stopped(bin_dir):
    """Without a majority every command is refused in time, and counting goes on exactly."""
    with Group(bin_dir, '--fault-injection') as group:
        wait_all_vote(group)
        address = group.resp
        incr = [['INCR', 'count']]
        asking = [
            *(Asking(address, 'INCR', incr, 1, 1) for _ in range(2)),
            Asking(address, 'pipeline', 4 * incr, 4, 1),
            Asking(address, 'MULTI', [['MULTI'], *2 * incr, ['EXEC']], 4, 2),
            Asking(address, 'GET', [['GET', 'count']], 1, 0)]
        received = connections_received(address)
        stopping = threading.Event()
        threads = [threading.Thread(target=client.ask_until, args=(stopping,)) for client in asking]
        for thread in threads:
            thread.start()
        try:
            wait_each(asking, 'answered', REFUSALS)
            stopped_at = time.monotonic()
            with stopped(group, 'replica-1'), stopped(group, 'replica-2'):
                wait_refused(asking)
                wait_until(lambda: time.monotonic() > stopped_at + NO_MAJORITY_SECONDS,
                           'some time without a majority', SERVED_SECONDS)
            continued = time.monotonic()
            wait_each(asking, 'answered', REFUSALS)
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
        return judge_refusals(address, asking, received, continued)


def wait_each(asking, kind, more):
    before = [client.count(kind) for client in asking]
    wait_until(lambda: all(client.strange or client.count(kind) >= had + more
                           for client, had in zip(asking, before)),
               f'every client is {kind}', SERVED_SECONDS)


def wait_refused(asking):
    wait_until(lambda: all(client.strange or client.count('refused') + client.count('unknown') >=
                           REFUSALS for client in asking), 'every client is refused',
               SERVED_SECONDS)


def judge_refusals(address, asking, received, continued):
    expect([], [client.strange for client in asking if client.strange], 'strange replies')
    for client in asking:
        expect(client.id, client.connection.call('CLIENT', 'ID').value, 'the connection')
    # One more than before: the one that asks now.
    expect(received + 1, connections_received(address), 'connections received')
    final = int(asking[0].connection.call('GET', 'count').value)
    answers = [(value, told.begin, told.end) for client in asking for told in client.told
               for value in told.values if client.increments]
    unknown = sum(client.count('unknown') * client.increments for client in asking)
    values = [value for value, _, _ in answers]
    expect(len(values), len(set(values)), 'different values')
    if not len(values) <= final <= len(values) + unknown:
        raise AssertionError(f'the counter is {final} after {len(values)} answers and {unknown} '
                             'increments of which nothing is known')
    for client in asking:
        times = {kind: [told.end - told.begin for told in client.told if told.kind == kind]
                 for kind in ('answered', 'refused', 'unknown')}
        tell(f'{client.name}: ' + ', '.join(
            f'{len(each)} {kind} (median {milliseconds(statistics.median(each))}, longest '
            f'{milliseconds(max(each))})' for kind, each in times.items() if each))
        longest = max(itertools.chain(*times.values()))
        if longest > REQUEST_SECONDS + LATE_SECONDS:
            raise AssertionError(f'{client.name}: an answer took {longest:.2f} s')
    back = min(told.end for client in asking for told in client.told
               if told.kind == 'answered' and told.begin > continued) - continued
    return (f'{len(values)} increments answered, {unknown} unknown, the counter is {final}: '
            f'{final - len(values)} of the unknown ones were counted; served again after '
            f'{milliseconds(back)}')


def connections_received(address):
    with redis.Redis(*address) as client:
        return client.info('stats')['total_connections_received']


# ---- tokens

def tokens_count_once(bin_dir):
    """TALLY.INCRBY that is sent again through another bridge counts once."""
    with Group(bin_dir, '--bridges', '2', '--fault-injection', environment=PATIENT) as group:
        wait_all_vote(group)
        doors = [parse_address(bridge['resp']) for bridge in group.endpoints()['bridges']]
        sent = token_after_unknown(group, doors)
        tries = tokens_while_all_are_killed(group, doors)
    return f'{sent}; {tries}'


def token_after_unknown(group, doors):
    def send(door, token, by='7'):
        with Connection(door) as connection:
            return connection.call('TALLY.INCRBY', 'once', by, 'IDEMPOTENCY', token).raw
    tokens = [f'token-{number}' for number in range(3)]
    first = []
    with stopped(group, 'replica-1'), stopped(group, 'replica-2'):
        for token in tokens:
            first += [send(door, token) for door in doors]
    unknown = [raw for raw in first if raw.startswith(b'-UNKNOWN')]
    if not unknown or not all(raw.startswith((b'-UNKNOWN', b'-TRYAGAIN')) for raw in first):
        raise AssertionError(f'without a majority there were {first}')
    answers = {}
    for token, door in zip(tokens, itertools.cycle(reversed(doors))):
        answers[token] = wait_until(
            lambda door=door, token=token: (lambda raw: raw.startswith(b':') and raw)(
                send(door, token)), 'it is answered', SERVED_SECONDS)
    for token in tokens:
        for door in doors:
            expect(answers[token], send(door, token), 'the answer to a token that is known')
    expect(sorted(b':%d\r\n' % (7 * number) for number in (1, 2, 3)), sorted(answers.values()),
           'the answers')
    refusal = send(doors[0], tokens[0], '8')
    expect(True, refusal.startswith(b'-ERR'), f'whether {refusal} is a refusal')
    with Connection(doors[1]) as connection:
        expect(b'$2\r\n21\r\n', connection.call('GET', 'once').raw, 'the counter')
    return f'{len(tokens)} tokens, {len(first)} times without a majority, {len(unknown)} UNKNOWN'


class TokenClient:
    """Sends each of its tokens until it is answered, by turns through each bridge."""

    def __init__(self, doors, number):
        self.doors = itertools.cycle(doors if number % 2 else reversed(doors))
        self.number = number
        self.answers = []  # (begin, end, token, value)
        self.tries = collections.Counter()
        self.strange = []
        self.tickets = threading.Semaphore(0)  # one for each token that may be sent

    def run(self, tokens):
        for number in range(tokens):
            self.tickets.acquire()
            begin = time.monotonic()
            token = f'client-{self.number}-{number}'
            value = wait_until(lambda token=token: self.send(token), 'a token is answered',
                               SERVED_SECONDS)
            self.answers.append((begin, time.monotonic(), token, value))

    def send(self, token):
        """Returns the value, or nothing if the token is to be sent again."""
        try:
            with Connection(next(self.doors)) as connection:
                reply = connection.call('TALLY.INCRBY', 'tokens', 1, 'IDEMPOTENCY', token)
        except OSError:
            self.tries['refused'] += 1
            return None
        kind = reply.kind if reply.kind != '-' else reply.raw.split()[0].decode()
        self.tries[kind] += 1
        if kind not in (':', 'closed', 'silent', '-TRYAGAIN', '-UNKNOWN'):
            self.strange.append(reply)
        return int(reply.value) if kind == ':' else None


def tokens_while_all_are_killed(group, doors):
    roles = ('replica-1', 'bridge', 'distributor', 'bridge-2', 'comparator', 'replica-2')
    tokens = TOKENS * len(roles)
    clients = [TokenClient(doors, number) for number in range(TOKEN_CLIENTS)]
    threads = [threading.Thread(target=client.run, args=(tokens,)) for client in clients]
    for thread in threads:
        thread.start()
    for role in roles:
        for client in clients:
            client.tickets.release(TOKENS)  # these are on their way while the process dies
        with killed(group, role):
            pass
        wait_all_vote(group)
    for thread in threads:
        thread.join()
    expect([], [client.strange for client in clients if client.strange], 'strange replies')
    answers = [answer for client in clients for answer in client.answers]
    expect(TOKEN_CLIENTS * tokens, len(answers), 'tokens that were answered')
    check_values('tokens', [(value, begin, end) for begin, end, _, value in answers], len(answers))
    with Connection(doors[0]) as connection:
        expect(b'%d' % len(answers), connection.call('GET', 'tokens').value, 'the counter')
        for _, _, token, value in answers:
            again = connection.call('TALLY.INCRBY', 'tokens', 1, 'IDEMPOTENCY', token)
            expect(b'%d' % value, again.value, f'the answer to {token} that is sent again')
    tries = sum((client.tries for client in clients), collections.Counter())
    return (f'{len(answers)} tokens while {", ".join(roles)} were killed, answered to '
            f'{dict(tries)} tries, and counted once')


# ---- a bridge dies

class Reconnecting:
    """A client that counts one at a time, and goes on when it has lost its connection."""

    def __init__(self, address):
        self.redis = redis.Redis(*address, max_connections=1, socket_timeout=SERVED_SECONDS)
        self.answers = []
        self.lost = 0
        self.errors = []

    def count_until(self, stopping):
        while not stopping.is_set():
            begin = time.monotonic()
            try:
                self.answers.append((self.redis.incr('count'), begin, time.monotonic()))
            except redis.ConnectionError:
                self.lost += 1  # it may have been counted
                stopping.wait(0.01)  # nobody may be there
            except redis.RedisError as error:
                self.errors.append(error)


def a_bridge_comes_back(bin_dir):
    """Clients of a bridge that is killed find another at the same address."""
    with Group(bin_dir, environment=UNHURRIED) as group:
        address = group.resp
        clients = [Reconnecting(address) for _ in range(RECONNECTING_CLIENTS)]
        stopping = threading.Event()
        threads = [threading.Thread(target=client.count_until, args=(stopping,))
                   for client in clients]
        for thread in threads:
            thread.start()
        backs = []
        try:
            wait_answers(clients)
            for _ in range(BRIDGE_KILLS):
                died = time.monotonic()
                with killed(group, 'bridge'):
                    pass
                wait_answers(clients)
                expect(address, group.resp, 'the address')
                backs.append(min(end for client in clients for _, begin, end in client.answers
                                 if begin > died) - died)
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
        expect([], [client.errors for client in clients if client.errors], 'errors')
        values = [value for client in clients for value, _, _ in client.answers]
        lost = sum(client.lost for client in clients)
        final = int(clients[0].redis.get('count'))
        expect(len(values), len(set(values)), 'different values')
        if not len(values) <= final <= len(values) + lost:
            raise AssertionError(f'the counter is {final} after {len(values)} answers and {lost} '
                                 'lost ones')
    return (f'{len(values)} answers, {lost} tries without one, the counter is {final}; clients '
            f'count again {", ".join(map(milliseconds, backs))} after the bridge was killed')


def wait_answers(clients):
    before = [len(client.answers) for client in clients]
    wait_until(lambda: all(len(client.answers) >= had + MORE_ANSWERS
                           for client, had in zip(clients, before)), 'every client is answered',
               SERVED_SECONDS)


def main():
    checks = Checks('Redis clients of a group that has faults.',
                    [nobody_notices, two_replicas_stopped, tokens_count_once, a_bridge_comes_back])
    checks.parser.add_argument('--ours', required=True, metavar='BIN_DIR', type=pathlib.Path)
    options = checks.parse()
    for check in checks.chosen:
        checks.run(check, options.ours)
    return checks.end()


if __name__ == '__main__':
    sys.exit(main())
