# SPDX-License-Identifier: Apache-2.0
"""Loads: commands with placeholders for what they are aimed at, and how to read what they print. A
figure is a dictionary with `per_second`, and with `p50_us` and `p99_us` where the load tells them.

In a command, {seconds} is the time to run, and {requests} is a number of requests, which a short
run finds out before. The other names are places of the server.
"""

import dataclasses
import json
import pathlib
import re
import subprocess

POST_SCRIPT = 'wrk.method = "POST"\n'
PILOT_REQUESTS = 2000
TIMEOUT_SECONDS = 300


class LoadFailed(Exception):
    """A load that ended badly, or whose answers were not all good."""


def ours(text):
    """Reads what `tally bench --json` prints. If an answer was wrong or missing, there is no
    figure."""
    figure = right(text)
    if figure['errors']:
        raise LoadFailed(f'{figure["errors"]} increments failed')
    return figure


def right(text):
    """Reads the same, from a load that may overload the group: some increments may have no answer,
    but none may have a wrong one."""
    answer = json.loads(text)
    if not answer['verified']:
        raise LoadFailed('an answer was wrong')
    return {'per_second': answer['operations_per_second'], 'p50_us': answer['latency_us']['p50'],
            'p99_us': answer['latency_us']['p99'], 'errors': answer['errors'], 'group': answer['group']}


def generator(text):
    """Reads what raw_topology, redis_load and etcd_load print."""
    answer = json.loads(text)
    return {'per_second': answer['operations_per_second'], 'p50_us': answer['p50_us'], 'p99_us': answer['p99_us']}


def wrk(text):
    """Reads what wrk --latency prints. Only good answers count."""
    bad = re.search(r'Non-2xx or 3xx responses: (\d+)', text)
    if bad:
        raise LoadFailed(f'{bad[1]} answers were not 200')
    broken = re.search(r'Socket errors: connect (\d+), read (\d+), write (\d+)', text)
    if broken and any(map(int, broken.groups())):
        raise LoadFailed(broken[0])
    units = {'us': 1, 'ms': 1e3, 's': 1e6, 'm': 60e6}
    latency = {share: float(value) * units[unit]
               for share, value, unit in re.findall(r'^\s*(\d+)%\s+([\d.]+)(us|ms|s|m)$', text, re.MULTILINE)}
    return {'per_second': float(re.search(r'Requests/sec:\s*([\d.]+)', text)[1]),
            'p50_us': latency.get('50'), 'p99_us': latency.get('99')}


def ab(text):
    """Reads what ab prints. It tells latency in whole milliseconds, which is too coarse for a
    figure here."""
    for complaint in ('Failed requests', 'Non-2xx responses'):
        bad = re.search(rf'{complaint}:\s*(\d+)', text)
        if bad and int(bad[1]):
            raise LoadFailed(bad[0])
    return {'per_second': float(re.search(r'Requests per second:\s*([\d.]+)', text)[1])}


def redis_benchmark(text):
    """Reads what redis-benchmark --csv prints."""
    words = [word.strip('"') for word in text.strip().splitlines()[-1].split('","')]
    return {'per_second': float(words[1]), 'p50_us': float(words[4]) * 1e3, 'p99_us': float(words[6]) * 1e3}


@dataclasses.dataclass(frozen=True)
class Load:
    command: str
    read: callable

    def run(self, bin_dir, server, seconds):
        """Returns one figure. The server's places are looked up only now, because it has to run."""
        places = dict(server.places, seconds=seconds, whole_seconds=max(1, round(seconds)))
        # No server here answers so many requests in that time.
        places['many'] = 300_000 * places['whole_seconds']
        if '{post}' in self.command:
            places['post'] = pathlib.Path(places['directory']) / 'post.lua'
            places['post'].write_text(POST_SCRIPT)
        if '{requests}' in self.command:
            pilot = self.read(self._run(bin_dir, dict(places, requests=PILOT_REQUESTS)))
            places['requests'] = max(PILOT_REQUESTS, round(pilot['per_second'] * seconds))
        return self.read(self._run(bin_dir, places))

    def _run(self, bin_dir, places):
        words = self.command.format(**places).split()
        if (bin_dir / words[0]).exists():
            words[0] = str(bin_dir / words[0])
        result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
        if result.returncode != 0:
            raise LoadFailed(f'{words[0]} ended with {result.returncode}: {result.stderr.strip()}')
        return result.stdout


def tally_bench(clients, pipeline, counters=1000):
    return Load(f'tally bench --connect {{data}} --clients {clients} --pipeline {pipeline} --counters {counters} '
                '--seconds {seconds} --json', ours)


def raw(outstanding, operations=1):
    return Load(f'raw_topology --outstanding {outstanding} --operations {operations} --seconds {{seconds}}', generator)


def redis_load(clients, pipeline, wait=0):
    return Load(f'redis_load --port {{port}} --clients {clients} --pipeline {pipeline} --wait {wait} --counters 1000 '
                '--seconds {seconds}', generator)


def redis_benchmark_incr(clients, pipeline, counters=1000):
    key = 'counter:__rand_int__' if counters > 1 else 'counter'
    return Load(f'redis-benchmark -p {{port}} -c {clients} -P {pipeline} -r {counters} -n {{requests}} --csv '
                f'INCR {key}', redis_benchmark)


def etcd_load(clients, count):
    return Load(f'etcd_load --port {{port}} --clients {clients} --count {count} --counters 1000 --seconds {{seconds}}',
                generator)


HTTP_LOADS = {
    'wrk POST': Load('wrk -t 2 -c 64 -d {whole_seconds} --latency -s {post} {url}/v1/counters/home/increment', wrk),
    'wrk GET': Load('wrk -t 2 -c 64 -d {whole_seconds} --latency {url}/v1/counters/home', wrk),
    'ab -k': Load('ab -q -l -k -c 64 -t {whole_seconds} -n {many} {url}/hit/home', ab),
    'ab': Load('ab -q -l -c 64 -t {whole_seconds} -n {many} {url}/hit/home', ab),
}
