#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rate limiters that keep their counters in Redis, each in a small web application.

    rate_limiters_test.py --ours HOST:PORT|BIN_DIR [--all] [NAME…]

Each application serves exactly as many requests of a client as its limit says, refuses the next
ones, and serves again when the window is over: also while a replica is killed, hangs or lies, which
takes a group (BIN_DIR). There each library is used with one client of Redis, or, with --all, each
version of it with each client. Each limiter's scripts run side by side with a real Redis, too.
"""

import concurrent.futures
import contextlib
import functools
import hashlib
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from limits.storage.redis import RedisStorage

import node_modules
from checks import Checks, expect
from group_faults import PATIENT, injected, killed, stopped, wait_all_vote
from resp import Connection, printable
from servers import UNHURRIED, Group, RedisServer, door, wait_until

HERE = pathlib.Path(__file__).resolve().parent
LIMIT = 10
WINDOW_SECONDS = 2
AT_ONCE = 40
CONNECTIONS_AT_ONCE = 8
REFUSED = 3
TRIES = 20  # of what must be done within one window
LATE_SECONDS = 20.0  # after a window's end, at most, until requests are served again
EARLY_SECONDS = 0.1  # clocks of a server and of a client that reads milliseconds
START_SECONDS = 60
REQUEST_SECONDS = 20
STOP_SECONDS = 10


# The packages of a limiter and of its client.
EXPRESS = [('rate-limit-redis', 'redis'), ('rate-limit-redis-4', 'ioredis'),
           ('rate-limit-redis-3', 'redis-4')]
FLEXIBLE = [('rate-limiter-flexible', 'ioredis'), ('rate-limiter-flexible', 'redis'),
            ('rate-limiter-flexible-2', 'ioredis')]


class Application:
    """An application of ours, which prints its port and ends with its standard input."""

    def __init__(self, *command, environment=None):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line.strip().isdigit():
            raise AssertionError(f'{command} did not start: it printed {line!r}')
        self.url = f'http://127.0.0.1:{int(line)}'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def request(self, client, method='GET', path='/'):
        """Returns (status, Retry-After in seconds or None, body) of a client's request."""
        request = urllib.request.Request(self.url + path, method=method,
                                         headers={'X-Client': client})
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as answer:
                return answer.status, None, answer.read().decode()
        except urllib.error.HTTPError as error:
            after = error.headers.get('Retry-After')
            return error.code, int(after) if after else None, error.read().decode()


def within_a_window(attempt):
    """Returns attempt(number) of the first attempt that took less than a window."""
    for number in range(TRIES):
        started = time.monotonic()
        result = attempt(number)
        if time.monotonic() - started < 0.9 * WINDOW_SECONDS:
            return result
    raise AssertionError(f'no attempt of {TRIES} was done within {WINDOW_SECONDS} s')


def counts_to_the_limit(application, name='one-by-one', harm=lambda: None):
    """Serves as many as the limit says, refuses the next ones, and serves after the window. What
    harm() does happens in the middle."""
    def attempt(number):
        client = f'{name}-{number}'
        started = time.monotonic()
        statuses = [application.request(client) for _ in range(LIMIT // 2)]
        harm()
        statuses += [application.request(client) for _ in range(LIMIT - LIMIT // 2 + REFUSED)]
        return client, started, statuses
    client, started, answers = within_a_window(attempt)
    expect([200] * LIMIT + [429] * REFUSED, [status for status, _, _ in answers], 'the answers')
    for _, retry_after, _ in answers[LIMIT:]:
        expect(True, retry_after is None or 0 < retry_after <= WINDOW_SECONDS, 'Retry-After')
    wait_until(lambda: application.request(client)[0] == 200, 'it is served again',
               WINDOW_SECONDS + LATE_SECONDS)
    waited = time.monotonic() - started
    expect(True, waited >= WINDOW_SECONDS - EARLY_SECONDS, f'refused for {waited:.2f} s only')
    return waited


def counts_at_once(application, name='at-once'):
    """Of many requests at once exactly as many are served as the limit says."""
    def attempt(number):
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS_AT_ONCE) as pool:
            return list(pool.map(application.request, [f'{name}-{number}'] * AT_ONCE))
    statuses = [status for status, _, _ in within_a_window(attempt)]
    expect((LIMIT, AT_ONCE - LIMIT), (statuses.count(200), statuses.count(429)),
           'served and refused at once')


def tells_and_forgets(application, count_of):
    """A client's count can be asked for, and forgotten."""
    def attempt(number):
        client = f'forgotten-{number}'
        first = application.request(client, path='/count')
        answers = [application.request(client)[0] for _ in range(LIMIT + 1)]
        count = application.request(client, path='/count')
        forgets = application.request(client, 'DELETE')[0]
        return first, answers, count, forgets, application.request(client)[0]
    first, answers, count, forgets, after = within_a_window(attempt)
    expect(([200] * LIMIT + [429], 200, 200), (answers, forgets, after), 'the answers')
    expect((0, LIMIT + 1), (count_of(first), count_of(count)), 'the count before and after')


def blocks(application):
    """A penalty counts, and a client that is blocked is refused for a window."""
    def attempt(number):
        client = f'blocked-{number}'
        penalty = application.request(client, 'PUT', '/penalty')
        before = [application.request(client)[0] for _ in range(LIMIT)]
        other = f'blocked-at-once-{number}'
        block = application.request(other, 'PUT', '/block')[0]
        return penalty[2], before, block, application.request(other)[0]
    expect(('1', [200] * (LIMIT - 1) + [429], 200, 429), within_a_window(attempt), 'the answers')


def express_rate_limit(host, port):
    """rate-limit-redis 3, 4 and 6, with both clients."""
    def count_of(answer):
        hits = json.loads(answer[2])
        return (hits or {}).get('totalHits') or 0
    waits = []
    for store, client in EXPRESS:
        with _node('express_rate_limit.js', host, port, store, client) as application:
            waits.append(counts_to_the_limit(application))
            counts_at_once(application)
            if store != 'rate-limit-redis-3':  # it cannot tell counts
                tells_and_forgets(application, count_of)
        _forget(host, port)
    return f'served again after {_range(waits)}'


def rate_limiter_flexible(host, port):
    """Versions 2 and 11, with both clients."""
    def count_of(answer):
        return json.loads(answer[2]) or 0
    waits = []
    for name, client in FLEXIBLE:
        with _node('rate_limiter_flexible.js', host, port, name, client) as application:
            waits.append(counts_to_the_limit(application))
            counts_at_once(application)
            tells_and_forgets(application, count_of)
            blocks(application)
        _forget(host, port)
    return f'served again after {_range(waits)}'


def flask_limiter(host, port):
    """Debian's Flask-Limiter with its default strategy."""
    with _flask(host, port) as application:
        waited = counts_to_the_limit(application)
        counts_at_once(application)
    return f'served again after {waited:.2f} s'


def _flask(host, port):
    return Application('/usr/bin/python3', HERE / 'flask_limiter_app.py', host, port, LIMIT,
                       WINDOW_SECONDS)


def _node(program, host, port, *packages):
    return Application('node', node_modules.PROGRAMS / program, host, port, *packages, LIMIT,
                       1000 * WINDOW_SECONDS, environment=node_modules.environment())


def _forget(host, port):
    with Connection((host, port)) as connection:
        expect(b'+OK\r\n', connection.call('FLUSHALL').raw, 'FLUSHALL')


def _range(seconds):
    return f'{min(seconds):.2f} to {max(seconds):.2f} s'


# ---- faults

LIMITER_FAULTS = {
    'is killed': lambda group, number: killed(group, f'replica-{number}'),
    'hangs': lambda group, number: stopped(group, f'replica-{number}'),
    'lies': lambda group, number: injected(group, number, 'wrong-value'),
}


class Harm:
    """A fault that begins when the first limiter is in the middle of its counting."""

    def __init__(self, group, kind, number):
        self.stack = contextlib.ExitStack()
        self.fault = LIMITER_FAULTS[kind](group, number)
        self.lock = threading.Lock()
        self.has_begun = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def begin(self):
        with self.lock:
            if not self.has_begun:
                self.has_begun = True
                self.stack.enter_context(self.fault)


def through_faults(bin_dir, takes_all):
    """All of them count at the same time. None of their connections is lost, since node-redis would
    end its program."""
    node_modules.environment()
    with Group(bin_dir, '--fault-injection', environment={**PATIENT, **UNHURRIED}) as group:
        wait_all_vote(group)
        with contextlib.ExitStack() as stack:
            limiters = [stack.enter_context(start())
                        for start in _limiters(*group.resp, takes_all)]
            for number, kind in enumerate(LIMITER_FAULTS, 1):
                with Harm(group, kind, number) as harm:
                    def count(limiter, kind=kind, harm=harm):
                        counts_to_the_limit(limiter, f'{kind}-one-by-one', harm.begin)
                        counts_at_once(limiter, f'{kind}-at-once')
                    with concurrent.futures.ThreadPoolExecutor(len(limiters)) as pool:
                        list(pool.map(count, limiters))
                wait_all_vote(group)
    return f'{len(limiters)} limiters, while a replica {", ".join(LIMITER_FAULTS)}'


def _limiters(host, port, takes_all):
    """Returns functions that start the applications."""
    node = [('express_rate_limit.js', *names) for names in EXPRESS[:None if takes_all else 1]]
    node += [('rate_limiter_flexible.js', *names) for names in FLEXIBLE[:None if takes_all else 1]]
    return [*(functools.partial(_node, program, host, port, *names) for program, *names in node),
            functools.partial(_flask, host, port)]


# ---- the scripts themselves

# The arguments of each script after its key, by its package and name.
ARGUMENTS = {
    ('rate-limit-redis-3', 'increment'): [('0', '60000'), ('1', '60000')],
    ('rate-limit-redis-4', 'increment'): [('0', '60000'), ('1', '60000')],
    ('rate-limit-redis-4', 'get'): [()],
    ('rate-limit-redis', 'increment'): [('60000',)],
    ('rate-limit-redis', 'get'): [()],
    ('rate-limiter-flexible-2', 'rlflxIncr'): [('1', '60'), ('5', '60'), ('-1', '60')],
    ('rate-limiter-flexible', 'rlflxIncr'): [
        ('1', '60', '10', '60'), ('5', '60', '10', '60'), ('-1', '60', '10', '60')],
    ('limits', 'incr_expire'): [('60', '1'), ('60', '3')],
}
# What is there before a script runs.
STATES = [['DEL', 'limited'], ['SET', 'limited', '7'], ['SET', 'limited', '7', 'PX', '30000'],
          ['SET', 'limited', '0', 'PX', '30000'], ['SET', 'limited', '-3', 'PX', '30000']]


def scripts():
    """Returns (package, name, text) of each script that a served limiter sends."""
    result = subprocess.run(['node', node_modules.PROGRAMS / 'scripts.js'], capture_output=True,
                            text=True, timeout=START_SECONDS, check=True,
                            env=node_modules.environment())
    found = [(script['package'], script['name'], script['text'])
             for script in json.loads(result.stdout) if 'server.call' not in script['text']]
    text = RedisStorage.SCRIPT_INCR_EXPIRE
    return [*found, ('limits', 'incr_expire', text if isinstance(text, str) else text.decode())]


def scripts_side_by_side(host, port):
    """Each script is loaded, is there, and answers as it does in Redis, however it is called."""
    answers = 0
    known = scripts()
    expect(set(ARGUMENTS), {script[:2] for script in known}, 'the scripts of the packages')
    with RedisServer() as redis:
        for version in (b'2', b'3'):
            with Connection(redis.address) as theirs, Connection((host, port)) as ours:
                for connection in (theirs, ours):
                    connection.call('HELLO', version)
                for script in known:
                    answers += _script_side_by_side(theirs, ours, script)
    return f'{len(known)} scripts, {answers} answers'


def _script_side_by_side(theirs, ours, script):
    package, name, text = script
    sha = hashlib.sha1(text.encode()).hexdigest()
    calls = [['SCRIPT', 'LOAD', text], ['SCRIPT', 'EXISTS', sha, 'f' * 40]]
    for state in STATES:
        for arguments in ARGUMENTS[(package, name)]:
            call = ['1', 'limited', *arguments]
            calls += [state, ['EVALSHA', sha, *call], ['EVALSHA', sha.upper(), *call],
                      ['EVAL', text, *call], ['GET', 'limited'], ['PTTL', 'limited'], ['MULTI'],
                      ['EVALSHA', sha, *call], ['EXEC']]
    began = time.monotonic()  # the state that is there; its deadlines are as far apart as that
    for call in calls:
        if call in STATES:
            began = time.monotonic()
        redis, answer = theirs.call(*call), ours.call(*call)
        slack_ms = 1000 * (time.monotonic() - began) + 100
        if not _alike(redis, answer, slack_ms):
            raise AssertionError(f'{package} {name}, {call[:1] + call[2:]}: Redis says '
                                 f'{printable(redis.raw)}, ours {printable(answer.raw)}')
    return len(calls)


def _alike(redis, ours, slack_ms):
    """Tells whether two answers are equal but for the time that passes."""
    if redis.kind != ours.kind:
        return False
    if redis.kind == '*' and redis.value and ours.value:
        return len(redis.value) == len(ours.value) and all(
            _alike(*pair, slack_ms) for pair in zip(redis.value, ours.value))
    is_time = redis.kind == ':' and int(redis.value) > 1000
    return redis.raw == ours.raw or (
        is_time and abs(int(redis.value) - int(ours.value)) <= slack_ms)


def main():
    at_a_door = [express_rate_limit, rate_limiter_flexible, flask_limiter, scripts_side_by_side]
    checks = Checks('Rate limiters with their counters at the door.', [*at_a_door, through_faults])
    checks.parser.add_argument('--ours', required=True, metavar='HOST:PORT|BIN_DIR')
    checks.parser.add_argument('--all', action='store_true')
    options = checks.parse()
    with door(options.ours) as (host, port):
        for check in filter(at_a_door.__contains__, checks.chosen):
            _forget(host, port)
            checks.run(check, host, port)
    if through_faults in checks.chosen and pathlib.Path(options.ours).is_dir():
        checks.run(through_faults, options.ours, options.all)
    return checks.end()


if __name__ == '__main__':
    sys.exit(main())
