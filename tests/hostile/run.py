#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks, each on a fresh group under honest load: what do honest clients notice, and is all well
afterwards?

    run.py [BIN_DIR] --list | --all | --short | NAME… [--seconds N] [--verbose]

The attacks are in attacks_*.py, with what each may cost. For each one `tally up` starts a group in
a temporary directory. Honest clients count there: alone (before), while the attack runs (during),
and then alone again (after). The group withstands the attack when
- the honest p50 during the attack is at most five times that before,
- no honest request was refused, or got a wrong answer, or none,
- no daemon ended, but those that the attack itself ends as part of the fault that it plays,
- the resident memory of no daemon grew by more than the attack's bound,
- the logs grew by less than a megabyte a minute,
- all replicas vote within 40 s of the attack's end, and every counter holds exactly what its client
  was told,
- the attacker itself did not find what must not be (it says so with target.found()).

An attack that is known not to be withstood yet says so in the table (`known`), and does not fail
the run. When it is withstood, the mark is to be removed. What libzmq gives no means against is
shown apart.
"""

import argparse
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'process'))

import attacks  # pylint: disable=wrong-import-position
from group import Group, wait_until  # pylint: disable=wrong-import-position
from honest import Honest  # pylint: disable=wrong-import-position
from processes import MIB, memory_bytes  # pylint: disable=wrong-import-position

MOST_SLOWER = 5
# A p50 below this counts as this, because two cores are not quieter than that.
ALONE_MS = 4.0
MOST_LOG_BYTES_A_MINUTE = 1_000_000
VOTES_SECONDS = 40
ENOUGH_INCREMENTS = 100  # of each honest client, alone and afterwards
ENOUGH_SECONDS = 30
AFTERWARDS_SECONDS = 12
SAMPLE_SECONDS = 0.05
# An attack that has cost a daemon so much has shown what it can do.
ENOUGH_GROWTH = 1536 * MIB
# The attacker stands for somebody elsewhere, who has a processor of his own.
ATTACKER_NICENESS = 5
GRACE_SECONDS = 60  # beyond its time, for an attacker to end by itself


class Watch:
    """Looks at the daemons all the time: at their memory, at their logs, and at who has ended."""

    def __init__(self, group, stop_attack):
        self.group = group
        self.stop_attack = stop_attack
        self.pids = group.pids()
        self.before = {role: memory_bytes(pid) for role, pid in self.pids.items()}
        self.growth = dict.fromkeys(self.pids, 0)
        self.seen = {role: {pid} for role, pid in self.pids.items()}
        self.cut_off = False
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.ending.wait(SAMPLE_SECONDS):
            for role in self.pids:
                try:
                    pid = self.group.pid(role)
                    growth = memory_bytes(pid) - self.before[role]
                except (OSError, ValueError):
                    continue  # it is just being started again
                self.seen[role].add(pid)
                self.growth[role] = max(self.growth[role], growth)
                if growth > ENOUGH_GROWTH and not self.cut_off:
                    self.cut_off = True
                    self.stop_attack()

    def stop(self):
        self.ending.set()
        self.thread.join()

    def ended(self):
        """Returns {role: how many of its processes have ended}."""
        return {role: len(pids) - 1 for role, pids in self.seen.items() if len(pids) > 1}

    def worst(self):
        return max(self.growth.items(), key=lambda entry: entry[1])


def log_bytes(group):
    return sum(path.stat().st_size for place in ('log', 'audit')
               for path in (group.data / place).iterdir())


class Attacker:
    """The attack, in a process of its own."""

    def __init__(self, attack, group, seconds):
        self.seconds = seconds
        command = [sys.executable, str(HERE / 'attacks.py'), attack.name, str(group.bin_dir),
                   str(group.data), str(seconds)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True,
                                        preexec_fn=lambda: os.nice(ATTACKER_NICENESS))

    def stop(self):
        """Ends the attack at once by ending its standard input. Returns what it did."""
        try:
            self.process.stdin.close()
        except OSError:
            pass

    def wait(self):
        try:
            output, _ = self._communicate()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return {'did': {}, 'found': ['the attacker itself hangs']}
        if self.process.returncode != 0:
            return {'did': {},
                    'found': [f'the attacker itself ended with {self.process.returncode}']}
        return json.loads(output.splitlines()[-1])

    def _communicate(self):
        end = time.monotonic() + self.seconds + GRACE_SECONDS
        output = []
        reader = threading.Thread(target=lambda: output.append(self.process.stdout.read()),
                                  daemon=True)
        reader.start()
        self.process.wait(max(0, end - time.monotonic()))
        reader.join(GRACE_SECONDS)
        return ''.join(output), None


class LimitedGroup(Group):
    """A group under the attack's limits of the kernel, which are soft ones."""

    def __init__(self, attack):
        super().__init__(options.bin_dir, *attack.up_args, environment=attack.environment)
        self.limits = {resource.RLIMIT_NOFILE: attack.descriptors,
                       resource.RLIMIT_DATA: attack.data_limit}

    def launch(self):
        kept = {which: resource.getrlimit(which) for which in self.limits}
        for which, limit in self.limits.items():
            if limit:
                resource.setrlimit(which, (limit, kept[which][1]))
        try:
            super().launch()
        finally:
            for which, limit in kept.items():
                resource.setrlimit(which, limit)

    def print_logs(self, lines=40):
        if options.verbose:
            super().print_logs(lines)


def all_vote(group):
    try:
        return all(replica['state'] == 'voting' and replica['lag'] < 256
                   for replica in group.status()['replicas'])
    except (AssertionError, subprocess.TimeoutExpired, ValueError):
        return False


def carry_out(attack, seconds):
    """Carries out one attack, from the start of the group to its end. Returns the row of the table.
    """
    with LimitedGroup(attack) as group:
        group.wait_all_vote()
        password = attack.environment.get('TALLY_RESP_PASSWORD')
        honest = Honest({**group.endpoints(), 'resp_password': password}).start()
        try:
            row = under_load(attack, seconds, group, honest)
            if row.complaints:
                group.print_logs()
            return row
        finally:
            honest.kill()


def under_load(attack, seconds, group, honest):
    wait_until(lambda: honest.answered() > 20, 'honest clients are answered', ENOUGH_SECONDS)
    alone = [time.monotonic(), None]
    first = honest.answered()
    wait_until(lambda: honest.answered() > first + ENOUGH_INCREMENTS,
               'honest clients are answered', ENOUGH_SECONDS)
    alone[1] = begin = time.monotonic()
    logged = log_bytes(group)
    attacker = Attacker(attack, group, seconds)
    watch = Watch(group, attacker.stop)
    try:
        told = attacker.wait()
        end = time.monotonic()
        log_growth = (log_bytes(group) - logged) / (end - begin) * 60
        complaints = [f'found: {text}' for text in told['found']]
        votes_after = None
        try:
            wait_until(lambda: all_vote(group), 'all replicas vote', VOTES_SECONDS)
            votes_after = time.monotonic() - end
        except AssertionError:
            complaints.append(f'not all vote within {VOTES_SECONDS} s')
        over = time.monotonic()
        first = honest.answered()
        try:
            wait_until(lambda: honest.answered() > first + ENOUGH_INCREMENTS,
                       'answered afterwards', AFTERWARDS_SECONDS)
        except AssertionError:
            complaints.append('honest clients are not answered afterwards')
        finish = time.monotonic()
    finally:
        watch.stop()
        attacker.stop()
    try:
        report = honest.stop()
    except AssertionError as error:
        return Row(attack, complaints + [str(error)], told, watch)
    row = Row(attack, complaints, told, watch)
    row.before, row.during = report.window(*alone), report.window(begin, end)
    row.meanwhile, row.after = report.window(begin, over), report.window(over, finish)
    row.log_kb, row.votes_after = log_growth / 1000, votes_after
    row.seconds = end - begin
    row.judge(report.totals_wrong)
    return row


class Row:
    before = during = meanwhile = after = votes_after = None
    log_kb = seconds = 0.0

    def __init__(self, attack, complaints, told, watch):
        self.attack = attack
        self.complaints = complaints
        self.did = told['did']
        self.watch = watch
        self.judge_daemons()

    def judge_daemons(self):
        for role, count in self.watch.ended().items():
            if role not in self.attack.victims:
                self.complaints.append(f'{role} ended{"" if count == 1 else f" {count} times"}')
        role, growth = self.watch.worst()
        if growth > self.attack.memory_mib * MIB:
            self.complaints.append(f'{role} grew by {growth // MIB} MiB')

    def judge(self, totals_wrong):
        allowed = MOST_SLOWER * max(self.before.p50, ALONE_MS)
        if not self.during.p50 <= allowed:
            self.complaints.append(f'p50 {self.during.p50:.0f} ms')
        for kind in ('refused', 'unknown', 'wrong'):
            count = getattr(self.meanwhile, kind) + getattr(self.after, kind)
            if count:
                details = self.meanwhile.details or self.after.details
                self.complaints.append(f'{count} {kind} {details}')
        if self.log_kb * 1000 > MOST_LOG_BYTES_A_MINUTE:
            self.complaints.append(f'log {self.log_kb / 1000:.1f} MB a minute')
        self.complaints += totals_wrong

    def verdict(self):
        if not self.complaints:
            return 'holds' + (', known mark to be removed' if self.attack.known else '')
        if self.attack.apart:
            return 'apart'
        return 'known' if self.attack.known else 'FAILS'

    def text(self):
        def p50(window):
            return f'{window.p50:8.1f}' if window and window.p50 == window.p50 else f'{"-":>8}'
        role, growth = self.watch.worst()
        refused = sum(self.meanwhile[4:7]) if self.meanwhile else '-'
        worst = f'{self.meanwhile.worst:8.0f}' if self.meanwhile else f'{"-":>8}'
        votes = f'{self.votes_after:6.1f}' if self.votes_after is not None else f'{"never":>6}'
        p50s = ''.join(p50(window) for window in (self.before, self.during, self.after))
        return (f'{self.attack.name:<26}{self.attack.kind:<11}{p50s}{worst}{refused:>8} '
                f'{growth / MIB:7.0f} {role:<11}{self.log_kb:9.0f} {votes}  {self.verdict()}')


HEADING = (f'{"attack":<26}{"kind":<11}{"before":>8}{"during":>8}{"after":>8}{"worst":>8}'
           f'{"refused":>8} {"MiB":>7} {"of":<11}{"log KB/m":>9} {"votes":>6}')


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='[BIN_DIR] NAME', help='attacks')
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--short', action='store_true',
                        help='the selection that is part of ./scripts/test')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--seconds', type=float,
                        help='of each attack, instead of what the table says')
    parser.add_argument('--verbose', action='store_true',
                        help='what the daemons said, when something fails')
    parsed = parser.parse_args()
    parsed.bin_dir = HERE.parents[1] / 'build' / 'release' / 'bin'
    if parsed.names and '/' in parsed.names[0]:
        parsed.bin_dir = pathlib.Path(parsed.names.pop(0))
    unknown = set(parsed.names) - set(attacks.TABLE)
    if unknown or not (parsed.names or parsed.all or parsed.short or parsed.list):
        parser.error(f'no such attack: {", ".join(sorted(unknown))}' if unknown
                     else 'which attacks?')
    return parsed


def chosen():
    for attack in attacks.TABLE.values():
        if options.all or attack.name in options.names or (options.short and attack.short):
            yield attack, options.seconds or (attack.short if options.short else attack.seconds)


def main():
    if options.list:
        for attack in attacks.TABLE.values():
            print(f'{attack.name:<26}{attack.kind:<11}{attack.what}')
            if attack.known:
                print(f'{"":<26}{"":<11}known: {attack.known}')
        return 0
    print(HEADING, flush=True)
    failed = False
    for attack, seconds in chosen():
        try:
            row = carry_out(attack, seconds)
        except (AssertionError, OSError) as error:
            print(f'{attack.name:<26}{attack.kind:<11}FAILS: {error}', flush=True)
            failed = True
            continue
        print(row.text(), flush=True)
        for complaint in row.complaints:
            print(f'    {complaint}', flush=True)
        if attack.known and row.complaints:
            print(f'    known: {attack.known}', flush=True)
        if attack.apart:
            print(f'    apart: {attack.apart}', flush=True)
            print(f'    ended by the limit of {attack.data_limit // MIB} MiB: '
                  f'{row.watch.ended() or "nobody"}; all vote again '
                  f'{row.votes_after or VOTES_SECONDS:.1f} s after the attack', flush=True)
        if row.did:
            print(f'    did: {row.did}' + (', cut off' if row.watch.cut_off else ''), flush=True)
        failed |= row.verdict() == 'FAILS'
    return int(failed)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = parse()
    sys.exit(main())
