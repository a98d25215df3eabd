#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A checkout that was configured, and was moved or copied afterwards, still builds. Usage:
moved_test.py BIN_DIR"""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from group import ROOT

TARGET = 'tally_files'  # one of the smallest targets


class Moved(unittest.TestCase):
    def build(self, checkout):
        """Builds as scripts/build does, after that has installed what is missing."""
        for command in (['scripts/configure', 'release'], ['cmake', '--build', '--preset', 'release', '--target', TARGET]):
            result = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False, timeout=300)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def test_a_moved_or_copied_checkout_builds_where_it_is(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='tally-test-')))
        first = directory / 'first'
        shutil.copytree(ROOT, first, ignore=shutil.ignore_patterns('build', '.git', 'tally-data'))
        self.build(first)
        # This also shows that it is not configured again.
        self.assertIn('no work to do', self.build(first))
        copied = directory / 'copied'
        shutil.copytree(first, copied, symlinks=True)
        moved = first.rename(directory / 'moved')
        for place in (copied, moved):
            self.build(place)
            self.assertIn(f'CMAKE_HOME_DIRECTORY:INTERNAL={place}\n', (place / 'build/release/CMakeCache.txt').read_text())
            self.assertNotIn(str(first), (place / 'build/release/build.ninja').read_text())


if __name__ == '__main__':
    sys.argv.pop(1)
    unittest.main()
