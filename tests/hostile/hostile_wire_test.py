#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests the bytes that the hostile peers make themselves: XXH3-64 against values of libxxhash
0.8.1, and frames against protoc's classes."""

import socket
import struct
import sys
import unittest
from unittest import mock

import wire
import zmtp
from wire import pb

# XXH3_64bits() of the first bytes of CONTENT, for so many bytes each.
XXH3_VALUES = (
    (0, 0x2d06800538d394c2), (1, 0x8a21d78b1538b1c0), (2, 0xa020a917c68e5888),
    (3, 0x5f1fa6d2a3aa5a3b),
    (4, 0xa8a9b82c81542a43), (5, 0x2f1e508dc78686c2), (8, 0x67b8f67a80d308a6),
    (9, 0x52ec45ea0dcf24c2),
    (12, 0x8de940839f542d54), (16, 0x86f5cf520ef38379), (17, 0x7ce0142cdfa01517),
    (32, 0x18a3fe0a3d86fe56),
    (33, 0x0790e684d08bee8c), (64, 0x9c5d898d7bbe5ab7), (65, 0xee9e7050108b453f),
    (96, 0xd7fb90efb1135ee8),
    (97, 0x7348c9ba5f8e177f), (128, 0x409acd225a76a526), (129, 0x4dfde76f9cc71490),
    (144, 0x674955e5a39e9782),
    (160, 0xe5b46ecdf4f6cff3), (200, 0x1cf02feedaa6811d), (240, 0x0df55f5fed9f8391),
    (241, 0x6a7969ebd4a20653),
    (255, 0xd21357388c6db11a), (256, 0xe646d459e9b12f50), (257, 0x9cd979fcb847554c),
    (512, 0xc20e5dc2e2500134),
    (1023, 0xe525969c14b3c485), (1024, 0x4a40a9dd53392543), (1025, 0xaadb4b0da0767358),
    (1088, 0x2d66f71db8b3b8e1), (2048, 0x575799dc8a57f5ed), (2049, 0x3bce4fac9b7a2070),
    (2500, 0xd838ef4cc8d303a5), (3000, 0x43dd0da479e344e2))
CONTENT = bytes((number * 167 + 13) % 256 ^ (number >> 3) % 256 for number in range(3000))


class Checksums(unittest.TestCase):
    def test_every_length_has_its_known_value(self):
        for size, value in XXH3_VALUES:
            self.assertEqual(wire.xxh3(CONTENT[:size]), value, size)

    def test_a_header_has_the_checksum_of_its_body(self):
        head = wire.header('REQUEST', CONTENT[:33], checksum=True)
        self.assertEqual(struct.unpack('<4sHHQ', head), (b'TLY1', 5, 1, 0x0790e684d08bee8c))


class Bodies(unittest.TestCase):
    def test_what_is_made_by_hand_is_what_protoc_understands(self):
        body = wire.request_body(wire.guessed(7, 3), wire.add(b'home', -5, b'key'), number=9,
                                 acknowledged=8)
        request = pb.Request.FromString(body)
        self.assertEqual((request.number, request.acknowledged, request.attempt), (9, 8, 1))
        operations = pb.Operations.FromString(request.operations).operations
        self.assertEqual([(o.name, o.value, o.idempotency_key) for o in operations],
                         [(b'home', -5, b'key')])

    def test_a_session_is_named_by_a_digest_of_its_secret(self):
        session = wire.Session(bytes(range(16)))
        self.assertEqual(session.name.hex(), '338ebf9bf4726dd1853bc16ba43cb548')
        self.assertEqual(session.field(), b'\x4a\x10' + session.secret)
        self.assertTrue(session.is_of(mock.Mock(session=session.name)))

    def test_a_repeated_message_differs_in_its_number_only(self):
        repeated = wire.Repeated('REQUEST',
                                 wire.request_body(wire.guessed(7, 3), wire.add(b'home')),
                                 wire.REQUEST_NUMBER)
        for number in (0, 1, 127, 128, 1 << 40, wire.MOST_NUMBER):
            near, far = socket.socketpair()
            with zmtp.Peer(near) as sender, zmtp.Peer(far) as receiver:
                sender.push(repeated(number))
                head, body = receiver.receive(1)
            self.assertEqual(head, wire.header('REQUEST'))
            self.assertEqual(pb.Request.FromString(body).number, number)
            self.assertEqual(len(repeated(number)), repeated.size)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
