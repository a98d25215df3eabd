# SPDX-License-Identifier: Apache-2.0
"""tally and its peers, in turns. In each round every system is started afresh, measured under each
of its loads, and stopped. So whatever else the machine does meets all of them alike.
"""

import dataclasses
import shutil
import subprocess
import sys

from loads import HTTP_LOADS, LoadFailed, etcd_load, raw, redis_benchmark_incr, redis_load, tally_bench
from servers import Etcd, Nginx, Nothing, Redis, Tally

RESP_LOADS = {'resp P1': redis_benchmark_incr(50, 1), 'resp P16': redis_benchmark_incr(50, 16),
              'resp hot': redis_benchmark_incr(50, 16, 1)}
REDIS_LOADS = {'1': redis_load(1, 1), '64': redis_load(64, 1), '256': redis_load(256, 1), 'deep': redis_load(64, 16),
               **RESP_LOADS}


@dataclasses.dataclass(frozen=True)
class System:
    key: str
    label: str
    needs: tuple  # programs on the path, or beside tally's
    start: callable  # takes bin_dir, returns servers
    loads: dict  # {name: loads.Load}


WAIT_LOADS = {'1': redis_load(1, 1, 2), '64': redis_load(64, 1, 2), '256': redis_load(256, 1, 2),
              'deep': redis_load(64, 16, 2), 'resp P1': redis_load(50, 1, 2), 'resp P16': redis_load(50, 16, 2)}
REDIS = ('redis-server', 'redis-benchmark', 'redis_load')
ETCD = ('etcd', 'etcd_load')

SYSTEMS = [
    System('raw', 'the raw limit: the same topology in bare ZeroMQ, empty', ('raw_topology',), lambda _: Nothing(), {
        '1': raw(1), '64': raw(64), '256': raw(256), '64 × 4': raw(4, 64), 'deep': raw(256, 64)}),
    System('tally', '**tally**, native', (), Tally, {
        '1': tally_bench(1, 1), '64': tally_bench(64, 1), '256': tally_bench(256, 1), 'deep': tally_bench(16, 4096)}),
    System('tally-http', '**tally**, HTTP', ('wrk', 'ab'), Tally, HTTP_LOADS),
    System('tally-resp', '**tally**, RESP', ('redis-benchmark',), Tally, RESP_LOADS),
    System('redis', 'redis, one process, no persistence', REDIS, lambda _: Redis(), REDIS_LOADS),
    System('redis-always', 'redis, one process, appendfsync always', REDIS, lambda _: Redis('always'), REDIS_LOADS),
    System('redis-wait', 'redis 1+2, appendfsync always, WAIT 2', REDIS, lambda _: Redis('always', 2), WAIT_LOADS),
    System('etcd-put', 'etcd, three members, blind put', ETCD, lambda _: Etcd(), {
        '1': etcd_load(1, 0), '64': etcd_load(64, 0), '256': etcd_load(256, 0)}),
    System('etcd-swap', 'etcd, three members, counter by compare-and-swap', ETCD, lambda _: Etcd(), {
        '1': etcd_load(1, 1), '64': etcd_load(64, 1), '256': etcd_load(256, 1)}),
    System('nginx', 'nginx, a constant', ('nginx', 'wrk', 'ab'), lambda _: Nginx(), HTTP_LOADS),
]


def missing(system, bin_dir):
    """Returns why a system is not measured here, or None if it is."""
    absent = [name for name in system.needs if not (shutil.which(name) or (bin_dir / name).exists())]
    return f'{", ".join(absent)}: not installed' if absent else None


def measure(bin_dir, rounds, seconds, only):
    """Returns {system: {load: [figure, one for each round]}}, then {system: why it was not
    measured}, then what failed. `only` names the systems to measure; if it is empty, all of them
    are.
    """
    figures, left_out, failures = {}, {}, []
    for number in range(1, rounds + 1):
        for system in SYSTEMS:
            if only and system.key not in only:
                continue
            print(f'round {number} of {rounds}: {system.key}', file=sys.stderr, flush=True)
            measured = measure_system(system, bin_dir, seconds, failures)
            if isinstance(measured, str):
                left_out[system.key] = measured
            else:
                for name, figure in measured.items():
                    figures.setdefault(system.key, {}).setdefault(name, []).append({'round': number, **figure})
    return figures, left_out, failures


def measure_system(system, bin_dir, seconds, failures):
    """Returns {load: figure}, or a text that says why there is none. A load that fails does not
    spoil the others."""
    why = missing(system, bin_dir)
    if why:
        return why
    figures = {}
    try:
        with system.start(bin_dir) as server:
            if system.key == 'tally-resp' and 'port' not in server.places:
                return 'not there yet'
            for name, load in system.loads.items():
                try:
                    figures[name] = load.run(bin_dir, server, seconds)
                except (LoadFailed, subprocess.TimeoutExpired) as failure:
                    failures.append(f'{system.key}, {name}: {failure}')
    except (AssertionError, OSError, subprocess.SubprocessError) as failure:
        failures.append(f'{system.key}: {failure}')
    return figures


def commands():
    """Returns [(system, load, command)] for the report."""
    return [(system.label, name, load.command) for system in SYSTEMS for name, load in system.loads.items()]
