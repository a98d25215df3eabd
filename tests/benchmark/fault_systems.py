# SPDX-License-Identifier: Apache-2.0
"""tally, etcd, and Redis with sentinels, each fresh, on loopback, inside a `with` block; and what
may happen to them, as blocks that the harm lasts for. Behind such a block the harm is over.
"""

import contextlib
import os
import signal
import subprocess
import time

from doors import EtcdDoor, RespDoor, Sentinels, told
from servers import Etcd, Servers, Tally, free_ports, get_json, wait_until  # it finds the next one
from processes import stopped

RESTART_SECONDS = 0.1  # of a supervisor; the default of systemd
HEALTHY_SECONDS = 20
PROMOTION_SECONDS = 20
OFF_BY = 10  # what values are made wrong by


class TallySystem(Tally):
    """Three replicas with the defaults of `tally up`, which is also their supervisor. Clients use
    the Redis door."""

    settings = ('`tally up --replicas 3 --fault-injection`, everything else by default: an order is on disk, and two '
                'replicas agree, before the answer leaves. `tally up` kills a distributor, comparator or bridge '
                'that hangs for 0.6 s (`watchdog_ms`), and starts again what has ended.')

    def __init__(self, bin_dir):
        super().__init__(bin_dir, '--fault-injection')

    def start(self):
        super().start()
        self.wait_all_vote()

    def stop(self):
        self.kill()  # it has nothing to lose

    def door(self, _number):
        address = self.resp
        return RespDoor(lambda: address)


class EtcdSystem(Etcd):
    """Three members. Client number n begins with member n modulo 3."""

    settings = ('three members with their defaults (`--heartbeat-interval 100`, `--election-timeout 1000`): each '
                'write is synced by a majority before it is answered. Reads are linearizable, which is the default. '
                'The clients are spread over the members.')
    # That check knows the other members only if there is a snapshot, which is made every 100,000
    # writes by default.
    checked_flags = ('--experimental-initial-corrupt-check', '--snapshot-count', '20')
    stop_seconds = 0

    def launch(self):
        super().launch()
        # `leader` of the ancestor finds a port.
        self.leading = self.places['ports'].index(self.places['port'])
        self.following = (self.leading + 1) % 3

    def door(self, number):
        return EtcdDoor(self.places['ports'], number % 3)

    def is_healthy(self, place):
        try:
            return get_json(self.places['ports'][place], '/health')['health'] == 'true'
        except (OSError, ValueError):
            return False


class RedisSystem(Servers):
    """A primary, two replicas, three sentinels. Client programs ask the sentinels for the
    primary."""

    stop_seconds = 0
    NAME = 'counters'
    PRIORITIES = 100, 100, 100
    COPIES = 1  # that WAIT waits for
    settings = ('a primary, two replicas and three sentinels. Servers: `save ""`, `appendonly yes`, `appendfsync '
                'always`, `min-replicas-to-write 1`, `min-replicas-max-lag 10`, `repl-diskless-sync-delay 0`. '
                'Sentinels: quorum 2, `down-after-milliseconds 1000`, `failover-timeout 5000`, `parallel-syncs 1`. '
                'Clients send `INCR` and `WAIT 1 1000` together, and take the value as answered when a replica has '
                'it. Everything else by default.')

    def launch(self):
        ports = free_ports(6)
        self.servers, self.sentinels = ports[:3], ports[3:]
        for place, port in enumerate(self.servers):
            lines = ['bind 127.0.0.1', f'port {port}', 'save ""', 'appendonly yes', 'appendfsync always',
                     'min-replicas-to-write 1', 'min-replicas-max-lag 10', 'repl-diskless-sync-delay 0',
                     f'replica-priority {self.PRIORITIES[place]}']
            if place > 0:
                lines.append(f'replicaof 127.0.0.1 {ports[0]}')
            self._spawn(f'redis-{place}', lines)
        for port in self.servers:
            self.wait_ready(lambda port=port: told_text(port, 'PING') == 'PONG', 'redis-server')
        # A sentinel that finds the replicas at once need not ask again ten seconds later.
        self.wait_ready(lambda: told_text(ports[0], 'INFO', 'replication').count('state=online') == 2,
                        'the replication of redis-server')
        for place, port in enumerate(self.sentinels):
            lines = ['bind 127.0.0.1', f'port {port}', f'sentinel monitor {self.NAME} 127.0.0.1 {ports[0]} 2']
            lines += [f'sentinel {name} {self.NAME} {value}' for name, value in (
                ('down-after-milliseconds', 1000), ('failover-timeout', 5000), ('parallel-syncs', 1))]
            self._spawn(f'sentinel-{place}', lines, '--sentinel')
        for port in self.sentinels:
            self.wait_ready(lambda port=port: self._knows_all(port), 'redis-sentinel')

    def _spawn(self, name, lines, *flags):
        directory = self.directory / name
        directory.mkdir()
        config = directory / 'redis.conf'
        config.write_text('\n'.join([*lines, f'dir {directory}', '']))
        self.spawn(name, 'redis-server', config, *flags)

    def _knows_all(self, port):
        reply = told(('127.0.0.1', port), 'SENTINEL', 'MASTER', self.NAME)
        if reply is None or reply.kind != '*':
            return False
        words = [item.value for item in reply.value]
        facts = dict(zip(words[::2], words[1::2]))
        return (facts[b'num-slaves'], facts[b'num-other-sentinels'], facts[b'flags']) == (b'2', b'2', b'master')

    def door(self, number):
        turn = number % len(self.sentinels)
        return RespDoor(Sentinels(self.sentinels[turn:] + self.sentinels[:turn], self.NAME), self.COPIES)

    def primary(self):
        """The place of the server that the sentinels name."""
        return self.servers.index(Sentinels(self.sentinels, self.NAME)()[1])


class PlainRedisSystem(RedisSystem):
    COPIES = 0
    settings = 'the same servers and sentinels; clients send `INCR` alone, as most do.'


class PreferringRedisSystem(RedisSystem):
    """The sentinels prefer one replica, so that it is known who will be promoted. Otherwise they
    prefer the one that has heard most."""
    PRIORITIES = 100, 50, 100


def told_text(port, *command):
    """Returns what a Redis server says, or nothing."""
    reply = told(('127.0.0.1', port), *command)
    return reply.value.decode() if reply is not None and isinstance(reply.value, bytes) else ''


def versions(bin_dir):
    """What each program says its version is."""
    def first_line(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.splitlines()[0]
    return {'tally': first_line(bin_dir / 'tally', '--version'), 'etcd': first_line('etcd', '--version'),
            'redis': ' '.join(first_line('redis-server', '--version').split()[:3])}


# ---- what happens to processes

@contextlib.contextmanager
def role_killed(group, role):
    """`tally up` starts it again."""
    os.kill(group.pid(role), signal.SIGKILL)
    yield


def role_stopped(group, role):
    """If `tally up` kills it for that, the end of the block does nothing."""
    return stopped(group.pid(role))


@contextlib.contextmanager
def role_gone(group, role):
    """`tally up` stands still too, so that nobody starts it again within the block."""
    with stopped(group.up.pid):
        os.kill(group.pid(role), signal.SIGKILL)
        yield


@contextlib.contextmanager
def role_misbehaves(group, number, kind):
    group.tally('fault', 'inject', number, kind)
    try:
        yield
    finally:
        group.tally('fault', 'clear', number)


@contextlib.contextmanager
def process_killed(servers, name):
    """A supervisor starts it again."""
    servers.started[name][0].kill()
    time.sleep(RESTART_SECONDS)
    servers.spawn_again(name)
    yield


@contextlib.contextmanager
def process_gone(servers, name):
    servers.started[name][0].kill()
    try:
        yield
    finally:
        servers.spawn_again(name)


def process_stopped(servers, name):
    return stopped(servers.started[name][0].pid)


# ---- wrong values

@contextlib.contextmanager
def primary_misremembers(redis, load):
    """The primary has other values in memory than it should have, and nobody else knows. Lua's
    set_repl keeps a change from the replicas and from the file."""
    script = ("redis.set_repl(redis.REPL_NONE) for _, key in ipairs(KEYS) do "
              f"redis.call('SET', key, redis.call('GET', key) + {OFF_BY}) end return #KEYS")
    keys = [client.counter for client in load.clients]
    expect_reply(told(('127.0.0.1', redis.servers[redis.primary()]), 'EVAL', script, len(keys), *keys), ':')
    yield


@contextlib.contextmanager
def replica_misremembers_and_is_promoted(redis, load):
    """A replica has other values in memory than it should have. Then the primary is killed, and
    stays away for the block. This replica is the one that the sentinels prefer."""
    address = '127.0.0.1', redis.servers[1]
    expect_reply(told(address, 'CONFIG', 'SET', 'replica-read-only', 'no'), '+')
    for client in load.clients:
        expect_reply(told(address, 'INCRBY', client.counter, OFF_BY), ':')
    with process_gone(redis, f'redis-{redis.primary()}'):
        yield


def expect_reply(reply, kind):
    if reply is None or reply.kind != kind:
        raise AssertionError(f'expected a reply of kind {kind}: {reply}')


@contextlib.contextmanager
def member_misremembers(etcd, load):
    """While nobody counts, one member is stopped in good order. In its database one bit of each
    counter is flipped, and it is started again."""
    name = f'etcd-{etcd.following}'
    load.stop()
    process = etcd.started[name][0]
    process.terminate()
    process.wait(HEALTHY_SECONDS)
    database = etcd.directory / f'm{etcd.following}' / 'member' / 'snap' / 'db'
    flip_values(database, [client.counter.encode() for client in load.clients])
    etcd.spawn_again(name)
    etcd.refused_start = wait_until(
        lambda: 'yes' if etcd.started[name][0].poll() is not None else
        'no' if etcd.is_healthy(etcd.following) else None, 'the member is back, or has refused to start',
        HEALTHY_SECONDS) == 'yes'
    if etcd.refused_start:
        etcd.processes.remove(etcd.started[name][0])
    load.start()
    yield


def flip_values(path, keys):
    """Flips the lowest bit of the last digit but one of the newest value of each key in etcd's
    database, so that it is wrong by ten. The file has no checksum of what it keeps."""
    data = bytearray(path.read_bytes())
    for key in keys:
        places = newest_values(data, key)
        if not places:
            raise AssertionError(f'{key} is not in the database')
        for first, length in places:
            data[first + max(0, length - 2)] ^= 1
    path.write_bytes(data)


def newest_values(data, key):
    """Returns the (place, length) of all copies of the newest value. An entry is a protobuf message:
    the key (1), two revisions (2, 3), a version (4), the value (5)."""
    found, at = [], 0
    mark = b'\x0a' + bytes([len(key)]) + key + b'\x10'
    while (at := data.find(mark, at)) >= 0:
        at += len(mark)
        place, numbers = at - 1, {}
        while data[place] in (0x10, 0x18, 0x20):
            field = data[place]
            numbers[field], place = varint(data, place + 1)
        if set(numbers) == {0x10, 0x18, 0x20} and data[place] == 0x2a:
            found.append((numbers[0x18], place + 2, data[place + 1]))
    newest = max((revision for revision, _, _ in found), default=None)
    return [(place, length) for revision, place, length in found if revision == newest]


def varint(data, place):
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, place
