#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The same bytes go to the door and to a real Redis, and the answers are compared byte by byte.

    side_by_side.py --ours HOST:PORT|BIN_DIR [--seed N] [--commands N] [--redis HOST:PORT]
                    [--password WORD]

Both servers are flushed first. Without --redis a redis-server is started for the run; a server that
is named must have one database (`databases 1`). --password is what both ask for. What is sent is
drawn from the seed by streams.py; where answers may differ is declared in differences.py.

On a difference it prints the seed, the position, the command and both answers. Then it looks for
the fewest units of the stream that still show one, and prints those. Exit code 0: no difference,
1: one, 2: usage, or a server that cannot be compared with.
"""

import argparse
import collections
import contextlib
import random
import sys
import time

import differences
from resp import Connection, encode, printable
from servers import RedisServer, door, parse_address
from streams import CONNECTIONS, Stream

REDUCE_SECONDS = 120
MOST_SCAN_CALLS = 20_000
MOST_SHOWN = 60

# Where the answers differ: the index of the unit, what was sent, and both answers.
Found = collections.namedtuple('Found', 'unit what redis ours')


class Unusable(Exception):
    """A server that cannot be compared with."""


class Pair:
    """Connections to both servers, which get the same bytes."""

    def __init__(self, addresses, seed, password):
        self.addresses = addresses
        self.seed = seed
        self.password = password
        self.open = {}  # connection number → (connection to Redis, connection to ours)
        self.queued = collections.defaultdict(list)  # what a transaction has queued
        self.in_multi = collections.defaultdict(bool)
        self.seconds = 0.0
        self.used = collections.Counter()

    def __enter__(self):
        for name, address in zip(('Redis', 'ours'), self.addresses):
            with self.connect(address) as connection:
                reply = connection.call('FLUSHALL')
                if reply.raw != b'+OK\r\n':
                    raise Unusable(f'{name} does not flush: {printable(reply.raw)}')
        return self

    def __exit__(self, *_):
        for pair in self.open.values():
            for connection in pair:
                connection.close()

    def connect(self, address):
        connection = Connection(address)
        if self.password:
            connection.call('AUTH', self.password)
        return connection

    def connections(self, number):
        if number not in self.open:
            self.open[number] = tuple(Connection(address) for address in self.addresses)
        return self.open[number]

    # ---- units of a stream

    def run(self, units):
        """Sends all units. Returns the first difference that is not declared, or None."""
        at = 0
        while at < len(units):
            until = at + 1
            if units[at].kind == 'commands':
                while until < len(units) and (
                        units[until].kind, units[until].connection, units[until].batch) == (
                            'commands', units[at].connection, units[at].batch):
                    until += 1
                found = self.pipeline([(index, units[index]) for index in range(at, until)])
            else:
                run = {'scan': self.scan, 'own': self.own_connection, 'kill': self.kill}
                found = run[units[at].kind](at, units[at])
            if found:
                return found
            at = until
        return None

    def pipeline(self, numbered):
        """Sends the commands of some units at once, in pieces, and compares each answer."""
        pair = self.connections(numbered[0][1].connection)
        commands = [(at, unit, command) for at, unit in numbered for command in unit.commands]
        data = b''.join(command.wire for _, _, command in commands)
        pieces = random.Random(f'{self.seed}:{numbered[0][1].batch}')
        started = time.monotonic()
        while data:
            size = len(data) if pieces.random() < 0.7 else pieces.randint(1, len(data))
            for connection in reversed(pair):
                connection.send(data[:size])
            data = data[size:]
        answers = [tuple(connection.read() for connection in pair) for _ in commands]
        self.seconds = max(self.seconds, time.monotonic() - started)
        for (at, unit, command), (redis, ours) in zip(commands, answers):
            if not self.equal(unit, command.arguments, redis, ours):
                return Found(at, shown(unit, command), redis, ours)
        return None

    def equal(self, unit, arguments, redis, ours):
        """Compares two answers, those of a transaction one by one."""
        number = unit.connection
        queued = self.queued[number]
        word = arguments[0].lower()
        if word == b'reset' or (word in (b'exec', b'discard') and redis.kind != '-') or (
                redis.raw.startswith(b'-EXECABORT')):
            self.queued[number] = []
        elif redis.raw == b'+QUEUED\r\n':
            queued.append(arguments)
        if redis.raw == ours.raw:
            return redis.kind not in ('closed', 'silent', '?')
        if word == b'exec' and redis.kind == ours.kind == '*' and redis.value and ours.value and (
                len(queued) == len(redis.value) == len(ours.value)):
            return all(item_redis.raw == item_ours.raw
                       or self.may_differ(unit, item, item_redis, item_ours)
                       for item, item_redis, item_ours in zip(queued, redis.value, ours.value))
        return self.may_differ(unit, arguments, redis, ours)

    def may_differ(self, unit, arguments, redis, ours):
        asked = differences.Asked(arguments, redis, ours, unit.exact_ttl, self.seconds)
        difference = differences.find(asked)
        if difference:
            self.used[difference.name] += 1
        return difference is not None

    def scan(self, at, unit):
        """Compares what a full iteration finds on each server."""
        options = unit.commands[0].arguments
        found = []
        for connection in self.connections(unit.connection):
            names, cursor = set(), b'0'
            for _ in range(MOST_SCAN_CALLS):
                reply = connection.call('SCAN', cursor, *options)
                if reply.kind != '*' or len(reply.value) != 2 or reply.value[1].kind != '*':
                    names = reply.raw
                    break
                cursor = reply.value[0].value
                names |= {item.value for item in reply.value[1].value}
                if cursor == b'0':
                    break
            else:
                names = f'no end after {MOST_SCAN_CALLS} calls'
            found.append(names)
        if found[0] == found[1]:
            return None
        return Found(at, f'a full SCAN with {printable(b" ".join(options))}', *found)

    def own_connection(self, at, unit):
        """Compares all that comes until the server closes, once the client has said all."""
        sent = unit.commands[0].wire
        answers = []
        for address in self.addresses:
            with Connection(address) as connection:
                connection.send(sent)
                connection.half_close()
                answers.append(connection.read_to_end())
        if answers[0] == answers[1] and answers[0][1]:
            return None
        return Found(at, f'on its own connection, and then the end: {printable(sent)}', *answers)

    def kill(self, at, unit):
        """Compares how a connection ends that kills itself, by the names that it has itself."""
        answers = []
        for address in self.addresses:
            with self.connect(address) as connection:
                number = connection.call('CLIENT', 'ID').value
                local = connection.socket.getsockname()
                remote = connection.socket.getpeername()
                filters = {
                    b'id': ['ID', number, 'SKIPME', 'no'], b'id skipme': ['ID', number],
                    b'old': [f'{local[0]}:{local[1]}'],
                    b'addr': ['ADDR', f'{local[0]}:{local[1]}', 'SKIPME', 'no'],
                    b'laddr': ['LADDR', f'{remote[0]}:{remote[1]}', 'SKIPME', 'yes', 'ID', number]}
                words = [b'CLIENT', b'KILL', *map(_bytes, filters[unit.commands[0].wire])]
                connection.send(encode(words) + encode([b'INCR', b'a']))
                connection.half_close()
                answers.append(connection.read_to_end())
        if answers[0] == answers[1]:
            return None
        return Found(at, f'CLIENT KILL by {unit.commands[0].wire.decode()}, then INCR a', *answers)


def _bytes(word):
    return word if isinstance(word, bytes) else str(word).encode()


def shown(unit, command):
    """Returns a command for a person to read."""
    words = ' '.join(printable(argument, 60) for argument in command.arguments)
    inline = '' if command.wire[:1] == b'*' else ' (inline)'
    return f'connection {unit.connection}, pipeline {unit.batch}{inline}: {words}'


def shown_answer(answer):
    if hasattr(answer, 'kind'):
        states = {'closed': 'the connection was closed', 'silent': 'no answer in time',
                  '?': 'not RESP'}
        state = states.get(answer.kind)
        return f'{state} {printable(answer.raw)}' if state else printable(answer.raw)
    if isinstance(answer, tuple):
        return printable(answer[0]) + ('' if answer[1] else ' and the connection stayed open')
    return printable(answer) if isinstance(answer, bytes) else str(
        sorted(answer) if isinstance(answer, set) else answer)


def reduce(units, shows, seconds):
    """Returns fewer units for which shows(units) still holds: halves are left out, then quarters,
    and so on down to single ones, as long as there is time."""
    deadline = time.monotonic() + seconds
    size = max(1, len(units) // 2)
    while True:
        at, removed = 0, False
        while at < len(units) and time.monotonic() < deadline:
            fewer = units[:at] + units[at + size:]
            if fewer and shows(fewer):
                units, removed = fewer, True
            else:
                at += size
        if time.monotonic() >= deadline or (size == 1 and not removed):
            return units
        size = max(1, size // 2)


def check_comparable(address, password):
    """Raises Unusable if the server has more than one database, where ours has one."""
    with Connection(address) as connection:
        if password:
            connection.call('AUTH', password)
        reply = connection.call('CONFIG', 'GET', 'databases')
        if reply.kind != '*' or [item.value for item in reply.value] != [b'databases', b'1']:
            raise Unusable(f'Redis must be started with databases 1: {printable(reply.raw)}')


def print_difference(found, units, seed, commands, replay):
    sent = sum(len(unit.commands) or 1 for unit in units[:found.unit])
    print(f'difference: seed {seed}, after {sent} commands (unit {found.unit})')
    print(f'  sent:  {found.what}')
    print(f'  Redis: {shown_answer(found.redis)}')
    print(f'  ours:  {shown_answer(found.ours)}')
    prefix = units[:found.unit + 1]
    if replay(prefix) is None:
        print('  The same commands once more showed no difference.')
        return
    shortest = reduce(prefix, lambda fewer: replay(fewer) is not None, REDUCE_SECONDS)
    last = replay(shortest)
    print(f'shortest found, {len(shortest)} of {len(prefix)} units of --seed {seed} '
          f'--commands {commands}:')
    lines = [line for unit in shortest for line in (
        [shown(unit, command) for command in unit.commands] if unit.kind == 'commands'
        else [f'{unit.kind}: ' + ' '.join(printable(command.wire or b' '.join(command.arguments))
                                          for command in unit.commands)])]
    for line in lines[:MOST_SHOWN]:
        print(f'  {line}')
    if len(lines) > MOST_SHOWN:
        print(f'  … and {len(lines) - MOST_SHOWN} more')
    if last:
        print(f'  Redis: {shown_answer(last.redis)}')
        print(f'  ours:  {shown_answer(last.ours)}')


def compare(redis, ours, seed, commands, password=None):
    """Runs one stream. Returns whether there was no difference, and prints what there was."""
    check_comparable(redis, password)
    units = Stream(seed, commands, password).draw()

    def replay(some):
        with Pair((redis, ours), seed, password) as pair:
            return pair.run(some)

    with Pair((redis, ours), seed, password) as pair:
        started = time.monotonic()
        found = pair.run(units)
        took = time.monotonic() - started
    if found:
        print_difference(found, units, seed, commands, replay)
        return False
    sent = sum(len(unit.commands) or 1 for unit in units)
    print(f'{sent} commands of seed {seed} in {took:.1f} s: no difference')
    used = ', '.join(f'{name} {count}' for name, count in pair.used.most_common())
    print(f'  as declared: {used}')
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n', maxsplit=1)[0])
    parser.add_argument('--ours', required=True, metavar='HOST:PORT|BIN_DIR')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--commands', type=int, default=10_000)
    parser.add_argument('--redis', metavar='HOST:PORT')
    parser.add_argument('--password')
    options = parser.parse_args()
    flags = ['--requirepass', options.password] if options.password else []
    environment = {'TALLY_RESP_PASSWORD': options.password} if options.password else {}
    try:
        with contextlib.ExitStack() as stack:
            ours = stack.enter_context(door(options.ours, environment=environment))
            redis = (parse_address(options.redis) if options.redis
                     else stack.enter_context(RedisServer(*flags)).address)
            equal = compare(redis, ours, options.seed, options.commands, options.password)
    except (Unusable, OSError, ValueError) as error:
        print(f'side_by_side.py: {error}', file=sys.stderr)
        return 2
    return 0 if equal else 1


if __name__ == '__main__':
    sys.exit(main())
