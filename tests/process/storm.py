# SPDX-License-Identifier: Apache-2.0
"""A storm: every role of a group under load is killed (SIGKILL), in random order, one every 300 ms.

    storm = Storm(group, seed=1)
    storm.rage(seconds=120)
    storm.table()

Two replicas are never down at one time: a replica is killed only when all of them vote. It votes
again when the distributor is in contact with its new process and it is a voter. A role that may not
be killed at its turn is killed later.
"""

import collections
import json
import os
import random
import re
import signal
import time

from group import process_is_alive

PERIOD_SECONDS = 0.3
STATUS_SECONDS = 0.1


class Storm:
    def __init__(self, group, seed=None):
        self.group = group
        self.random = random.Random(seed)
        self.roles = group.roles()
        self.kills = collections.Counter()
        self.postponed = 0
        self.nobody = 0
        self.turns = []  # roles that are still to be killed, in order

    def rage(self, seconds):
        begun = time.monotonic()
        turn = begun
        while turn < begun + seconds:
            self.kill_next()
            turn += PERIOD_SECONDS
            time.sleep(max(0.0, turn - time.monotonic()))

    def kill_next(self):
        """Kills the next role whose turn it is and that may be killed now."""
        replicas_may = None
        for look in (1, 2):
            for place, role in enumerate(self.turns):
                pid = self.living(role)
                if pid is None:
                    continue
                if role.startswith('replica-'):
                    replicas_may = self.all_vote() if replicas_may is None else replicas_may
                    if not replicas_may:
                        self.postponed += 1
                        continue
                os.kill(pid, signal.SIGKILL)
                self.kills[role] += 1
                del self.turns[place]
                return
            if look == 1:
                self.turns += self.random.sample(self.roles, len(self.roles))
        self.nobody += 1

    def living(self, role):
        try:
            pid = self.group.pid(role)
        except (OSError, ValueError):
            return None
        return pid if process_is_alive(pid) else None

    def all_vote(self):
        try:
            headers = self.group.admin_headers()
            code, body = self.group.request('GET', '/v1/cluster', headers=headers, timeout=STATUS_SECONDS)
        except (OSError, ValueError):
            return False
        return code == 200 and all(
            replica['state'] == 'voting' and replica['pid'] == self.living(f'replica-{replica["id"]}')
            for replica in json.loads(body)['replicas'])

    # ---- what came of it

    def deaths(self):
        """Returns how often each role died, and how, according to the log of `tally up`."""
        text = (self.group.temporary / 'up.log').read_text()
        return collections.Counter(re.findall(r' child_exited role=(\S+) status="([^"]+)"', text))

    def own_deaths(self):
        """Returns the deaths that the storm did not cause, and the processes that `tally up` killed
        because they hung."""
        own = {f'{role}: {how}': count for (role, how), count in self.deaths().items() if how != 'signal 9'}
        text = (self.group.temporary / 'up.log').read_text()
        for role in self.roles:
            hung = len(re.findall(rf' child_hung role={role} ', text))
            if hung:
                own[f'{role}: hung'] = hung
        return own

    def table(self):
        print(f'{"role":12} {"kills":>5}')
        for role in self.roles:
            print(f'{role:12} {self.kills[role]:>5}')
        print(f'{"all":12} {sum(self.kills.values()):>5}   (a replica spared {self.postponed} times because not all '
              f'voted; nobody to kill {self.nobody} times)')
