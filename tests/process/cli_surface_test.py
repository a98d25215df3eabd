#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What people and scripts may rely on in each `tally` command: its output and its exit code. Usage:
cli_surface_test.py BIN_DIR"""

import fcntl
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
import unittest
import urllib.error
import urllib.request

from group import Group, clean_environment, wait_until

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')

DONE, FAILED, USAGE, UNAVAILABLE, UNKNOWN, UNVERIFIED = range(6)

STATUS_KEYS = {'term', 'view', 'sequence', 'decided', 'stable', 'state', 'replicas', 'distributor', 'comparator',
               'journal_first', 'undecided'}
REPLICA_KEYS = {'id', 'state', 'applied', 'lag', 'pid', 'store', 'votes', 'dissents', 'silences', 'evictions',
                'readmissions', 'last_verdict', 'held', 'reason', 'since', 'next_try', 'checkpoint', 'heard_ms'}
BENCH_KEYS = {'operations', 'seconds', 'operations_per_second', 'latency_us', 'errors', 'verified'}
COMMANDS = [['up'], ['incr'], ['get'], ['set'], ['delete'], ['list'], ['status'], ['restart'], ['wait'],
            ['replica'], ['replica', 'evict'], ['replica', 'readmit'], ['group'], ['group', 'resume'], ['fault'], ['fault', 'inject'], ['fault', 'clear'],
            ['bench'], ['drill'], ['audit'], ['audit', 'verify'], ['config'], ['config', 'check'], ['config', 'show'],
            ['session'], ['session', 'list'], ['session', 'close'], ['limits'], ['limits', 'set'], ['init'],
            ['journal'], ['journal', 'check'], ['journal', 'dump']]


def run(*arguments, environment=None, **options):
    """Runs `tally` without naming any group."""
    command = [BIN_DIR.resolve() / 'tally', *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False,
                          env={**clean_environment(), **(environment or {})}, **options)


class Surface(unittest.TestCase):
    def assert_ends(self, result, code, stdout=None):
        self.assertEqual(result.returncode, code, result.stderr)
        if stdout is not None:
            self.assertEqual(result.stdout, stdout)
        if code != DONE:
            self.assertRegex(result.stderr, r'\S')


class Commands(Surface):
    """These need one whole group."""

    @classmethod
    def setUpClass(cls):
        cls.group = cls.enterClassContext(Group(BIN_DIR, '--fault-injection'))
        cls.tally = staticmethod(cls.group.run)

    # ---- counters

    def test_incr_prints_the_new_value(self):
        self.assert_ends(self.tally('incr', 'i'), DONE, '1\n')
        self.assert_ends(self.tally('incr', 'i', '--by', 5), DONE, '6\n')
        self.assert_ends(self.tally('incr', 'i', '--by=-10'), DONE, '-4\n')

    def test_incr_with_a_key_counts_once(self):
        for _ in range(3):
            self.assert_ends(self.tally('incr', 'keyed', '--by', 3, '--key', 'k'), DONE, '3\n')
        self.assert_ends(self.tally('incr', 'keyed', '--by', 4, '--key', 'k'), FAILED, '')
        self.assert_ends(self.tally('get', 'keyed'), DONE, '3\n')

    def test_incr_counts_within_a_window(self):
        self.assert_ends(self.tally('incr', 'w', '--window', '10m'), DONE, '1\n')
        self.assert_ends(self.tally('incr', 'w', '--by', 5, '--window', '1h'), DONE, '6\n')
        for arguments in (['incr', 'w', '--by', 0, '--window', '5s'], ['get', 'w']):
            answer = json.loads(self.group.tally(*arguments, '--json'))
            self.assertEqual(set(answer), {'name', 'value', 'sequence', 'votes', 'expires_in_ms'})
            self.assertEqual(answer['value'], 6)
            self.assertGreater(answer['expires_in_ms'], 500_000)
            self.assertLessEqual(answer['expires_in_ms'], 600_000)
        self.assert_ends(self.tally('get', 'w'), DONE, '6\n')
        self.assert_ends(self.tally('incr', 'short', '--window', '500ms'), DONE, '1\n')
        wait_until(lambda: self.tally('get', 'short').returncode == FAILED, 'the window ends')
        self.assert_ends(self.tally('incr', 'short', '--window', '1h'), DONE, '1\n')

    def test_a_key_belongs_to_its_window(self):
        for _ in range(2):
            self.assert_ends(self.tally('incr', 'kw', '--window', '1h', '--key', 'kw'), DONE, '1\n')
        self.assert_ends(self.tally('incr', 'kw', '--window', '60m', '--key', 'kw'), DONE, '1\n')
        self.assert_ends(self.tally('incr', 'kw', '--window', '2h', '--key', 'kw'), FAILED, '')
        self.assert_ends(self.tally('incr', 'kw', '--key', 'kw'), FAILED, '')

    def test_set_makes_a_counter_expire_or_last(self):
        self.assert_ends(self.tally('set', 'e', 7, '--expires', '1h'), DONE, '7\n')
        answer = json.loads(self.group.tally('set', 'e', 7, '--expires', '1h', '--json'))
        self.assertEqual((answer['value'], answer['expires_in_ms']), (7, 3_600_000))
        self.assertIn('expires_in_ms', json.loads(self.group.tally('get', 'e', '--json')))
        self.tally('set', 'e', 8)
        self.assertNotIn('expires_in_ms', json.loads(self.group.tally('get', 'e', '--json')))
        self.tally('set', 'e', 9, '--expires', '300ms')
        wait_until(lambda: self.tally('get', 'e').returncode == FAILED, 'the counter expires')

    def test_get_of_a_counter_that_never_was_fails(self):
        self.assert_ends(self.tally('get', 'never'), FAILED, '')

    def test_set_and_delete_are_seen_by_get(self):
        self.assert_ends(self.tally('set', 's', -7), DONE, '-7\n')
        self.assert_ends(self.tally('set', 's', 2**63 - 1), DONE, f'{2**63 - 1}\n')
        self.assert_ends(self.tally('get', 's'), DONE, f'{2**63 - 1}\n')
        self.assert_ends(self.tally('delete', 's'), DONE, f'{2**63 - 1}\n')
        self.assert_ends(self.tally('delete', 's'), FAILED, '')
        self.assert_ends(self.tally('get', 's'), FAILED, '')

    def test_an_overflow_fails_and_changes_nothing(self):
        self.tally('set', 'o', 2**63 - 1)
        self.assert_ends(self.tally('incr', 'o'), FAILED, '')
        self.assert_ends(self.tally('get', 'o'), DONE, f'{2**63 - 1}\n')

    def test_json_has_name_value_sequence_and_votes(self):
        for arguments in (['incr', 'ä "j"'], ['get', 'ä "j"'], ['set', 'ä "j"', 9], ['delete', 'ä "j"']):
            result = self.tally(*arguments, '--json')
            self.assert_ends(result, DONE)
            answer = json.loads(result.stdout)
            self.assertEqual(set(answer), {'name', 'value', 'sequence', 'votes'})
            self.assertEqual(answer['name'], 'ä "j"')
            self.assertIn(answer['votes'], (2, 3))

    def test_list_prints_names_and_values_in_order(self):
        for name, value in (('l/b', 2), ('l/a', 1), ('l/c', 3), ('m', 4)):
            self.tally('set', name, value)
        self.assert_ends(self.tally('list', '--prefix', 'l/'), DONE, 'l/a\t1\nl/b\t2\nl/c\t3\n')
        self.assert_ends(self.tally('list', '--prefix', 'l/', '--limit', 2), DONE, 'l/a\t1\nl/b\t2\n')
        self.assert_ends(self.tally('list', '--prefix', 'no-such'), DONE, '')
        page = json.loads(self.tally('list', '--prefix', 'l/', '--limit', 2, '--json').stdout)
        self.assertEqual(page['counters'], [{'name': 'l/a', 'value': 1}, {'name': 'l/b', 'value': 2}])
        self.assertEqual(page['next'], 'l/b')
        whole = json.loads(self.tally('list', '--prefix', 'l/', '--json').stdout)
        self.assertIsNone(whole['next'])

    def test_output_that_cannot_be_written_is_a_failure(self):
        command = [BIN_DIR / 'tally', 'list', '--connect', self.group.data]
        with open('/dev/full', 'wb') as full:
            result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, env=clean_environment())
        self.assertEqual((result.returncode, result.stderr), (1, b'tally: not all of the output could be written\n'))

    # ---- the group

    def test_status_json_has_the_keys_of_the_contract(self):
        status = self.group.status()
        self.assertEqual(set(status), STATUS_KEYS)
        self.assertEqual(set(status['distributor']), {'pid', 'state'})
        self.assertEqual(set(status['comparator']), {'pid', 'state', 'heard_ms'})
        self.assertEqual([replica['id'] for replica in status['replicas']], [1, 2, 3])
        for replica in status['replicas']:
            self.assertEqual(set(replica), REPLICA_KEYS)
        self.assertIn(status['state'], ('ok', 'degraded'))
        self.assertLessEqual(status['decided'], status['sequence'])

    def test_status_for_people_names_every_replica_without_colour_off_a_terminal(self):
        result = self.tally('status')
        self.assert_ends(result, DONE)
        self.assertNotIn('\x1b', result.stdout)
        self.assertEqual(len(re.findall(r'\bvoting\b|\bevicted\b|\brecovering\b|\bprobation\b', result.stdout)), 3)

    def test_a_watch_that_nobody_reads_any_more_ends(self):
        command = [BIN_DIR / 'tally', 'status', '--watch', '--json', '--connect', self.group.data]
        watch = subprocess.Popen(command, stdout=subprocess.PIPE, env=clean_environment())
        self.addCleanup(watch.kill)
        self.assertIn(b'"term"', watch.stdout.readline())
        watch.stdout.close()
        self.assertEqual(watch.wait(20), DONE)

    def test_a_watched_terminal_is_afterwards_what_it_was(self):
        terminal, inner = pty.openpty()
        self.addCleanup(os.close, terminal)
        self.addCleanup(os.close, inner)
        before = termios.tcgetattr(inner)
        for end in (b'q', b'\x03', signal.SIGHUP):  # a key, Ctrl-C, and the end of the terminal
            with self.subTest(end=end):
                command = [BIN_DIR / 'tally', 'status', '--watch', '--connect', self.group.data]
                environment = {**clean_environment(), 'TERM': 'xterm'}
                watch = subprocess.Popen(command, stdin=inner, stdout=inner, env=environment, start_new_session=True,
                                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
                self.addCleanup(watch.kill)
                shown = b''
                while b'q quits' not in shown:
                    shown += os.read(terminal, 65536)
                during = termios.tcgetattr(inner)
                self.assertFalse(during[3] & (termios.ECHO | termios.ICANON))
                self.assertTrue(during[3] & termios.ISIG)
                if isinstance(end, bytes):
                    os.write(terminal, end)
                else:
                    watch.send_signal(end)
                self.assertEqual(watch.wait(20), DONE)
                self.assertEqual(termios.tcgetattr(inner), before)
                while b'\x1b[?1049l' not in shown:  # the other screen is left
                    shown += os.read(terminal, 65536)

    def test_a_file_that_is_written_leaves_devices_and_links_what_they_are(self):
        with tempfile.TemporaryDirectory() as directory:
            place = pathlib.Path(directory)
            os.mkfifo(place / 'pipe')
            reader = os.open(place / 'pipe', os.O_RDONLY | os.O_NONBLOCK)
            self.addCleanup(os.close, reader)
            (place / 'link').symlink_to(place / 'target')
            (place / 'target').write_text('before')
            for name in ('pipe', 'link'):
                self.assert_ends(self.tally('bench', '--seconds', 1, '--clients', 1, '--timeline', place / name), DONE)
            self.assertTrue((place / 'pipe').is_fifo())
            self.assertIn(b'at_s', os.read(reader, 65536))
            self.assertTrue((place / 'link').is_symlink())
            self.assertIn('at_s', (place / 'target').read_text())
            self.assertEqual(sorted(one.name for one in place.iterdir()), ['link', 'pipe', 'target'])

    def test_a_verdict_is_told_with_reason_sequence_and_time(self):
        self.assert_ends(self.tally('fault', 'inject', 3, 'wrong-value'), DONE)
        verdict = wait_until(lambda: self.tally('incr', 'v') and self.group.replica(3)['last_verdict'], 'a verdict')
        self.assertEqual(set(verdict), {'reason', 'sequence', 'at'})
        self.assertEqual(verdict['reason'], 'dissent')
        self.assertRegex(verdict['at'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$')
        self.assert_ends(self.tally('fault', 'clear', 3), DONE)
        self.group.wait_all_vote()

    def test_the_distributor_and_the_comparator_crash_and_hang_and_nothing_else(self):
        for role in ('comparator', 'distributor'):
            for fault in (['crash'], ['hang', '--for', 30]):
                with self.subTest([role, *fault]):
                    self.group.wait_all_vote()
                    before = self.group.pid(role)
                    self.assert_ends(self.tally('fault', 'inject', role, *fault), DONE)
                    wait_until(lambda: self.group.pid(role) != before, 'it is started again')
                    wait_until(lambda: self.tally('incr', 'after-fault-of-role').returncode == DONE, 'the group serves')
            self.assert_ends(self.tally('fault', 'inject', role, 'wrong-value'), FAILED)
            self.assert_ends(self.tally('fault', 'clear', role), DONE)
        self.group.wait_all_vote()

    def test_replicas_are_evicted_and_readmitted_by_hand(self):
        self.group.wait_all_vote()
        self.assert_ends(self.tally('replica', 'evict', 2), DONE)
        wait_until(lambda: self.group.replica(2)['state'] == 'evicted', 'the replica is evicted')
        self.assertEqual(self.group.status()['state'], 'degraded')
        self.assert_ends(self.tally('replica', 'evict', 2), FAILED)
        # The voters are never fewer than a majority.
        self.assert_ends(self.tally('replica', 'evict', 1), FAILED)
        result = self.tally('replica', 'readmit', 2, '--json')
        self.assert_ends(result, DONE)
        self.assertEqual(json.loads(result.stdout)['outcome'], 'done')
        self.group.wait_all_vote()
        self.assert_ends(self.tally('replica', 'readmit', 2), FAILED)
        self.assert_ends(self.tally('replica', 'evict', 9), FAILED)
        self.assert_ends(self.tally('group', 'resume'), FAILED)  # the group is not halted

    # ---- the tables

    def test_sessions_are_listed_and_closed(self):
        self.assert_ends(self.tally('incr', 'sessions'), DONE)
        sessions = json.loads(self.group.tally('session', 'list', '--json'))['sessions']
        self.assertEqual({session['account'] for session in sessions}, {'bridges'})
        self.assertRegex(self.group.tally('session', 'list', '--limit', 1), r'^[0-9a-f]{32}  bridges .*$')
        self.assert_ends(self.tally('session', 'close', '0' * 32), FAILED, '')
        self.assert_ends(self.tally('session', 'close', 'home'), USAGE, '')
        # The bridge will open another one, and that of a command is gone by itself.
        for session in sessions:
            self.tally('session', 'close', session['session'])
        def answers():
            try:
                with urllib.request.urlopen(self.group.http + '/hit/sessions', timeout=10) as answer:
                    return json.load(answer)['value'] == 2
            except urllib.error.HTTPError as refusal:
                self.assertEqual(json.load(refusal)['applied'], 'no')
                return False
        wait_until(answers, 'the bridge has another session')

    def test_limits_are_printed_and_changed(self):
        def limit(name):
            return next(limit for limit in json.loads(self.group.tally('limits', '--json'))['limits']
                        if limit['name'] == name)
        keys = 'bridges.idempotency_keys'
        usual = limit(keys)['limit']
        self.assert_ends(self.tally('incr', 'limits', '--key', 'limits'), DONE, '1\n')
        self.assertGreaterEqual(limit(keys)['used'], 1)
        self.assert_ends(self.tally('limits', 'set', keys, 1), DONE, '1\n')
        self.assertEqual(limit(keys)['limit'], 1)
        self.assertRegex(self.group.tally('status'), f'table +{keys} is [0-9]+ % full')
        self.assert_ends(self.tally('incr', 'limits', '--key', 'another'), FAILED, '')
        self.assert_ends(self.tally('limits', 'set', keys, usual), DONE, f'{usual}\n')
        self.assert_ends(self.tally('incr', 'limits', '--key', 'another'), DONE, '2\n')
        self.assertRegex(self.group.tally('limits'), f'{keys} +[0-9]+ +{usual} ')
        self.assert_ends(self.tally('limits', 'set', 'bridges.nothing', 1), FAILED, '')
        self.assert_ends(self.tally('limits', 'set', 'bridges.sessions', 0), FAILED, '')
        self.assert_ends(self.tally('limits', 'set', 'bridges.sessions', -1), USAGE, '')

    def test_bench_measures_and_verifies(self):
        result = self.tally('bench', '--clients', 8, '--pipeline', 2, '--counters', 10, '--seconds', 1, '--json')
        self.assert_ends(result, DONE)
        answer = json.loads(result.stdout)
        self.assertLessEqual(BENCH_KEYS, set(answer))
        self.assertEqual(set(answer['latency_us']), {'p50', 'p99', 'p999', 'max'})
        self.assertIs(answer['verified'], True)
        self.assertEqual(answer['errors'], 0)
        self.assertGreater(answer['operations'], 100)
        self.assertLessEqual(answer['latency_us']['p50'], answer['latency_us']['max'])

    def test_bench_fills_counters_and_writes_a_timeline(self):
        timeline = self.group.temporary / 'timeline.csv'
        result = self.tally('bench', '--clients', 4, '--pipeline', 64, '--counters', 5000, '--fill', '--seconds', 1,
                            '--timeline', timeline, '--slice', 100, '--json')
        self.assert_ends(result, DONE)
        answer = json.loads(result.stdout)
        self.assertIs(answer['verified'], True)
        heading, *lines = timeline.read_text().splitlines()
        self.assertEqual(heading, 'at_s,operations,errors,p50_us,p99_us,max_us,gap_us')
        slices = [[float(field) for field in line.split(',')] for line in lines]
        self.assertGreaterEqual(len(slices), 8)
        self.assertLessEqual(sum(operations for _, operations, *_ in slices), answer['operations'])
        for earlier, later in zip(slices, slices[1:]):
            self.assertAlmostEqual(later[0] - earlier[0], 0.1, places=5)
        listed = json.loads(self.tally('list', '--prefix', 'bench-', '--json').stdout)
        self.assertGreaterEqual(len(listed['counters']), 5000)

    # ---- finding the group

    def test_the_group_is_found_by_flag_and_by_environment(self):
        self.tally('set', 'found', 1)
        self.assert_ends(run('get', 'found', '--connect', self.group.data), DONE, '1\n')
        self.assert_ends(run('get', 'found', '--data', self.group.data), DONE, '1\n')
        self.assert_ends(run('get', 'found', environment={'TALLY_DATA': str(self.group.data)}), DONE, '1\n')
        config = self.group.data / 'run' / 'tally.toml'
        self.assert_ends(run('get', 'found', '--config', config), DONE, '1\n')
        self.assert_ends(run('get', 'found', environment={'TALLY_CONFIG': str(config)}), DONE, '1\n')

    # ---- the audit log

    def test_the_audit_log_verifies_and_a_damaged_copy_does_not(self):
        log = self.group.data / 'audit' / 'audit.jsonl'
        self.assert_ends(self.tally('audit', 'verify', log), DONE)
        self.assert_ends(self.tally('audit', 'verify'), DONE)
        answer = json.loads(self.tally('audit', 'verify', '--json', log).stdout)
        self.assertIs(answer['verified'], True)
        lines = log.read_bytes().splitlines(keepends=True)
        copy = self.group.temporary / 'copy.jsonl'
        place = len(lines[0]) // 2
        damaged = [
            # A bit is flipped.
            lines[0][:place] + bytes([lines[0][place] ^ 1]) + lines[0][place + 1:] + b''.join(lines[1:]),
            b''.join(lines[1:]),  # the beginning is cut off
            lines[0] + lines[0] + b''.join(lines[1:]),  # a line is doubled
        ]
        for content in damaged:
            copy.write_bytes(content)
            self.assert_ends(self.tally('audit', 'verify', copy), UNVERIFIED)
            answer = self.tally('audit', 'verify', '--json', copy)
            self.assertEqual(answer.returncode, UNVERIFIED)
            self.assertIs(json.loads(answer.stdout)['verified'], False)
        self.assert_ends(self.tally('audit', 'verify', self.group.temporary / 'none.jsonl'), FAILED)


class NoGroup(Surface):
    def test_every_command_that_needs_a_group_says_that_there_is_none(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            for arguments in (['incr', 'a'], ['get', 'a'], ['set', 'a', 1], ['delete', 'a'], ['list'], ['status'],
                              ['status', '--json'], ['replica', 'evict', 1], ['fault', 'clear', 1], ['group', 'resume'],
                              ['bench', '--seconds', 1]):
                with self.subTest(arguments):
                    self.assert_ends(run(*arguments, '--data', directory), UNKNOWN, '')

    def test_a_group_that_does_not_answer_is_timed_out(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            endpoints = f'ipc://{directory}/nobody,ipc://{directory}/nobody-either'
            quick = {'TALLY_REQUEST_TIMEOUT_MS': '300'}
            for arguments in (['incr', 'a'], ['get', 'a'], ['status']):
                with self.subTest(arguments):
                    self.assert_ends(run(*arguments, '--connect', endpoints, environment=quick), UNKNOWN, '')

    def test_without_a_majority_the_group_is_unavailable(self):
        with Group(BIN_DIR) as group:
            for role in ('replica-1', 'replica-2'):
                os.kill(group.pid(role), signal.SIGSTOP)
            wait_until(lambda: group.run('incr', 'a').returncode == UNAVAILABLE, 'the group refuses')
            self.assertEqual(group.status()['state'], 'unavailable')
            for role in ('replica-1', 'replica-2'):
                os.kill(group.pid(role), signal.SIGCONT)
            wait_until(lambda: group.run('incr', 'a').returncode == DONE, 'the group counts again')


class Usage(Surface):
    def test_every_command_has_its_help(self):
        self.assert_ends(run('--help'), DONE)
        for command in COMMANDS:
            with self.subTest(command):
                result = run(*command, '--help')
                self.assert_ends(result, DONE)
                self.assertIn('Example', result.stdout)

    def test_the_version_is_told(self):
        self.assertRegex(run('--version').stdout, r'^tally \d+\.\d+\.\d+\n$')

    def test_bad_usage_is_told_on_stderr(self):
        for arguments in ([], ['no-such-command'], ['incr'], ['incr', 'a', 'b'], ['incr', 'a', '--by', 'x'],
                          ['incr', 'a', '--by', str(2**63)], ['incr', 'a', '--by', '1.5'], ['get', ''],
                          ['get', 'x' * 257], ['get', 'a\nb'], ['set', 'a'], ['set', 'a', ''], ['list', '--limit', '0'],
                          ['list', '--limit', 'many'], ['get', 'a', '--no-such-flag'], ['replica'],
                          ['replica', 'evict'], ['replica', 'evict', 'x'], ['fault', 'inject', '1'],
                          ['fault', 'inject', '1', 'no-such-kind'], ['fault', 'inject', '1', 'slow', '--for', 'nan'],
                          ['fault', 'inject', '1', 'slow', '--probability', 'nan'], ['fault', 'inject', 'bridge', 'crash'],
                          ['fault', 'inject', '0', 'crash'], ['bench', '--seconds', '0'], ['bench', '--seconds', 'nan'],
                          ['bench', '--clients', '-1'], ['config', 'check'], ['incr', 'a', '--key', 'k' * 257],
                          ['incr', 'a', '--window', '60'], ['incr', 'a', '--window', '0s'],
                          ['incr', 'a', '--window', '1.5h'], ['incr', 'a', '--window', '9007199254740992ms'],
                          ['set', 'a', '1', '--expires', 'soon'], ['get', 'a', '--window', '1s']):
            with self.subTest(arguments):
                self.assert_ends(run(*arguments), USAGE, '')

    def test_up_takes_a_port_of_each_door(self):
        shown = run('up', '--help').stdout
        self.assertRegex(shown, r'--http PORT .*8080')
        self.assertRegex(shown, r'--resp PORT .*6380')
        for arguments, message in ((['--resp', 'x'], 'resp_port must be a whole number'),
                                   (['--resp', '65536'], 'resp_port must be from 0 to 65535'),
                                   (['--resp', '-1'], 'resp_port must be from 0 to 65535'),
                                   (['--resp', '65535', '--bridges', '2'], 'resp_port leaves no room for 2 bridges'),
                                   (['--resp', '8080'], 'resp_port must differ from http_port, which is 8080')):
            with self.subTest(arguments):
                result = run('up', *arguments, '--data', '/no/such/place')
                self.assert_ends(result, USAGE, '')
                self.assertIn(message, result.stderr)
        self.assert_ends(run('up', '--resp'), USAGE, '')

    def test_a_configuration_file_that_is_named_must_be_there(self):
        self.assert_ends(run('get', 'a', '--config', '/no/such/file.toml'), USAGE, '')
        self.assert_ends(run('up', '--config', '/no/such/file.toml'), USAGE, '')


class Configuration(Surface):
    def check(self, text, *flags):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            file = pathlib.Path(directory) / 'group.toml'
            file.write_text(text)
            return run('config', 'check', file, *flags)

    def test_a_good_file_is_valid(self):
        self.assert_ends(self.check('replicas = 5\nack_timeout_ms = 100\ndurability = "os"\n'), DONE)
        answer = json.loads(self.check('replicas = 5\n', '--json').stdout)
        self.assertIs(answer['valid'], True)

    def test_a_bad_file_is_told_with_line_and_column(self):
        for text, line, column in (('replicas = 5\nack_misses = "many"\n', 2, None), ('replicas = 4\n', 1, None),
                                   ('\n\n  no_such_key = 1\n', 3, 3), ('replicas = \n', 1, None),
                                   ('durability = "maybe"\n', 1, 14), ('store = "paper"\n', 1, 9),
                                   ('replicas = 3\nreplicas = 3\n', 2, None),
                                   ('trusted_proxies = ["10.0.0.0/33"]\n', 1, 19), ('http_idle_ms = 0\n', 1, 16),
                                   ('http_hosts = "a"\n', 1, 14), ('http_hosts = ["a:80"]\n', 1, 14),
                                   ('http_hosts = ["a", 5]\n', 1, 14), ('replicas = ["a"]\n', 1, 12),
                                   ('http_origins = ["www.example.org"]\n', 1, 16),
                                   ('http_origins = ["https://a/"]\n', 1, 16),
                                   ('\nresp_users = ["a:b:all"]\n', 2, 14), ('resp_flush = 1\n', 1, 14),
                                   ('resp_port = 65536\n', 1, 13), ('resp_password = 5\n', 1, 17)):
            with self.subTest(text):
                result = self.check(text)
                self.assert_ends(result, USAGE, '')
                found = re.search(r'group\.toml:(\d+):(\d+): ', result.stderr)
                self.assertTrue(found, result.stderr)
                self.assertEqual(int(found.group(1)), line)
                if column:
                    self.assertEqual(int(found.group(2)), column)
                answer = self.check(text, '--json')
                self.assertEqual(answer.returncode, USAGE)
                self.assertEqual(json.loads(answer.stdout)['line'], line)

    def test_all_that_is_wrong_is_told_at_once(self):
        text = 'replicas = "text"\nack_misses = 7\nhttp_idle_ms = true\nno_such_key = 1\n'
        result = self.check(text)
        self.assertEqual([line.split('group.toml:')[1] for line in result.stderr.splitlines()],
                         ['1:12: replicas is a text, and must be a whole number',
                          '3:16: http_idle_ms is true, and must be a whole number',
                          '4:1: no_such_key is not a known key'])
        errors = json.loads(self.check(text, '--json').stdout)['errors']
        self.assertEqual([(error['line'], error['column']) for error in errors], [(1, 12), (3, 16), (4, 1)])

    def test_what_a_start_would_find_is_found(self):
        tcp = 'distributor_client_endpoint = "tcp://10.0.0.1:'
        for text, message in (('http_address = "300.1.1.1"\n', 'http_address must be an address'),
                              ('http_address = "unix:/run/x"\n', 'http_address must be an address'),
                              ('http_port = 65535\nbridges = 3\n', 'http_port leaves no room for 3 bridges'),
                              ('resp_port = 65535\nbridges = 3\n', 'resp_port leaves no room for 3 bridges'),
                              ('http_port = 6380\n', 'http_port must differ from resp_port, which is 6380, by at least 1'),
                              ('resp_users = ["a:b:read", "a:c:add"]\n', 'must not have two users of one name'),
                              ('cooldown_ms = 9000\ncooldown_max_ms = 8000\n', 'cooldown_ms must not be above'),
                              ('comparator_client_endpoint = "nonsense"\n', 'must be ipc://PATH or tcp://HOST:PORT'),
                              (tcp + 'x"\n', 'needs a port from 1 to 65535, not x'),
                              (tcp + '70000"\n', 'needs a port from 1 to 65535, not 70000'),
                              ('comparator_replica_endpoint = "tcp://a:6553"\nreplicas = 7\n', 'not 65536'),
                              (tcp + '7"\ncomparator_client_endpoint = "tcp://10.0.0.1:7"\n',
                               'comparator_client_endpoint is the same as distributor_client_endpoint')):
            with self.subTest(text):
                result = self.check(text)
                self.assert_ends(result, USAGE, '')
                self.assertIn(message, result.stderr)
                self.assertRegex(result.stderr, r'group\.toml:\d:\d+: ')
        self.assert_ends(self.check('http_address = "[::1]"\n'), DONE)

    def test_what_is_wrong_with_a_user_is_told_without_the_password(self):
        for entry in ('a:very secret:all', 'very secret', 'default:very secret:read', 'a:very secret'):
            with self.subTest(entry):
                result = self.check(f'resp_users = ["{entry}"]\n')
                self.assert_ends(result, USAGE, '')
                self.assertIn('resp_users must ', result.stderr)
                self.assertNotIn('secret', result.stderr)
                self.assertNotIn('secret', self.check(f'resp_users = ["{entry}"]\n', '--json').stdout)

    def test_show_prints_no_secret(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            file = pathlib.Path(directory) / 'group.toml'
            file.write_text('admin_token = "very secret"\nresp_password = "very secret"\n'
                            'resp_users = ["a:very secret:read", "b:very secret:add"]\n')
            shown = run('config', 'show', '--config', file).stdout
            self.assertNotIn('secret', shown)
            for line in ('admin_token = "(hidden)"  # file', 'resp_password = "(hidden)"  # file',
                         'resp_users = ["(hidden)"]  # file'):
                self.assertIn(line + '\n', shown)
            shown = json.loads(run('config', 'show', '--config', file, '--json').stdout)
            self.assertEqual(shown['resp_users'], {'value': ['(hidden)'], 'source': 'file'})
            shown = run('config', 'show', environment={'TALLY_RESP_PASSWORD': 'very secret'}).stdout
            self.assertIn('resp_password = "(hidden)"  # environment\n', shown)
            self.assertIn('resp_users = []  # default\n', shown)
            self.assertNotIn('secret', shown)

    def test_show_prints_every_value_and_where_it_came_from(self):
        with tempfile.TemporaryDirectory(prefix='tally-test-') as directory:
            file = pathlib.Path(directory) / 'group.toml'
            file.write_text('ack_misses = 7\nadmin_token = "very secret"\nhttp_hosts = ["a.example", "b"]\n')
            environment = {'TALLY_REPLICAS': '5', 'TALLY_HTTP_ORIGINS': 'http://a,https://b'}
            result = run('config', 'show', '--config', file, environment=environment)
            self.assert_ends(result, DONE)
            self.assertIn('ack_misses = 7  # file', result.stdout)
            self.assertIn('replicas = 5  # environment', result.stdout)
            self.assertIn("http_hosts = ['a.example', 'b']  # file", result.stdout)
            self.assertIn("http_origins = ['http://a', 'https://b']  # environment", result.stdout)
            for default in ('ack_timeout_ms = 250', 'probation_votes = 64', 'cooldown_ms = 1000',
                            'cooldown_max_ms = 60000', 'checkpoint_orders = 10000'):
                self.assertIn(default + '  # default', result.stdout)
            self.assertNotIn('very secret', result.stdout)
            shown = json.loads(run('config', 'show', '--config', file, '--json').stdout)
            self.assertEqual(shown['ack_misses'], {'value': 7, 'source': 'file'})
            self.assertEqual(shown['http_hosts'], {'value': ['a.example', 'b'], 'source': 'file'})


if __name__ == '__main__':
    unittest.main(verbosity=2)
