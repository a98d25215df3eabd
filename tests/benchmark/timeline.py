# SPDX-License-Identifier: Apache-2.0
"""Runs `tally bench --timeline` in the background, and reads its file. Times are those of
time.monotonic()."""

import csv
import json
import subprocess
import time

WARM_UP_SECONDS = 0.5  # that of `tally bench`
END_SECONDS = 60  # for the last answers and the final check


class Timeline:
    """Used as `with Timeline(group, seconds, clients=64) as timeline:`. It has its rows and its
    result afterwards."""

    def __init__(self, group, seconds, clients=64, pipeline=1, counters=1000):
        self.path = group.temporary / 'timeline.csv'
        self.seconds = seconds
        command = [group.bin_dir / 'tally', 'bench', '--connect', group.data, '--clients', clients,
                   '--pipeline', pipeline, '--counters', counters, '--seconds', seconds, '--timeline', self.path,
                   '--json']
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True,
                                        env=group.environment)
        self.begun = time.monotonic() + WARM_UP_SECONDS
        self.rows = []
        self.result = None

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _traceback):
        if kind is not None:
            self.process.kill()
            self.process.wait()
            return
        output, _ = self.process.communicate(timeout=self.seconds + END_SECONDS)
        if self.process.returncode != 0:
            raise AssertionError(f'tally bench ended with {self.process.returncode}')
        self.result = json.loads(output)
        with open(self.path, newline='', encoding='ascii') as file:
            self.rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]

    def window(self, since, until):
        return [row for row in self.rows if since <= row['at_s'] < until]


def operations(rows):
    return sum(row['operations'] for row in rows)


def sleep_until(moment):
    time.sleep(max(0.0, moment - time.monotonic()))
