#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures tally beside its peers and the raw limit, in turns, on this machine.

Parts, all by default: side-by-side, syncs, faults, counters, replicas, connections, soak; of side-by-side also single
systems: raw, tally, tally-http, tally-resp, redis, redis-always, redis-wait, etcd-put, etcd-swap, nginx.

A full run writes benchmarks.md and benchmarks/*.svg into --out; a quick one, or one of some parts, prints only, unless
--out is given. Its raw results are kept in build/benchmark/results.json; a run of some parts replaces these parts there.

Exit codes: 0 done, 1 something failed or an answer was wrong, 2 usage, 130 interrupted. Missed targets fail nothing.
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
from loads import LoadFailed

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = ['side-by-side', 'syncs', 'faults', 'counters', 'replicas', 'connections', 'soak']
SYSTEMS = [system.key for system in side_by_side.SYSTEMS]


def parse():
    parser = argparse.ArgumentParser(prog='scripts/bench', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--bin', type=pathlib.Path, default=ROOT / 'build' / 'release' / 'bin', help='the built programs')
    parser.add_argument('--quick', action='store_true', help='at most two minutes: one short round, small growth')
    parser.add_argument('--only', nargs='+', metavar='NAME', choices=PARTS + SYSTEMS, help='these parts or systems')
    parser.add_argument('--rounds', type=int, metavar='N', help='turns of side-by-side and --compare (5, quick 1)')
    parser.add_argument('--seconds', type=float, metavar='S', help='measured time of one load (3, quick 0.5)')
    parser.add_argument('--soak', type=int, metavar='S', help='steady load, up to 3600 s (120, quick 4)')
    parser.add_argument('--large', action='store_true', help='10 million counters too')
    parser.add_argument('--missed', type=int, metavar='S', help='so long a replica misses orders before it catches up '
                                                               '(20, quick 2)')
    parser.add_argument('--compare', metavar='REV', help='builds this revision too, and prints the ratios; nothing else')
    parser.add_argument('--micro', action='store_true', help='the micro-benchmarks; nothing else')
    parser.add_argument('--render', action='store_true', help='writes the report again from the kept results')
    parser.add_argument('--smoke', action='store_true', help='the smallest run of tally and raw, for the tests')
    parser.add_argument('--out', type=pathlib.Path, metavar='DIR', help='where to write the report (docs)')
    parser.add_argument('--results', type=pathlib.Path, metavar='FILE', help='where to keep the results',
                        default=ROOT / 'build' / 'benchmark' / 'results.json')
    return settle(parser.parse_args())


def settle(options):
    """Defaults that depend on the mode."""
    quick = options.quick or options.smoke
    options.rounds = options.rounds or (1 if quick else 5)
    options.seconds = options.seconds or (0.5 if quick else 3)
    options.soak = min(options.soak or (4 if quick else 120), 3600)
    options.missed = options.missed or (2 if quick else 20)
    if options.smoke:
        options.only = ['raw', 'tally']
    options.whole = not quick and not options.only
    if options.out is None and (options.whole or options.render):
        options.out = ROOT / 'docs'
    return options


def machine():
    """Without names and paths."""
    model = next((line.partition(':')[2].strip() for line in pathlib.Path('/proc/cpuinfo').read_text().splitlines()
                  if line.startswith('model name')), platform.machine())
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    git = subprocess.run(['git', 'describe', '--always', '--dirty', '--abbrev=10'], cwd=ROOT, capture_output=True, text=True,
                         check=False)
    return (f'{model}, {os.cpu_count()} cores, {memory:.0f} GiB; Linux {platform.release()}; '
            f'{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC; commit {git.stdout.strip() or "unknown"}.')


def command():
    """What was asked for, without the places of this machine."""
    words = iter(sys.argv[1:])
    kept = [word for word in words if not (word in ('--bin', '--out', '--results') and next(words, True))]
    return ' '.join(['scripts/bench', *kept])


def wants(options, part):
    return not options.only or part in options.only


def measure(options):
    """Everything wanted: {part: results}."""
    systems = None if wants(options, 'side-by-side') else [name for name in options.only if name in SYSTEMS]
    quick = options.quick
    results = {}
    if systems is None or systems:
        results['side_by_side'], results['left_out'] = side_by_side.measure(options.bin, options.rounds, options.seconds,
                                                                            systems)
    if wants(options, 'syncs'):
        results['syncs'] = evidence.syncs(options.bin, options.seconds)
    if wants(options, 'faults'):
        results['faults'] = faults.measure(options.bin, options.missed, 2 if quick else 5)
    if wants(options, 'counters'):
        sizes = [1000, 100_000] if quick else [1, 1000, 1_000_000] + ([10_000_000] if options.large else [])
        results['counters'] = growth.counters(options.bin, sizes, 1 if quick else 5)
    if wants(options, 'replicas'):
        results['replicas'] = growth.replicas(options.bin, [3, 5] if quick else [3, 5, 7], options.seconds)
    if wants(options, 'connections'):
        results['connections'] = growth.connections(
            options.bin, [1, 1000] if quick else [1, 10, 100, 1000, 5000, 10_000], options.seconds)
    if wants(options, 'soak'):
        results['soak'] = growth.soak(options.bin, options.soak)
    return results


def keep(options, results):
    """Merges a partial run into what is kept; returns what belongs into the report."""
    kept = {}
    if options.results.exists() and not options.whole and options.out:
        kept = json.loads(options.results.read_text())
    merged = {**kept, **results}
    if 'side_by_side' in results:
        merged['side_by_side'] = {**kept.get('side_by_side', {}), **results['side_by_side']}
    merged['machine'] = machine()
    merged['command'] = command()
    merged.setdefault('left_out', {})
    if options.results.parent.exists() or options.out:
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.write_text(json.dumps(merged, indent=1))
    return merged


def run_compare(options):
    other = compare.build(ROOT, options.compare)
    pairs = compare.measure(options.bin, other, options.rounds, options.seconds)
    print(compare.table(pairs, options.compare))


def run_micro(options):
    """Prints what Google Benchmark prints, and returns its rows."""
    output = subprocess.run([options.bin / 'micro_benchmarks', '--benchmark_format=json', '--benchmark_min_time=0.2'],
                            check=True, capture_output=True, text=True).stdout
    rows = json.loads(output)['benchmarks']
    print(report.micro(rows))
    return {'micro': [{key: row[key] for key in ('name', 'cpu_time', 'time_unit', 'items_per_second') if key in row}
                      for row in rows]}


def run(options):
    if options.render:
        report.write(json.loads(options.results.read_text()), options.out)
        return
    if options.compare:
        run_compare(options)
        return
    results = keep(options, run_micro(options) if options.micro else measure(options))
    if options.out:
        report.write(results, options.out)
        print(f'written: {options.out / "benchmarks.md"}')
    elif not options.micro:
        print(report.document(results, '', None))


def main():
    options = parse()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for many connections; what is started inherits it
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))  # so that servers are stopped
    try:
        run(options)
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return 130
    except (AssertionError, LoadFailed, OSError, subprocess.SubprocessError) as failure:
        print(f'bench: {failure}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
