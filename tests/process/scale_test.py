#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A large state and many orders: how long a replica takes until it votes again, from its own
checkpoint, from that of another replica, and after it was stopped for a while; what clients notice
meanwhile; and whether the journal and the checkpoints stay bounded. The defaults are small enough
for every run. docs/testing.md has the figures of large runs.

scale_test.py BIN_DIR [--counters N] [--orders N] [--journal-mib N] [--stop-seconds N] [--data DIR]
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from group import Group, wait_until
from load import Load
from processes import disk_bytes

VOTES_AGAIN_SECONDS = 10
LONGEST_GAP_SECONDS = 0.25
PRINT_SECONDS = 5
MIB = 1 << 20


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', type=pathlib.Path)
    parser.add_argument('--counters', type=int, default=100_000)
    parser.add_argument('--orders', type=int, default=40_000)
    parser.add_argument('--journal-mib', type=int, default=64)
    parser.add_argument('--stop-seconds', type=float, default=5)
    parser.add_argument('--data', help='a directory to use and to keep; what it holds counts')
    return parser.parse_args()


def bench(group, *arguments):
    command = [group.bin_dir / 'tally', 'bench', '--connect', group.data, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=group.environment)


def count_all(group, counters):
    """Makes every counter exist."""
    print(f'counting on {counters} counters', flush=True)
    load = bench(group, '--fill', '--counters', counters, '--clients', 16, '--pipeline', 1024, '--seconds', 1)
    if load.wait() != 0:
        raise AssertionError('the load was answered wrongly')
    listed = group.tally('list', '--limit', counters).count('\n') + 1
    if listed < counters:
        raise AssertionError(f'only {listed} counters exist')


def make_orders(group, orders, journal_mib):
    """Makes small orders until there are so many. Prints how much disk they take over time, and
    fails if that is not bounded."""
    begun = time.monotonic()
    print(f'{"seconds":>8} {"orders":>10} {"journal MiB":>11} {"replicas MiB":>20} {"journal from":>12}')
    most = 0
    while group.status()['sequence'] < orders:
        load = bench(group, '--clients', 64, '--pipeline', 1, '--seconds', PRINT_SECONDS)
        if load.wait() != 0:
            raise AssertionError('the load was answered wrongly')
        status = group.status()
        journal = disk_bytes(group.data / 'journal') / MIB
        replicas = ' '.join(f'{disk_bytes(group.data / f"replica-{number}") / MIB:.0f}' for number in (1, 2, 3))
        print(f'{time.monotonic() - begun:>8.0f} {status["sequence"]:>10} {journal:>11.0f} {replicas:>20} '
              f'{status["journal_first"]:>12}', flush=True)
        most = max(most, journal)
    # This is for the newest segment and the spare one, and for what is ordered while a checkpoint
    # is written.
    segment = min(max(journal_mib / 8, 4), 64)
    if most > journal_mib + 3 * segment + journal_mib / 4:
        raise AssertionError(f'the journal grew to {most:.0f} MiB')


def imports(group, number):
    return (group.data / 'log' / f'replica-{number}.log').read_text().count('import_finished')


def trouble(group, number, what, fault):
    """Has fault() done to a replica under load, which returns when the fault is over. Prints how
    long it takes until the replica votes again, and the longest gap that clients saw. Returns
    whether the replica imported a state."""
    imported = imports(group, number)
    with Load(group.http, clients=8) as load:
        wait_until(lambda: load.answered_count() > 200, 'load is answered')
        begun = time.monotonic()
        fault()
        over = time.monotonic()
        group.wait_votes(number, 60)
        took = time.monotonic() - over
        seen = load.answered_count()
        wait_until(lambda: load.answered_count() > seen + 200, 'load is answered afterwards')
        gap = load.longest_gap(begun, time.monotonic())
    report = load.check(group)
    if report['unknown'] or report['refused']:
        raise AssertionError(f'clients noticed: {report}')
    how = 'imported' if imports(group, number) > imported else 'own state'
    print(f'replica-{number} {what} ({how}): votes again after {took:.1f} s, longest gap of any client '
          f'{gap * 1000:.0f} ms', flush=True)
    if took > VOTES_AGAIN_SECONDS or gap > LONGEST_GAP_SECONDS:
        raise AssertionError('too slow')
    return how == 'imported'


def restart(group, number, wipe):
    role = f'replica-{number}'

    def fault():
        old = group.pid(role)
        if wipe:
            shutil.rmtree(group.data / role, ignore_errors=True)
        os.kill(old, signal.SIGKILL)
        group.wait_new_pid(role, old)
    return trouble(group, number, 'without its directory' if wipe else 'killed', fault)


def stop(group, number, seconds):
    pid = group.pid(f'replica-{number}')

    def fault():
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)  # the process is to be stopped for so long
        os.kill(pid, signal.SIGCONT)
    trouble(group, number, f'stopped for {seconds:.0f} s', fault)


def main():
    arguments = parse()
    # A killed replica goes on from its own checkpoint, and imports only if it has none.
    environment = {'TALLY_JOURNAL_MIB': str(arguments.journal_mib)}
    with Group(arguments.bin_dir, '--durability', 'os', data=arguments.data, environment=environment) as group:
        group.wait_all_vote()
        count_all(group, arguments.counters)
        make_orders(group, arguments.orders, arguments.journal_mib)
        restart(group, 1, wipe=False)
        if not restart(group, 2, wipe=True):
            raise AssertionError('the state was not imported')
        stop(group, 3, arguments.stop_seconds)
    print('passed')


if __name__ == '__main__':
    sys.exit(main())
