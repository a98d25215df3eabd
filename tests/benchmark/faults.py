# SPDX-License-Identifier: Apache-2.0
"""Measures what clients notice of faults. One group is under steady load, and one fault follows
another, each in a slot of its own on one time axis. Every answer is checked; one that is wrong,
lost or doubled fails the run.
"""

import contextlib
import dataclasses
import http.client
import json
import os
import signal
import sys
import time
import urllib.parse

from servers import Tally
from timeline import Timeline, operations, sleep_until

HEALTHY_SECONDS = 4
BEFORE_SECONDS = 2  # how long the group is healthy before each fault
POLL_SECONDS = 0.02
CLIENTS = 64


@dataclasses.dataclass(frozen=True)
class Drill:
    name: str
    inject: callable  # takes the group
    lasts: float = 0  # then it is healed
    heal: callable = None
    catch_up: float = 0  # how much longer the slot is


def kill(role):
    return lambda group: os.kill(group.pid(role), signal.SIGKILL)


def stop(role):
    return lambda group: os.kill(group.pid(role), signal.SIGSTOP)


def go_on(role):
    return lambda group: os.kill(group.pid(role), signal.SIGCONT)


def inject(number, kind):
    return lambda group: group.tally('fault', 'inject', number, kind)


def clear(number):
    return lambda group: group.tally('fault', 'clear', number)


def drills(missed_seconds):
    return [
        Drill('replica killed', kill('replica-1')),
        Drill('replica hangs', stop('replica-2'), 2.5, go_on('replica-2')),
        Drill('replica lies', inject(3, 'wrong-value'), 1, clear(3)),
        # One that hangs for so long would be killed and started again, and come back by itself.
        Drill(f'replica catches up after {missed_seconds} s', inject(1, 'drop-orders'), missed_seconds, clear(1),
              missed_seconds / 20),
        Drill('comparator killed', kill('comparator')),
        Drill('distributor killed', kill('distributor')),
    ]


class Watch:
    """Asks the bridge for the group's state, over one connection."""

    def __init__(self, group):
        self.address = urllib.parse.urlsplit(group.http).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=1)

    def status(self):
        """Returns None while nobody can say what the state is."""
        try:
            self.connection.request('GET', '/v1/cluster')
            answer = self.connection.getresponse()
            body = answer.read()
            return json.loads(body) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return None

    def rest(self, until):
        """Waits without a connection, because the bridge would close one that is idle."""
        self.connection.close()
        sleep_until(until)

    def wait(self, condition, until):
        """Returns when the condition first held for the status, or None if it did not in time."""
        while time.monotonic() < until:
            status = self.status()
            if status and condition(status):
                return time.monotonic()
            time.sleep(POLL_SECONDS)
        return None


def all_vote(status):
    return status['state'] == 'ok' and all(replica['state'] == 'voting' for replica in status['replicas'])


def measure(bin_dir, missed_seconds, rest_seconds):
    """Each drill's slot ends `rest_seconds` after the fault, or after it was healed. The slot is
    longer where a replica misses many orders."""
    plan = drills(missed_seconds)
    seconds = HEALTHY_SECONDS + sum(drill.lasts + drill.catch_up + rest_seconds for drill in plan)
    done = []
    with Tally(bin_dir, '--fault-injection') as group:
        group.wait_all_vote()
        watch = Watch(group)
        with Timeline(group, seconds, CLIENTS) as timeline, contextlib.closing(watch.connection):
            begin = timeline.begun + HEALTHY_SECONDS
            for drill in plan:
                sleep_until(begin)
                print(f'faults: {drill.name}', file=sys.stderr, flush=True)
                end = begin + drill.lasts + drill.catch_up + rest_seconds
                done.append(run(group, watch, drill, begin, end))
                begin = end
    return report(timeline, done)


def run(group, watch, drill, begin, end):
    """Returns the moments of one drill: the fault is injected, it is healed, all replicas vote
    again."""
    moments = {'name': drill.name, 'injected': time.monotonic(), 'slot_end': end}
    drill.inject(group)
    if drill.heal:
        watch.rest(begin + drill.lasts)
        status = watch.status()
        moments['missed_orders'] = max(replica['lag'] for replica in status['replicas']) if status else None
        moments['healed'] = time.monotonic()
        drill.heal(group)
    else:
        watch.wait(lambda status: not all_vote(status), min(end, begin + 0.3))
    moments['recovered'] = watch.wait(all_vote, end)
    return moments


def report(timeline, done):
    zero = timeline.rows[0]['at_s']
    rows = []
    for moments in done:
        injected, until = moments['injected'], moments['recovered'] or moments['slot_end']
        before = summary(timeline, injected - BEFORE_SECONDS, injected)
        during = summary(timeline, injected, until)
        rows.append({'name': moments['name'], 'missed_orders': moments.get('missed_orders'),
                     'recovered_seconds': moments['recovered'] and until - moments.get('healed', injected),
                     'begin': injected - zero, 'end': until - zero, 'before': before, 'during': during,
                     'after': summary(timeline, until, moments['slot_end']),
                     'share': during['per_second'] / before['per_second'] if before['per_second'] else 0.0})
    return {'drills': rows, 'verified': timeline.result['verified'], 'errors': timeline.result['errors'],
            'timeline': [[row['at_s'] - zero, *(row[name] for name in ('operations', 'p99_us', 'gap_us'))]
                         for row in timeline.rows]}


def summary(timeline, since, until):
    rows = timeline.window(since, until)
    if not rows:
        return {'per_second': 0.0, 'p99_us': None, 'gap_us': None}
    p99 = sorted(row['p99_us'] for row in rows if row['operations'])
    return {'per_second': operations(rows) / max(until - since, 0.05), 'p99_us': p99[len(p99) // 2] if p99 else None,
            'gap_us': max(row['gap_us'] for row in rows)}
