#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts the same faults to tally (three replicas), etcd (three members) and Redis (a primary, two
replicas, three sentinels), under the same load, and judges every answer by the same rules.

Each line of the table has servers of its own, which are started on loopback and ended in every
case. With --out, it also writes benchmarks/compare-faults.md and .svg there.

Exit codes: 0 done, 1 something failed, or tally did not keep what it promises; 2 usage, 130
interrupted. What etcd and Redis answer is a result, and no failure.
"""

import argparse
import contextlib
import dataclasses
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import fault_systems as systems
import plots
from bench import ROOT, machine
from increments import ANSWER_SECONDS, PAUSE_SECONDS, RETRY_SECONDS, Load, judge, longest_gap, total
from report import table
from timeline import sleep_until

CLIENTS = 6
BEFORE_SECONDS = 1.0  # how long the service is healthy under load before the fault
FIRST_SECONDS = 20  # until each client has been answered, in the beginning
FIRST_ANSWERS = 10
BACK_SECONDS = 15  # until each client is answered again, after the fault
CELL_SECONDS = 90  # for one line of the table, with its servers
SLICE_SECONDS = 0.2
FAILURES = (AssertionError, OSError, subprocess.SubprocessError)
PROGRAMS = {'tally': (), 'etcd': ('etcd',), 'redis': ('redis-server',), 'redis, no WAIT': ('redis-server',)}

HANG_SECONDS = 3
LONG_SECONDS = 6
FAULTS = {
    'killed': 'what leads is killed, and started again',
    'gone': f'what leads is killed, and stays away for {HANG_SECONDS} s',
    'hangs': f'what leads hangs for {HANG_SECONDS} s',
    'hangs longer': f'what leads hangs for {LONG_SECONDS} s',
    'other killed': 'another one is killed, and started again',
    'other hangs': f'another one hangs for {HANG_SECONDS} s',
    'wrong': 'one has a wrong value',
}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A line of the table: one fault of one system."""
    system: str
    fault: str  # a key of FAULTS
    who: str  # what it happens to
    start: callable  # takes bin_dir
    harm: callable  # takes the system and the load, returns a block that the harm lasts for
    lasts: float  # how long the block is
    rest: float  # how long the clients go on behind it
    has_gap: bool = True  # False if the clients are stopped meanwhile
    is_plotted: bool = True


def tally(fault, who, harm, lasts, rest, **more):
    return Cell('tally', fault, who, systems.TallySystem, lambda group, _: harm(group), lasts, rest, **more)


def etcd(fault, who, harm, lasts, rest):
    return Cell('etcd', fault, who, lambda _: systems.EtcdSystem(), lambda etcd, _: harm(etcd), lasts, rest)


def redis(fault, who, harm, lasts, rest):
    return Cell('redis', fault, who, lambda _: systems.RedisSystem(), harm, lasts, rest)


def plain_redis(fault, who, harm, lasts, rest):
    return Cell('redis, no WAIT', fault, who, lambda _: systems.PlainRedisSystem(), harm, lasts, rest,
                is_plotted=False)


def leader(members):
    return f'etcd-{members.leading}'


def follower(members):
    return f'etcd-{members.following}'


def primary(servers):
    return f'redis-{servers.primary()}'


def cells():
    gone, hung, longer = HANG_SECONDS, HANG_SECONDS, LONG_SECONDS
    beside = {'is_plotted': False}
    return [
        tally('killed', 'distributor', lambda group: systems.role_killed(group, 'distributor'), 0, 3),
        tally('killed', 'comparator', lambda group: systems.role_killed(group, 'comparator'), 0, 2, **beside),
        tally('killed', 'bridge', lambda group: systems.role_killed(group, 'bridge'), 0, 2, **beside),
        etcd('killed', 'leader', lambda etcd: systems.process_killed(etcd, leader(etcd)), 0, 3),
        redis('killed', 'primary', lambda redis, _: systems.process_killed(redis, primary(redis)), 0, 3),
        tally('gone', 'distributor', lambda group: systems.role_gone(group, 'distributor'), gone, 2),
        etcd('gone', 'leader', lambda etcd: systems.process_gone(etcd, leader(etcd)), gone, 2),
        redis('gone', 'primary', lambda redis, _: systems.process_gone(redis, primary(redis)), gone, 2),
        tally('hangs', 'distributor', lambda group: systems.role_stopped(group, 'distributor'), hung, 2),
        tally('hangs', 'comparator', lambda group: systems.role_stopped(group, 'comparator'), hung, 1, **beside),
        etcd('hangs', 'leader', lambda etcd: systems.process_stopped(etcd, leader(etcd)), hung, 2),
        redis('hangs', 'primary', lambda redis, _: systems.process_stopped(redis, primary(redis)), hung, 2),
        plain_redis('hangs', 'primary', lambda redis, _: systems.process_stopped(redis, primary(redis)), hung, 2),
        tally('hangs longer', 'distributor', lambda group: systems.role_stopped(group, 'distributor'), longer, 1),
        etcd('hangs longer', 'leader', lambda etcd: systems.process_stopped(etcd, leader(etcd)), longer, 1),
        redis('hangs longer', 'primary', lambda redis, _: systems.process_stopped(redis, primary(redis)), longer, 1),
        tally('other killed', 'replica', lambda group: systems.role_killed(group, 'replica-1'), 0, 2),
        etcd('other killed', 'follower', lambda etcd: systems.process_killed(etcd, follower(etcd)), 0, 2),
        redis('other killed', 'replica', lambda redis, _: systems.process_killed(redis, 'redis-1'), 0, 2),
        tally('other hangs', 'replica', lambda group: systems.role_stopped(group, 'replica-2'), hung, 1),
        etcd('other hangs', 'follower', lambda etcd: systems.process_stopped(etcd, follower(etcd)), hung, 1),
        redis('other hangs', 'replica', lambda redis, _: systems.process_stopped(redis, 'redis-1'), hung, 1),
        tally('wrong', 'replica answers one too much (`wrong-value`)',
              lambda group: systems.role_misbehaves(group, 3, 'wrong-value'), 2, 1, **beside),
        tally('wrong', 'replica has a flipped bit in memory (`wrong-state`)',
              lambda group: systems.role_misbehaves(group, 3, 'wrong-state'), 2, 1),
        Cell('etcd', 'wrong', 'follower has a flipped bit in each value on disk',
             lambda _: systems.EtcdSystem(), systems.member_misremembers, 0, 3, has_gap=False),
        Cell('etcd', 'wrong', 'the same, with `--experimental-initial-corrupt-check`',
             lambda _: systems.EtcdSystem(*systems.EtcdSystem.checked_flags), systems.member_misremembers, 0, 3,
             has_gap=False, is_plotted=False),
        redis('wrong', 'primary has other values in memory', systems.primary_misremembers, 2, 1),
        Cell('redis', 'wrong', 'replica has other values in memory, and is promoted',
             lambda _: systems.PreferringRedisSystem(), systems.replica_misremembers_and_is_promoted, gone, 1,
             is_plotted=False),
    ]


NOT_TRIED = [
    ('tally', 'one has a wrong value', 'distributor, comparator or bridge',
     'nothing can inject it, and tally does not mask it: these may crash, but not lie'),
    ('etcd', 'one has a wrong value', 'leader in memory',
     'nothing can inject it from outside; a flipped bit on disk is what is tried instead'),
]


# ---- measuring

def measure(cell, bin_dir):
    """Returns what came of one cell, with times relative to the fault."""
    with cell.start(bin_dir) as system:
        load = Load([system.door(number) for number in range(CLIENTS)])
        load.start()
        try:
            if not load.wait_answers(FIRST_ANSWERS, FIRST_SECONDS):
                raise AssertionError('not every client is answered in the beginning')
            sleep_until(time.monotonic() + BEFORE_SECONDS)
            injected = time.monotonic()
            with cell.harm(system, load):
                harmed = time.monotonic()
                sleep_until(harmed + cell.lasts)
            healed = time.monotonic()
            sleep_until(healed + cell.rest)
            is_back = load.wait_answers(1, BACK_SECONDS)
            ended = time.monotonic()
        finally:
            load.stop()
        verdicts = [judge(client.outcomes, client.read()) for client in load.clients]
        notes = [] if is_back else [f'a client was not answered again within {BACK_SECONDS} s']
        if getattr(system, 'refused_start', False):
            notes.append('the member refused to start')
    every = [outcome for client in load.clients for outcome in client.outcomes]
    return {**described(cell), **counted(total(verdicts)), 'notes': notes,
            'gap_before': gap(load, injected - BEFORE_SECONDS, injected),
            'gap': gap(load, injected, ended) if cell.has_gap else None,
            'healed': healed - injected, 'ended': ended - injected,
            'slices': slices(every, total(verdicts).wrong, injected, ended)}


def described(cell):
    return {'system': cell.system, 'fault': cell.fault, 'who': cell.who, 'is_plotted': cell.is_plotted}


def counted(verdict):
    return {**dataclasses.asdict(verdict), 'wrong': len(verdict.wrong)}


def gap(load, since, until):
    return max(longest_gap(client.outcomes, since, until) for client in load.clients)


def slices(outcomes, wrong, injected, ended):
    """Returns [when, answers a second, wrong answers a second] of each slice."""
    answered = [outcome.at for outcome in outcomes if outcome.kind == 'answered']
    rows = []
    for place in range(round((ended - injected + BEFORE_SECONDS) / SLICE_SECONDS)):
        since = injected - BEFORE_SECONDS + place * SLICE_SECONDS
        both = [sum(since <= at < since + SLICE_SECONDS for at in times) for times in (answered, wrong)]
        rows.append([round(since - injected, 3), *(count / SLICE_SECONDS for count in both)])
    return rows


def measure_all(wanted, bin_dir):
    """A line that fails does not spoil the others."""
    rows = []
    for number, cell in enumerate(wanted, 1):
        print(f'{number} of {len(wanted)}: {cell.system}: {cell.who}: {FAULTS[cell.fault]}', file=sys.stderr,
              flush=True)
        absent = [program for program in PROGRAMS[cell.system] if not shutil.which(program)]
        if absent:
            rows.append({**described(cell), 'failure': f'{", ".join(absent)}: not installed'})
            continue
        try:
            with deadline(CELL_SECONDS):
                rows.append(measure(cell, bin_dir))
        except FAILURES as failure:
            rows.append({**described(cell), 'failure': str(failure) or repr(failure)})
    return rows


@contextlib.contextmanager
def deadline(seconds):
    def too_late(*_):
        raise AssertionError(f'not done within {seconds} s')
    signal.signal(signal.SIGALRM, too_late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def failures(rows):
    """What failed, and what tally did that it promises not to do."""
    found = [f'{row["system"]}: {row["who"]}: {row["fault"]}: {row["failure"]}' for row in rows if 'failure' in row]
    for row in rows:
        bad = [f'{row[name]} {name}' for name in ('wrong', 'lost', 'surplus') if row.get(name)]
        if row['system'] == 'tally' and bad:
            found.append(f'tally: {row["who"]}: {row["fault"]}: {", ".join(bad)}')
    return found


# ---- telling

HEADING = ['fault', 'system', 'what it happens to', 'longest gap: before · then', 'answered', 'refused', 'unknown',
           'wrong answers', 'lost', 'too many']


def milliseconds(seconds):
    return '–' if seconds is None else f'{1000 * seconds:,.0f} ms'


def lines(rows):
    for row in rows:
        head = [FAULTS[row['fault']], row['system'], '; '.join([row['who'], *row.get('notes', [])])]
        if 'failure' in row:
            yield [*head, row['failure'], *[''] * 6]
            continue
        figures = [f'{row[name]:,}' for name in ('answered', 'refused', 'unknown')]
        bad = [f'**{row[name]:,}**' if row[name] else '0' for name in ('wrong', 'lost', 'surplus')]
        yield [*head, f'{milliseconds(row["gap_before"])} · {milliseconds(row["gap"])}', *figures, *bad]


def in_order(rows):
    return sorted(rows, key=lambda row: list(FAULTS).index(row['fault']))


def result_table(rows):
    heading, *body = table(HEADING, lines(in_order(rows))).splitlines()
    return '\n'.join([heading, '| --- | --- | --- |' + ' ---: |' * 7, *body[1:], ''])


def wrapped(text, width=100):
    """Fills the lines of paragraphs and of items of lists."""
    blocks = re.split(r'\n(?=\n|- )|(?<=\n)\n', text)
    return '\n'.join(textwrap.fill(' '.join(block.split()), width, break_long_words=False, break_on_hyphens=False,
                                   subsequent_indent='  ' if block.startswith('- ') else '')
                     for block in blocks).rstrip() + '\n'


def document(results, plot):
    heads = results.get('heads', [(results['machine'], results['command'])])
    parts = [
        wrapped(INTRODUCTION), *(f'{where}\n`{how}`\n' for where, how in heads), result_table(results['rows']),
        f'![compare-faults]({plot})\n' if plot else '',
        wrapped(RULES), '## The servers\n', '\n'.join(wrapped(
            f'- **{name}** ({results["versions"][key]}): {settings}').rstrip() for name, key, settings in (
                ('tally', 'tally', systems.TallySystem.settings), ('etcd', 'etcd', systems.EtcdSystem.settings),
                ('redis', 'redis', systems.RedisSystem.settings),
                ('redis, no WAIT', 'redis', systems.PlainRedisSystem.settings))) + '\n',
        wrapped(WRONG_VALUES), '## Not tried\n',
        table(['system', 'fault', 'what it happens to', 'why'], NOT_TRIED, figures=False)]
    return '\n'.join(parts)


INTRODUCTION = '''# The same faults, three services

`scripts/compare-faults` writes this page. It does the same to tally, etcd, and Redis with sentinels,
under the same load, and judges every answer by the same rules. The three promise different things:
etcd and Redis are made for processes that crash, and neither says that it masks a wrong value. tally
is made to mask one, and needs its one distributor for everything else. All servers and the clients
share one small machine, so a gap of some ten milliseconds means nothing.
'''

RULES = f'''## How it is measured

- Each line has fresh servers. {CLIENTS} clients count, each on a counter of its own, with one increment
  outstanding and {1000 * PAUSE_SECONDS:.0f} ms between an answer and the next one.
  tally and Redis get `INCR` from the same client program. etcd has no increment, so a client
  does what etcd's own transactions in clients do: a linearizable read, and then a
  write on the condition that the key's revision is unchanged,
  over the JSON gateway of `/v3/kv`.
- A request has {ANSWER_SECONDS:.0f} s. An increment without an answer is noted as *unknown*, and one that was
  certainly not applied as *refused*. {1000 * RETRY_SECONDS:.0f} ms later the client begins another increment; it never
  sends one again. So no service has an advantage by knowing repetitions, as tally does with a
  token. Refused is what could not connect, what Redis answers with READONLY, NOREPLICAS, LOADING,
  MASTERDOWN or MISCONF, and tally with TRYAGAIN; in etcd, what failed at the read. Every other error is
  unknown, in favour of the service.
- After a failure a client of Redis asks a sentinel for the primary, and makes sure by ROLE that it
  is one. A client of etcd goes on with the member whose last failure is the longest ago. A client
  of tally connects to the one bridge again.
- *Killed* is SIGKILL. A supervisor starts etcd and Redis again after {1000 * systems.RESTART_SECONDS:.0f} ms,
  as systemd does by default; tally brings its own. *Hangs* is SIGSTOP and later SIGCONT. To make tally's distributor
  stay away, `tally up` is stopped for that time.
- Redis's sentinels need two to three seconds to replace a primary. So one that hangs for {HANG_SECONDS} s goes
  on just when another is promoted, which is the worst moment: until the sentinels demote it, it
  answers clients, and the replica that is not promoted may still confirm by `WAIT 1`. This is a
  race: some runs lose increments by it, and others none. One that hangs for {LONG_SECONDS} s is replaced before.
- *Longest gap* is the longest time between two answers to one client: in the second before the
  fault, and from the fault to the end of the line.
- The n-th answer to a client must be n, and more only by its own unknown increments. Any other
  answer is *wrong*; once a counter is off, each later answer is, until it is right again. At the end
  every counter is read, as clients read (from etcd linearizably). *Lost* are answered increments that
  it does not have. *Too many* is what it has beyond all that were answered or unknown.
'''

WRONG_VALUES = '''## What the wrong values model

- tally: one replica of three computes or remembers something else, by `tally fault inject`.
- etcd: while nobody counts, a follower is stopped in good order. The lowest bit of the last digit but
  one of each counter is flipped in its database (`member/snap/db`), and it is started again. That is
  a disk or a memory that returns something else without saying so. A linearizable read is agreed
  about its place in the order, but its value comes from the member that is asked. So clients of the
  other members see nothing, and those of this one write on what it told them. Each write of another
  client's corrects its counter in that member. With `--experimental-initial-corrupt-check` a member
  compares a hash of its data with the others when it starts. That check passes if the member has no
  snapshot yet, because etcd 3.4 does not know the others then; so `--snapshot-count 20` stands for
  the 100,000 writes after which it would have one.
- redis: the primary's values become other ones in its memory only, by a script whose effects are not
  replicated (`redis.set_repl`). Or one replica's values do, by writing to it (`replica-read-only no`),
  and then the primary is killed: this replica is promoted. Nothing compares the copies in either
  case. Writes to a primary by a client would be replicated, and would be no fault of Redis.
'''


def write(results, out):
    directory = out / 'benchmarks'
    directory.mkdir(parents=True, exist_ok=True)
    plot = None
    if plots.available():
        plot = 'compare-faults.svg'
        plots.compared_faults([row for row in in_order(results['rows']) if row['is_plotted'] and 'slices' in row],
                              FAULTS, directory / plot)
    page = directory / 'compare-faults.md'
    page.write_text(document(results, plot))
    return page


def parse():
    parser = argparse.ArgumentParser(prog='scripts/compare-faults', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bin', type=pathlib.Path, metavar='DIR', default=ROOT / 'build' / 'release' / 'bin',
                        help='the built programs')
    parser.add_argument('--systems', nargs='+', metavar='NAME', choices=list(PROGRAMS), default=list(PROGRAMS),
                        help=f'some of: {", ".join(PROGRAMS)}')
    parser.add_argument('--faults', nargs='+', metavar='NAME', choices=list(FAULTS), default=list(FAULTS),
                        help=f'some of: {", ".join(FAULTS)}')
    parser.add_argument('--quick', action='store_true', help='one fault that everybody masks; less than 40 seconds')
    parser.add_argument('--json', action='store_true', help='JSON on stdout, one value, instead of the table')
    parser.add_argument('--out', type=pathlib.Path, metavar='DIR', help='where to write the page and its plot (docs)')
    parser.add_argument('--render', type=pathlib.Path, nargs='+', metavar='FILE',
                        help='nothing is measured; these are what --json has printed, of runs of some faults each')
    options = parser.parse_args()
    options.bin = options.bin.resolve()
    if options.quick:
        options.faults = ['other killed']
    return options


def command():
    """Returns the command that was given, without the places of this machine."""
    words = iter(sys.argv[1:])
    kept = [word for word in words if word != '--json' and not (word in ('--bin', '--out') and next(words, True))]
    return ' '.join(['scripts/compare-faults', *(f"'{word}'" if ' ' in word else word for word in kept)])


def run(options):
    if options.render:
        return joined([json.loads(path.read_text()) for path in options.render])
    wanted = [cell for cell in cells() if cell.system in options.systems and cell.fault in options.faults]
    return {'machine': machine(), 'command': command(), 'versions': systems.versions(options.bin),
            'rows': measure_all(wanted, options.bin)}


def joined(parts):
    """Joins runs of some faults each. They name their machine and command each, if these differ."""
    heads = dict.fromkeys((part['machine'], part['command']) for part in parts)
    return {**parts[0], 'heads': list(heads), 'rows': [row for part in parts for row in part['rows']]}


def main():
    options = parse()
    # The servers are ended then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        results = run(options)
        print(json.dumps(results, indent=1) if options.json else result_table(results['rows']), flush=True)
        if options.out:
            print(f'written: {write(results, options.out)}', file=sys.stderr)
        failed = failures(results['rows'])
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    except FAILURES as failure:
        failed = [str(failure)]
    for failure in failed:
        print(f'compare-faults: {failure}', file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
