# SPDX-License-Identifier: Apache-2.0
"""What may happen to the processes of a group, each as a block that the harm lasts for:

    with killed(group, 'replica-1'):
        ...

Behind the block the harm is over, but the replica may still be on its way back: wait_all_vote().
The bridge is asked for the group's state, which is quicker than a command of `tally`.
"""

import contextlib
import json
import os
import signal

from servers import wait_until  # it finds the next one
import processes

STATUS_SECONDS = 20
RESTART_SECONDS = 60
EVICTION_SECONDS = 60
HEALING_SECONDS = 120

# Short pauses after an eviction, and no quarantine: a test may let one replica lie often.
PATIENT = {'TALLY_COOLDOWN_MS': '300', 'TALLY_COOLDOWN_MAX_MS': '1000',
           'TALLY_QUARANTINE_DISSENTS': '1000'}


def cluster(group):
    """Returns what the group says of itself."""
    def told():
        with contextlib.suppress(OSError):
            code, body = group.request('GET', '/v1/cluster', headers=group.admin_headers())
            return json.loads(body) if code == 200 else None
    return wait_until(told, 'the bridge tells the status', STATUS_SECONDS)


def replica(group, number):
    return next(told for told in cluster(group)['replicas'] if told['id'] == number)


def wait_all_vote(group):
    """Waits until the present processes of all replicas are voters."""
    def all_vote():
        told = cluster(group)
        return told['state'] == 'ok' and all(
            each['state'] == 'voting' and each['pid'] == group.pid(f'replica-{each["id"]}')
            for each in told['replicas'])
    wait_until(all_vote, 'all replicas vote', HEALING_SECONDS)


@contextlib.contextmanager
def killed(group, role):
    """The process is gone, and `tally up` starts another."""
    old = group.pid(role)
    os.kill(old, signal.SIGKILL)
    yield
    group.wait_new_pid(role, old, RESTART_SECONDS)


def stopped(group, role):
    """The process stands still."""
    return processes.stopped(group.pid(role))


@contextlib.contextmanager
def hung(group, role):
    """A distributor or comparator stands still until `tally up` finds it and starts another."""
    old = group.pid(role)
    os.kill(old, signal.SIGSTOP)
    yield
    group.wait_new_pid(role, old, RESTART_SECONDS)


@contextlib.contextmanager
def injected(group, number, kind):
    """The replica misbehaves on purpose."""
    inject(group, number, kind)
    try:
        yield
    finally:
        group.tally('fault', 'clear', number)


@contextlib.contextmanager
def crashing(group, number):
    """The replica crashes by itself, at its next order."""
    old = group.pid(f'replica-{number}')
    inject(group, number, 'crash')
    yield
    group.wait_new_pid(f'replica-{number}', old, RESTART_SECONDS)


def inject(group, number, kind):
    """Returns when the replica has been told."""
    log = group.data / 'log' / f'replica-{number}.log'
    event = f'fault_injected kind={kind}'
    before = log.read_text().count(event)
    code, body = group.request('POST', f'/v1/cluster/replicas/{number}/fault', {'kind': kind},
                               group.admin_headers())
    if code != 200:
        raise AssertionError(f'{kind} was not injected: {code} {body}')
    wait_until(lambda: log.read_text().count(event) > before, f'replica {number} has been told',
               STATUS_SECONDS)
