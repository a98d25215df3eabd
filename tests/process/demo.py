#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The guided tour of fault masking: under real load, one replica after another is killed, hung, made
to lie, and loses its disk. Then two are faulty at once.

A terminal shows each replica's lane from the clients to their answers, as it is at that moment.
NO_COLOR is honoured. The exit code is 0 only if every answer was right, no client noticed a single
fault, the group gave no answer rather than a wrong one when two replicas were faulty, every replica
is back, and the audit log is whole.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import textwrap
import threading
import time

import lanes
from group import Group, wait_until
from load import Load

HEALING_SECONDS = 30
MASKED_GAP_SECONDS = 0.9  # a fault that is not masked costs at least the second until a verdict
UNAVAILABLE_SECONDS = 2.5
READING_SECONDS = 1.5  # for each sentence, where somebody looks on
DRAW_SECONDS = 0.2
FILL_SECONDS = 4
# Many checkpoints; and a small journal, so that its beginning is soon cut off.
ENVIRONMENT = {'TALLY_CHECKPOINT_ORDERS': '200', 'TALLY_JOURNAL_MIB': '8'}


def wrap(text):
    return textwrap.wrap(text, lanes.WIDTH, subsequent_indent='   ') or ['']


class Screen:
    """What the tour says, and below it the picture. On a terminal the picture moves; elsewhere it
    is printed at the moments that matter."""

    def __init__(self, file=sys.stdout, pace=None):
        size = shutil.get_terminal_size()
        self.file = file
        self.moves = (file.isatty() and os.environ.get('TERM') != 'dumb' and size.columns > lanes.WIDTH
                      and size.lines > 16)
        self.has_colour = self.moves and not os.environ.get('NO_COLOR')
        self.is_ascii = not (getattr(file, 'encoding', None) or '').lower().startswith('utf')
        self.pace = (READING_SECONDS if self.moves else 0.0) if pace is None else pace
        self.watch = None
        self.drawn = 0
        self.written = []  # and not flushed, so that the picture changes at once
        self.lock = threading.Lock()
        self.stopping = threading.Event()

    def say(self, text=''):
        with self.lock:
            self._erase()
            for line in wrap(text):
                self._print(line)
            self._draw()
        if text:
            self.stopping.wait(self.pace)

    def show(self):
        """Something has happened that is worth a look."""
        if self.watch and not self.moves:
            self.watch.refresh()
            for line in [[], *lanes.draw(self.watch.look()), []]:
                self._print(lanes.plain(line))

    def begin(self, watch):
        self.watch = watch
        if self.moves:
            self.thread = threading.Thread(target=self._run)
            self.thread.start()

    def end(self):
        """The picture stays where it is, and moves no more."""
        self.stopping.set()
        if self.moves:
            self.thread.join()
        self.drawn, self.watch = 0, None

    def _run(self):
        while not self.stopping.wait(DRAW_SECONDS):
            with self.lock:
                self._erase()
                self._draw()

    def _erase(self):
        if self.drawn:
            self.written.append(f'\x1b[{self.drawn}A\x1b[J')
            self.drawn = 0

    def _draw(self):
        if self.watch and self.moves:
            lines = [[], *lanes.draw(self.watch.look())]
            self.drawn = len(lines)
            for line in lines:
                self._print(lanes.coloured(line) if self.has_colour else lanes.plain(line))
        self.file.write(''.join(self.written))
        self.file.flush()
        self.written.clear()

    def _print(self, text):
        self.written.append((text.translate(lanes.ASCII) if self.is_ascii else text) + '\n')


class Tour:
    def __init__(self, group, load, watch, screen):
        self.group = group
        self.load = load
        self.watch = watch
        self.screen = screen
        self.rows = []
        self.unmet = []  # what did not hold

    def must(self, holds, what):
        if not holds:
            self.unmet.append(what)
            self.screen.say(f'   THIS DID NOT HOLD: {what}.')

    def log(self, role):
        return (self.group.data / 'log' / f'{role}.log').read_text()

    def act(self, name, title, number, harm, heal, verdict):
        """Harms replica `number`, watches what becomes of it, heals it, and notes a row of the
        table. Returns after how long it votes again."""
        screen, before = self.screen, self.group.replica(number)
        screen.say()
        screen.say(title)
        begun = time.monotonic()
        harm()
        evicted = None
        if verdict:
            wait_until(lambda: self.group.replica(number)['evictions'] > before['evictions'],
                       f'replica {number} is evicted', HEALING_SECONDS)
            evicted = time.monotonic() - begun
            found = self.group.replica(number)['last_verdict']
            self.must(found['reason'] == verdict, f'the verdict on replica {number} is {verdict}')
            screen.say(f'   The comparator found {found["reason"]} at order {found["sequence"]:,}. '
                       f'It lost its vote after {evicted * 1000:.0f} ms.')
            screen.say('   The other two agree, and so every client is answered as before.')
            screen.show()
        healed = time.monotonic() if verdict else begun
        heal()
        self.group.wait_votes(number, HEALING_SECONDS)
        whole = time.monotonic()
        gap = self.load.longest_gap(begun, whole)
        after = self.group.replica(number)
        if not verdict and after['evictions'] > before['evictions']:
            verdict = after['last_verdict']['reason']
        self.rows.append((name, str(number), verdict or 'none needed', evicted, whole - healed, gap))
        self.must(gap < MASKED_GAP_SECONDS, f'no client noticed "{name}"')
        return whole - healed

    def kill(self, number):
        role = f'replica-{number}'
        pid = self.group.pid(role)
        before = len(self.log(role))
        after = self.act('kill', f'1. Replica {number} crashes: its process {pid} is killed.', number,
                         lambda: os.kill(pid, signal.SIGKILL), lambda: self.group.wait_new_pid(role, pid), None)
        self.must('checkpoint_restored' in self.log(role)[before:], f'replica {number} loaded its checkpoint')
        self.screen.say(f'   After {after:.1f} s a new process has rolled back to the last checkpoint, has executed what '
                        'it missed, and votes.')
        self.screen.show()

    def hang(self, number):
        pid = self.group.pid(f'replica-{number}')
        self.watch.note(number, 'its process is stopped')
        after = self.act('hang', f'2. Replica {number} hangs: its process {pid} is stopped.', number,
                         lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT), 'silence')
        self.screen.say(f'   It was let go on. {after:.1f} s later its votes have matched, and it votes again.')
        self.screen.show()

    def lie(self, number):
        before = len(self.log(f'replica-{number}'))
        after = self.act('lie', f'3. Replica {number} lies: it answers one too much from now on.', number,
                         lambda: self.group.tally('fault', 'inject', number, 'wrong-value'),
                         lambda: self.group.tally('fault', 'clear', number), 'dissent')
        self.must('rolled_back' in self.log(f'replica-{number}')[before:], f'replica {number} rolled back')
        self.screen.say(f'   It was mended. {after:.1f} s later it has rolled back, its votes have matched, and it '
                        'votes again.')
        self.screen.show()

    def lose(self, number):
        role = f'replica-{number}'
        pid = self.group.pid(role)
        before = len(self.log(role))
        filled = json.loads(self.group.tally('bench', '--seconds', FILL_SECONDS, '--pipeline', 16, '--json'))
        first = self.group.status()['journal_first']
        self.must(filled['errors'] == 0 and filled['verified'] and first > 1, 'the beginning of the journal was cut off')
        self.screen.say()
        self.screen.say(f'   Then {filled["operations"]:,} more increments in {FILL_SECONDS} s, which `tally bench` counts '
                        f'and checks by itself, made the journal so long that it was cut.')

        def harm():
            os.kill(pid, signal.SIGSTOP)  # so that nothing is written while the files vanish
            shutil.rmtree(self.group.data / role)
            os.kill(pid, signal.SIGKILL)

        def heal():
            wait_until(lambda: 'import_proven' in self.log(role)[before:], 'the state is proven', HEALING_SECONDS)
            self.group.wait_new_pid(role, pid)
        after = self.act('lose', f'4. Replica {number} loses its disk, and the journal begins only at order {first:,}.',
                         number, harm, heal, None)
        self.screen.say(f'   {after:.1f} s later it has rolled forward: it took a state that the other two had sealed, '
                        'was compared on probation, and votes again.')
        self.screen.show()

    def two_at_once(self, hung, wrong):
        """Hangs one replica, and flips a bit in the memory of another one. No two are equal then."""
        screen, group = self.screen, self.group
        screen.say()
        screen.say(f'5. Two of three are faulty at once: {hung} hangs, and {wrong} has a wrong state.')
        dissents = group.replica(wrong)['dissents']
        begun = time.monotonic()
        faults = ((hung, 'hang', 'it hangs'), (wrong, 'wrong-state', 'a bit of its memory has flipped'))
        # By HTTP, since a second between the two would suffice to evict the first one.
        for number, kind, event in faults:
            code, body = group.request('POST', f'/v1/cluster/replicas/{number}/fault', {'kind': kind},
                                       group.admin_headers())
            if code != 200:
                raise AssertionError(f'{kind} was not injected: {code} {body}')
            self.watch.note(number, event)
        for number, kind, _ in faults:
            told = f'fault_injected kind={kind}'
            wait_until(lambda number=number, told=told: told in self.log(f'replica-{number}'), told, HEALING_SECONDS)
        broken = time.monotonic()

        def refused():
            code, body = group.request('POST', '/v1/counters/probe/increment')
            self.must(code in (503, 504), 'nothing is answered while two are faulty')
            return json.loads(body) if code == 503 else None
        problem = wait_until(refused, 'requests are refused', HEALING_SECONDS)
        self.must(problem['applied'] == 'no' and problem['reason'] == 'no_majority', 'the refusal has its reason')
        screen.say(f'   No two votes are equal, so nothing is answered: HTTP {problem["status"]}, {problem["reason"]}.')
        screen.say(f'   Advice: {problem["advice"]}')
        screen.stopping.wait(UNAVAILABLE_SECONDS)
        screen.show()
        answered = [increment for increment in self.load.with_outcome('answered') if increment.begin > broken]
        self.must(not answered, 'no client was answered while two were faulty')
        healed = time.monotonic()
        group.tally('fault', 'clear', hung)
        self.watch.note(hung, 'it goes on, and votes')
        wait_until(lambda: self.load.last_answer() > healed, 'clients are answered again', HEALING_SECONDS)
        again = self.load.last_answer() - healed
        screen.say(f'   Replica {hung} was let go on. {again * 1000:.0f} ms later clients were answered: its vote '
                   f'shows that replica {wrong} is wrong.')
        wait_until(lambda: group.replica(wrong)['dissents'] > dissents, 'the wrong state is found', HEALING_SECONDS)
        for number in (hung, wrong):
            group.wait_votes(number, HEALING_SECONDS)
        whole = time.monotonic()
        self.must(group.replica(wrong)['last_verdict']['reason'] == 'dissent', f'replica {wrong} is convicted')
        screen.say(f'   {whole - healed:.1f} s after that all three vote again.')
        screen.show()
        self.rows.append(('both', f'{hung}, {wrong}', 'no answer', None, whole - healed,
                          self.load.longest_gap(begun, whole)))

    def table(self):
        say = self.screen.say
        self.screen.pace = 0
        say()
        say(f'{"fault":6} {"replica":>7} {"verdict":>12} {"evicted after":>13} {"votes again":>11} {"longest gap":>12}')
        for name, number, verdict, evicted, whole, gap in self.rows:
            after = f'{evicted * 1000:.0f} ms' if evicted is not None else '-'
            say(f'{name:6} {number:>7} {verdict:>12} {after:>13} {whole:>9.1f} s {gap * 1000:>9.1f} ms')

    def judge(self, seconds):
        """Judges every answer, and says so."""
        report = self.load.check(self.group)
        twice = report['twice'] + report['excess']
        self.must(report['refused'] == 0 and report['unknown'] == 0, 'every increment was answered in the end')
        self.screen.say()
        self.screen.say(f'{report["answered"]:,} increments answered in {seconds:.0f} s, {report["lost"]} lost, {twice} '
                        f'counted twice, {report["order_violations"]} out of order')

    def prove(self):
        """Shows what is on record of the lie."""
        group, say = self.group, self.screen.say
        records = [json.loads(line) for line in (group.data / 'audit' / 'audit.jsonl').read_text().splitlines()]
        record = next(record for record in records
                      if record['kind'] == 'verdict' and record['reason'] == 'dissent')
        votes = record['evidence']['votes']
        equal = ' and '.join(str(vote['replica']) for vote in votes if vote['differs_in'] == 'none')
        other = next(vote for vote in votes if vote['differs_in'] != 'none')
        self.must(other['replica'] == record['replica'] and len(votes) == 3, 'the record has the votes')
        say(f'The lie is on record as number {record["number"]}: at order {record["sequence"]:,} replicas {equal} voted '
            f'the same, and replica {other["replica"]} differed in its {other["differs_in"]}.')
        say(f'  hash {record["hash"]}')
        result = group.run('audit', 'verify')
        self.must(result.returncode == 0, 'the audit log is whole')
        say('$ tally audit verify')
        for line in result.stdout.splitlines():
            say(f'  {line}')


def tour(bin_dir, screen):
    """Returns what did not hold."""
    with Group(bin_dir, '--fault-injection', environment=ENVIRONMENT) as group:
        screen.say('Three replicas count, each on its own. A comparator answers what two of them agree on.')
        screen.say(f'Eight clients count at {group.http} all the time.')
        group.wait_all_vote()
        # Each repeats what was not answered with the same Idempotency-Key until it is.
        with Load(group.http, clients=8, keyed=True) as load, lanes.Watch(group, load) as watch:
            begun = time.monotonic()
            wait_until(lambda: group.replica(1)['checkpoint'] and load.answered_count() > 500, 'load is answered')
            shown = Tour(group, load, watch, screen)
            screen.begin(watch)
            try:
                shown.kill(1)
                shown.hang(2)
                shown.lie(3)
                shown.lose(1)
                shown.must(load.repeated_count() == 0, 'no client had to repeat anything')
                shown.two_at_once(2, 3)
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + 500, 'load is answered afterwards')
                took = time.monotonic() - begun
            finally:
                screen.end()
        shown.table()
        shown.judge(took)
        shown.prove()
    screen.say()
    screen.say('All of this held, and every answer was right.' if not shown.unmet
               else f'FAILED: {"; ".join(shown.unmet)}')
    return shown.unmet


def main():
    parser = argparse.ArgumentParser(prog='scripts/demo', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', help=argparse.SUPPRESS)
    parser.add_argument('--pace', type=float, metavar='SECONDS',
                        help=f'pause after each sentence; {READING_SECONDS} on a terminal and 0 elsewhere, if not given')
    arguments = parser.parse_args()
    for number in (signal.SIGHUP, signal.SIGTERM):  # the group is stopped then
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        return 1 if tour(arguments.bin_dir, Screen(pace=arguments.pace)) else 0
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == '__main__':
    sys.exit(main())
