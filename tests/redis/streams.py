# SPDX-License-Identifier: Apache-2.0
"""Streams of commands, drawn from a seed, that keep two servers comparable.

A stream is a list of units. A unit is what the reduction of a difference keeps or drops as a whole:
one command mostly, or several that belong together. Consecutive units with the same connection and
batch are sent as one pipeline.

What would make two right servers differ is kept out: a deadline is hours away or past; a key with a
past deadline is looked at at once, since Redis still counts it in DBSIZE until then; a value that
is no integer is overwritten at once, since the door refuses it and Redis does not.
"""

import collections
import random

from resp import encode, encode_inline

CONNECTIONS = 3
LEAST, MOST = -(1 << 63), (1 << 63) - 1
LONGEST_PIPELINE = 40
HOURS = 100

# kind: 'commands' of a shared connection, 'scan' (a full iteration), 'own' (bytes on a connection
# of their own, until it is closed), 'kill' (a connection that kills itself).
# exact_ttl: a TTL that a right server rounds to one value only, if it is asked within 0.3 s.
Unit = collections.namedtuple('Unit', 'kind connection batch commands exact_ttl')
# arguments and bytes; `arguments` are empty for bytes that are not one command.
Command = collections.namedtuple('Command', 'arguments wire')

NAMES = [name.encode() for name in (
    'a', 'b', 'c', 'd', 'hits', 'hits:1', 'hits:2', 'hits:10', 'page:/index.html', 'page:/a b',
    '{user}:1', '{user}:2', 'glob*', 'glob?', 'glob[1]', 'back\\slash', '"quoted"', "it's",
    'zähler', '数', 'UPPER', 'upper', '0', '-1', 'n' * 256)]
PATTERNS = [pattern.encode() for pattern in (
    '*', '', '?', 'a', '[a-c]', '[^a]', '[^a-c]', 'hits*', 'hits:?', 'hits:[12]', 'hits:1*', '*:*',
    'glob\\*', 'glob\\[1\\]', 'glob[*]', 'back\\\\slash', 'page:*', '*[', '[', '[z-a]', 'z?hler',
    'z??hler', 'z*r', '**', '*?*', 'n*n', 'upper', '[U-u]pper', '\\', 'a\\', '[]', '[^]', '*\\')]
INTEGERS = [b'%d' % number for number in (
    0, 1, -1, 2, 5, 10, 99, 100, -100, 9999, 10000, 2**31 - 1, 2**31, -2**31 - 1, 2**32, 2**53,
    2**53 + 1, 10**18, MOST, MOST - 1, MOST // 2, LEAST, LEAST + 1, LEAST // 2)]
NO_INTEGERS = [
    b'', b'abc', b'1.5', b'+5', b' 5', b'5 ', b'05', b'-0', b'-05', b'--1', b'-', b'+', b'0x10',
    b'1e3', b'nan', b'inf', b'5\n', b'\x005', b'5\x00', b'\xff', '５'.encode(), b'1_000', b'1,000',
    b'9223372036854775808', b'-9223372036854775809', b'18446744073709551615', b'9' * 20, b'9' * 100]
PAST_SECONDS = [b'1', b'1000', b'1000000000']
FUTURE_SECONDS = [b'4102444800', b'4102444801', b'7258118400']
PAST_MS = [b'1', b'1000', b'1000000000123']
FUTURE_MS = [b'4102444800000', b'4102444800999', b'7258118400500']
# As seconds: too many as milliseconds, too many once now is added, and just right.
EXTREME = [b'%d' % number for number in (
    MOST, MOST // 1000, MOST // 1000 + 1, MOST // 1000 - 10**12, LEAST, LEAST // 1000,
    LEAST // 1000 - 1, MOST - 10**9)]
NAMES_OF_CLIENTS = [b'', b'web', b'web-1', b'two words', b'new\nline', 'zähler'.encode()]
SHA1S = [b'0' * 40, b'f' * 40, b'F' * 40, b'short', b'']
UNKNOWN = [b'FOO', b'TALLY.FOO', b'INCREMENT', b'get get', b'x' * 200, b'a\r\nb', 'é'.encode()]
# The fewest and the most arguments after the name of the command.
ARITIES = {
    'INCR': (1, 1), 'DECR': (1, 1), 'INCRBY': (2, 2), 'DECRBY': (2, 2), 'GET': (1, 1),
    'SET': (2, None), 'SETNX': (2, 2), 'SETEX': (3, 3), 'PSETEX': (3, 3), 'GETSET': (2, 2),
    'GETDEL': (1, 1), 'GETEX': (1, None), 'MGET': (1, None), 'MSET': (2, None),
    'MSETNX': (2, None), 'DEL': (1, None), 'UNLINK': (1, None), 'EXISTS': (1, None),
    'TOUCH': (1, None), 'EXPIRE': (2, None), 'PEXPIRE': (2, None), 'EXPIREAT': (2, None),
    'PEXPIREAT': (2, None), 'TTL': (1, 1), 'PTTL': (1, 1), 'EXPIRETIME': (1, 1),
    'PEXPIRETIME': (1, 1), 'PERSIST': (1, 1), 'TYPE': (1, 1), 'STRLEN': (1, 1), 'DBSIZE': (0, 0),
    'KEYS': (1, 1), 'SCAN': (1, None), 'RANDOMKEY': (0, 0), 'MULTI': (0, 0), 'EXEC': (0, 0),
    'DISCARD': (0, 0), 'WATCH': (1, None), 'UNWATCH': (0, 0), 'PING': (0, 1), 'ECHO': (1, 1),
    'AUTH': (1, 2), 'SELECT': (1, 1), 'TIME': (0, 0), 'WAIT': (2, 2), 'EVAL': (2, None),
    'EVALSHA': (2, None), 'CLIENT': (1, None), 'CONFIG': (1, None), 'OBJECT': (1, None),
    'SCRIPT': (1, None), 'FUNCTION': (1, None),
    'CLIENT ID': (0, 0), 'CLIENT INFO': (0, 0), 'CLIENT GETNAME': (0, 0), 'CLIENT SETNAME': (1, 1),
    'CLIENT NO-EVICT': (1, 1), 'CLIENT REPLY': (1, 1), 'CONFIG GET': (1, None),
    'COMMAND COUNT': (0, 0), 'COMMAND GETKEYS': (1, None), 'OBJECT ENCODING': (1, 1),
    'SCRIPT LOAD': (1, 1), 'SCRIPT EXISTS': (1, None),
}
GROUPS = ['CLIENT', 'CONFIG', 'COMMAND', 'OBJECT', 'SCRIPT', 'FUNCTION']  # they have subcommands
SERVED = [name for name in ARITIES if ' ' not in name]

# What breaks the protocol, each on a connection of its own. A right request comes before and after.
BROKEN = [
    b'*3000000000\r\n', b'*2147483648\r\n', b'*abc\r\n', b'*+1\r\n', b'*01\r\n', b'*1 \r\n',
    b'*\r\n', b'*1\r\nfoo\r\n', b'*1\r\n\r\n', b'*1\r\n:1\r\n', b'*1\r\n*1\r\n',
    b'*2\r\n$3\r\nGET\r\na\r\n',
    b'*1\r\n$-1\r\n', b'*1\r\n$x\r\n', b'*1\r\n$\r\n', b'*1\r\n$536870913\r\n', b'*1\r\n$+4\r\n',
    b'*1\r\n$04\r\n', b'*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfoo\r\n', b'*2\r\n$4\r\nINCR\r\n$-10\r\n',
    b'INCR "a\r\n', b'INCR \'a\r\n', b'INCR "a"b\r\n', b'"', b'"\r\n', b"GET 'a'b\r\n",
    b'*11\r\n', b'*1\r\n$16385\r\n',  # too long before AUTH
    # One byte more than fits, so that the server closes with nothing left to read.
    b'I' * (1 << 16) + b'I', b'*' + b'1' * (1 << 16), b'*1\r\n$' + b'1' * (1 << 16)]
# What a web page can make a browser send. Redis closes at once, and drops answers that it owes, so
# there are none.
WEB = [b'POST / HTTP/1.1\r\n', b'Host: localhost\r\n', b'post x\r\n', b'HOST: x\r\nINCR a\r\n']
# What looks broken and is not, each on a connection of its own.
UNUSUAL = [
    b'*0\r\n', b'*-1\r\n', b'*-10\r\n', b'\r\n', b'\n', b'\r\n\r\n\r\n', b'  \r\n', b'PING\n',
    b'ping\r\n', b'  PING  \r\n', b'PING "a b"\r\n', b"PING 'a b'\r\n", b'PING "\\x41\\n\\t"\r\n',
    b"PING 'it\\'s'\r\n", b'PING ""\r\n', b'ECHO \xff\xfe\r\n', b'\tPING\t\r\n',
    b'*1\r\n$4\r\nPINGxx', b'*1\r\n$0\r\n\r\n', b'*2\r\n$4\r\nECHO\r\n$0\r\n\r\n',
    b'*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n', b'*2\r\n$3\r\nGET\r\n$1000\r\n', b'*1\r\n',
    b'*1\r\n$4\r\nPI', b'PING', b'PING\r']


class Stream:
    """Draws units until there are enough commands."""

    def __init__(self, seed, commands, password=None):
        self.random = random.Random(seed)
        self.password = password
        self.wanted = commands
        self.units = []
        self.count = 0
        self.batch = 0
        self.connection = 0
        self.left = 0  # commands of the pipeline that is being drawn
        self.in_multi = [False] * CONNECTIONS

    def draw(self):
        """Returns the list of units."""
        if self.password:
            for connection in range(CONNECTIONS):
                self.begin_batch(connection)
                self.command('AUTH', self.password)
        while self.count < self.wanted:
            if self.left <= 0:
                self.begin_batch()
            self.next_units()
        return self.units

    def begin_batch(self, connection=None):
        self.batch += 1
        pick = self.random.random()
        self.left = (1 if pick < 0.4 else self.random.randint(2, 8) if pick < 0.85
                     else self.random.randint(9, LONGEST_PIPELINE))
        if connection is None:
            connection = self.random.randrange(CONNECTIONS)
        self.connection = connection

    # ---- units

    def next_units(self):
        pick = self.random.random()
        if pick < 0.03:
            self.own_connection()
        elif pick < 0.05:
            self.watch_and_change()
        elif pick < 0.06:
            self.scan()
        elif pick < 0.075:
            self.rounded_ttl()
        elif pick < (0.25 if self.in_multi[self.connection] else 0.11):
            self.transaction_word()
        elif pick < 0.115 and not self.in_multi[self.connection]:
            self.reset()
        else:
            self.random.choice(_DRAWS)(self)

    def unit(self, *commands, exact_ttl=False):
        """Adds commands that stay together. Each is a list of arguments."""
        made = [Command(arguments, self.wire(arguments)) for arguments in commands]
        self.units.append(Unit('commands', self.connection, self.batch, made, exact_ttl))
        self.count += len(made)
        self.left -= len(made)

    def command(self, *arguments):
        """Adds one command."""
        self.unit(_words(arguments))

    def wire(self, arguments):
        pick = self.random.random()
        if pick < 0.9 or any(len(argument) > 1000 for argument in arguments):
            return encode(arguments)
        line = encode_inline(arguments, b'\n' if pick < 0.93 else b'\r\n')
        return b'\r\n' + line if pick > 0.99 else line

    def special(self, kind, payload=None):
        commands = [] if payload is None else [Command([], payload)]
        self.units.append(Unit(kind, self.connection, self.batch, commands, False))
        self.count += 1
        self.left = 0

    # ---- what commands are made of

    def cased(self, word):
        """Returns a word of a command in some case."""
        pick = self.random.random()
        if pick < 0.6 or isinstance(word, bytes):
            return word
        if pick < 0.9:
            return word.lower()
        return ''.join(self.random.choice((letter.lower(), letter)) for letter in word)

    def name(self):
        return self.random.choice(NAMES)

    def names(self, most=5):
        return [self.name() for _ in range(self.random.randint(1, most))]

    def integer(self):
        pick = self.random.random()
        if pick < 0.5:
            return self.random.choice(INTEGERS)
        if pick < 0.9:
            return b'%d' % self.random.randint(-1000, 1000)
        return b'%d' % self.random.randint(LEAST, MOST)

    def number(self):
        """Returns an integer mostly, to count by."""
        return self.random.choice(NO_INTEGERS) if self.random.random() < 0.12 else self.integer()

    def far(self, milliseconds):
        """Returns a time that is hours away."""
        time_ms = self.random.randint(3_600_000, HOURS * 3_600_000)
        return b'%d' % (time_ms if milliseconds else time_ms // 1000)

    def deadline(self, milliseconds, absolute, past=True):
        """Returns a time for an option or a command: far away, past, extreme or nonsense."""
        pick = self.random.random()
        if pick < 0.06:
            return self.random.choice(NO_INTEGERS)
        if pick < 0.12:
            time = self.random.choice(EXTREME)
            # Redis would compute with an overflow when it is asked for the time of this one.
            return time if int(time) < MOST or not (milliseconds and absolute) else b'1'
        if pick < 0.18:
            return self.random.choice((b'0', b'-1', b'-100000'))
        if absolute:
            times = (PAST_MS, FUTURE_MS) if milliseconds else (PAST_SECONDS, FUTURE_SECONDS)
            return self.random.choice(times[0] if past and pick < 0.4 else times[1])
        return self.far(milliseconds)

    # ---- commands on names

    def count_up(self):
        pick = self.random.random()
        if pick < 0.4:
            self.command(self.cased('INCR'), self.name())
        elif pick < 0.5:
            self.command(self.cased('DECR'), self.name())
        else:
            self.command(self.cased(self.random.choice(('INCRBY', 'DECRBY'))), self.name(),
                         self.number())

    def set(self):
        name = self.name()
        options = []
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, 3))):
            options += self.set_option()
        self.write(name, lambda value: [[self.cased('SET'), name, value, *options]])

    def set_option(self):
        word = self.random.choice(('NX', 'XX', 'GET', 'KEEPTTL', 'EX', 'PX', 'EXAT', 'PXAT'))
        if self.random.random() < 0.04:
            word = self.random.choice(('FOO', 'PERSIST', 'NXX', ''))
        if word not in ('EX', 'PX', 'EXAT', 'PXAT') or self.random.random() < 0.05:
            return [self.cased(word)]
        return [self.cased(word), self.deadline(word.startswith('P'), word.endswith('AT'))]

    def set_with(self):
        name = self.name()
        word = self.random.choice(('SETNX', 'GETSET', 'SETEX', 'PSETEX'))
        time = [self.deadline(word == 'PSETEX', False)] if word.endswith('EX') else []
        self.write(name, lambda value: [[self.cased(word), name, *time, value]])

    def write(self, name, commands):
        """Adds a write of an integer, or one of something else that does not last."""
        if self.random.random() < 0.9:
            self.unit(*map(_words, commands(self.integer())), [b'GET', name])
        else:
            value = self.random.choice(NO_INTEGERS)
            self.unit([b'SET', name, b'5'], *map(_words, commands(value)), [b'SET', name, b'7'])

    def set_many(self):
        word = self.cased(self.random.choice(('MSET', 'MSETNX')))
        names = self.names(4)
        values = [self.integer() for _ in names]
        if self.random.random() < 0.9:
            self.command(word, *(part for pair in zip(names, values) for part in pair))
            return
        values[self.random.randrange(len(names))] = self.random.choice(NO_INTEGERS)
        written = [part for pair in zip(names, values) for part in pair]
        settled = [part for name in names for part in (name, b'3')]
        self.unit([b'MSET', *settled], _words([word, *written]), [b'MSET', *settled])

    def odd_mset(self):
        pairs = [self.name() for _ in range(self.random.choice((3, 5)))]
        self.command(self.random.choice(('MSET', 'MSETNX')), *pairs)

    def read(self):
        word = self.random.choice(('GET', 'GET', 'GETDEL', 'STRLEN', 'TYPE', 'MGET', 'EXISTS',
                                   'TOUCH', 'OBJECT ENCODING'))
        many = word in ('MGET', 'EXISTS', 'TOUCH')
        self.command(*map(self.cased, word.split()), *(self.names() if many else [self.name()]))

    def delete(self):
        self.command(self.cased(self.random.choice(('DEL', 'UNLINK'))), *self.names(3))

    def get_and_expire(self):
        name = self.name()
        options = []
        for _ in range(self.random.choice((0, 1, 1, 1, 2))):
            word = self.random.choice(('EX', 'PX', 'EXAT', 'PXAT', 'PERSIST', 'FOO'))
            options.append(self.cased(word))
            if word.endswith(('X', 'AT')) and self.random.random() < 0.95:
                options.append(self.deadline(word.startswith('P'), word.endswith('AT')))
        self.unit(_words([self.cased('GETEX'), name, *options]), [b'GET', name])

    def expire(self):
        word = self.random.choice(('EXPIRE', 'PEXPIRE', 'EXPIREAT', 'PEXPIREAT'))
        options = [self.random.choice(('NX', 'XX', 'GT', 'LT', 'NX', 'XX', 'GT', 'LT', 'FOO'))
                   for _ in range(self.random.choice((0, 0, 1, 1, 1, 2, 3)))]
        self.command(self.cased(word), self.name(),
                     self.deadline(word.startswith('P'), word.endswith('AT')),
                     *map(self.cased, options))

    def time_left(self):
        word = self.random.choice(('TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME', 'PERSIST'))
        self.command(self.cased(word), self.name())

    def rounded_ttl(self):
        """A TTL is rounded to the nearest second, not down."""
        name = self.name()
        seconds = self.random.randint(3600, HOURS * 3600)
        self.unit([b'SET', name, b'1', b'PX', b'%d' % (seconds * 1000 + 900)], [b'TTL', name],
                  exact_ttl=True)

    def keyspace(self):
        pick = self.random.random()
        if pick < 0.3:
            self.command(self.cased('DBSIZE'))
        elif pick < 0.6:
            self.command(self.cased('KEYS'), self.random.choice(PATTERNS))
        elif pick < 0.7:
            self.command(self.cased('RANDOMKEY'))
        elif pick < 0.96:
            self.scan_once()
        else:
            self.command(self.random.choice(('FLUSHDB', 'FLUSHALL')),
                         *self.random.choice(((), (), ('ASYNC',), ('sync',), ('FOO',),
                                              ('SYNC', 'x'))))

    def scan_options(self):
        options = []
        for _ in range(self.random.choice((0, 1, 1, 2))):
            options += self.random.choice((
                ['MATCH', self.random.choice(PATTERNS)], ['TYPE', 'string'], ['TYPE', 'STRING'],
                ['TYPE', 'hash'], ['COUNT', str(self.random.choice((1, 2, 5, 10, 1000)))]))
        return options

    def scan_once(self):
        """One call that gets everything at once, or is refused."""
        options = self.random.choice((
            ['MATCH', self.random.choice(PATTERNS)], [], ['TYPE', 'string'], ['TYPE', 'list'],
            ['COUNT', '0'], ['COUNT', '-1'], ['COUNT', 'x'], ['FOO', 'x'], ['MATCH'], ['COUNT']))
        cursor = self.random.choice(('0',) * 8 + ('x', '', '-', '1x', '9' * 40))
        self.command(self.cased('SCAN'), cursor, 'COUNT', '10000', *options)

    def scan(self):
        """A full iteration, in steps of any size."""
        if self.in_multi[self.connection]:
            self.scan_once()
            return
        self.begin_batch(self.connection)
        arguments = _words(self.scan_options())
        command = Command(arguments, b'')
        self.units.append(Unit('scan', self.connection, self.batch, [command], False))
        self.count += 1
        self.left = 0

    # ---- transactions

    def transaction_word(self):
        """MULTI, or how a transaction ends; now and then where it does not belong."""
        inside = self.in_multi[self.connection]
        usual = ('EXEC', 'EXEC', 'EXEC', 'DISCARD') if inside else ('MULTI',) * 3 + ('WATCH',)
        word = self.random.choice(usual)
        if self.random.random() < 0.15:
            word = self.random.choice(('MULTI', 'EXEC', 'DISCARD', 'WATCH', 'UNWATCH'))
        names = self.names_to_watch() if word == 'WATCH' else []
        self.command(self.cased(word), *names)
        if word == 'MULTI':
            self.in_multi[self.connection] = True
            self.left += self.random.randint(0, 6)
        elif word in ('EXEC', 'DISCARD'):
            self.in_multi[self.connection] = False

    def names_to_watch(self):
        """Draws names, and makes sure that they are there.

        A name that is missing when it is watched may come and go before EXEC. Redis notices that, and
        the door does not, since the name is missing as it was (docs/redis.md).
        """
        names = self.names(3)
        for name in names:
            self.command('SETNX', name, str(self.random.randint(-9, 9)))
        return names

    def watch_and_change(self):
        """One connection watches, another one may change, and the first one's transaction runs."""
        watcher = self.connection
        if self.in_multi[watcher]:
            self.command('EXEC')
            self.in_multi[watcher] = False
        other = (watcher + self.random.randint(1, CONNECTIONS - 1)) % CONNECTIONS
        self.begin_batch(watcher)
        names = self.names_to_watch()
        self.command('WATCH', *names)
        self.command('GET', names[0])
        if self.random.random() < 0.1:
            self.command('UNWATCH')
        if self.random.random() < 0.2:
            self.touch(names)  # one's own change counts too
        if not self.in_multi[other]:
            self.begin_batch(other)
            for _ in range(self.random.choice((0, 1, 1, 2))):
                self.touch(names)
        self.begin_batch(watcher)
        self.command('MULTI')
        self.command('INCR', names[0])
        self.command('TTL', names[0])
        if self.random.random() < 0.1:
            self.command('INCR')
        self.command(self.random.choice(('EXEC', 'EXEC', 'EXEC', 'EXEC', 'DISCARD')))
        self.left = 0

    def touch(self, names):
        """Adds a command that changes a watched name, or nearly does."""
        name = self.random.choice(names)
        self.command(*self.random.choice((
            ('INCR', name), ('INCRBY', name, '0'), ('SET', name, '5'), ('SETNX', name, '5'),
            ('SET', name, '5', 'XX'), ('DEL', name), ('UNLINK', name), ('GETDEL', name),
            ('EXPIRE', name, '7200'), ('EXPIRE', name, '-1'), ('EXPIRE', name, '7200', 'XX'),
            ('PERSIST', name), ('GETEX', name), ('GETEX', name, 'PERSIST'),
            ('GETEX', name, 'EX', '7200'), ('GET', name), ('TOUCH', name), ('GETSET', name, '5'),
            ('MSET', name, '1', 'other', '2'), ('MSETNX', name, '1'), ('FLUSHDB',), ('FLUSHALL',),
            ('INCRBY', name, 'x'), ('DEL', 'other'), ('INCR', 'other'))))

    # ---- mistakes

    def wrong_arity(self):
        word = self.random.choice(sorted(ARITIES))
        fewest, most = ARITIES[word]
        counts = [n for n in range(6) if n < fewest or (most is not None and n > most)]
        if word in ('MULTI', 'EXEC', 'DISCARD') and not counts:
            return
        count = self.random.choice(counts) if counts else None
        if count is not None:
            self.command(*map(self.cased, word.split()), *(self.name() for _ in range(count)))

    def unknown(self):
        pick = self.random.random()
        if pick < 0.6:
            arguments = [self.random.choice([*NAMES, *NO_INTEGERS, b'y' * 150])
                         for _ in range(self.random.randint(0, 5))]
            self.command(self.random.choice(UNKNOWN), *arguments)
        else:
            self.command(self.cased(self.random.choice(GROUPS)),
                         self.random.choice((b'FOO', b'nosuch', b'x' * 200)),
                         *(self.name() for _ in range(self.random.randint(0, 2))))

    # ---- connections and the server

    def connection_word(self):
        choices = [
            ('PING',), ('PING', self.name()), ('ECHO', self.random.choice(NO_INTEGERS)),
            ('SELECT', self.random.choice(('0', '0', '0', '1', '15', '16', '-1', 'x', MOST))),
            ('CLIENT', 'ID'), ('CLIENT', 'INFO'), ('CLIENT', 'LIST'), ('CLIENT', 'GETNAME'),
            ('CLIENT', 'SETNAME', self.random.choice(NAMES_OF_CLIENTS)),
            ('CLIENT', 'NO-EVICT', self.random.choice(('on', 'OFF', 'x'))),
            ('CLIENT', 'LIST', 'TYPE', self.random.choice(('normal', 'FOO'))),
            ('CLIENT', 'LIST', 'ID', self.random.choice(('999999999', 'x', '0'))),
            ('CLIENT', 'KILL', 'ID', self.random.choice(('999999999', 'x', '0', '-1'))),
            ('CLIENT', 'KILL', self.random.choice(('127.0.0.1:1', 'x', ''))),
            ('CLIENT', 'KILL', 'ADDR', '127.0.0.1:1'), ('CLIENT', 'KILL', 'FOO', 'x'),
            ('CLIENT', 'KILL', 'ID', '999999999', 'SKIPME', self.random.choice(('yes', 'no', 'x'))),
            ('AUTH', 'wrong'), ('AUTH', 'nobody', 'wrong')]
        if self.password:
            choices += [('AUTH', self.password), ('AUTH', 'default', self.password),
                        ('AUTH', 'default', 'wrong')]
        if not self.in_multi[self.connection]:
            choices += [self.hello() for _ in range(6)] + [
                ('WAIT', '0', '0'), ('WAIT', '0', '-1'), ('WAIT', 'x', '0'), ('WAIT', '0', 'x'),
                ('CLIENT', 'SETINFO', 'LIB-NAME', 'x'), ('CLIENT', 'NO-TOUCH', 'on')]
        arguments = self.random.choice(choices)
        self.command(self.cased(arguments[0]), *arguments[1:])

    def hello(self):
        version = self.random.choice(
            (('2',), ('3',), ('2',), ('3',), (), ('1',), ('4',), ('x',), ('',)))
        options = [] if not version else [self.random.choice((
            (), (), ('SETNAME', self.random.choice(NAMES_OF_CLIENTS)), ('SETNAME',), ('FOO',),
            ('AUTH', 'default', self.password or 'any'), ('AUTH', 'nobody', 'wrong'), ('AUTH', 'x'),
            ('AUTH', 'default', self.password or 'any', 'SETNAME', 'web')))]
        return ('HELLO', *version, *(word for option in options for word in option))

    def reset(self):
        self.command(self.cased('RESET'))
        if self.password:
            self.command('AUTH', self.password)
        if self.random.random() < 0.5:
            self.command('HELLO', '3')

    def server_word(self):
        sha = self.random.choice(SHA1S)
        choices = [
            ('TIME',), ('INFO',), ('INFO', self.random.choice((
                'server', 'Replication', 'keyspace', 'nosuch', 'all', 'everything'))),
            ('CONFIG', 'GET', 'databases'), ('CONFIG', 'GET', 'save'), ('CONFIG', 'GET', 'nosuch'),
            ('CONFIG', 'GET', 'APPENDONLY'), ('CONFIG', 'GET', 'save', 'appendonly'),
            ('CONFIG', 'GET', '*'), ('CONFIG', 'GET', 'maxmem*'),
            ('COMMAND', 'COUNT'), ('COMMAND', 'LIST'), ('COMMAND',), ('COMMAND', 'DOCS', 'incr'),
            ('COMMAND', 'DOCS', 'nosuch'), ('COMMAND', 'DOCS'),
            ('COMMAND', 'INFO', self.random.choice(SERVED), self.random.choice(SERVED)),
            ('COMMAND', 'INFO', 'nosuch'), ('COMMAND', 'INFO', 'get', 'nosuch', 'client|id'),
            ('COMMAND', 'GETKEYS', 'GET', 'a'), ('COMMAND', 'GETKEYS', 'MSET', 'a', '1', 'b', '2'),
            ('COMMAND', 'GETKEYS', 'SET', 'a', '1', 'EX', '7200'),
            ('COMMAND', 'GETKEYS', 'DEL', 'a', 'b'),
            ('COMMAND', 'GETKEYS', 'PING'), ('COMMAND', 'GETKEYS', 'NOSUCH', 'a'),
            ('COMMAND', 'GETKEYS', 'GET'),
            ('COMMAND', 'GETKEYS', 'EVALSHA', sha, '2', 'a', 'b', 'c'),
            ('SCRIPT', 'EXISTS', sha, self.random.choice(SHA1S)), ('SCRIPT', 'FLUSH'),
            ('SCRIPT', 'FLUSH', self.random.choice(('SYNC', 'async', 'FOO'))),
            ('EVALSHA', sha, '1', 'a'), ('EVALSHA', sha, '0'), ('EVALSHA', sha, '2', 'a'),
            ('EVALSHA', sha, '-1', 'a'), ('EVALSHA', sha, 'x', 'a'), ('EVAL', 'return 1', '2', 'a'),
            ('EVAL', 'return 1', '-1', 'a'), ('EVAL', 'return 1', 'x'), ('FUNCTION', 'FLUSH'),
            ('FUNCTION', 'FLUSH', self.random.choice(('SYNC', 'async', 'FOO')))]
        arguments = self.random.choice(choices)
        self.command(*map(self.cased, arguments[:2]), *arguments[2:])

    # ---- connections of their own

    def own_connection(self):
        pick = self.random.random()
        batch, connection, left = self.batch, self.connection, self.left
        if pick < 0.36:
            self.special('own', self.before() + self.random.choice(BROKEN))
        elif pick < 0.4:
            self.special('own', self.random.choice(WEB))
        elif pick < 0.6:
            self.special('own', self.before() + self.random.choice(UNUSUAL))
        elif pick < 0.7:
            self.special('own', self.reply_modes())
        elif pick < 0.8:
            quits = encode([b'QUIT', *self.random.choice(((), (b'x',)))])
            self.special('own', self.before() + quits + encode([b'INCR', self.name()]))
        elif pick < 0.95:
            self.special('own', self.mutated())
        else:
            self.special('kill', self.random.choice(
                (b'id', b'id skipme', b'old', b'addr', b'laddr')))
        self.batch, self.connection, self.left = batch + 1, connection, left
        self.batch += 1

    def before(self):
        """Returns a few right requests, whose answers must come first."""
        authenticated = encode([b'AUTH', self.password.encode()]) if self.password else b''
        if self.random.random() < 0.1:
            authenticated = b''
        return authenticated + b''.join(
            self.random.choice((encode, encode_inline))([b'INCR', self.name()])
            for _ in range(self.random.choice((0, 0, 1, 3))))

    def reply_modes(self):
        """CLIENT REPLY, whose effect shows in which answers come."""
        parts = [self.before()]
        for _ in range(self.random.randint(2, 6)):
            mode = self.random.choice((b'ON', b'off', b'SKIP', b'skip', b'FOO'))
            parts.append(encode([b'CLIENT', b'REPLY', mode]))
            parts += [encode([b'INCR', self.name()]) for _ in range(self.random.randint(0, 2))]
        return b''.join(parts)

    def mutated(self):
        """Right requests of which a few bytes are wrong.

        None of them makes a counter, since a name with a wrong byte may be none that it can have.
        """
        words = (b'TTL', b'GET', b'DEL', b'EXISTS', b'ECHO', b'PING')
        data = bytearray(b''.join(encode([self.random.choice(words), self.random.choice(NAMES[:8])])
                                  for _ in range(self.random.randint(1, 4))))
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randrange(len(data))
            pick = self.random.random()
            if pick < 0.4:
                data[at] = self.random.choice(b'*$\r\n0123456789-+ "\'ab\x00\xff')
            elif pick < 0.7:
                del data[at]
            else:
                data.insert(at, self.random.choice(b'*$\r\n0123456789- "'))
        authenticated = encode([b'AUTH', self.password.encode()]) if self.password else b''
        return authenticated + bytes(data)


def _words(arguments):
    return [word if isinstance(word, bytes) else str(word).encode() for word in arguments]


_DRAWS = (
    [Stream.count_up] * 10 + [Stream.set] * 6 + [Stream.set_with] * 3 + [Stream.set_many] * 2
    + [Stream.odd_mset] + [Stream.read] * 6 + [Stream.delete] * 2 + [Stream.get_and_expire] * 2
    + [Stream.expire] * 5 + [Stream.time_left] * 4 + [Stream.keyspace] * 2
    + [Stream.wrong_arity] * 2 + [Stream.unknown] + [Stream.connection_word] * 3
    + [Stream.server_word] * 2)
