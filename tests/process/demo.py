#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The guided tour of fault masking: under real load, one replica after another is killed, hung, and
made to lie.

The exit code is 0 only if every answer was right, and every replica is back.
"""

import argparse
import os
import signal
import sys
import time

from group import Group, wait_until
from load import Load

HEALING_SECONDS = 30


def say(text):
    print(text, flush=True)


class Tour:
    def __init__(self, group, load):
        self.group = group
        self.load = load
        self.rows = []

    def act(self, title, number, harm, heal, verdict):
        """Harms replica `number`, watches what becomes of it, heals it, and notes a row of the
        table."""
        before = self.group.replica(number)
        say(f'\n{title}')
        begun = time.monotonic()
        harm()
        evicted = None
        if verdict:
            wait_until(lambda: self.group.replica(number)['evictions'] > before['evictions'],
                       f'replica {number} is evicted', HEALING_SECONDS)
            evicted = time.monotonic() - begun
            found = self.group.replica(number)['last_verdict']
            say(f'  {evicted * 1000:.0f} ms later: evicted for {found["reason"]} at order {found["sequence"]}; '
                f'{self.group.status()["state"]}, clients go on')
            if found['reason'] != verdict:
                raise AssertionError(f'evicted for {found["reason"]}, not {verdict}')
        heal()
        self.group.wait_votes(number, HEALING_SECONDS)
        whole = time.monotonic()
        say(f'  {whole - begun:.1f} s after the fault: it executed what it missed, its votes matched, it votes again')
        self.rows.append((title.split(':')[0], number, verdict or 'none needed', evicted, whole - begun,
                          self.load.longest_gap(begun, whole)))

    def kill(self, number):
        role = f'replica-{number}'
        pid = self.group.pid(role)
        self.act(f'kill: replica {number} (pid {pid}) gets SIGKILL', number, lambda: os.kill(pid, signal.SIGKILL),
                 lambda: self.group.wait_new_pid(role, pid), None)

    def hang(self, number):
        pid = self.group.pid(f'replica-{number}')
        self.act(f'hang: replica {number} (pid {pid}) gets SIGSTOP', number, lambda: os.kill(pid, signal.SIGSTOP),
                 lambda: os.kill(pid, signal.SIGCONT), 'silence')

    def lie(self, number):
        self.act(f'lie: replica {number} answers one too much from now on', number,
                 lambda: self.group.tally('fault', 'inject', number, 'wrong-value'),
                 lambda: self.group.tally('fault', 'clear', number), 'dissent')

    def table(self):
        say(f'\n{"fault":6} {"replica":>7} {"verdict":>12} {"evicted after":>13} {"votes again":>11} {"longest gap":>11}')
        for name, number, verdict, evicted, whole, gap in self.rows:
            after = f'{evicted * 1000:.0f} ms' if evicted is not None else '-'
            say(f'{name:6} {number:>7} {verdict:>12} {after:>13} {whole:>9.1f} s {gap * 1000:>8.1f} ms')


def main():
    parser = argparse.ArgumentParser(prog='scripts/demo', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    with Group(arguments.bin_dir, '--fault-injection') as group:
        say(f'A group of three replicas answers at {group.http}. Eight clients count page hits.')
        group.wait_all_vote()
        with Load(group.http, clients=8) as load:
            wait_until(lambda: load.answered_count() > 500, 'load is answered')
            tour = Tour(group, load)
            tour.kill(1)
            tour.hang(2)
            tour.lie(3)
            seen = load.answered_count()
            wait_until(lambda: load.answered_count() > seen + 500, 'load is answered afterwards')
        tour.table()
        report = load.check(group)
        say(f'\nclients: {report["answered"]} increments answered, {report["refused"]} refused, '
            f'{report["unknown"]} without an answer')
        say(f'judged:  {report["lost"]} lost, {report["twice"] + report["excess"]} counted twice, '
            f'{report["order_violations"]} out of order; longest gap between two answers {report["longest_gap_ms"]} ms')
        say(f'audit:   {group.tally("audit", "verify", group.data / "audit" / "audit.jsonl")}')
        if report['refused'] or report['unknown']:
            say('FAILED: clients noticed a fault')
            return 1
    say('\nEvery answer was right.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
