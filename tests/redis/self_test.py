#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""side_by_side.py sees no difference between two Redis servers, nor between one and a stand-in for
the door, and finds a lie in a single kind of answer. Usage: self_test.py"""

import contextlib
import io
import unittest

import side_by_side
from proxies import Liar, StandIn, as_it_is
from resp import encode
from servers import RedisServer

COMMANDS = 3000
SEED = 7

# What Redis answers, and what the liar makes of it: each has been some server's mistake.
LIES = {
    'TYPE as a bulk': (b'+string\r\n', b'$6\r\nstring\r\n'),
    'another case of letters': (b'-ERR syntax error', b'-ERR Syntax error'),
    'a null of RESP2 in RESP3': (b'_\r\n', b'$-1\r\n'),
    'a failed EXEC as an empty array': (b'*-1\r\n', b'*0\r\n'),
    'OK for an overflow': (b'-ERR increment or decrement would overflow\r\n', b'+OK\r\n'),
    'no blank at the end': (b"with args beginning with: \r\n", b'with args beginning with:\r\n'),
    'a number of one more': (b':3\r\n', b':4\r\n'),
    'TTL without a deadline': (b':-1\r\n', b':-2\r\n'),
    'QUEUED in small letters': (b'+QUEUED\r\n', b'+queued\r\n'),
    'a protocol error in other words': (b'expected \'$\'', b'expected "$"'),
    'HELLO with another role': (b'master', b'leader'),
    'a client that is not found': (b'-ERR No such client', b'-ERR no such client'),
}

# What a server is asked, and what it does instead. The command's name is in lower case.
MISTAKES = {
    'KEEPTTL does nothing': lambda words: _without(words, 'set', b'keepttl'),
    'SET with GET answers OK': lambda words: _without(words, 'set', b'get'),
    'GT does nothing': lambda words: _without_last(words, 'expire', b'gt'),
    'LT does nothing': lambda words: _without_last(words, 'pexpire', b'lt'),
    'XX does nothing': lambda words: _without_last(words, 'expireat', b'xx'),
    'GETEX does not persist': lambda words: _without(words, 'getex', b'persist'),
    'WATCH watches nothing': lambda words: [b'unwatch'] if words[0] == b'watch' else words,
    'UNWATCH goes on watching': lambda words: [b'select', b'0'] if words == [b'unwatch'] else words,
    'DISCARD executes': lambda words: [b'exec'] if words == [b'discard'] else words,
    'SETNX always sets': lambda words: [b'set', *words[1:]] if words[0] == b'setnx' else words,
    'GETSET keeps the deadline': lambda words: (
        [b'set', *words[1:], b'keepttl', b'get'] if words[0] == b'getset' else words),
    'GETDEL deletes nothing': lambda words: (
        [b'get', *words[1:]] if words[0] == b'getdel' else words),
    'EXISTS counts a name once': lambda words: (
        [b'exists', *dict.fromkeys(words[1:])] if words[0] == b'exists' else words),
    'DEL deletes one': lambda words: words[:2] if words[0] == b'del' else words,
    'SCAN takes no pattern': lambda words: (
        words[:2] if words[0] == b'scan' and b'MATCH' in words else words),
    'seconds are milliseconds': lambda words: (
        [b'psetex', *words[1:]] if words[0] == b'setex' else words),
    'INCR starts anew': lambda words: (
        [b'set', *words[1:], b'1'] if words[0] == b'incr' and len(words) == 2 else words),
    'HELLO stays at 2': lambda words: (
        [b'hello', b'2', *words[2:]] if words[:2] == [b'hello', b'3'] else words),
    'RESET keeps the name': lambda words: [b'discard'] if words == [b'reset'] else words,
}


def _without(words, command, option):
    if words[0] != command.encode():
        return words
    return words[:3] + [word for word in words[3:] if word.lower() != option]


def _without_last(words, command, option):
    return _without(words, command, option) if len(words) == 4 else words


class Mistaken(StandIn):
    def __init__(self, address, mistake):
        self.mistake = mistake
        super().__init__(address)

    def request(self, arguments, words, raw):
        asked = [arguments[0].lower(), *arguments[1:]]
        done = self.mistake(asked)
        if done == asked:
            return super().request(arguments, words, raw)
        return encode(done), as_it_is


class SideBySide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.redis = cls.enterClassContext(RedisServer())
        cls.other = cls.enterClassContext(RedisServer())

    def compare(self, ours, commands=COMMANDS, seed=SEED):
        """Returns whether the two are equal, and what was printed."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            equal = side_by_side.compare(self.redis.address, ours, seed, commands)
        return equal, output.getvalue()

    def test_two_redis_servers_are_equal(self):
        equal, output = self.compare(self.other.address, 10_000)
        self.assertTrue(equal, output)

    def test_a_stand_in_for_the_door_differs_as_declared(self):
        with StandIn(self.other.address) as stand_in:
            equal, output = self.compare(stand_in.address)
        self.assertTrue(equal, output)
        self.assertIn('a value that is no integer', output)

    def test_each_lie_is_found(self):
        for name, (truth, lie) in LIES.items():
            with self.subTest(name), Liar(self.other.address, truth, lie) as liar:
                equal, output = self.compare(liar.address)
                self.assertFalse(equal, output)
                self.assertIn('shortest found, ', output)

    def test_each_mistake_is_found(self):
        for name, mistake in MISTAKES.items():
            with self.subTest(name), Mistaken(self.other.address, mistake) as mistaken:
                equal, output = self.compare(mistaken.address, 10_000)
                self.assertFalse(equal, output)

    def test_the_shortest_stream_that_shows_a_lie_is_short(self):
        with Liar(self.other.address, b'+string\r\n', b'+String\r\n') as liar:
            _, output = self.compare(liar.address)
        self.assertRegex(output, r'shortest found, [12] of \d+ units')

    def test_with_a_password(self):
        with RedisServer('--requirepass', 'word') as first, RedisServer(
                '--requirepass', 'word') as second:
            self.assertTrue(side_by_side.compare(first.address, second.address, SEED, COMMANDS,
                                                 'word'))


if __name__ == '__main__':
    unittest.main(verbosity=2)
