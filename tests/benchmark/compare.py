# SPDX-License-Identifier: Apache-2.0
"""Compares this tree with another revision, which is built in a worktree under build/. Both are
measured in turns."""

import pathlib
import shutil
import statistics
import subprocess
import sys

from loads import HTTP_LOADS, tally_bench
from servers import Tally

PROGRAMS = ('tally', 'tally-distributor', 'tally-replica', 'tally-comparator', 'tally-bridge')
LOADS = {'native, 1': tally_bench(1, 1), 'native, 64': tally_bench(64, 1), 'native, 256': tally_bench(256, 1),
         'native, 16 × 4096': tally_bench(16, 4096)}


def build(root, revision):
    """Builds the revision, and returns the directory of its programs."""
    commit = subprocess.run(['git', 'rev-parse', '--verify', f'{revision}^{{commit}}'], cwd=root, check=True,
                            capture_output=True, text=True).stdout.strip()
    tree = root / 'build' / 'compare' / commit[:12]
    if not tree.exists():
        subprocess.run(['git', 'worktree', 'prune'], cwd=root, check=True)
        subprocess.run(['git', 'worktree', 'add', '--detach', tree, commit], cwd=root, check=True, stdout=sys.stderr)
    subprocess.run(['git', 'checkout', '--quiet', '--detach', commit], cwd=tree, check=True)
    preset = ['cmake', '--preset', 'release']
    subprocess.run(preset, cwd=tree, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['cmake', '--build', '--preset', 'release', '--target', *PROGRAMS], cwd=tree, check=True,
                   stdout=sys.stderr)
    return pathlib.Path(tree / 'build' / 'release' / 'bin')


def measure(bin_dir, other_dir, rounds, seconds):
    """Returns {load: [(here, there), one pair for each round]}. In every second round the other one
    goes first."""
    loads = dict(LOADS)
    if shutil.which('wrk'):
        loads.update({f'HTTP, {name}': HTTP_LOADS[name] for name in ('wrk POST', 'wrk GET')})
    pairs = {name: [] for name in loads}
    for number in range(rounds):
        both = [bin_dir, other_dir]
        figures = {}
        for where in both if number % 2 == 0 else reversed(both):
            who = 'this tree' if where == bin_dir else 'the other revision'
            print(f'round {number + 1} of {rounds}: {who}', file=sys.stderr, flush=True)
            with Tally(where) as group:
                figures[where] = {name: load.run(where, group, seconds) for name, load in loads.items()}
        for name in loads:
            pairs[name].append((figures[bin_dir][name], figures[other_dir][name]))
    return pairs


def table(pairs, revision):
    """Returns Markdown: the medians, and the median of the ratios of all rounds."""
    lines = [f'| load | {revision} | this tree | ratio (min–max) | p50 µs: {revision} | p50 µs: this tree |',
             '| --- | ---: | ---: | ---: | ---: | ---: |']
    for name, rounds in pairs.items():
        ratios = [here['per_second'] / there['per_second'] for here, there in rounds]
        there, here = (statistics.median(pair[side]['per_second'] for pair in rounds) for side in (1, 0))
        p50 = [statistics.median(pair[side]['p50_us'] for pair in rounds) for side in (1, 0)]
        lines.append(f'| {name} | {there:,.0f} | {here:,.0f} | {statistics.median(ratios):.2f} '
                     f'({min(ratios):.2f}–{max(ratios):.2f}) | {p50[0]:,.0f} | {p50[1]:,.0f} |')
    return '\n'.join(lines)
