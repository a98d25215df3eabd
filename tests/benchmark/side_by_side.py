# SPDX-License-Identifier: Apache-2.0
"""tally and its peers in turns: in each round every system is started afresh, measured under each of its loads, and
stopped, so that whatever else the machine does meets all of them alike.
"""

import dataclasses
import shutil
import sys

import loads
from loads import HTTP_LOADS, LoadFailed, etcd_load, raw, redis_benchmark_incr, redis_load, tally_bench
from servers import Etcd, Nginx, Nothing, Redis, Tally

REDIS_LOADS = {'1': redis_load(1, 1), '64': redis_load(64, 1), '256': redis_load(256, 1), 'deep': redis_load(64, 16),
               'resp P1': redis_benchmark_incr(50, 1), 'resp P16': redis_benchmark_incr(50, 16)}


@dataclasses.dataclass(frozen=True)
class System:
    key: str
    label: str
    needs: tuple  # programs on the path or beside tally's
    start: callable  # bin_dir -> servers
    loads: dict  # name -> loads.Load


SYSTEMS = [
    System('raw', 'the raw limit: the same topology in bare ZeroMQ, empty', ('raw_topology',), lambda _: Nothing(), {
        '1': raw(1), '64': raw(64), '256': raw(256), '64 × 4': raw(4, 64), 'deep': raw(256, 64)}),
    System('tally', '**tally**, native', (), Tally, {
        '1': tally_bench(1, 1), '64': tally_bench(64, 1), '256': tally_bench(256, 1), 'deep': tally_bench(16, 4096)}),
    System('tally-http', '**tally**, HTTP', ('wrk', 'ab'), Tally, HTTP_LOADS),
    System('tally-resp', '**tally**, RESP', ('redis-benchmark',), Tally, {
        'resp P1': redis_benchmark_incr(50, 1), 'resp P16': redis_benchmark_incr(50, 16)}),
    System('redis', 'redis, one process, no persistence', ('redis-server', 'redis_load'), lambda _: Redis(), REDIS_LOADS),
    System('redis-always', 'redis, one process, appendfsync always', ('redis-server', 'redis_load'), lambda _: Redis('always'),
           REDIS_LOADS),
    System('redis-wait', 'redis 1+2, appendfsync always, WAIT 2', ('redis-server', 'redis_load'), lambda _: Redis('always', 2), {
        '1': redis_load(1, 1, 2), '64': redis_load(64, 1, 2), '256': redis_load(256, 1, 2),
        'deep': redis_load(64, 16, 2), 'resp P1': redis_load(50, 1, 2), 'resp P16': redis_load(50, 16, 2)}),
    System('etcd-put', 'etcd, three members, blind put', ('etcd', 'etcd_load'), lambda _: Etcd(), {
        '1': etcd_load(1, 0), '64': etcd_load(64, 0), '256': etcd_load(256, 0)}),
    System('etcd-swap', 'etcd, three members, counter by compare-and-swap', ('etcd', 'etcd_load'), lambda _: Etcd(), {
        '1': etcd_load(1, 1), '64': etcd_load(64, 1), '256': etcd_load(256, 1)}),
    System('nginx', 'nginx, a constant', ('nginx', 'wrk', 'ab'), lambda _: Nginx(), HTTP_LOADS),
]


def missing(system, bin_dir):
    """Why a system is not measured here, or None."""
    absent = [name for name in system.needs if not (shutil.which(name) or (bin_dir / name).exists())]
    return f'{", ".join(absent)}: not installed' if absent else None


def measure(bin_dir, rounds, seconds, only=None, chosen_loads=None):
    """{system: {load: [figure, one for each round]}}, and what was not measured: {system: why}."""
    figures, left_out = {}, {}
    for number in range(rounds):
        for system in SYSTEMS:
            if only and system.key not in only:
                continue
            why = missing(system, bin_dir)
            if why:
                left_out[system.key] = why
                continue
            print(f'round {number + 1} of {rounds}: {system.key}', file=sys.stderr, flush=True)
            with system.start(bin_dir) as server:
                if system.key == 'tally-resp' and 'port' not in server.places:
                    left_out[system.key] = 'not there yet'
                    continue
                for name, load in system.loads.items():
                    if chosen_loads and name not in chosen_loads:
                        continue
                    measured = attempt(load, bin_dir, server, seconds, f'{system.key} {name}')
                    if measured:
                        figures.setdefault(system.key, {}).setdefault(name, []).append(measured)
    return figures, left_out


def attempt(load, bin_dir, server, seconds, what):
    """A figure, or None and a complaint: one load that fails does not spoil the others. Ours must not fail."""
    try:
        return load.run(bin_dir, server, seconds)
    except LoadFailed as failure:
        if load.read is loads.ours:
            raise
        print(f'{what}: {failure}', file=sys.stderr, flush=True)
        return None


def commands():
    """[(system, load, command)] for the report."""
    return [(system.label, name, load.command) for system in SYSTEMS for name, load in system.loads.items()]
