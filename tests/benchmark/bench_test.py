#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs scripts/bench in its smallest form: it ends, every answer was right, and what it says makes
sense. No speed is demanded, because that depends on the machine.

bench_test.py BIN_DIR
"""

import json
import pathlib
import subprocess
import sys
import tempfile

BENCH = pathlib.Path(__file__).with_name('bench.py')
TIMEOUT_SECONDS = 60


def run(*arguments):
    return subprocess.run([sys.executable, BENCH, *map(str, arguments)], capture_output=True, text=True, check=False,
                          timeout=TIMEOUT_SECONDS)


def require(condition, what):
    if not condition:
        raise AssertionError(what)


def check_figures(results):
    for system, loads in (('raw', {'1', '64', '256', '64 × 4', 'deep'}), ('tally', {'1', '64', '256', 'deep'})):
        figures = results['side_by_side'][system]
        require(set(figures) == loads, f'{system}: {sorted(figures)}')
        for name, rounds in figures.items():
            require(len(rounds) == 1 and rounds[0]['per_second'] > 0, f'{system} {name}: {rounds}')
            require(0 < rounds[0]['p50_us'] <= rounds[0]['p99_us'], f'{system} {name}: {rounds}')
    for name, (figure,) in results['side_by_side']['tally'].items():
        work = figure['group']
        synced = work is None or 0 < work['orders'] <= work['journal_syncs'] + 1
        require(synced, f'an order without a sync: {name}: {work}')


def main():
    bin_dir = pathlib.Path(sys.argv[1])
    require(run('--no-such-option').returncode == 2, 'a wrong option is a matter of usage')
    require(run('--help').returncode == 0, '--help')
    with tempfile.TemporaryDirectory(prefix='tally-bench-test-') as directory:
        results = pathlib.Path(directory) / 'results.json'
        ended = run('--smoke', '--bin', bin_dir, '--out', directory, '--results', results)
        require(ended.returncode == 0, f'ended with {ended.returncode}: {ended.stderr}')
        check_figures(json.loads(results.read_text()))
        report = (pathlib.Path(directory) / 'benchmarks.md').read_text()
        for text in ('native, 1 outstanding', 'the raw limit', '**tally**, native'):
            require(text in report, f'not in the report: {text}')
        require(str(bin_dir) not in report, 'the report names a path of this machine')
    print('passed')


if __name__ == '__main__':
    sys.exit(main())
