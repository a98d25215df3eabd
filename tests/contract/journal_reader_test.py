#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests docs/journal.md against the journals that tally writes, and `tally journal` against a
reader that was written from that page. Usage: journal_reader_test.py BIN_DIR"""

import hashlib
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import xxhash

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'process'))

from group import Group, clean_environment, wait_until  # pylint: disable=wrong-import-position
from native_client import MALFORMED_OPERATION, NativeClient, add  # pylint: disable=wrong-import-position
from journal_reader import AGREED, ORDER, VIEW, Journal, read_order  # pylint: disable=wrong-import-position

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')

DONE, FAILED, USAGE, UNVERIFIED = 0, 1, 2, 5
SMALL = {'TALLY_JOURNAL_MIB': '64'}  # the segments are of 8 MiB
CUT_SECONDS = 60
# The segments are of 4 MiB.
CUT_OFTEN = {'TALLY_JOURNAL_MIB': '1', 'TALLY_CHECKPOINT_ORDERS': '100'}
HOSTILE = 'evil\x1b[31m\u202e\u00ad"\\'


def tally(*arguments):
    command = [BIN_DIR.resolve() / 'tally', *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=clean_environment())


def count_hostile(group):
    """Sends an operation that is ordered and refused by vote. Nobody but the replicas looks into
    it."""
    endpoints = group.endpoints()['native']
    with NativeClient(endpoints['distributor'], endpoints['comparator']) as client:
        client.open_session()
        assert client.one(add(HOSTILE)).status == MALFORMED_OPERATION


def end_of(record):
    return record.offset + (40 + len(record.content) + 7) // 8 * 8


def read_all(terminal):
    text = b''
    while True:
        try:
            text += os.read(terminal, 65536)
        except OSError:  # the other end is closed, and everything was read
            return text.decode()


def fingerprint(directory):
    return {path.name: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in directory.iterdir()}


class Stopped(unittest.TestCase):
    """The journal of a group that ran twice. Each test has a copy of its own."""

    @classmethod
    def setUpClass(cls):
        cls.temporary = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix='tally-journal-')))
        with Group(BIN_DIR, data=cls.temporary / 'data', environment=SMALL) as group:
            for by in range(1, 31):
                group.tally('incr', f'home/{by % 4}', '--by', by)
            count_hostile(group)
            group.tally('replica', 'evict', 3)
            group.tally('replica', 'readmit', 3)
            group.wait_all_vote()
            killed = group.pid('distributor')
            os.kill(killed, signal.SIGKILL)
            group.wait_new_pid('distributor', killed)
            group.wait_all_vote()
            assert group.stop() == 0
        with Group(BIN_DIR, data=cls.temporary / 'data', environment=SMALL) as group:
            for by in range(31, 71):
                group.tally('incr', f'home/{by % 4}', '--by', by)
            assert group.stop() == 0
        cls.original = cls.temporary / 'data' / 'journal'

    def setUp(self):
        self.journal = self.temporary / self.id() / 'journal'
        shutil.copytree(self.original, self.journal)
        shutil.copytree(self.original.parent / 'audit', self.journal.parent / 'audit')
        self.addCleanup(shutil.rmtree, self.journal.parent)
        self.reader = Journal(self.journal)
        self.records = list(self.reader.records())
        self.orders = [record for record in self.records if record.type == ORDER]

    def check(self):
        """Returns the exit code, the JSON value and the sentence on stderr, after it has looked at
        what people are shown."""
        for_people = tally('journal', 'check', self.journal)
        result = tally('journal', 'check', self.journal, '--json')
        self.assertEqual((for_people.returncode, for_people.stderr), (result.returncode, result.stderr))
        value = json.loads(result.stdout)
        for segment in value['segments']:
            self.assertIn(segment['name'], for_people.stdout)
            self.assertIn(segment['fault'] or '', for_people.stdout)
        self.assertIn(value['refusal'] or f"order {value['opens']['next']}, in term", for_people.stdout)
        self.assertNotIn('\x1b', for_people.stdout + for_people.stderr)
        return result.returncode, value, result.stderr

    def dump(self, *arguments, code=DONE):
        result = tally('journal', 'dump', self.journal, *arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout.splitlines()

    def flip(self, record):
        path = self.journal / record.segment
        data = bytearray(path.read_bytes())
        data[record.offset + 50] ^= 4
        path.write_bytes(data)

    def order_in_segment(self, segment):
        """Returns the order in the middle of a segment."""
        orders = [record for record in self.orders if record.segment == segment.name]
        return orders[len(orders) // 2]

    # ---- a whole journal

    def test_check_finds_what_the_reader_finds(self):
        code, value, complaint = self.check()
        self.assertEqual((code, complaint, value['verified'], value['in_use_by']), (DONE, '', True, None))
        identity, mark = self.reader.identity, self.reader.mark
        self.assertEqual((value['group'], value['made']), (f'{identity.group:016x}', identity.made))
        self.assertEqual(value['mark'], {'term': mark.term, 'first': mark.first, 'sequence': mark.sequence,
                                         'chain': f'{mark.chain:032x}'})
        self.assertEqual(value['opens'], {'first': 1, 'next': self.orders[-1].sequence + 1, 'term': 4, 'replicas': 3})
        self.assertEqual([segment['name'] for segment in value['segments']],
                         [segment.name for segment in self.reader.segments])
        for found, segment in zip(value['segments'], self.reader.segments):
            records = [record for record in self.records if record.segment == segment.name]
            self.assertEqual(
                (found['state'], found['term'], found['first'], found['first_record']),
                ('whole', segment.header.term, segment.header.last_sequence + 1, segment.header.first_number))
            self.assertEqual((found['last_record'], found['capacity']), (records[-1].number, len(segment.bytes)))
            for kind, key in ((ORDER, 'orders'), (VIEW, 'views'), (AGREED, 'agreed')):
                self.assertEqual(found[key], sum(record.type == kind for record in records), key)
        self.assertGreater(sum(record.type == VIEW for record in self.records), 0)
        self.assertGreater(sum(record.type == AGREED for record in self.records), 0)

    def test_the_mark_is_the_last_order_after_a_stop(self):
        last = read_order(self.orders[-1].content)
        self.assertEqual((self.reader.mark.sequence, self.reader.mark.chain),
                         (last.id.sequence, last.id.chain.high << 64 | last.id.chain.low))

    def test_dump_prints_what_the_reader_reads(self):
        lines = self.dump()
        words = {ORDER: 'order', VIEW: 'view', AGREED: 'agreed'}
        self.assertEqual([line.split()[0] for line in lines if not line.startswith('segment ')],
                         [words[record.type] for record in self.records])
        dumped = [line.split(' ') for line in lines if line.startswith('order ')]
        for line, record in zip(dumped, self.orders, strict=True):
            order = read_order(record.content)
            self.assertEqual((line[1], line[3]), (str(order.id.sequence), str(order.id.term)))
            self.assertEqual((line[6], line[9]), (str(len(order.requests)), str(len(record.content))))
            changes = order.HasField('key_secret') or any(not request.read_only for request in order.requests)
            self.assertEqual(line[7], 'changes' if changes else 'reads-only' if order.requests else 'empty')
        text = '\n'.join(lines)
        self.assertEqual([int(by) for by in re.findall(r'add "home/\d" by (\d+)', text)],
                         [*range(1, 71)])

    def test_dump_begins_and_ends_where_it_is_told(self):
        every = [line for line in self.dump() if line.startswith('order ')]
        some = [line for line in self.dump('--from', 20, '--limit', 5) if line.startswith('order ')]
        self.assertEqual(some, every[19:24])
        last = [line for line in self.dump('--from', self.orders[-1].sequence) if line.startswith('order ')]
        self.assertEqual(last, every[-1:])

    def test_dump_ends_when_nobody_reads_it_and_says_when_it_cannot_be_written(self):
        command = [BIN_DIR.resolve() / 'tally', 'journal', 'dump', self.journal]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as dump:
            dump.stdout.close()
            self.assertEqual((dump.wait(60), dump.stderr.read()), (DONE, b''))
        with open('/dev/full', 'wb') as full:
            result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(result.returncode, FAILED)
        self.assertIn(b'No space left', result.stderr)

    def test_no_control_or_format_character_gets_through(self):
        line = next(line for line in self.dump() if 'evil' in line)
        self.assertIn(r'add "evil\x1b[31m\xe2\x80\xae\xc2\xad\"\\" by 1', line)
        self.assertTrue(line.isprintable())

    def test_check_and_dump_change_nothing(self):
        before = fingerprint(self.journal)
        self.check()
        self.dump()
        self.assertEqual(fingerprint(self.journal), before)

    def test_a_data_directory_will_do(self):
        value = json.loads(tally('journal', 'check', self.journal.parent, '--json').stdout)
        self.assertEqual((value['path'], value['verified']), (str(self.journal), True))

    def test_progress_is_shown_on_a_terminal_and_leaves_no_trace(self):
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        command = [BIN_DIR.resolve() / 'tally', 'journal', 'check', self.journal]
        environment = {**clean_environment(), 'NO_COLOR': '1', 'TERM': 'xterm'}
        result = subprocess.run(command, stdout=terminal, stderr=terminal, env=environment, check=False, timeout=120)
        os.close(terminal)
        shown = read_all(ours)
        self.assertEqual(result.returncode, DONE)
        self.assertIn('checking [####', shown)
        self.assertIn('100 %', shown)
        self.assertTrue(shown.rpartition('100 %')[2].startswith('\x1b[K\r\x1b[K'), shown)
        self.assertNotRegex(shown, r'\x1b\[\d+m')

    # ---- what is wrong with it

    def test_a_flipped_byte_in_the_last_stable_order_is_damage_and_a_start_refuses(self):
        record = self.orders[-1]
        self.flip(record)
        code, value, complaint = self.check()
        self.assertEqual(code, UNVERIFIED)
        self.assertRegex(value['refusal'], f'order {record.sequence} was stable and is not there|'
                                           f'what follows order {record.sequence - 1} in {record.segment} is damaged')
        self.assertIn(value['refusal'], complaint)

    def test_a_flipped_byte_before_the_mark_in_its_segment_is_damage_and_a_start_goes_on(self):
        record = self.order_in_segment(self.reader.segments[-1])
        self.assertLess(record.sequence, self.orders[-1].sequence)
        self.flip(record)
        code, value, _ = self.check()
        self.assertEqual((code, value['refusal']), (UNVERIFIED, None))
        self.assertRegex(value['segments'][-1]['fault'],
                         f'no whole record is at offset {record.offset}: order {record.sequence} is missing')
        self.assertEqual(value['opens']['next'], self.orders[-1].sequence + 1)
        lines = self.dump(code=UNVERIFIED)
        self.assertIn(f'damaged {record.segment} offset {record.offset}: order {record.sequence} is missing', lines)
        dumped = [int(line.split()[1]) for line in lines if line.startswith('order ')]
        self.assertEqual(dumped, [order.sequence for order in self.orders if order != record])

    def test_a_flipped_byte_far_before_the_mark_is_damage_and_a_start_goes_on(self):
        record = self.order_in_segment(self.reader.segments[0])
        self.flip(record)
        code, value, complaint = self.check()
        self.assertEqual((code, value['verified'], value['refusal']), (UNVERIFIED, False, None))
        self.assertIn(f'order {record.sequence} is missing', complaint)
        self.assertEqual(value['opens']['next'], self.orders[-1].sequence + 1)
        self.assertEqual([bool(segment['fault']) for segment in value['segments']],
                         [True] + [False] * (len(value['segments']) - 1))

    def test_a_flipped_byte_in_a_header_hides_no_other_segment(self):
        path = self.journal / self.reader.segments[1].name
        data = bytearray(path.read_bytes())
        data[60] ^= 1
        path.write_bytes(data)
        code, value, _ = self.check()
        self.assertEqual(code, UNVERIFIED)
        self.assertEqual([segment['fault'] for segment in value['segments']],
                         [None, 'its header is damaged'] + [None] * (len(value['segments']) - 2))
        self.assertIn(f'the header of {path.name} is damaged', value['refusal'])

    def test_a_missing_segment_is_named_between_its_neighbours(self):
        first, middle, after = self.reader.segments[:3]
        (self.journal / middle.name).unlink()
        code, value, complaint = self.check()
        self.assertEqual(code, UNVERIFIED)
        self.assertIn(f'the segment between {first.name} and {after.name} is missing', complaint)
        self.assertEqual([segment['fault'] for segment in value['segments']][:2],
                         [None, f'the segment between {first.name} and this one is missing'])
        self.dump(code=UNVERIFIED)

    def test_a_missing_beginning_is_told_from_a_cut(self):
        (self.journal / self.reader.segments[0].name).unlink()
        code, value, complaint = self.check()
        self.assertEqual(code, UNVERIFIED)
        self.assertIn('the segment with order 1 is missing', complaint)
        self.assertIn('with order 1, is missing', value['segments'][0]['fault'])
        self.assertIn('with order 1, is missing', self.dump(code=UNVERIFIED)[0])

    def test_an_empty_mark_is_refused_and_the_segments_are_read_all_the_same(self):
        (self.journal / 'stable.mark').write_bytes(b'')
        code, value, complaint = self.check()
        self.assertEqual((code, value['mark']), (UNVERIFIED, None))
        self.assertIn('the file stable.mark is damaged; put the newest copy of the journal back', complaint)
        self.assertEqual(sum(segment['orders'] for segment in value['segments']), len(self.orders))

    def write_behind(self, skipped, synced):
        """Writes a whole record behind the last one, or behind a hole where some records should be.
        Returns its number."""
        newest, last = self.reader.segments[-1], self.records[-1]
        content = next(record.content for record in self.records if record.type == AGREED)
        number = last.number + 1 + skipped
        fields = (len(content), AGREED, number, last.sequence + skipped, synced)
        check = xxhash.xxh3_64_intdigest(struct.pack('<IIQQQ', *fields), seed=newest.header.salt) >> 40
        head = struct.pack('<IIQQQ', fields[0], AGREED | check << 8, *fields[2:])
        checksum = xxhash.xxh3_64_intdigest(head + content, seed=newest.header.salt)
        hole = end_of(last) + 200 * skipped
        with open(self.journal / newest.name, 'r+b') as file:
            file.seek(hole)
            file.write(struct.pack('<Q', checksum) + head + content)
        return last.number

    def test_a_record_that_was_never_synced_is_a_torn_tail_and_harmless(self):
        last = self.write_behind(skipped=1, synced=self.records[-1].number)
        code, value, _ = self.check()
        self.assertEqual((code, value['segments'][-1]['fault']), (DONE, None))
        self.assertIn(f'a torn tail of {200 + 88} bytes', value['segments'][-1]['note'])
        self.assertEqual(value['segments'][-1]['last_record'], last)
        self.assertEqual(value['opens']['next'], self.orders[-1].sequence + 1)
        self.assertTrue(any(line.startswith('torn ') for line in self.dump()))

    def test_a_hole_is_damage_if_what_follows_says_that_it_was_synced(self):
        self.write_behind(skipped=1, synced=self.records[-1].number + 1)
        code, value, complaint = self.check()
        missing = self.orders[-1].sequence + 1
        self.assertEqual(code, UNVERIFIED)
        self.assertIn(f'order {missing} is missing', value['segments'][-1]['fault'])
        self.assertIn(f'what follows order {missing - 1} in', complaint)
        self.dump(code=UNVERIFIED)

    def test_a_record_that_was_begun_is_a_torn_tail(self):
        newest, last = self.reader.segments[-1], self.records[-1]
        torn = bytearray(newest.bytes[last.offset:end_of(last)])
        torn[16:24] = struct.pack('<Q', last.number + 1)
        torn[32:40] = struct.pack('<Q', last.number)
        torn[13:16] = bytes(3)
        check = xxhash.xxh3_64_intdigest(bytes(torn[8:40]), seed=newest.header.salt) >> 40
        torn[13:16] = check.to_bytes(3, 'little')
        with open(self.journal / newest.name, 'r+b') as file:
            file.seek(end_of(last))
            file.write(torn)
        code, value, _ = self.check()
        self.assertEqual((code, value['segments'][-1]['fault']), (DONE, None))
        self.assertIn(f'a torn tail of {len(torn)} bytes', value['segments'][-1]['note'])
        self.assertTrue(self.dump()[-1].startswith('torn '))

    def test_the_end_that_was_stable_and_is_not_there_is_damage(self):
        path = self.journal / self.reader.segments[-1].name
        data = bytearray(path.read_bytes())
        last = self.orders[-1]
        data[last.offset:] = bytes(len(data) - last.offset)
        path.write_bytes(data)
        code, value, complaint = self.check()
        self.assertEqual(code, UNVERIFIED)
        self.assertIn(f'order {last.sequence} is missing, and what followed it', value['segments'][-1]['fault'])
        self.assertIn(f'order {last.sequence} was stable and is not there', complaint)

    def test_a_segment_of_an_older_term_is_void_and_harmless(self):
        first, newest = self.reader.segments[0], self.reader.segments[-1]
        data = bytearray(first.bytes)
        size = struct.unpack_from('<I', data, 12)[0]
        struct.pack_into('<Q', data, 92, newest.header.last_sequence + 1000)
        struct.pack_into('<Q', data, 16, xxhash.xxh3_64_intdigest(bytes(data[24:size])))
        name = f'orders-{newest.header.last_sequence + 1001:020}'
        (self.journal / name).write_bytes(data)
        code, value, _ = self.check()
        self.assertEqual((code, value['segments'][-1]['name'], value['segments'][-1]['state']), (DONE, name, 'void'))
        self.assertIn('of term 1: its orders were written anew', value['segments'][-1]['note'])
        self.assertIn(f'void {name} of term 1', self.dump()[-1])

    def test_a_segment_of_another_group_is_said_to_be_one(self):
        segment = self.reader.segments[-1]
        data = bytearray(segment.bytes)
        size = struct.unpack_from('<I', data, 12)[0]
        struct.pack_into('<Q', data, 24, segment.header.group ^ 1)
        struct.pack_into('<Q', data, 16, xxhash.xxh3_64_intdigest(bytes(data[24:size])))
        (self.journal / segment.name).write_bytes(data)
        code, value, complaint = self.check()
        self.assertEqual((code, value['segments'][-1]['fault']), (UNVERIFIED, 'it belongs to another group'))
        self.assertIn(f'{segment.name} belongs to another group', complaint)

    def test_a_name_that_does_not_fit_is_told(self):
        segment = self.reader.segments[-1]
        name = f'orders-{segment.header.last_sequence + 2:020}'
        (self.journal / segment.name).rename(self.journal / name)
        code, value, complaint = self.check()
        self.assertEqual(code, UNVERIFIED)
        self.assertEqual(value['segments'][-1]['fault'], f'it holds what belongs to {segment.name}')
        self.assertIn(f'{name} holds what belongs to {segment.name}', complaint)

    def test_what_is_no_journal_is_said_to_be_none(self):
        for command in ('check', 'dump'):
            for directory in (self.journal.parent / 'no-such', self.temporary):
                result = tally('journal', command, directory)
                self.assertEqual((result.returncode, result.stdout), (FAILED, ''))
                self.assertIn(str(directory), result.stderr)
            self.assertEqual(tally('journal', command).returncode, USAGE)


    # ---- and a start does what check says

    def test_a_start_goes_on_as_check_says(self):
        _, value, _ = self.check()
        with Group(BIN_DIR, data=self.journal.parent, environment=SMALL) as group:
            group.tally('incr', 'again')
            self.assertEqual(group.status()['term'], value['opens']['term'])
            self.assertEqual(group.stop(), 0)
        began = [line for line in self.dump() if line.startswith('segment ')][-1]
        self.assertTrue(began.startswith(f"segment orders-{value['opens']['next']:020} term {value['opens']['term']} "))

    def test_a_start_refuses_with_the_sentence_that_check_says(self):
        self.flip(self.orders[-1])
        _, _, complaint = self.check()
        sentence = complaint.removeprefix('tally: ').strip()
        before = fingerprint(self.journal)
        group = Group(BIN_DIR, data=self.journal.parent, environment=SMALL)
        self.addCleanup(shutil.rmtree, group.temporary)
        group.launch()
        self.addCleanup(group.kill)
        wait_until(lambda: sentence in (group.temporary / 'up.log').read_text(), 'the distributor refuses to start')
        group.stop()
        self.assertEqual(fingerprint(self.journal), before)


class Running(unittest.TestCase):
    def test_a_journal_in_use_is_read_while_it_grows(self):
        with Group(BIN_DIR, environment=CUT_OFTEN) as group:
            command = [group.bin_dir / 'tally', 'bench', '--seconds', str(2 * CUT_SECONDS), '--pipeline', '256',
                       '--connect', group.data]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=group.environment) as bench:
                self.addCleanup(bench.kill)
                looks = []
                deadline = time.monotonic() + CUT_SECONDS
                while len(looks) < 10 or looks[-1]['mark']['first'] == 1:
                    self.assertLess(time.monotonic(), deadline, 'it is cut')
                    result = tally('journal', 'check', group.data, '--json')
                    self.assertEqual(result.returncode, DONE, result.stderr)
                    looks.append(json.loads(result.stdout))
                    dump = tally('journal', 'dump', group.data)
                    self.assertEqual(dump.returncode, DONE, dump.stderr)
                bench.terminate()
            self.assertEqual({look['in_use_by'] for look in looks}, {group.pid('distributor')})
            self.assertGreater(looks[-1]['opens']['next'], looks[0]['opens']['next'])
            self.assertIn('the newest segment changes meanwhile', tally('journal', 'check', group.data).stdout)


if __name__ == '__main__':
    unittest.main(verbosity=2)
