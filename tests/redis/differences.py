# SPDX-License-Identifier: Apache-2.0
"""Where an answer may differ from Redis's, and why. Everything else must be equal byte by byte."""

import collections

# How the two answers to one command came about. `exact_ttl`: see streams.Unit. `seconds`: the
# longest that both servers took to answer one pipeline so far.
Asked = collections.namedtuple('Asked', 'arguments redis ours exact_ttl seconds')
# applies(words, asked) tells whether a difference is of this sort, by the command in lower case and
# by Redis's answer; equal(words, asked) tells whether it is one that may be.
Difference = collections.namedtuple('Difference', 'name reason applies equal')

NO_INTEGER = b'-ERR value is not an integer or out of range\r\n'
ROUND_TRIP_SECONDS = 0.3
CLIENT_FIELDS = {b'id', b'addr', b'name', b'age', b'idle', b'flags', b'db', b'cmd', b'resp'}
INFO_FIELDS = {b'server': {b'redis_version', b'redis_mode', b'tcp_port', b'uptime_in_seconds'},
               b'replication': {b'role', b'connected_slaves'}}


def find(asked):
    """Returns the declared difference between two answers that are not equal, or None."""
    words = [argument.lower() for argument in asked.arguments]
    for difference in DIFFERENCES:
        if difference.applies(words, asked) and difference.equal(words, asked):
            return difference
    return None


def is_integer(value):
    """Tells whether a value is how a signed 64-bit integer is written."""
    try:
        number = int(value)
    except ValueError:
        return False
    return b'%d' % number == value and -(1 << 63) <= number < 1 << 63


def _written_values(words):
    """Returns the values that a command writes, as far as it got any."""
    at = {b'set': 2, b'setnx': 2, b'getset': 2, b'setex': 3, b'psetex': 3}.get(words[0])
    if at is not None:
        return words[at:at + 1]
    return words[2::2] if words[0] in (b'mset', b'msetnx') else []


def _command(*names):
    def applies(words, asked):
        command = b' '.join(words[:2])
        return asked.redis.kind != '-' and any(
            command == name or words[:1] == [name] for name in names)
    return applies


def _as_lines(reply):
    return reply.value.removeprefix(b'txt:').split(b'\r\n')


def _fields(reply):
    """Returns the names of INFO's `name:value` lines."""
    return {line.partition(b':')[0] for line in _as_lines(reply) if b':' in line}


def _same_kind(asked):
    return asked.redis.kind == asked.ours.kind and (asked.redis.value is None) == (
        asked.ours.value is None)


def _both_integers(asked):
    return asked.redis.kind == asked.ours.kind == ':'


def _any_order(items):
    return sorted(item.raw for item in items)


def _times_are_close(words, asked):
    if not _both_integers(asked):
        return False
    redis, ours = int(asked.redis.value), int(asked.ours.value)
    if redis < 0 or ours < 0:
        return False
    passed_ms = 1000 * (asked.seconds + ROUND_TRIP_SECONDS)
    if words[0] in (b'pttl', b'pexpiretime'):
        return abs(redis - ours) <= passed_ms
    if asked.exact_ttl and asked.seconds < ROUND_TRIP_SECONDS:
        return False
    return abs(redis - ours) <= 1 + passed_ms // 1000


def _times_of_day_are_close(_words, asked):
    redis, ours = asked.redis.value, asked.ours.value
    return (_same_kind(asked) and [item.kind for item in ours] == ['$', '$']
            and all(item.value.isdigit() for item in ours)
            and abs(int(redis[0].value) - int(ours[0].value)) <= 5 + asked.seconds)


def _scans_are_equal(_words, asked):
    """Both got everything at once, in any order."""
    if not _same_kind(asked) or len(asked.ours.value) != 2:
        return False
    (redis_cursor, redis), (ours_cursor, ours) = asked.redis.value, asked.ours.value
    return (redis_cursor.raw == ours_cursor.raw and ours.kind == redis.kind
            and _any_order(redis.value) == _any_order(ours.value))


def _hellos_are_equal(_words, asked):
    if not _same_kind(asked) or len(asked.redis.value) != len(asked.ours.value):
        return False
    pairs = zip(asked.redis.value, asked.ours.value)
    for (redis_name, ours_name), (redis, ours) in zip(pairs, pairs):
        may_differ = redis_name.value in (b'id', b'version') and redis.kind == ours.kind
        if redis_name.raw != ours_name.raw or (redis.raw != ours.raw and not may_differ):
            return False
    return True


def _client_texts_are_equal(_words, asked):
    def first(reply):
        line = reply.value.removeprefix(b'txt:').split(b'\n')[0]
        return dict(field.partition(b'=')[::2] for field in line.split())
    if not _same_kind(asked):
        return False
    redis, ours = first(asked.redis), first(asked.ours)
    return CLIENT_FIELDS <= ours.keys() and redis.keys() >= ours.keys() - {
        b'lib-name', b'lib-ver'} and all(redis[name] == ours[name] for name in (b'db',))


def _infos_are_equal(words, asked):
    if not _same_kind(asked):
        return False
    sections = words[1:] or [b'server', b'replication']
    demanded = set().union(*(INFO_FIELDS.get(section, set()) for section in sections))
    keys = [line for line in _as_lines(asked.redis) if line.startswith(b'db0:')]
    ours_keys = [line for line in _as_lines(asked.ours) if line.startswith(b'db0:')]
    return demanded <= _fields(asked.ours) and [line.split(b',')[0] for line in keys] == [
        line.split(b',')[0] for line in ours_keys]


def _parameters_are_fewer(_words, asked):
    return _same_kind(asked) and len(asked.ours.value) % 2 == 0 and {
        item.value for item in asked.ours.value[::2]} <= {
            item.value for item in asked.redis.value[::2]} | {b'databases', b'save', b'appendonly'}


def _are_known_or_ours(asked, names, ours_names):
    ours = {name for name in ours_names if not name.startswith(b'tally.')}
    return _same_kind(asked) and ours <= names and len(ours_names) == len(set(ours_names))


def _lists_are_fewer(_words, asked):
    names = {item.value for item in asked.redis.value}
    return _are_known_or_ours(asked, names, [item.value for item in asked.ours.value])


def _infos_of_commands_are_equal(_words, asked):
    """Equal in name, arity, and where the first and the last key are and how far apart."""
    def short(item):
        # Where an element is an array of fewer elements, it is not what it should be.
        parts = item.value or []
        return tuple(part.raw for at, part in enumerate(parts) if at in (0, 1, 3, 4, 5))
    if not _same_kind(asked):
        return False
    if len(asked.arguments) > 1:
        return [short(item) for item in asked.redis.value] == [
            short(item) for item in asked.ours.value]
    redis = {short(item) for item in asked.redis.value}
    return all(short(item) in redis or item.value[0].value.startswith(b'tally.')
               for item in asked.ours.value)


def _docs_are_fewer(_words, asked):
    return _same_kind(asked) and len(asked.ours.value) % 2 == 0 and _are_known_or_ours(
        asked, {item.value for item in asked.redis.value[::2]},
        [item.value for item in asked.ours.value[::2]])


DIFFERENCES = [
    Difference(
        'a value that is no integer',
        'tally stores integers only, and says so as INCR does; the stream overwrites it at once',
        lambda words, asked: any(not is_integer(value) for value in _written_values(words)),
        lambda words, asked: asked.ours.raw == NO_INTEGER),
    Difference(
        'time left',
        'the two servers got the command one after the other',
        _command(b'ttl', b'pttl', b'expiretime', b'pexpiretime'), _times_are_close),
    Difference(
        'TIME', 'the two servers were asked one after the other',
        _command(b'time'), _times_of_day_are_close),
    Difference(
        'order of KEYS', 'Redis promises none',
        _command(b'keys'),
        lambda words, asked: _same_kind(asked)
        and _any_order(asked.redis.value) == _any_order(asked.ours.value)),
    Difference(
        'order of SCAN', 'Redis promises none; that a full iteration finds the same is compared',
        _command(b'scan'), _scans_are_equal),
    Difference(
        'RANDOMKEY', 'it is drawn by chance',
        _command(b'randomkey'), lambda words, asked: _same_kind(asked)),
    Difference(
        'CLIENT ID', 'each server numbers its clients',
        _command(b'client id'),
        lambda words, asked: _both_integers(asked) and int(asked.ours.value) > 0),
    Difference(
        'CLIENT INFO and LIST', 'they tell of sockets, memory and ages; the names of fields count',
        _command(b'client info', b'client list'), _client_texts_are_equal),
    Difference(
        'CLIENT of 7.2', 'libraries send these two, and Redis 7.0 has not got them yet',
        lambda words, asked: words[:2] in ([b'client', b'setinfo'], [b'client', b'no-touch']),
        lambda words, asked: asked.ours.raw == b'+OK\r\n'),
    Difference(
        'HELLO', 'each server has its own version, and numbers its clients',
        _command(b'hello'), _hellos_are_equal),
    Difference(
        'INFO', 'it tells of memory, processes and statistics; what clients read must be there',
        _command(b'info'), _infos_are_equal),
    Difference(
        'CONFIG GET', 'tally has few parameters, and its own values for them',
        _command(b'config get'), _parameters_are_fewer),
    Difference(
        'WAIT', 'it tells how many replicas have the writes, and a single Redis has none',
        _command(b'wait'),
        lambda words, asked: _both_integers(asked) and int(asked.ours.value) >= 0),
    Difference(
        'COMMAND COUNT', 'tally serves fewer commands',
        _command(b'command count'), lambda words, asked: _both_integers(asked)
        and 0 < int(asked.ours.value) <= int(asked.redis.value)),
    Difference(
        'COMMAND LIST', 'tally serves fewer commands, and one of its own',
        _command(b'command list'), _lists_are_fewer),
    Difference(
        'COMMAND INFO', 'flags, categories, tips and key specifications are for cluster proxies',
        lambda words, asked: words == [b'command'] or words[:2] == [b'command', b'info'],
        _infos_of_commands_are_equal),
    Difference(
        'COMMAND DOCS', 'tally serves fewer commands, and documents them in its own words',
        _command(b'command docs'), _docs_are_fewer),
]
