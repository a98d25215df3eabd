# SPDX-License-Identifier: Apache-2.0
"""tally's frames and bodies, for peers that mean no good: see docs/protocol.md and
wire/tally.proto.

A message that is sent often is made only once: Repeated takes a body and a number field, and gives
the bytes of any number of messages that differ only in that number. What is sent rarely is made
with protoc's classes, `pb`.
"""

import hashlib
import pathlib
import secrets
import struct
import sys

import zmtp

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'contract'))

from native_client import pb  # pylint: disable=wrong-import-position

HAS_CHECKSUM = 1
SMALLEST_RESULT = 13
STATUS = 0x1f  # of an operation's result; the other bits tell what follows its value
MOST_RESULT_BYTES = 512 * 1024
MOST_BODY = 2 * 1024 * 1024
MOST_NUMBER = 2**64 - 1

SESSION_LABEL = b'tally session'

TYPES = {name.removeprefix('MESSAGE_TYPE_'): number for name, number in pb.MessageType.items()}

# ---- XXH3-64, without a seed: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

MASK = 2**64 - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4, PRIME64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PRIME_MX1, PRIME_MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25
SECRET = bytes.fromhex(
    'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f'
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c'
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8'
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364'
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e'
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e')
STRIPE, BLOCK = 64, 1024
LANES = struct.Struct('<8Q')
STRIPE_SECRETS = [LANES.unpack_from(SECRET, 8 * place) for place in range(BLOCK // STRIPE)]
SCRAMBLE_SECRET = LANES.unpack_from(SECRET, len(SECRET) - STRIPE)
LAST_SECRET = LANES.unpack_from(SECRET, len(SECRET) - STRIPE - 7)


def read32(data, place):
    return int.from_bytes(data[place:place + 4], 'little')


def read64(data, place):
    return int.from_bytes(data[place:place + 8], 'little')


def folded(one, other):
    product = one * other
    return (product & MASK) ^ (product >> 64)


def avalanche(value):
    value ^= value >> 37
    value = value * PRIME_MX1 & MASK
    return value ^ (value >> 32)


def avalanche64(value):
    value ^= value >> 33
    value = value * PRIME64_2 & MASK
    value ^= value >> 29
    value = value * PRIME64_3 & MASK
    return value ^ (value >> 32)


def rotated(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def xxh3_short(data):
    size = len(data)
    if size == 0:
        return avalanche64(read64(SECRET, 56) ^ read64(SECRET, 64))
    if size <= 3:
        combined = data[0] << 16 | data[size >> 1] << 24 | data[size - 1] | size << 8
        return avalanche64(combined ^ read32(SECRET, 0) ^ read32(SECRET, 4))
    if size <= 8:
        value = read32(data, size - 4) + (read32(data, 0) << 32) ^ read64(SECRET,
                                                                          8) ^ read64(SECRET, 16)
        value ^= rotated(value, 49) ^ rotated(value, 24)
        value = value * PRIME_MX2 & MASK
        value ^= (value >> 35) + size
        value = value * PRIME_MX2 & MASK
        return value ^ (value >> 28)
    low = read64(data, 0) ^ read64(SECRET, 24) ^ read64(SECRET, 32)
    high = read64(data, size - 8) ^ read64(SECRET, 40) ^ read64(SECRET, 48)
    swapped = int.from_bytes(low.to_bytes(8, 'little'), 'big')
    return avalanche(size + swapped + high + folded(low, high) & MASK)


def mixed(data, place, secret):
    return folded(read64(data, place) ^ read64(SECRET, secret),
                  read64(data, place + 8) ^ read64(SECRET, secret + 8))


def xxh3_middle(data):
    size = len(data)
    total = size * PRIME64_1
    if size <= 128:
        for place in range((size - 1) // 32 + 1):
            total += mixed(data, 16 * place, 32 * place) + mixed(data, size - 16 * (place + 1),
                                                                 32 * place + 16)
        return avalanche(total & MASK)
    for place in range(8):
        total += mixed(data, 16 * place, 16 * place)
    total = avalanche(total & MASK)
    for place in range(8, size // 16):
        total += mixed(data, 16 * place, 16 * (place - 8) + 3)
    return avalanche(total + mixed(data, size - 16, 136 - 17) & MASK)


def add_stripe(lanes, stripe, secret):
    for place in range(8):
        value = stripe[place]
        keyed = value ^ secret[place]
        lanes[place ^ 1] += value
        lanes[place] += (keyed & 0xffffffff) * (keyed >> 32)


def xxh3_long(data):
    size = len(data)
    lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
    for number in range((size - 1) // STRIPE):  # the last stripe may overlap with the one before
        in_block = number % (BLOCK // STRIPE)
        add_stripe(lanes, LANES.unpack_from(data, STRIPE * number), STRIPE_SECRETS[in_block])
        if in_block == BLOCK // STRIPE - 1:
            for place in range(8):
                value = lanes[place] & MASK
                lanes[place] = (value ^ (value >> 47) ^ SCRAMBLE_SECRET[place]) * PRIME32_1 & MASK
    add_stripe(lanes, LANES.unpack_from(data, size - STRIPE), LAST_SECRET)
    total = size * PRIME64_1
    for place in range(0, 8, 2):
        total += folded(lanes[place] & MASK ^ read64(SECRET, 11 + 8 * place),
                        lanes[place + 1] & MASK ^ read64(SECRET, 19 + 8 * place))
    return avalanche(total & MASK)


def xxh3(data):
    """XXH3-64 of any bytes. It does some 5 MB a second, so make what is large only once."""
    if len(data) <= 16:
        return xxh3_short(data)
    return xxh3_middle(data) if len(data) <= 240 else xxh3_long(data)


# ---- frames

def header(kind, body=b'', checksum=False, flags=None):
    """`kind` is a number, or a name of the enum without its prefix. The checksum may be left out,
    and is zero then."""
    number = TYPES[kind] if isinstance(kind, str) else kind
    value = xxh3(body) if checksum is True else int(checksum)
    return struct.pack('<4sHHQ', b'TLY1', number,
                       (HAS_CHECKSUM if value else 0) if flags is None else flags, value)


def frames(kind, body=b'', checksum=False):
    return [header(kind, body, checksum), body]


def message(kind, body=b'', checksum=False):
    """The message as it travels."""
    return zmtp.message(frames(kind, body, checksum))


def of(proto, checksum=False):
    """The bytes of a message of protoc's, whose class names its type."""
    name = ''.join('_' + letter if letter.isupper() else letter
                   for letter in type(proto).__name__)[1:].upper()
    return message(name, proto.SerializeToString(), checksum)


def understood(received):
    """Returns (the type's name, the message) of what a client gets, and None for everything else.
    """
    if received is None or len(received) != 2 or len(received[0]) != 16:
        return None
    number = struct.unpack_from('<4sH', received[0])[1]
    name = pb.MessageType.Name(number).removeprefix('MESSAGE_TYPE_')
    proto = getattr(pb, ''.join(word.capitalize() for word in name.split('_')))
    return name, proto.FromString(received[1])


# ---- protobuf by hand

def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return (value << 1) ^ (value >> 63)


def number_field(field, value):
    return varint(field << 3) + varint(value)


def bytes_field(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


WIDE = [struct.pack('<H', 0x8080 | low & 0x7f | (low & 0x3f80) << 1) for low in range(1 << 14)]


def wide_varint(value):
    """A varint that always takes 10 bytes, whatever its value."""
    mask = (1 << 14) - 1
    return (WIDE[value & mask] + WIDE[value >> 14 & mask] + WIDE[value >> 28 & mask] +
            WIDE[value >> 42 & mask] +
            bytes((value >> 56 & 0x7f | 0x80, value >> 63)))


class Repeated:
    """The same message again and again, each time with another number in its field `field`, which
    the body leaves out."""

    def __init__(self, kind, body, field):
        rest = body + varint(field << 3)
        size = len(rest) + 10
        head = zmtp.frame(header(kind), zmtp.MORE)
        self.before = head + zmtp.frame(rest + bytes(10))[:-10]
        self.size = len(self.before) + 10
        assert self.before.endswith(rest) and size < MOST_BODY

    def __call__(self, number):
        return self.before + wide_varint(number)

    def many(self, numbers):
        return b''.join([self.before + wide_varint(number) for number in numbers])


# ---- operations and requests

def operation(kind, name=b'', value=0, key=b'', limit=0):
    """Returns an operation as an element of Operations."""
    content = number_field(1, kind) + bytes_field(2, name)
    if value:
        content += number_field(3, zigzag(value))
    if key:
        content += bytes_field(4, key)
    if limit:
        content += number_field(6, limit)
    return bytes_field(1, content)


def add(name, by=1, key=b''):
    return operation(pb.OPERATION_KIND_ADD, name, by, key)


def listing(prefix=b'', limit=1000):
    return operation(pb.OPERATION_KIND_LIST, prefix, limit=limit)


class Session:
    """How a request says to which session it belongs: by a secret of 16 bytes, which is chosen by
    whoever opens the session. The session's name is a digest of the secret."""

    def __init__(self, secret=None):
        self.secret = secret if secret is not None else secrets.token_bytes(16)
        self.name = hashlib.sha256(SESSION_LABEL + self.secret).digest()[:16]

    def field(self):
        return bytes_field(9, self.secret)

    def is_of(self, answer):
        """Returns whether a Decision or a Refusal belongs to this session."""
        return answer.session == self.name


def guessed(first, second=0):
    """A session whose secret is these two numbers."""
    return Session(struct.pack('<QQ', first, second))


def request_body(session, operations=b'', kind=None, number=None, acknowledged=0,
                 result_limit=None, read_only=False):
    """A Request. Without a number, it is one for Repeated (field REQUEST_NUMBER)."""
    body = number_field(1, pb.REQUEST_KIND_OPERATIONS if kind is None else kind) + session.field()
    body += number_field(6, MOST_RESULT_BYTES if result_limit is None else result_limit)
    body += number_field(8, 1)
    if read_only:
        body += number_field(2, 1)
    if acknowledged:
        body += number_field(5, acknowledged)
    if number is not None:
        body += number_field(REQUEST_NUMBER, number)
    return body + (bytes_field(7, operations) if operations else b'')


REQUEST_NUMBER = 4


def opening(number=None, session=None):
    return request_body(session or Session(), kind=pb.REQUEST_KIND_OPEN_SESSION, number=number,
                        result_limit=SMALLEST_RESULT)


def result_head(result):
    """Returns (outcome, sequence, count) of a request result."""
    return struct.unpack_from('<BQI', result)


def first_operation(result):
    """Returns (status, value) of its first operation."""
    status, value = struct.unpack_from('<Bq', result, SMALLEST_RESULT)
    return status & STATUS, value
