#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ApacheBench, as everybody uses it: no request fails, and the count is exact. Usage: ab_test.py
BIN_DIR"""

import json
import pathlib
import re
import subprocess
import sys
import unittest

from group import Group

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
REQUESTS = 20_000


class ApacheBench(unittest.TestCase):
    def setUp(self):
        self.group = Group(BIN_DIR)
        self.group.start()
        self.addCleanup(self.group.__exit__, None, None, None)

    def run_ab(self, *flags):
        command = ['ab', '-l', *flags, '-c', '64', '-n', str(REQUESTS), f'{self.group.http}/hit/x']
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(re.search(r'Complete requests:\s+(\d+)', result.stdout).group(1), str(REQUESTS))
        self.assertEqual(re.search(r'Failed requests:\s+(\d+)', result.stdout).group(1), '0', result.stdout)
        self.assertNotIn('Non-2xx', result.stdout)
        return result.stdout

    def value(self):
        status, body = self.group.request('GET', '/v1/counters/x')
        return 0 if status == 404 else json.loads(body)['value']

    def test_the_counter_grows_by_exactly_the_number_of_requests(self):
        for flags in (['-k'], []):
            with self.subTest(flags=flags):
                before = self.value()
                output = self.run_ab(*flags)
                self.assertEqual(self.value() - before, REQUESTS)
                if flags:
                    self.assertIn(f'Keep-Alive requests:    {REQUESTS}', output)


if __name__ == '__main__':
    unittest.main(verbosity=2)
