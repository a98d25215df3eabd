#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages list is what the programs have. Usage: pages_test.py BIN_DIR

This covers log events, configuration keys with their values, commands, exit codes, kinds of faults,
HTTP problems, and HTTP requests.
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ('bridge', 'cli', 'client', 'comparator', 'distributor', 'files', 'journal', 'replica', 'runtime')
BIN_DIR = None


def page(name):
    return (ROOT / name).read_text()


class Pages(unittest.TestCase):
    def test_the_table_of_log_events_has_each_and_no_other(self):
        code = ''.join(file.read_text() for directory in SOURCES for file in (ROOT / directory).rglob('*.cc'))
        logged = set(re.findall(r'\b(?:Event|note)\("([a-z_]+)"', code))
        # Some of these words are chosen in an expression.
        words = set(re.findall(r'"([a-z_]+)"', code))
        table = page('docs/operations.md').partition('\n| event | who | meaning |')[2].partition('\n\n')[0]
        told = {name for row in table.splitlines()[2:] for name in re.findall(r'`([a-z_]+)`', row.split('|')[1])}
        self.assertGreater(len(logged), 60)
        self.assertEqual((logged - told, told - words), (set(), set()))

    def test_the_table_of_keys_has_each_with_its_default(self):
        shown = subprocess.run([BIN_DIR / 'tally', 'config', 'show'], check=True, capture_output=True, text=True,
                               env={}).stdout
        keys = dict(re.match(r'(\w+) = (.*)  # ', line).groups() for line in shown.splitlines())
        rows = re.findall(r'^\| `(\w+)` \|([^|]*)\|([^|]*)\|', page('docs/configuration.md'), re.MULTILINE)
        self.assertEqual(set(keys), {key for key, _, _ in rows})
        for key, default, values in rows:
            if keys[key].isdigit():
                self.assertEqual(default.strip(), keys[key], key)
                self.assertIn(f'must be from {values.strip()}', self.refused(key, '-5'))
            elif keys[key] in ('true', 'false') or values.strip():
                allowed = ' or '.join(re.findall('`([^`]*)`', values))
                self.assertIn(f'must be {allowed}\n', self.refused(key, 'nonsense'))

    def refused(self, key, value):
        """Returns what is said when a key has this value."""
        result = subprocess.run([BIN_DIR / 'tally', 'config', 'show'], check=False, capture_output=True, text=True,
                                env={f'TALLY_{key.upper()}': value})
        self.assertEqual(result.returncode, 2)
        return result.stderr

    def test_the_table_of_problems_is_that_of_the_bridge(self):
        rows = re.findall(r'^    \{(\d+), "([a-z-]+)", ', page('bridge/http/problem.cc'), re.MULTILINE)
        told = re.findall(r'^\| (\d+) \| `([a-z-]+)` \|', page('docs/http.md'), re.MULTILINE)
        self.assertGreater(len(rows), 20)
        self.assertEqual(sorted(rows), sorted(told))

    def test_the_table_of_requests_is_that_of_the_bridge(self):
        rows = re.findall(r'\.method = Method::(\w+),\s*\.path = "(/[^"]*)"', page('bridge/http/routes.cc'))
        served = {('DELETE' if method == 'remove' else method.upper(), path) for method, path in rows}
        table = page('docs/http.md').partition('\n| request | answer |')[2].partition('\n\n')[0]
        first_cells = ''.join(row.split('|')[1] for row in table.splitlines()[2:])
        told = set(re.findall(r'`([A-Z]+) (/[^`?]*)', first_cells))
        self.assertGreater(len(served), 12)
        self.assertEqual({route for route in served if route[0] != 'HEAD'}, told)

    def test_the_table_of_exit_codes_is_that_of_help(self):
        text = subprocess.run([BIN_DIR / 'tally', '--help'], check=True, capture_output=True, text=True).stdout
        codes = re.search(r'Exit codes: (.*?)\.\n', text, re.DOTALL).group(1).replace('\n', ' ')
        shown = dict(re.findall(r'(\d) (.*?)(?:, (?=\d)|$)', codes))
        table = page('docs/operations.md').partition('\n| code | the command |')[2].partition('\n\n')[0]
        told = {code: words.partition(':')[0] for code, words in re.findall(r'^\| (\d) \| (.*) \|$', table, re.MULTILINE)}
        self.assertEqual(len(shown), 6)
        self.assertEqual(shown, told)

    def test_the_table_of_fault_kinds_is_that_of_help(self):
        text = subprocess.run([BIN_DIR / 'tally', 'fault', 'inject', '--help'], check=True, capture_output=True,
                              text=True).stdout
        shown = re.split(', | or ', re.search(r'KIND REQUIRED +(.*)', text).group(1))
        table = page('docs/operations.md').partition('\n| kind | what the replica does |')[2].partition('\n\n')[0]
        self.assertEqual(shown, re.findall(r'^\| `([a-z-]+)` \|', table, re.MULTILINE))

    def test_help_and_the_pages_know_the_same_commands(self):
        text = subprocess.run([BIN_DIR / 'tally', '--help'], check=True, capture_output=True, text=True).stdout
        commands = re.findall(r'^  ([a-z]+)  +\S', text.partition('Subcommands:')[2], re.MULTILINE)
        self.assertGreater(len(commands), 15)
        pages = ''.join(file.read_text() for file in [ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')])
        for command in commands:
            self.assertTrue(f'tally {command}' in pages, command)
        for command in set(re.findall(r'`tally ([a-z]+)', pages)):
            self.assertIn(command, commands)


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    unittest.main()
