#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Crashes replicas under load, one after the other, and judges every answer that clients got meanwhile.

For people and CI scripts; scripts/crash-test builds and runs it. Exit code 0: nothing lost, nothing counted twice, every
answer in order, and every replica votes again.
"""

import argparse
import os
import random
import signal
import sys
import time

from group import Group, wait_until
from load import Load

HEALING_SECONDS = 30


def parse():
    parser = argparse.ArgumentParser(prog='scripts/crash-test', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', help=argparse.SUPPRESS)
    parser.add_argument('--rounds', type=int, default=6, help='how many crashes (default: 6)')
    parser.add_argument('--clients', type=int, default=8, help='concurrent HTTP clients (default: 8)')
    parser.add_argument('--replicas', type=int, default=3, help='size of the group: 3, 5 or 7 (default: 3)')
    parser.add_argument('--stop', action='store_true', help='stop replicas (SIGSTOP) instead of killing them')
    parser.add_argument('--seed', type=int, default=None, help='which replica in which round (default: random)')
    return parser.parse_args()


def crash(group, load, number, stop):
    """One round: the replica goes, clients go on, the replica votes again. Seconds until then, and the longest gap."""
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


def main():
    arguments = parse()
    choose = random.Random(arguments.seed)
    print(f'{arguments.replicas} replicas, {arguments.clients} clients; '
          f'{"stopping (SIGSTOP)" if arguments.stop else "killing (SIGKILL)"} one replica at a time')
    print(f'{"round":>5}  {"replica":>7}  {"whole again":>11}  {"longest gap of any client":>25}')
    with Group(arguments.bin_dir, '--replicas', arguments.replicas) as group:
        with Load(group.http, clients=arguments.clients) as load:
            wait_until(lambda: load.answered_count() > 100, 'load is answered')
            for number in range(1, arguments.rounds + 1):
                replica = choose.randint(1, arguments.replicas)
                whole, gap = crash(group, load, replica, arguments.stop)
                print(f'{number:>5}  {replica:>7}  {whole:>9.2f} s  {gap * 1000:>22.1f} ms', flush=True)
        try:
            report = load.check(group)
        except AssertionError as error:
            print(f'FAILED: {error}')
            return 1
    print(f'answered {report["answered"]}, refused {report["refused"]}, unknown {report["unknown"]}, '
          f'lost {report["lost"]}, counted twice {report["twice"] + report["excess"]}, '
          f'out of order {report["order_violations"]}')
    print('passed: every answer was right')
    return 0


if __name__ == '__main__':
    sys.exit(main())
