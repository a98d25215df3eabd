# SPDX-License-Identifier: Apache-2.0
"""Measures how the cost grows with counters, replicas, connections, and time."""

import os
import signal
import statistics
import sys
import time

from loads import Load, LoadFailed, right, tally_bench, wrk
from servers import Tally  # this also finds tests/process
from timeline import Timeline, operations, sleep_until

from processes import cpu_seconds, descriptors, disk_bytes, memory_bytes

EDGE_SECONDS = 0.5  # left out at both ends of a run


def counters(bin_dir, sizes, seconds):
    """Measures one fresh group for each number of counters."""
    rows = []
    for size in sizes:
        print(f'growth: {size:,} counters', file=sys.stderr, flush=True)
        try:
            with Tally(bin_dir) as group:
                rows.append({'counters': size, **with_counters(group, size, seconds)})
        except (AssertionError, LoadFailed) as failure:
            rows.append({'counters': size, 'failure': str(failure)})
    return rows


def with_counters(group, size, seconds):
    fill = Load(f'tally bench --connect {{data}} --fill --counters {size} --clients 16 --pipeline 1024 '
                '--seconds {seconds} --json', right)
    deep = fill.run(group.bin_dir, group, seconds)
    single = tally_bench(64, 1).run(group.bin_dir, group, seconds)
    memory = statistics.median(memory_bytes(group.pid(f'replica-{number}')) for number in (1, 2, 3))
    disk = disk_bytes(group.data)
    return {'per_second': deep['per_second'], 'errors': deep['errors'], 'p50_us': single['p50_us'],
            'replica_bytes': memory, 'disk_bytes': disk, 'restart_seconds': restart(group)}


def restart(group):
    """Kills a replica, and returns how long it takes until it votes again."""
    begun = time.monotonic()
    old = group.pid('replica-1')
    os.kill(old, signal.SIGKILL)
    group.wait_new_pid('replica-1', old)
    group.wait_votes(1, 120)
    return time.monotonic() - begun


def replicas(bin_dir, numbers, seconds):
    """Measures the CPU time of all daemons per operation, as the number of replicas grows."""
    rows = []
    for number in numbers:
        for name, clients, pipeline in (('256 × 1', 256, 1), ('16 × 4096', 16, 4096)):
            print(f'growth: {number} replicas, {name}', file=sys.stderr, flush=True)
            with Tally(bin_dir, replicas=number) as group:
                rows.append({'replicas': number, 'load': name, **cpu_of(group, seconds, clients, pipeline)})
    return rows


def cpu_of(group, seconds, clients, pipeline):
    """Returns the microseconds of CPU time per operation, by role, in the middle of a run."""
    with Timeline(group, seconds + 2 * EDGE_SECONDS, clients, pipeline) as timeline:
        sleep_until(timeline.begun + EDGE_SECONDS)
        since, before = time.monotonic(), cpu_by_role(group)
        sleep_until(since + seconds)
        until, after = time.monotonic(), cpu_by_role(group)
    count = max(1, operations(timeline.window(since, until)))
    by_role = {role: (after[role] - before[role]) * 1e6 / count for role in after}
    return {'per_second': count / (until - since), 'cpu_us': sum(by_role.values()), 'cpu_us_by_role': by_role,
            'p50_us': timeline.result['latency_us']['p50']}


def cpu_by_role(group):
    """Adds up the CPU time of each role. All replicas count as one role."""
    seconds = {}
    for role, pid in group.pids().items():
        kind = role.partition('-')[0]
        seconds[kind] = seconds.get(kind, 0) + cpu_seconds(pid)
    return seconds


def connections(bin_dir, numbers, seconds):
    """Measures HTTP increments over ever more connections that are kept alive."""
    rows = []
    with Tally(bin_dir) as group:
        for number in numbers:
            print(f'growth: {number:,} connections', file=sys.stderr, flush=True)
            load = Load(f'wrk -t {min(2, number)} -c {number} -d {{whole_seconds}} --latency -s {{post}} '
                        '{url}/v1/counters/home/increment', wrk)
            try:
                rows.append({'connections': number, **load.run(bin_dir, group, seconds),
                             'bridge_bytes': memory_bytes(group.pid('bridge'))})
            except LoadFailed as failure:
                rows.append({'connections': number, 'failure': str(failure)})
    return rows


def soak(bin_dir, seconds, samples=120):
    """Puts steady load on a group, and samples evenly what its daemons hold."""
    rows = []
    with Tally(bin_dir) as group, Timeline(group, seconds, 64, 16) as timeline:
        print(f'soak: {seconds} s', file=sys.stderr, flush=True)
        for number in range(1, samples + 1):
            sleep_until(timeline.begun + seconds * number / samples)
            pids = group.pids()
            row = {'second': seconds * number / samples, 'disk_bytes': disk_bytes(group.data),
                   'descriptors': sum(descriptors(pid) for pid in pids.values())}
            for role, pid in pids.items():
                row[f'{role}_bytes'] = memory_bytes(pid)
            rows.append(row)
    return {'samples': rows, 'per_second': timeline.result['operations_per_second'],
            'verified': timeline.result['verified'], 'errors': timeline.result['errors']}
