#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Crashes replicas under load, one after the other, and judges every answer that clients got
meanwhile. With --storm it kills every role in random order, one every 300 ms, but a replica only
when all of them vote.

This is for people and for CI scripts; scripts/crash-test builds and runs it. Exit code 0 means:
nothing was lost, nothing was counted twice, every answer was in order, and every replica votes
again.
"""

import argparse
import os
import pathlib
import random
import signal
import sys
import time

from group import Group, wait_until
from load import Load
from storm import Storm

HEALING_SECONDS = 30
# Between two increments of a client, so that judging them does not take too long.
STORM_PAUSE_SECONDS = 0.005


def parse():
    parser = argparse.ArgumentParser(prog='scripts/crash-test', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument('--rounds', type=int, default=6, help='how many crashes (default: 6)')
    parser.add_argument('--storm', action='store_true', help='kill every role, one every 300 ms')
    parser.add_argument('--seconds', type=int, default=120, help='how long the storm lasts (default: 120)')
    parser.add_argument('--clients', type=int, default=8, help='concurrent HTTP clients (default: 8)')
    parser.add_argument('--replicas', type=int, default=3, help='size of the group: 3, 5 or 7 (default: 3)')
    parser.add_argument('--stop', action='store_true', help='stop replicas (SIGSTOP) instead of killing them')
    parser.add_argument('--seed', type=int, default=None, help='who in which round (default: random)')
    parser.add_argument('--data', default=None, help='a directory for the group, kept (default: a temporary one)')
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = random.randrange(1 << 32)
    return arguments


def crash(group, load, number, stop):
    """One round: the replica goes, clients go on, and the replica votes again. Returns the seconds
    until then, and the longest gap."""
    role = f'replica-{number}'
    pid = group.pid(role)
    begun = time.monotonic()
    os.kill(pid, signal.SIGSTOP if stop else signal.SIGKILL)
    if stop:
        wait_until(lambda: group.replica(number)['state'] == 'evicted', f'{role} is evicted', HEALING_SECONDS)
        os.kill(pid, signal.SIGCONT)
    else:
        group.wait_new_pid(role, pid)
    group.wait_votes(number, HEALING_SECONDS)
    whole = time.monotonic()
    seen = load.answered_count()
    wait_until(lambda: load.answered_count() > seen, 'load is answered')
    return whole - begun, load.longest_gap(begun, whole)


def crash_replicas(group, arguments):
    choose = random.Random(arguments.seed)
    print(f'{arguments.replicas} replicas, {arguments.clients} clients; '
          f'{"stopping (SIGSTOP)" if arguments.stop else "killing (SIGKILL)"} one replica at a time')
    print(f'{"round":>5}  {"replica":>7}  {"whole again":>11}  {"longest gap of any client":>25}')
    with Load(group.http, clients=arguments.clients) as load:
        wait_until(lambda: load.answered_count() > 100, 'load is answered')
        for number in range(1, arguments.rounds + 1):
            replica = choose.randint(1, arguments.replicas)
            whole, gap = crash(group, load, replica, arguments.stop)
            print(f'{number:>5}  {replica:>7}  {whole:>9.2f} s  {gap * 1000:>22.1f} ms', flush=True)
    judge(group, [load])


def whole_again(group, loads):
    """Waits until every replica votes, the group is ok, and clients are answered. Returns the
    seconds until then."""
    begun = time.monotonic()
    wait_until(lambda: group.run('status').returncode == 0, 'the group tells its status', HEALING_SECONDS)
    group.wait_all_vote(HEALING_SECONDS)
    wait_until(lambda: group.status()['state'] == 'ok', 'the group is ok', HEALING_SECONDS)
    for load in loads:
        seen = load.answered_count()
        wait_until(lambda load=load, seen=seen: load.answered_count() > seen, 'load is answered')
    whole = time.monotonic() - begun
    if whole > HEALING_SECONDS:
        raise AssertionError(f'whole only after {whole:.1f} s')
    return whole


def rage(group, arguments):
    """The storm. Half of the clients repeat what was not answered, by means of an Idempotency-Key.
    """
    half = max(1, arguments.clients // 2)
    group.wait_all_vote()
    storm = Storm(group, arguments.seed)
    print(f'{arguments.replicas} replicas, {half} clients without and {half} with Idempotency-Key; killing one role '
          f'every 300 ms for {arguments.seconds} s, seed {arguments.seed}', flush=True)
    begun = time.monotonic()
    with Load(group.http, clients=half, pause=STORM_PAUSE_SECONDS) as plain, \
            Load(group.http, clients=half, pause=STORM_PAUSE_SECONDS, keyed=True) as keyed:
        storm.rage(arguments.seconds)
        ended = time.monotonic()
        storm.table()
        whole = whole_again(group, [plain, keyed])
    print(f'whole {whole:.1f} s after the storm; in it the longest time without any answer '
          f'{max(plain.longest_gap(begun, ended), keyed.longest_gap(begun, ended)):.2f} s')
    judge(group, [plain, keyed])
    if keyed.with_outcome('unknown'):
        raise AssertionError('an increment with an Idempotency-Key was never answered')
    if storm.own_deaths():
        raise AssertionError(f'daemons died that the storm did not kill: {storm.own_deaths()}')


def judge(group, loads):
    for load in loads:
        report = load.check(group)
        print(f'answered {report["answered"]}, refused {report["refused"]}, unknown {report["unknown"]}, '
              f'lost {report["lost"]}, counted twice {report["twice"] + report["excess"]}, '
              f'out of order {report["order_violations"]}')


def main():
    arguments = parse()
    with Group(arguments.bin_dir, '--replicas', arguments.replicas, data=arguments.data) as group:
        try:
            (rage if arguments.storm else crash_replicas)(group, arguments)
        except AssertionError as error:
            print(f'FAILED (seed {arguments.seed}): {error}')
            group.print_logs()
            return 1
    print('passed: every answer was right')
    return 0


if __name__ == '__main__':
    sys.exit(main())
