#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes one fault after another: whenever f+1 whole replicas are there, clients must be served.

A first replica fails and is evicted, and it is healed. After a delay, which often is none, a second
one fails, though the first one may still wait for its cool-down, recover, or be on probation.
Clients increment all the while, and every answer is judged. A pair is two replicas with a fault of
each:

  hang         SIGSTOP; healed by SIGCONT
  kill         SIGKILL; healed when `tally up` has started it again
  lie          wrong-value; as a first fault it ends by itself, so that the distributor is not
               told of it and the cool-down goes on
  wrong-state  a bit of its memory flips, once; healed when the replica votes or is on
               probation, and is close behind
  wiped        its directory is removed and its process is killed; healed in the same way

fault_pairs_test.py BIN_DIR runs a few pairs, --pairs N runs some of the 150, --all runs every one.
Exit code 0 means: no client waited long, nothing was lost, counted twice or answered wrongly, and
no group halted.
"""

import argparse
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import typing

from group import Group, process_is_alive, wait_until
from load import Load

LONGEST_GAP_SECONDS = 2.5
MASKED_GAP_SECONDS = 0.25  # a second fault is masked if no longer pause follows
SERVED_SECONDS = 8
WATCH_SECONDS = 2.5  # after clients are served again
PATIENCE_SECONDS = 5  # with cool-downs after a pair; then an operator readmits
HEALING_SECONDS = 60
STATUS_SECONDS = 5
RESCUE_SECONDS = 5
LIE_SECONDS = 0.5
CLOSE_BEHIND_ORDERS = 20
MOST_DISSENTS = 5  # of a replica before a pair; ten in ten minutes lead to quarantine
CLIENTS = 6
# Between two increments, so that judging them does not take too long.
CLIENT_PAUSE_SECONDS = 0.005
CLIENT_TIMEOUT_SECONDS = 3  # the bridge answers after two


class Pair(typing.NamedTuple):
    first: str
    a: int
    second: str
    b: int
    delay: float = 0.0  # from the healing of the first one to the second fault
    hold: float = 0.0  # how much longer than necessary the first fault lasts

    def __str__(self):
        return (f'{self.first} {self.a}, {self.second} {self.b}, delay {self.delay:.2f} s, '
                f'held {self.hold:.2f} s')


A_FEW = (Pair('hang', 1, 'hang', 2), Pair('hang', 2, 'kill', 3), Pair('lie', 3, 'lie', 1),
         Pair('lie', 1, 'hang', 3), Pair('wiped', 2, 'kill', 1), Pair('wrong-state', 3, 'lie', 2),
         Pair('kill', 1, 'lie', 2))
IMPORTS = {'TALLY_CHECKPOINT_ORDERS': '500', 'TALLY_IMPORT_ORDERS': '100'}


def pass_time(seconds):
    """Lets so many seconds pass, because something is to last so long."""
    time.sleep(max(0.0, seconds))


def milliseconds(seconds):
    return f'{seconds * 1000:.0f} ms'


def status(group):
    """Asks the bridge, which is quicker than starting a process for each look."""
    def told():
        code, body = group.request('GET', '/v1/cluster', headers=group.admin_headers(), timeout=STATUS_SECONDS)
        return body if code == 200 else None
    return json.loads(wait_until(told, 'the bridge tells the status', STATUS_SECONDS))


def replica(group, number):
    return next(told for told in status(group)['replicas'] if told['id'] == number)


# ---- faults

class Fault:
    """What happens to one replica. begin() makes it happen. last() returns when the replica has
    been evicted for it and `hold` more seconds have passed. heal() ends the fault, or returns when
    it is over. A fault without `hold` is the second one of a pair."""

    def __init__(self, group, number, hold=None):
        self.group = group
        self.number = number
        self.hold = hold
        self.role = f'replica-{number}'
        self.process = group.pid(self.role)
        self.evictions = replica(group, number)['evictions']

    def begin(self):
        raise NotImplementedError

    def last(self):
        self.wait_put_out()
        pass_time(self.hold)

    def heal(self):
        pass

    def wait_put_out(self):
        wait_until(lambda: replica(self.group, self.number)['evictions'] > self.evictions,
                   f'{self.role} is evicted')

    def wait_started_again(self):
        self.process = self.group.wait_new_pid(self.role, self.process)

    def wait_close_behind(self):
        def close():
            told = replica(self.group, self.number)
            return (told['pid'] == self.process and told['state'] in ('voting', 'probation')
                    and told['lag'] <= CLOSE_BEHIND_ORDERS)
        wait_until(close, f'{self.role} is whole again')

    def inject(self, kind, **how):
        """Returns when the replica has been told."""
        log = self.group.data / 'log' / f'{self.role}.log'
        event = f'fault_injected kind={kind}'
        before = log.read_text().count(event)
        code, body = self.group.request('POST', f'/v1/cluster/replicas/{self.number}/fault',
                                        {'kind': kind, **how}, self.group.admin_headers())
        if code != 200:
            raise AssertionError(f'{kind} was not injected: {code} {body}')
        wait_until(lambda: log.read_text().count(event) > before,
                   f'{self.role} has been told {kind}', STATUS_SECONDS)


class Hang(Fault):
    def begin(self):
        os.kill(self.process, signal.SIGSTOP)

    def heal(self):
        os.kill(self.process, signal.SIGCONT)


class Kill(Fault):
    def begin(self):
        os.kill(self.process, signal.SIGKILL)

    def last(self):
        """The replica is started again before it is evicted."""

    def heal(self):
        self.wait_started_again()


class Lie(Fault):
    def begin(self):
        so_long = {} if self.hold is None else {'for_seconds': LIE_SECONDS + self.hold}
        self.inject('wrong-value', **so_long)
        self.began = time.monotonic()

    def last(self):
        self.wait_put_out()
        pass_time(self.began + LIE_SECONDS + self.hold - time.monotonic())

    def heal(self):
        if self.hold is None:
            self.group.tally('fault', 'clear', self.number)


class WrongState(Fault):
    def begin(self):
        self.inject('wrong-state')

    def last(self):
        self.wait_put_out()

    def heal(self):
        self.wait_close_behind()


class Wiped(Fault):
    def begin(self):
        os.kill(self.process, signal.SIGSTOP)  # so that nothing is written while the files vanish
        shutil.rmtree(self.group.data / self.role)
        os.kill(self.process, signal.SIGKILL)

    def last(self):
        self.wait_started_again()

    def heal(self):
        if self.hold is None:
            self.wait_started_again()
        self.wait_close_behind()


FAULTS = {'hang': Hang, 'kill': Kill, 'lie': Lie, 'wrong-state': WrongState, 'wiped': Wiped}


# ---- one pair

class Outcome:
    """What came of a pair. `violations` is empty if everything that must hold does."""

    def __init__(self, pair):
        self.pair = pair
        self.violations = []
        self.gap = self.client_gap = 0.0
        self.masked_after = None
        self.wrong = self.lost = self.twice = 0
        self.answered = 0
        self.spoiled = False  # true if the group must not be used again

    def violated(self, what):
        self.violations.append(what)

    def __str__(self):
        never = self.masked_after is None
        masked = 'never' if never else f'after {milliseconds(self.masked_after)}'
        return (f'longest gap {milliseconds(self.gap)}, of a client '
                f'{milliseconds(self.client_gap)}, masked {masked}; {self.answered} answered, '
                f'wrong {self.wrong}, lost {self.lost}, twice {self.twice}')


class Trial:
    """A pair of faults under load, in a group in which all replicas vote."""

    def __init__(self, group, pair):
        self.group = group
        self.outcome = Outcome(pair)
        self.faults = [FAULTS[pair.first](group, pair.a, pair.hold),
                       FAULTS[pair.second](group, pair.b)]
        self.load = Load(group.http, clients=CLIENTS, timeout=CLIENT_TIMEOUT_SECONDS,
                         pause=CLIENT_PAUSE_SECONDS, keyed=True)
        self.halts = self.count_halts()
        self.deaths = self.own_deaths()
        self.began = self.struck = self.ended = None
        self.served_again = False

    def run(self):
        with self.load:
            try:
                self.wait_all_served('load is answered')
                self.began = time.monotonic()
                self.fail()
                self.wait_all_vote()
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                self.outcome.violated(str(error))
                self.outcome.spoiled = True
                self.rescue()
            self.ended = time.monotonic()
        self.judge()
        return self.outcome

    def fail(self):
        first, second = self.faults
        first.begin()
        first.last()
        first.heal()
        pass_time(self.outcome.pair.delay)
        second.begin()
        self.struck = time.monotonic()
        try:
            self.wait_all_served('clients are served again')
            self.served_again = True
            pass_time(WATCH_SECONDS)
        except AssertionError as error:
            if self.is_halted():
                raise
            self.outcome.violated(str(error))
        second.heal()

    def wait_all_served(self, what):
        """Waits until each client has an answer to something that it asked for after this began."""
        now = time.monotonic()

        def served():
            if self.is_halted():
                raise AssertionError('the group is halted')
            return all(client and client[-1].begin > now and client[-1].outcome == 'answered'
                       for client in self.load.done)
        wait_until(served, what, SERVED_SECONDS)

    def wait_all_vote(self):
        """Leaves some cool-downs to end by themselves, because the next one is longer then."""
        try:
            wait_until(self.all_vote, 'all vote', PATIENCE_SECONDS)
        except AssertionError:
            if self.is_halted():
                raise
            for told in status(self.group)['replicas']:
                if told['state'] in ('evicted', 'quarantined'):
                    self.group.run('replica', 'readmit', told['id'])
            wait_until(self.all_vote, 'all replicas vote again', HEALING_SECONDS)

    def all_vote(self):
        if self.is_halted():
            raise AssertionError('the group is halted')
        told = status(self.group)
        return told['state'] == 'ok' and all(
            each['state'] == 'voting' and each['pid'] == self.group.pid(f'replica-{each["id"]}')
            for each in told['replicas'])

    def rescue(self):
        """Makes the group serve again, so that the increments under way are answered and can be
        judged."""
        for fault in self.faults:
            if process_is_alive(self.group.pid(fault.role)):
                os.kill(self.group.pid(fault.role), signal.SIGCONT)
        try:
            for fault in self.faults:
                self.group.run('fault', 'clear', fault.number, timeout=RESCUE_SECONDS)
            self.group.run('group', 'resume', timeout=RESCUE_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.outcome.violated(str(error))

    def count_halts(self):
        return (self.group.data / 'log' / 'distributor.log').read_text().count(' group_halted ')

    def is_halted(self):
        return self.count_halts() > self.halts

    def own_deaths(self):
        """Daemons that crashed: nobody killed them."""
        return {what: count for what, count in self.group.own_deaths().items()
                if not what.endswith('hung')}

    # ---- what came of it

    def judge(self):
        outcome = self.outcome
        self.judge_gaps()
        report = self.load.report()
        outcome.answered = report['answered']
        outcome.wrong = report['order_violations'] + sum(
            increment.value < 1 for increment in self.load.with_outcome('answered'))
        outcome.twice = report['twice']
        try:
            outcome.lost, excess = self.load.lost(self.group)
            outcome.twice += excess
        except (AssertionError, OSError) as error:
            outcome.violated(f'the counters cannot be read: {error}')
            outcome.spoiled = True
        for what in ('wrong', 'lost', 'twice'):
            if getattr(outcome, what):
                outcome.violated(f'{what}: {getattr(outcome, what)}')
        unanswered = len(self.load.all()) - outcome.answered
        if unanswered:
            outcome.violated(f'{unanswered} increments were never answered')
        outcome.spoiled = outcome.spoiled or self.is_halted()
        if self.own_deaths() != self.deaths:
            outcome.violated(f'daemons died that nobody killed: {self.own_deaths()}')

    def judge_gaps(self):
        if self.began is None:
            return
        outcome = self.outcome
        ends = [[increment.end for increment in client
                 if increment.outcome == 'answered' or increment is client[-1]]
                for client in self.load.done]
        gaps = list(self.gaps(sorted(itertools.chain(*ends))))
        outcome.gap = max((b - a for a, b in gaps), default=0.0)
        outcome.client_gap = max((b - a for client in ends for a, b in self.gaps(client)),
                                 default=0.0)
        if outcome.client_gap >= LONGEST_GAP_SECONDS:
            outcome.violated(f'a client waited for {milliseconds(outcome.client_gap)}')
        if self.served_again and not self.is_halted():
            pauses = [b - self.struck for a, b in gaps
                      if b > self.struck and b - a > MASKED_GAP_SECONDS]
            outcome.masked_after = max(pauses, default=0.0)

    def gaps(self, moments):
        return ((a, b) for a, b in zip(moments, moments[1:]) if a <= self.ended and b >= self.began)


# ---- all pairs

def drawn(seed, first, a, second, b):
    """Draws the delays of a pair. They are the same whichever other pairs are run. Half of them are
    zero, and most others are short."""
    draw = random.Random(f'{seed} {first} {a} {second} {b}')

    def seconds(most):
        return 0.0 if draw.random() < 0.5 else draw.uniform(0, draw.choice((1, most)))
    return Pair(first, a, second, b, seconds(5), seconds(4))


def all_pairs(seed):
    """Returns all pairs in an order that is drawn too, so that what a group has gone through before
    differs."""
    pairs = [drawn(seed, first, a, second, b) for a, b in itertools.permutations((1, 2, 3), 2)
             for first, second in itertools.product(FAULTS, repeat=2)]
    random.Random(seed).shuffle(pairs)
    return pairs


def is_worn_out(group):
    return any(told['dissents'] > MOST_DISSENTS for told in status(group)['replicas'])


def run_pairs(bin_dir, pairs, environment):
    """Runs as many pairs in one group as it lives through, and then begins another group."""
    outcomes = []
    while len(outcomes) < len(pairs):
        with Group(bin_dir, '--fault-injection', environment=environment) as group:
            group.wait_all_vote()
            for pair in pairs[len(outcomes):]:
                outcome = Trial(group, pair).run()
                outcomes.append(outcome)
                print(f'{len(outcomes):>3}/{len(pairs)}  {pair}: {outcome}', file=sys.stderr)
                for violation in outcome.violations:
                    print(f'         VIOLATION: {violation}', file=sys.stderr)
                if outcome.violations:
                    group.print_logs()
                if outcome.spoiled or is_worn_out(group):
                    break
    return outcomes


def print_table(outcomes):
    """Prints the longest time that a client waited, in ms. It is bold if anything was violated."""
    print(f'| first \\ second | {" | ".join(FAULTS)} |')
    print(f'| --- |{" ---: |" * len(FAULTS)}')
    for first in FAULTS:
        cells = []
        for second in FAULTS:
            those = [each for each in outcomes
                     if (each.pair.first, each.pair.second) == (first, second)]
            text = f'{max(each.client_gap for each in those) * 1000:.0f}' if those else ''
            cells.append(f'**{text}**' if any(each.violations for each in those) else text)
        print(f'| {first} | {" | ".join(cells)} |')


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', type=pathlib.Path)
    parser.add_argument('--all', action='store_true', help='all ordered pairs')
    parser.add_argument('--pairs', type=int, metavar='N', help='so many of them, at random')
    parser.add_argument('--pair', nargs=4, action='append', metavar=('FIRST', 'A', 'SECOND', 'B'),
                        help='this one; may be given again')
    parser.add_argument('--seed', type=int, help='of delays, and of the order (default: random)')
    parser.add_argument('--delay', type=float, help='seconds, instead of those drawn')
    parser.add_argument('--hold', type=float, help='seconds, instead of those drawn')
    parser.add_argument('--imports', action='store_true',
                        help='checkpoints every 500 orders; who misses 100 imports a state')
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.randrange(1 << 32)
    return arguments


def chosen(arguments):
    if arguments.pair:
        pairs = [drawn(arguments.seed, first, int(a), second, int(b))
                 for first, a, second, b in arguments.pair]
    elif arguments.all or arguments.pairs:
        pairs = all_pairs(arguments.seed)[:None if arguments.all else arguments.pairs]
    else:
        pairs = list(A_FEW)
    for what in ('delay', 'hold'):
        if getattr(arguments, what) is not None:
            pairs = [pair._replace(**{what: getattr(arguments, what)}) for pair in pairs]
    return pairs


def main():
    arguments = parse()
    pairs = chosen(arguments)
    print(f'{len(pairs)} pairs of faults, {CLIENTS} clients, seed {arguments.seed}', flush=True)
    outcomes = run_pairs(arguments.bin_dir, pairs, IMPORTS if arguments.imports else {})
    if arguments.all or arguments.pairs:
        print_table(outcomes)
    for outcome in outcomes:
        for violation in outcome.violations:
            print(f'{outcome.pair}: {violation}')
    failed = sum(bool(outcome.violations) for outcome in outcomes)
    answered = sum(outcome.answered for outcome in outcomes)
    longest = max(outcome.client_gap for outcome in outcomes)
    print(f'{len(outcomes) - failed} of {len(outcomes)} pairs passed; {answered} increments '
          f'answered, the longest that a client waited {milliseconds(longest)}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
