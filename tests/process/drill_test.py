#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tally drill`: every built-in drill passes, a drill against a broken build does not, and nothing is
left behind. Usage: drill_test.py BIN_DIR"""

import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from group import ROOT, clean_environment, process_is_alive, titled_block, wait_until

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin').resolve()
PAGE = ROOT / 'docs' / 'drills.md'
DONE, FAILED, USAGE, UNVERIFIED = 0, 1, 2, 5
PROGRAMS = ('tally', 'tally-bridge', 'tally-distributor', 'tally-replica', 'tally-comparator')
# Of three votes the liar's comes first once in three times, and it may be convicted before that.
MOST_ATTEMPTS = 20
STORM = '''
name = "storm-over-http"
door = "http"
[[step]]
do = "storm"
for_ms = 20000
'''
NO_MASKING = '''
name = "hopeless"
[[step]]
do = "kill"
target = "replica-a"
[[step]]
do = "expect"
target = "replica-a"
state = "quarantined"
within_ms = 50
'''


class Drills(unittest.TestCase):
    """Drills that run in a TMPDIR of their own, which is empty afterwards."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix='tally-test-')
        self.addCleanup(directory.cleanup)
        self.place = pathlib.Path(directory.name)
        self.temporary = self.place / 'tmp'
        self.temporary.mkdir()
        self.environment = {**clean_environment(), 'TMPDIR': str(self.temporary)}

    def drill(self, *arguments, bin_dir=BIN_DIR):
        result = subprocess.run([bin_dir / 'tally', 'drill', *map(str, arguments)], capture_output=True, text=True,
                                env=self.environment, timeout=500, check=False)
        if '--keep' not in arguments:
            self.assertEqual(list(self.temporary.iterdir()), [])
        return result

    def file(self, text):
        file = self.place / 'steps.toml'
        file.write_text(text)
        return file

    def other_build(self, *programs, **replaced):
        """Returns a directory with these programs, some of which are other ones."""
        directory = tempfile.TemporaryDirectory(dir=BIN_DIR.parent, prefix='other-')
        self.addCleanup(directory.cleanup)
        for program in programs:
            os.link(BIN_DIR / replaced.get(program.replace('-', '_'), program), pathlib.Path(directory.name) / program)
        return pathlib.Path(directory.name)

    # ---- what passes

    def test_every_built_in_drill_passes(self):
        junit = self.place / 'junit.xml'
        result = self.drill('--all', '--json', '--junit', junit)
        print(result.stderr, file=sys.stderr)
        self.assertEqual(result.returncode, DONE, result.stderr)
        told = {one['drill']: one for one in json.loads(result.stdout)}
        listed = [line.split()[0] for line in self.drill('--list').stdout.splitlines()]
        self.assertEqual(list(told), listed)
        for name, one in told.items():
            with self.subTest(name):
                self.assertTrue(one['passed'])
                self.assertEqual((one['lost'], one['counted_twice'], one['order_violations'], one['failures']),
                                 (0, 0, 0, []))
                self.assertGreater(one['answered'], 100)
                self.assertGreater(one['longest_gap_ms'], 0)
        for name in ('hang', 'lie', 'memory-flip', 'silent', 'slow', 'drop-orders'):
            with self.subTest(name):
                self.assertGreater(told[name]['voting_again_after_ms'], told[name]['detected_after_ms'])
                self.assertIsNotNone(told[name]['evicted_after_ms'])
        self.assertIsNone(told['full-disk']['voting_again_after_ms'])
        self.assertGreater(told['two-faults']['refused'], 0)
        suite = xml.etree.ElementTree.parse(junit).getroot().find('testsuite')
        self.assertEqual([case.get('name') for case in suite.iter('testcase')], listed)
        self.assertEqual(suite.get('failures'), '0')

    def test_the_file_on_the_page_passes(self):
        result = self.drill('--file', self.file(titled_block(PAGE, 'kill-then-lie.toml')), '--json')
        self.assertEqual(result.returncode, DONE, result.stderr)
        told = json.loads(result.stdout)[0]
        self.assertEqual(told['drill'], 'kill-then-lie')
        self.assertIsNotNone(told['detected_after_ms'])

    def test_a_storm_over_http_is_weathered(self):
        result = self.drill('--file', self.file(STORM), '--json')
        print(result.stderr, file=sys.stderr)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertGreater(json.loads(result.stdout)[0]['answered'], 1000)

    # ---- what fails

    def test_a_build_with_a_bug_fails(self):
        """Its comparator takes the first vote for the decision, whoever gave it."""
        broken = self.other_build(*PROGRAMS, tally_comparator='tally-comparator-believing')
        for seed in range(MOST_ATTEMPTS):
            result = self.drill('lie', '--json', '--seed', seed, bin_dir=broken)
            told = json.loads(result.stdout)[0]
            if not told['passed']:
                break
        self.assertEqual(result.returncode, UNVERIFIED)
        self.assertGreater(told['counted_twice'] + told['lost'] + told['order_violations'], 0)
        self.assertRegex('\n'.join(told['failures']), r'counter \d, value \d+ at order \d+ was answered')
        self.assertIn(f'tally: lie: FAILED (seed {seed}): ', result.stderr)

    def test_an_expectation_that_is_not_met_fails_and_the_seed_repeats_what_was_drawn(self):
        junit = self.place / 'junit.xml'
        results = [self.drill('--file', self.file(NO_MASKING), '--seed', 5, '--junit', junit) for _ in range(2)]
        replicas = set()
        for result in results:
            self.assertEqual(result.returncode, UNVERIFIED)
            failure = re.search(r'tally: hopeless: FAILED \(seed 5\): step 2 of 2, expect (replica-\d) quarantined: '
                                r'not within 50 ms; the group is ', result.stderr)
            self.assertTrue(failure, result.stderr)
            replicas.add(failure.group(1))
            self.assertRegex(result.stdout.splitlines()[1], r'^hopeless +\d+ +0 +0 +0 .*FAILED$')
        self.assertEqual(len(replicas), 1)
        failed = xml.etree.ElementTree.parse(junit).getroot().find('testsuite/testcase/failure')
        self.assertIn('quarantined: not within 50 ms', failed.get('message'))

    def test_a_group_that_cannot_be_started_is_no_failed_drill(self):
        result = self.drill('kill', bin_dir=self.other_build(*PROGRAMS[:-1]))
        self.assertEqual(result.returncode, FAILED)
        self.assertIn('the group did not start', result.stderr)
        self.assertIn('tally-comparator is not there', result.stderr)

    def test_bad_usage_runs_nothing(self):
        bad = self.file('name = "x"\n[[step]]\ndo = "kill"\ntarget = "replica-9"\n')
        for arguments, message in (([], 'name drills, or say one of --all, --list and --file'),
                                   (['kill', '--all'], 'name drills'), (['nothing'], 'there is no drill nothing'),
                                   (['--file', bad], f'{bad}:4:10: target must be '),
                                   (['--file', self.place / 'none'], 'cannot be read: No such file'),
                                   (['--file', self.place], 'cannot be read: it is a directory'),
                                   (['kill', '--seed', '-1'], 'is not from 0'),
                                   (['kill', '--junit', self.place / 'no' / 'file'], 'No such file')):
            with self.subTest(arguments):
                result = self.drill(*arguments)
                self.assertEqual((result.returncode, result.stdout), (USAGE, ''))
                self.assertIn(message, result.stderr)

    # ---- what is left, and what is shown

    def test_keep_says_where_the_group_is(self):
        result = self.drill('kill', '--keep')
        kept = pathlib.Path(re.search(r'directory is kept: (\S+)', result.stderr).group(1))
        self.assertEqual(kept.parent, self.temporary)
        self.assertIn(' stopped', (kept / 'data' / 'log' / 'replica-1.log').read_text())

    def test_a_drill_that_is_ended_leaves_nothing_behind(self):
        for how, removes in ((signal.SIGINT, True), (signal.SIGKILL, False)):
            with self.subTest(how):
                running = subprocess.Popen([BIN_DIR / 'tally', 'drill', 'storm'], stderr=subprocess.PIPE, text=True,
                                           stdout=subprocess.DEVNULL, env=self.environment)
                pids = wait_until(lambda: self.pids_of_a_whole_group(), 'a group runs')
                running.send_signal(how)
                _, told = running.communicate(timeout=60)
                wait_until(lambda: not any(process_is_alive(pid) for pid in pids), 'its processes are gone')
                if removes:
                    self.assertEqual(running.returncode, FAILED)
                    self.assertIn('interrupted', told)
                    self.assertEqual(list(self.temporary.iterdir()), [])

    def pids_of_a_whole_group(self):
        files = list(self.temporary.glob('*/data/run/*.pid'))
        return [int(file.read_text()) for file in files] if len(files) == 6 else None

    def test_a_terminal_shows_what_goes_on_and_a_pipe_does_not(self):
        for colour in (True, False):
            terminal, inner = pty.openpty()
            environment = {**self.environment, 'TERM': 'xterm', **({} if colour else {'NO_COLOR': '1'})}
            running = subprocess.Popen([BIN_DIR / 'tally', 'drill', 'kill'], stdout=inner, stderr=inner, env=environment)
            os.close(inner)
            shown = b''
            try:
                while part := os.read(terminal, 65536):
                    shown += part
            except OSError:
                pass  # the other end is closed
            os.close(terminal)
            self.assertEqual(running.wait(60), DONE)
            self.assertIn('drill 1 of 1, kill: step 1 of 2, kill replica-', shown.decode())
            self.assertEqual('\x1b[32mpassed' in shown.decode(), colour)
        result = self.drill('kill')
        self.assertNotRegex(result.stdout + result.stderr, r'[\r\x1b]')
        self.assertRegex(result.stderr, r'\Atally: drill: seed \d+\n\Z')


if __name__ == '__main__':
    unittest.main(verbosity=2)
