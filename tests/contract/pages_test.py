#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages list is what the code has: pages_test.py BIN_DIR

Log events, configuration keys, commands and exit codes.
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
        code = ''.join(file.read_text() for directory in SOURCES for file in (ROOT / directory).glob('*.cc'))
        logged = set(re.findall(r'\b(?:Event|note)\("([a-z_]+)"', code))
        words = set(re.findall(r'"([a-z_]+)"', code))  # some are chosen between two
        table = page('docs/operations.md').partition('\n| event | who | meaning |')[2].partition('\n\n')[0]
        told = {name for row in table.splitlines()[2:] for name in re.findall(r'`([a-z_]+)`', row.split('|')[1])}
        self.assertGreater(len(logged), 60)
        self.assertEqual((logged - told, told - words), (set(), set()))

    def test_the_table_of_keys_has_each_with_its_default(self):
        shown = subprocess.run([BIN_DIR / 'tally', 'config', 'show'], check=True, capture_output=True, text=True,
                               env={}).stdout
        keys = dict(re.match(r'(\w+) = (.*)  # ', line).groups() for line in shown.splitlines())
        text = page('docs/configuration.md')
        told = dict(re.findall(r'^\| `(\w+)` \|([^|]*)\|', text, re.MULTILINE))
        self.assertEqual(set(keys), set(told))
        for key, value in keys.items():
            if value.lstrip('-').isdigit():
                self.assertEqual(told[key].strip(), value, key)

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
