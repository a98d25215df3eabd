#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Redis clients as people use them, each let loose on the door.

    clients_test.py --ours HOST:PORT|BIN_DIR [--all] [NAME…]

NAME is the name of a check, as it is printed; all run if none is given. With --all redis-benchmark
sends ten times as many requests.
"""

import contextlib
import pathlib
import random
import re
import subprocess
import sys
import threading
import time
import urllib.request

import redis

import node_modules
from checks import Checks, expect
from resp import Connection, encode
from servers import door, free_port, wait_until

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / 'build' / 'redis'
COMMAND_SECONDS = 120
STOP_SECONDS = 10
BENCHMARK_REQUESTS = 20_000
ALL_BENCHMARK_REQUESTS = 200_000
BENCHMARK_COUNTERS = 1000
THREADS = 2
WATCH_INCREMENTS = 200  # of each thread
LOCK_FREE_INCREMENTS = 500
BULK_COMMANDS = 10_000
SEED = 1


def run(*command, stdin='', environment=None, complains=True):
    """Runs a command that must succeed, and returns what it printed. Unless it `complains`, nothing
    may be on its standard error."""
    is_text = isinstance(stdin, str)
    result = subprocess.run([str(word) for word in command], input=stdin, capture_output=True,
                            text=is_text, timeout=COMMAND_SECONDS, check=False, env=environment)
    if result.returncode != 0 or (result.stderr and not complains):
        raise AssertionError(f'{command} ended with {result.returncode}: '
                             f'{result.stdout[-2000:]} {result.stderr[-2000:]}')
    return result.stdout


def redis_cli(host, port):
    """One command a run, and many from a file, with what is printed to pipes."""
    cli = ['redis-cli', '-h', host, '-p', port]
    expect('1\n', run(*cli, 'INCR', 'cli:one'), 'INCR')
    expect('\n', run(*cli, 'GET', 'cli:missing'), 'a missing counter')
    expect('(nil)\n', run(*cli, '--no-raw', 'GET', 'cli:missing'), 'a missing counter')
    expect('(integer) 2\n', run(*cli, '-3', '--no-raw', 'INCR', 'cli:one'), 'INCR in RESP3')
    expect('"2"\n', run(*cli, '--json', '-3', 'GET', 'cli:one'), 'GET as JSON')
    expect(['2', '', '7200'], run(*cli, '-n', '0', stdin='GET cli:one\nGET cli:missing\n'
                                  'SETEX cli:short 7200 5\nTTL cli:short\n').splitlines()[:2]
           + run(*cli, 'TTL', 'cli:short').splitlines(), 'lines from a file')
    lines = run(*cli, stdin='MULTI\nINCR cli:one\nINCRBY cli:one x\nEXEC\n').splitlines()
    expect(['OK', 'QUEUED', 'QUEUED', '3', 'ERR value is not an integer or out of range'],
           [line for line in lines if line], 'a transaction')
    expect('ERR value is not an integer or out of range',
           run(*cli, 'INCRBY', 'cli:one', 'x').strip(), 'an error')
    expect('2\n', run(*cli, 'DEL', 'cli:one', 'cli:short'), 'DEL')
    return 'commands, -3, --json, files, a transaction'


def redis_cli_pipe(host, port):
    """Bulk loading, which ends when an ECHO comes back."""
    data = b''.join(encode([b'INCR', b'pipe:%d' % (number % 7)]) for number in range(BULK_COMMANDS))
    output = run('redis-cli', '-h', host, '-p', port, '--pipe', stdin=data).decode()
    expect(('0', str(BULK_COMMANDS)),
           re.search(r'errors: (\d+), replies: (\d+)', output).groups(), '--pipe')
    names = [f'pipe:{number}' for number in range(7)]
    values = run('redis-cli', '-h', host, '-p', port, 'MGET', *names).split()
    expect(BULK_COMMANDS, sum(map(int, values)), 'the sum of the counters')
    run('redis-cli', '-h', host, '-p', port, 'DEL', *names)
    return f'{BULK_COMMANDS} commands, none refused'


def redis_cli_scan(host, port):
    """--scan and --bigkeys go through all counters, --stat looks at INFO."""
    cli = ['redis-cli', '-h', host, '-p', port]
    names = [f'scan:{number}' for number in range(300)]
    run(*cli, 'MSET', *(word for number, name in enumerate(names) for word in (name, number)))
    expect(sorted(names), sorted(run(*cli, '--scan', '--pattern', 'scan:*').split()), '--scan')
    expect(sorted(names[20:30]), sorted(run(*cli, '--scan', '--pattern', 'scan:2[0-9]').split()),
           '--scan with a pattern')
    output = run(*cli, '--bigkeys')
    expect('300', re.search(r'Sampled (\d+) keys in the keyspace', output).group(1), '--bigkeys')
    expect('300', re.search(r'(\d+) strings? with', output).group(1), '--bigkeys')
    expect(str(len(names)), run(*cli, 'DEL', *names).strip(), 'DEL')
    process = subprocess.Popen([str(word) for word in [*cli, '-i', '0.01', '--stat']],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    watchdog = threading.Timer(COMMAND_SECONDS, process.kill)
    watchdog.start()
    try:
        lines = [process.stdout.readline() for _ in range(6)]
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    if not re.match(r'\d+ +\S+ +\d+ +\d+ +\d+ \(\+\d+\)', lines[-1]):
        raise AssertionError(f'--stat printed {lines}')
    return f'{len(names)} counters scanned, --stat runs'


def redis_benchmark(host, port):
    """Every INCR that it sends is counted, and it complains of nothing."""
    requests = ALL_BENCHMARK_REQUESTS if options.all else BENCHMARK_REQUESTS
    with redis.Redis(host, port) as client:
        before = _sum_of_counters(client)
        output = run('redis-benchmark', '-h', host, '-p', port, '-t', 'incr,get', '-n',
                     requests, '-c', 50, '-P', 16, '-r', BENCHMARK_COUNTERS, '--csv',
                     complains=False)
        rates = dict(re.findall(r'^"(INCR|GET)","([\d.]+)"', output, re.MULTILINE))
        expect({'INCR', 'GET'}, set(rates), 'the tests that ran')
        expect(requests, _sum_of_counters(client) - before, 'the sum of the counters')
    # Also -t ping, which sends an inline command too.
    run('redis-benchmark', '-h', host, '-p', port, '-t', 'ping', '-n', 1000, '-c', 5, '-q')
    run('redis-benchmark', '-3', '-h', host, '-p', port, '-n', 1000, '-c', 5, '-q',
        'INCRBY', 'benchmark:sum', '3')
    expect('3000\n', run('redis-cli', '-h', host, '-p', port, 'GET', 'benchmark:sum'), 'INCRBY')
    return f'{requests} of each: INCR {rates["INCR"]}/s, GET {rates["GET"]}/s'


def _sum_of_counters(client):
    names = list(client.scan_iter('counter:*', count=100))
    return sum(int(value) for value in client.mget(names)) if names else 0


def python_redis(host, port):
    """Pipelines, with and without a transaction, and two ways to count without a lock."""
    with redis.Redis(host, port, decode_responses=True) as client:
        expect(True, client.ping(), 'PING')
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(LOCK_FREE_INCREMENTS):
                pipeline.incr('py:count')
            expect(list(range(1, LOCK_FREE_INCREMENTS + 1)), pipeline.execute(), 'a pipeline')
        with client.pipeline() as pipeline:
            pipeline.incr('py:count').expire('py:count', 7200).ttl('py:count').get('py:missing')
            expect([LOCK_FREE_INCREMENTS + 1, True, 7200, None], pipeline.execute(),
                   'a transaction')
        with client.pipeline() as pipeline:
            pipeline.incr('py:count').incrby('py:count', 'x').decr('py:count')
            results = pipeline.execute(raise_on_error=False)
        expect([LOCK_FREE_INCREMENTS + 2, LOCK_FREE_INCREMENTS + 1], [results[0], results[2]],
               'a transaction with an error')
        expect(True, 'value is not an integer or out of range' in str(results[1]),
               'the error in a transaction')
        expect(True, client.set('py:lock', 1, nx=True, ex=7200), 'SET NX')
        expect(None, client.set('py:lock', 1, nx=True, ex=7200), 'SET NX of what is there')
        expect({'py:count', 'py:lock'}, set(client.scan_iter('py:*', count=1)), 'SCAN')
        expect({'py:count', 'py:lock'}, {client.randomkey() for _ in range(100)}, 'RANDOMKEY')

        _at_once(lambda own: [own.incr('py:free') for _ in range(LOCK_FREE_INCREMENTS)], host, port)
        expect(str(THREADS * LOCK_FREE_INCREMENTS), client.get('py:free'), 'lock-free counters')
        client.set('py:watched', 0)
        retries = sum(_at_once(_count_by_watch, host, port))
        expect(str(THREADS * WATCH_INCREMENTS), client.get('py:watched'), 'counting by WATCH')
        expect(4, client.delete('py:count', 'py:lock', 'py:free', 'py:watched'), 'DEL')
    return f'{THREADS * WATCH_INCREMENTS} increments by WATCH with {retries} retries'


def _at_once(work, host, port):
    """Runs work(client) in several threads at once, and returns the results."""
    results, errors = [], []

    def thread():
        try:
            with redis.Redis(host, port, decode_responses=True, socket_timeout=30) as own:
                results.append(work(own))
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)
    threads = [threading.Thread(target=thread) for _ in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(COMMAND_SECONDS)
    if errors:
        raise errors[0]
    expect(THREADS, len(results), 'threads that ended')
    return results


def _count_by_watch(client):
    """Counts with WATCH, GET and SET, and returns how often somebody else was faster."""
    retries = done = 0
    with client.pipeline() as pipeline:
        while done < WATCH_INCREMENTS:
            try:
                pipeline.watch('py:watched')
                value = int(pipeline.get('py:watched'))
                pipeline.multi()
                pipeline.set('py:watched', value + 1)
                pipeline.execute()
                done += 1
            except redis.WatchError:
                retries += 1
    return retries


def node_redis(host, port):
    """Version 5 with RESP2 and RESP3, and version 4."""
    return '; '.join(
        f'{name} RESP{resp}: ' + _node('node_redis.js', host, port, name, resp)
        for name, resp in (('redis', 2), ('redis', 3), ('redis-4', 2)))


def ioredis(host, port):
    return _node('ioredis.js', host, port)


def _node(program, *arguments):
    return run('node', node_modules.PROGRAMS / program, *arguments,
               environment=node_modules.environment()).strip()


def php_redis(host, port):
    return run('php', HERE / 'php_client.php', host, port).strip()


def hiredis(host, port):
    """The program is built here, since nothing else of the tree needs hiredis."""
    BUILD.mkdir(parents=True, exist_ok=True)
    program, source = BUILD / 'hiredis_client', HERE / 'hiredis_client.cc'
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        run('g++', '-std=c++20', '-O1', '-Wall', '-Wextra', source, '-lhiredis', '-o', program)
    return run(program, host, port).strip()


def prometheus_exporter(host, port):
    """It is up, and shows as many keys as there are."""
    with redis.Redis(host, port) as client:
        client.set('exporter:one', 1)
        keys = client.dbsize()
    listen = f'127.0.0.1:{free_port()}'
    process = subprocess.Popen(
        ['prometheus-redis-exporter', '-redis.addr', f'redis://{host}:{port}',
         '-web.listen-address', listen], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def metrics():
        if process.poll() is not None:
            raise AssertionError(f'the exporter ended with {process.returncode}')
        with contextlib.suppress(OSError), urllib.request.urlopen(
                f'http://{listen}/metrics', timeout=10) as answer:
            return dict(line.rsplit(' ', 1) for line in answer.read().decode().splitlines()
                        if not line.startswith('#'))
        return None
    try:
        values = wait_until(metrics, 'the exporter answers', 20)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
    expect('1', values.get('redis_up'), 'redis_up')
    expect('0', values.get('redis_exporter_last_scrape_error{err=""}'), 'the last scrape error')
    expect(keys, int(float(values['redis_db_keys{db="db0"}'])), 'redis_db_keys')
    return f'{len(values)} metrics, {keys} keys'


def large_pipeline(host, port):
    """A pipeline that nobody reads stalls no other client, and ends when it is read."""
    choice = random.Random(SEED)
    commands = [encode([b'INCR', b'large:%d' % choice.randrange(5)]) for _ in range(BULK_COMMANDS)]
    with Connection((host, port)) as writer, redis.Redis(host, port, socket_timeout=10) as other:
        writer.send(b''.join(commands))
        longest = 0.0
        for _ in range(50):
            started = time.monotonic()
            other.incr('large:other')
            longest = max(longest, time.monotonic() - started)
        kinds = {writer.read().kind for _ in commands}
        expect({':'}, kinds, 'the answers')
        names = [f'large:{number}' for number in range(5)]
        expect(BULK_COMMANDS, sum(map(int, other.mget(names))), 'the sum of the counters')
        other.delete('large:other', *names)
    return f'{BULK_COMMANDS} in one pipeline; another client waited {1000 * longest:.0f} ms at most'


CHECKS = [redis_cli, redis_cli_pipe, redis_cli_scan, redis_benchmark, python_redis, node_redis,
          ioredis, php_redis, hiredis, prometheus_exporter, large_pipeline]


if __name__ == '__main__':
    checks = Checks('Redis clients, let loose on the door.', CHECKS)
    checks.parser.add_argument('--ours', required=True, metavar='HOST:PORT|BIN_DIR')
    checks.parser.add_argument('--all', action='store_true')
    options = checks.parse()
    with door(options.ours) as address:
        for each in checks.chosen:
            with redis.Redis(*address) as flushing:
                flushing.flushall()
            checks.run(each, *address)
    sys.exit(checks.end())
