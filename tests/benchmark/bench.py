#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures tally beside its peers and the raw limit, in turns, on this machine.

The parts, all by default: side-by-side, syncs, faults, counters, replicas, connections, viewers,
soak, micro. Instead of side-by-side, single systems can be named: raw, tally, tally-http, tally-resp,
redis, redis-always, redis-wait, etcd-put, etcd-swap, nginx.

A full run writes benchmarks.md and benchmarks/*.svg into --out, and keeps its results in --results.
A quick run, or a run of some parts, only prints. With --out, it replaces these parts in the results
that were kept, and writes the report of all of them.

Exit codes: 0 done, 1 something failed or an answer was wrong, 2 usage, 130 interrupted. A target
that is missed is no failure.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import signal
import subprocess
import sys

import compare
import evidence
import faults
import growth
import report
import side_by_side
import viewers
from loads import LoadFailed

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = ['side-by-side', 'syncs', 'faults', 'counters', 'replicas', 'connections', 'viewers', 'soak', 'micro']
FAILURES = (AssertionError, LoadFailed, OSError, subprocess.SubprocessError)
SYSTEMS = [system.key for system in side_by_side.SYSTEMS]


def parse():
    parser = argparse.ArgumentParser(prog='scripts/bench', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bin', type=pathlib.Path, metavar='DIR', default=ROOT / 'build' / 'release' / 'bin',
                        help='the built programs')
    parser.add_argument('--quick', action='store_true', help='at most two minutes: one short round, small growth')
    parser.add_argument('--only', nargs='+', metavar='NAME', choices=PARTS + SYSTEMS, help='these parts or systems')
    parser.add_argument('--rounds', type=int, metavar='N', help='turns of side-by-side and --compare (5, quick 1)')
    parser.add_argument('--seconds', type=float, metavar='S', help='measured time of one load (3, quick 0.5)')
    parser.add_argument('--soak', type=int, metavar='S', help='steady load, up to 3600 s (120, quick 4)')
    parser.add_argument('--large', action='store_true', help='10 million counters too')
    parser.add_argument('--missed', type=int, metavar='S', help='so long a replica misses orders before it catches up '
                                                               '(20, quick 2)')
    parser.add_argument('--compare', metavar='REV', help='builds this revision too, prints the ratios, nothing else')
    parser.add_argument('--micro', action='store_true', help='the micro-benchmarks, nothing else: --only micro')
    parser.add_argument('--render', action='store_true', help='writes the report again from the kept results')
    parser.add_argument('--smoke', action='store_true', help='the smallest run of tally and raw, for the tests')
    parser.add_argument('--out', type=pathlib.Path, metavar='DIR', help='where to write the report (docs)')
    parser.add_argument('--results', type=pathlib.Path, metavar='FILE', help='where to keep the results',
                        default=ROOT / 'build' / 'benchmark' / 'results.json')
    return settle(parser.parse_args())


def settle(options):
    """Fills in the defaults that depend on the mode."""
    quick = options.quick or options.smoke
    options.rounds = options.rounds or (1 if quick else 5)
    options.seconds = options.seconds or (0.5 if quick else 3)
    options.soak = min(options.soak or (4 if quick else 120), 3600)
    options.missed = options.missed or (2 if quick else 20)
    if options.smoke:
        options.only = ['raw', 'tally']
    if options.micro:
        options.only = ['micro']
    options.whole = not quick and not options.only
    if options.out is None and (options.whole or options.render):
        options.out = ROOT / 'docs'
    return options


def machine():
    """Describes this machine, without names and paths."""
    cpuinfo = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
    models = [line.partition(':')[2].strip() for line in cpuinfo if line.startswith('model name')]
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    commit = subprocess.run(['git', 'describe', '--always', '--dirty', '--abbrev=10'], cwd=ROOT, capture_output=True,
                            text=True, check=False).stdout.strip() or 'unknown'
    now = datetime.datetime.now(datetime.timezone.utc)
    return (f'{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; '
            f'Linux {platform.release().partition("-")[0]}; {now:%Y-%m-%d %H:%M} UTC; commit {commit}.')


def command():
    """Returns the command that was given, without the places of this machine."""
    words = iter(sys.argv[1:])
    kept = [word for word in words if not (word in ('--bin', '--out', '--results') and next(words, True))]
    return ' '.join(['scripts/bench', *kept])


def tasks(options):
    """Returns {part: how to measure it} of the parts that are wanted."""
    quick, where = options.quick, options.bin
    sizes = [1000, 100_000] if quick else [1, 1000, 1_000_000] + ([10_000_000] if options.large else [])
    # One source may have a quarter of the bridge's 10,000.
    connections = [1, 1000] if quick else [1, 10, 100, 1000, 2000]
    systems = [name for name in options.only or [] if name in SYSTEMS]
    every = {
        'side-by-side': lambda: side_by_side.measure(where, options.rounds, options.seconds, systems),
        'syncs': lambda: evidence.syncs(where, options.seconds),
        'faults': lambda: faults.measure(where, options.missed, 2 if quick else 5),
        'counters': lambda: growth.counters(where, sizes, 1 if quick else 5),
        'replicas': lambda: growth.replicas(where, [3, 5] if quick else [3, 5, 7], options.seconds),
        'connections': lambda: growth.connections(where, connections, options.seconds),
        'viewers': lambda: viewers.measure(where, *((4, 1) if quick else (300, 20))),
        'soak': lambda: growth.soak(where, options.soak),
        'micro': lambda: micro(where),
    }
    if options.only:
        wanted = set(options.only) | ({'side-by-side'} if systems else set())
    else:
        wanted = set(every) - ({'micro'} if quick else set())
    return {part: task for part, task in every.items() if part in wanted}


def micro(bin_dir):
    """Returns None if Google Benchmark was not there at build time."""
    program = bin_dir / 'micro_benchmarks'
    if not program.exists():
        return None
    print('micro-benchmarks', file=sys.stderr, flush=True)
    output = subprocess.run([program, '--benchmark_format=json', '--benchmark_min_time=0.2'], check=True,
                            capture_output=True, text=True).stdout
    wanted = ('name', 'cpu_time', 'items_per_second')
    return [{key: row[key] for key in wanted if key in row} for row in json.loads(output)['benchmarks']]


def measure(options):
    """Returns the results, and what failed. They are kept part by part, so that a failure costs one
    part only."""
    results = {'left_out': {}, 'runs': {}}
    if options.out and not options.whole and options.results.exists():
        results = json.loads(options.results.read_text())
    results.update(machine=machine(), command=command())
    failures = []
    for part, task in tasks(options).items():
        try:
            measured = task()
            if part == 'side-by-side':
                measured, results['left_out'], failed = measured
                failures += failed
            elif isinstance(measured, list):
                failures += [f'{part}: {row["failure"]}' for row in measured if 'failure' in row]
            results[part.replace('-', '_')] = measured
            results['runs'][part] = [results['machine'], results['command']]
        except FAILURES as failure:
            failures.append(f'{part}: {failure}')
        if options.out:
            options.results.parent.mkdir(parents=True, exist_ok=True)
            options.results.write_text(json.dumps(results, indent=1))
    return results, failures


def run(options):
    """Returns what failed."""
    if options.render:
        report.write(json.loads(options.results.read_text()), options.out)
        return []
    if options.compare:
        other = compare.build(ROOT, options.compare)
        print(compare.table(compare.measure(options.bin, other, options.rounds, options.seconds), options.compare))
        return []
    results, failures = measure(options)
    if options.out:
        report.write(results, options.out)
        print(f'written: {options.out / "benchmarks.md"}')
    else:
        print(report.document(results, '', None))
    return failures


def main():
    options = parse()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Many connections need many descriptors. What is started inherits the limit.
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The servers are stopped then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    try:
        failures = run(options)
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    except FAILURES as failure:
        failures = [str(failure)]
    for failure in failures:
        print(f'bench: {failure}', file=sys.stderr)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
