#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A reader of tally's journal in Python, written from docs/journal.md and wire/tally.proto alone.

    journal = Journal('tally-data/journal')
    for record in journal.records():
        print(record.number, record.type, record.sequence)

It shows that the document is complete. It does not judge what it finds, and ends at the first
record that is not whole. As a program, journal_reader.py DIRECTORY prints one order per line.
"""

import collections
import pathlib
import struct
import sys

import xxhash

from tally_proto import pb

BLOCK = 4096
RECORD_HEAD = 40
ORDER, VIEW, AGREED = 1, 2, 3
ORDER_TYPE = 23  # the type of an order's message

Identity = collections.namedtuple('Identity', 'group made')
Mark = collections.namedtuple('Mark', 'writing group term first sequence chain synced')
Header = collections.namedtuple(
    'Header', 'group term semantics salt first_number synced predecessor predecessor_last last_term last_sequence '
              'last_chain served calendar view agreed records_at')
Record = collections.namedtuple('Record', 'segment offset type number sequence synced content')
View = collections.namedtuple('View', 'number audit_head members rollback voided')
Member = collections.namedtuple('Member', 'state held recovery evictions readmissions reason sequence at since')
Agreed = collections.namedtuple('Agreed', 'term sequence chain state')
Segment = collections.namedtuple('Segment', 'name bytes header')


class Damaged(Exception):
    """The bytes are not as docs/journal.md says."""


def require(condition, what):
    if not condition:
        raise Damaged(what)


class Fields:
    """Reads little-endian fields from the front of some bytes."""

    def __init__(self, data, place=0):
        self.data = data
        self.place = place

    def take(self, size):
        require(self.place + size <= len(self.data), 'bytes are missing')
        self.place += size
        return self.data[self.place - size:self.place]

    def numbers(self, layout):
        return struct.unpack('<' + layout, self.take(struct.calcsize('<' + layout)))

    def number(self, layout='Q'):
        return self.numbers(layout)[0]

    def digest(self):
        high, low = self.numbers('QQ')
        return high << 64 | low

    def sized(self):
        return self.take(self.number('I'))


def digest_bytes(digest):
    return struct.pack('<QQ', digest >> 64, digest & (1 << 64) - 1)


# ---- the small files

def read_identity(data):
    lines = data.decode().split('\n')
    require(len(lines) == 6 and lines[5] == '', 'identity has five lines')
    require(lines[0] == 'tally journal, format 1' and lines[1] == 'role distributor', 'identity says what it is')
    labels, values = zip(*(line.split(' ', 1) for line in lines[2:5]))
    require(labels == ('group', 'made', 'checksum'), 'identity has its lines')
    summed = data[:data.rindex(b'checksum ')]
    require(f'{xxhash.xxh3_64_intdigest(summed):016x}' == values[2], 'the checksum of identity')
    return Identity(int(values[0], 16), values[1])


def read_mark(data):
    marks = []
    for offset in (0, 512):
        slot = data[offset:offset + 72]
        if len(slot) < 72 or struct.unpack('<Q', slot[64:])[0] != xxhash.xxh3_64_intdigest(slot[:64]):
            continue
        fields = Fields(slot)
        mark = Mark(*fields.numbers('QQQQQ'), fields.digest(), fields.number('Q'))
        if mark.writing != 0:
            marks.append(mark)
    require(marks, 'a slot of stable.mark is valid')
    return max(marks)


# ---- segments

def read_header(data):
    fields = Fields(data)
    require(fields.take(8) == b'tallyseg' and fields.number('I') == 1, 'a header of format 1')
    size, checksum = fields.numbers('IQ')
    require(24 <= size <= 65536 and size <= len(data), 'the size of a header')
    require(checksum == xxhash.xxh3_64_intdigest(data[24:size]), 'the checksum of a header')
    fields = Fields(data[:size], 24)
    group, term, semantics, salt = fields.numbers('QQIQ')
    numbers = fields.numbers('QQQQQQ')  # the fields up to last.sequence
    chain = fields.digest()
    served, calendar = fields.numbers('qq')
    view, agreed = read_view(fields.sized()), read_agreed(fields.sized())
    require(fields.place == size, 'nothing else in a header')
    return Header(group, term, semantics, salt, *numbers, chain, served, calendar, view, agreed,
                  (size + BLOCK - 1) // BLOCK * BLOCK)


def read_record(segment, offset, number):
    """Returns the whole record of this number at this place, or None."""
    head = segment.bytes[offset:offset + RECORD_HEAD]
    if len(head) < RECORD_HEAD:
        return None
    checksum, size, checked_kind, found, sequence, synced = struct.unpack('<QIIQQQ', head)
    kind = checked_kind & 0xff
    plain = head[8:12] + struct.pack('<I', kind) + head[16:]
    if checked_kind >> 8 != xxhash.xxh3_64_intdigest(plain, seed=segment.header.salt) >> 40:
        return None
    content = segment.bytes[offset + RECORD_HEAD:offset + RECORD_HEAD + size]
    if found != number or kind not in (ORDER, VIEW, AGREED) or len(content) < size or size > 2 << 20:
        return None
    if checksum != xxhash.xxh3_64_intdigest(head[8:] + content, seed=segment.header.salt):
        return None
    return Record(segment.name, offset, kind, number, sequence, synced, content)


def read_view(data):
    fields = Fields(data)
    require(fields.number('I') == 2, 'the layout of a view')
    number, audit_head = fields.number(), fields.sized()
    members = [Member(*fields.numbers('BBQQQBQqq')) for _ in range(fields.number('I'))]
    rollback = fields.numbers('BQq')
    voided = [fields.number() for _ in range(fields.number('I'))]
    require(fields.place == len(data), 'nothing else in a view')
    return View(number, audit_head, members, rollback, voided)


def read_agreed(data):
    require(len(data) == 48, 'the size of what was agreed')
    fields = Fields(data)
    return Agreed(*fields.numbers('QQ'), fields.digest(), fields.digest())


def read_order(data):
    magic, kind, flags, checksum = struct.unpack('<4sHHQ', data[:16])
    require(magic == b'TLY1' and kind == ORDER_TYPE and flags == 1, 'the header frame of an order')
    require(checksum == xxhash.xxh3_64_intdigest(data[16:]), 'the checksum of an order')
    return pb.Order.FromString(data[16:])


def proto_digest(digest):
    return digest.high << 64 | digest.low


def chain_of(order):
    summed = digest_bytes(proto_digest(order.previous))
    summed += struct.pack('<QQqqI', order.id.term, order.id.sequence, order.served_ns, order.calendar_unix_ms,
                          order.semantics)
    summed += digest_bytes(proto_digest(order.key_secret))
    for request in order.requests:
        summed += struct.pack('<BB16sHQQII', request.kind, request.read_only, request.session, request.principal,
                              request.number, request.acknowledged, request.attempt, request.result_limit)
        summed += digest_bytes(xxhash.xxh3_128_intdigest(request.operations))
    return xxhash.xxh3_128_intdigest(summed)


class Journal:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.identity = read_identity((self.directory / 'identity').read_bytes())
        self.mark = read_mark((self.directory / 'stable.mark').read_bytes())
        self.segments = []  # those that count
        for path in sorted(self.directory.glob('orders-' + '[0-9]' * 20)):
            data = path.read_bytes()
            header = read_header(data)
            require(path.name == f'orders-{header.last_sequence + 1:020}', f'the name of {path.name}')
            require(header.group == self.identity.group, f'the group of {path.name}')
            if not self.segments or header.term >= self.segments[-1].header.term:
                self.segments.append(Segment(path.name, data, header))

    def last_that_counts(self, place):
        following = self.segments[place + 1:]
        return following[0].header.predecessor_last if following else float('inf')

    def records(self):
        """Returns all records that count, and verifies their chain."""
        chain = None
        for place, segment in enumerate(self.segments):
            header = segment.header
            require(chain in (None, header.last_chain), f'{segment.name} goes on from the one before it')
            chain = header.last_chain
            last = self.last_that_counts(place)
            offset, number = header.records_at, header.first_number
            while number <= last and (record := read_record(segment, offset, number)):
                if record.type == ORDER:
                    order = read_order(record.content)
                    require(proto_digest(order.previous) == chain, f'what order {record.sequence} goes on from')
                    chain = chain_of(order)
                    require(chain == proto_digest(order.id.chain), f'the chain of order {record.sequence}')
                yield record
                offset += (RECORD_HEAD + len(record.content) + 7) // 8 * 8
                number += 1
            require(number > last or last == float('inf'), f'record {number} of {segment.name}')

    def orders(self):
        for record in self.records():
            if record.type == ORDER:
                yield read_order(record.content)


def main():
    for order in Journal(sys.argv[1]).orders():
        print(order.id.sequence, order.id.term, order.calendar_unix_ms, len(order.requests))


if __name__ == '__main__':
    main()
