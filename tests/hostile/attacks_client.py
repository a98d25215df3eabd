# SPDX-License-Identifier: Apache-2.0
"""What clients may do: connect to the two doors for clients, and say anything there."""

import itertools
import random
import secrets

import wire
import zmtp
from attacker import ANSWER_SECONDS, Client, wait_readable
from attacks import attack
from wire import pb

SEED = 20261128
# Connections of a flood whose requests wait for a place in the order. 256 of each may wait.
MANY = 64
# What all native clients together may take (protocol/limits.h). The first is for counters, with
# what a checkpoint of them costs meanwhile. The second is for requests that wait, with the orders
# that are kept for replicas and what is in the sockets: 16 messages of half a megabyte for each
# connection.
CLIENTS_COUNTER_MIB = 1024 + 256
PENDING_MIB = 64 + 128 + MANY * 16 // 2
WORD = 2**64
EXPIRED = 4


# ---- framing

@attack('client', seconds=12, memory_mib=256, data_limit=512 << 20, victims=('distributor',),
        apart='libzmq bounds frames and whole messages, and no message that does not end: the '
              'limit of memory of the '
              'service ends the process, and it is started again')
def endless_parts(target):
    """One message of ever more parts of 64 KiB."""
    target.flood([target.connect('distributor')],
                 lambda part=zmtp.frame(bytes(1 << 16), zmtp.MORE): part,
                 lambda: target.connect('distributor'))


@attack('client', seconds=12, memory_mib=256, data_limit=512 << 20, victims=('distributor',),
        apart='as endless-parts: an empty part is two bytes on the wire and 64 in memory')
def endless_empty_parts(target):
    """One message of ever more empty parts."""
    target.flood([target.connect('distributor')],
                 lambda part=zmtp.frame(b'', zmtp.MORE) * 8192: part,
                 lambda: target.connect('distributor'))


@attack('client', seconds=4, short=2)
def broken_framing(target):
    """Oversized frames, commands out of place, reserved flags, greetings of other versions and
    mechanisms, and noise."""
    rng = random.Random(SEED)
    plain = zmtp.GREETING.replace(b'NULL', b'PLAIN', 1)[:64]
    after_greeting = [
        zmtp.frame_head(1 << 62), zmtp.frame_head(WORD - 1),
        zmtp.frame_head(wire.MOST_BODY) + bytes(1 << 20),
        zmtp.command(b'READY', b'\xff' * 200), zmtp.command(b'', b''),
        zmtp.frame(b'', zmtp.COMMAND),
        zmtp.command(b'PING', bytes(2) + bytes(300)), zmtp.command(b'PING'),
        zmtp.command(b'ERROR', b'\xff'),
        zmtp.command(b'SUBSCRIBE', b'x'), zmtp.command(b'READY') * 100,
        zmtp.frame_head(1 << 40, zmtp.COMMAND),
        bytes((0xff, 0xff)) * 100, zmtp.frame(b'x', zmtp.COMMAND | zmtp.MORE), rng.randbytes(5000)]
    instead = [rng.randbytes(64), b'\xff' + bytes(8) + b'\x7f', b'\x01\x00',
               zmtp.GREETING[:10] + b'\x00' * 54, plain,
               zmtp.GREETING + zmtp.command(b'READY', b'\x0bSocket-Type\xff\xff\xff\xffDEALER'),
               zmtp.GREETING + zmtp.ready(b'PUB'),
               zmtp.GREETING + zmtp.ready(b'DEALER', bytes(300)),
               zmtp.GREETING + zmtp.frame_head(1 << 60, zmtp.COMMAND), b'GET / HTTP/1.1\r\n\r\n']
    for data in itertools.cycle(after_greeting + instead):
        if not target.running():
            return
        for door in ('distributor', 'comparator'):
            try:
                with target.connect(door, greet=data in after_greeting) as peer:
                    peer.push(data)
                    peer.wait_closed(0.002)
                target.count('connections')
            except (zmtp.Closed, zmtp.Late):
                target.count('closed')


@attack('client', seconds=6, short=4, descriptors=1024)
def silent_connections(target):
    """1,500 connections that say nothing, half a greeting, or only a greeting, where a process may
    have 1,024 files."""
    says = (b'', zmtp.GREETING[:20], zmtp.GREETING, zmtp.GREETING + zmtp.ready(b'DEALER'))
    held = []
    for number in range(1500):
        try:
            peer = target.connect('distributor', greet=False)
            peer.push(says[number % len(says)])
            held.append(peer)
        except (OSError, zmtp.Closed):
            target.count('turned_away')
    target.did['held'] = len(held)
    while target.running():
        if not target.is_welcome():
            target.found('nobody new is let in while others are silent')
        target.wait(0.5)


@attack('client', seconds=5)
def endless_reconnecting(target):
    """Connections that greet and leave, one after the other."""
    while target.running():
        for door in ('distributor', 'comparator'):
            try:
                target.connect(door).close()
                target.count('connections')
            except (OSError, zmtp.Closed, zmtp.Late):
                target.count('turned_away')


# ---- messages

def nonsense(rng):
    """Messages that no client sends."""
    for size in (0, 1, 15, 16, 17, 1000):
        yield [rng.randbytes(size)]
        yield [rng.randbytes(size), rng.randbytes(100)]
        yield [b''] * (size + 1)
    for kind in range(48):
        for body in (b'', b'\xff' * 100, rng.randbytes(200), b'\x0a\xff\xff\xff\xff\x0f' * 50,
                     b'\x0a\x02\x0a\x00' * 5000):
            yield [wire.header(kind), body]
            yield [wire.header(kind, body, checksum=12345), body]
            yield [wire.header(kind, body, checksum=True), body, b'more']
            yield [wire.header(kind, body, flags=rng.getrandbits(16)), body]


@attack('client', seconds=5)
def random_messages(target):
    """Random frames, wrong checksums, and every type with noise as its body, at both doors."""
    data = [zmtp.message(frames) for frames in nonsense(random.Random(SEED))]
    order = itertools.cycle(data)

    def batch():
        target.count('messages', 50)
        return b''.join(itertools.islice(order, 50))
    target.flood([target.connect('distributor'), target.connect('comparator')], batch)


@attack('client', seconds=5, short=2)
def roles_by_the_wrong_door(target):
    """Reports, votes, views, orders and chunks, well made and of the future, at the doors for
    clients."""
    far = pb.OrderIdentity(term=1 << 40, sequence=1 << 50)
    members = [pb.Member(replica=number, role=pb.MEMBER_ROLE_VOTER, recovery=9,
                         state=pb.REPLICA_STATE_VOTING)
               for number in (1, 2, 3)]
    verdicts = [pb.Verdict(replica=number, recovery=recovery, reason=pb.VERDICT_REASON_DISSENT,
                           sequence=1)
                for number in (1, 2, 3) for recovery in (0, 1, 2)]
    messages = b''.join(wire.of(proto, checksum=True) for proto in (
        pb.ComparatorReport(incarnation=1, term=1 << 40, view=1 << 40, decided=1 << 50,
                            verdicts=verdicts, pid=1,
                            undecidable=5, succession=pb.Succession(ballot=5, replicas=[1, 2, 3])),
        pb.View(term=1 << 40, group=1, number=1 << 40, members=members, comparator=1,
                closed=1 << 50),
        pb.BallotCalls(term=1 << 40, ballots=[pb.BallotCall(order=far)]),
        pb.Vote(order=far, incarnation=1, recovery=1 << 40),
        pb.ReplicaReport(incarnation=1, recovery=1 << 40, applied=far, pid=1, resend=True),
        pb.ReplicaStanding(term=1 << 40, group=1, state=pb.REPLICA_STATE_EVICTED, recovery=1 << 40,
                           last=far),
        pb.Fault(kind=pb.FAULT_KIND_CRASH), pb.StateRequest(group=1),
        pb.StateChunk(answer=pb.STATE_ANSWER_ENTRIES, entries=bytes(1 << 16))))
    target.repeat_bytes([target.connect('distributor'), target.connect('comparator')], messages)


@attack('client', seconds=5)
def large_wrong_types(target):
    """Messages of 600 KiB with many fields, of types that a client must not send: they would have
    to be decoded, and then dropped."""
    votes = pb.ComparatorReport(audit_head=bytes(600_000), incarnation=1)
    ballots = pb.BallotCalls(term=1,
                         ballots=[pb.BallotCall(requests=[pb.BallotEntry(client=b'c' * 8, number=1)] *
                                            900)] * 20)
    data = wire.of(votes) + wire.of(ballots) + wire.of(pb.StateChunk(answer=1,
                                                                     entries=bytes(600_000)))
    target.repeat_bytes([target.connect('distributor'), target.connect('comparator')], data)


@attack('client', seconds=6, memory_mib=256)
def large_from_many(target):
    """Messages of 600 KiB that mean nothing, by 24 connections at each door: what waits is bounded
    by its number alone."""
    peers = target.connections(24, 'distributor') + target.connections(24, 'comparator')
    target.repeat_bytes(peers, wire.message('REQUEST', wire.bytes_field(7, bytes(600 * 1024))))


@attack('client', seconds=8, memory_mib=96)
def large_at_the_comparator(target):
    """Messages of nearly 2 MiB with as many fields as there may be, of types that only a
    distributor sends, by 4 connections."""
    entry = pb.BallotEntry(client=b'c' * 40, number=1)
    ballots = pb.BallotCalls(term=1 << 40, ballots=[pb.BallotCall(requests=[entry] * 1000)] * 32)
    target.repeat_bytes(target.connections(4, 'comparator'), wire.of(ballots))


# ---- other people's sessions

@attack('client', seconds=8)
def guessed_sessions(target):
    """Requests under every (sequence, index) that may be somebody's session, to see whose answers
    come back."""
    with Client(target) as client:
        last = target.status().sequence
        guesses = [wire.guessed(sequence, index) for sequence in range(1, last + 1)
                   for index in range(2)]
        for session in guesses[:20_000]:
            client.distributor.push(wire.message('REQUEST', wire.request_body(
                session, wire.add(b'stolen'), number=3, result_limit=64)))
            target.count('guesses')
            see_stolen(target, client)
            if not target.running():
                break
        see_stolen(target, client, 0.5)


def see_stolen(target, client, seconds=0.0):
    for decision in client.decisions(seconds):
        outcome = wire.result_head(decision.result)[0]
        if outcome != EXPIRED and not client.session.is_of(decision):
            target.count(f'outcome_{outcome}')
            target.found('a guessed session answers otherwise than one that never was')


@attack('client', seconds=6)
def acknowledging_for_others(target):
    """`acknowledged` = 2^62 under every (sequence, index), to see whose requests are stale from
    then on."""
    with Client(target) as client:
        last = target.status().sequence
        for sequence in range(1, min(last, 10_000) + 1):
            for index in range(2):
                client.distributor.push(wire.message('REQUEST', wire.request_body(
                    wire.guessed(sequence, index), number=(1 << 62) + 1, acknowledged=1 << 62,
                    result_limit=17)))
                target.count('guesses')
            for _ in client.decisions():
                target.count('answers')
            if not target.running():
                return
    target.rest()


@attack('client', seconds=4)
def impossible_numbers(target):
    """A session of its own that uses the number 0, numbers far ahead and backwards, acknowledges
    beyond them, and sets limits of 0 and 2^40."""
    numbers = (0, 1, 64, 65, 1 << 32, 1 << 62, wire.MOST_NUMBER)
    with Client(target) as client:
        while target.running():
            for number, acknowledged in itertools.product(numbers, numbers):
                for limit in (0, 17, wire.MOST_RESULT_BYTES, 1 << 40):
                    client.send(wire.add(b'impossible'), number=number, acknowledged=acknowledged,
                                result_limit=limit)
                    target.count('requests')
            for decision in client.decisions(0.01):
                target.count(f'outcome_{wire.result_head(decision.result)[0]}')
            client.distributor.drain()


# ---- tables

def open_clients(target, count):
    return [Client(target) for _ in range(count)]


def fill(target, clients, make_operations, result_limit=wire.MOST_RESULT_BYTES, most=None,
         acknowledge=True, window=4):
    """Keeps so many requests under way for each client. make_operations(number) gives those of the
    next one. Ends when the target does, after `most` requests, or when a table is full. Returns the
    outcomes and statuses that came, counted."""
    waiting = dict.fromkeys(clients, 0)
    came = {}
    sent = 0
    while target.running() and (most is None or sent < most or any(waiting.values())):
        for client in clients:
            while waiting[client] < window and (most is None or sent < most):
                if not acknowledge and client.number >= 64:
                    break
                client.send(make_operations(sent), result_limit=result_limit,
                            acknowledged=max(0, client.number + 1 - window) if acknowledge else 0)
                waiting[client] += 1
                sent += 1
        if not any(waiting.values()):
            break
        if not wait_readable([peer for client in clients
                              for peer in (client.comparator, client.distributor)], 0.2):
            waiting = dict.fromkeys(clients, 0)  # those that were refused, or lost
        for client in clients:
            for decision in client.decisions():
                outcome, _, operations = wire.result_head(decision.result)
                key = f'outcome_{outcome}'
                if operations:
                    key += f'_status_{wire.first_operation(decision.result)[0]}'
                came[key] = came.get(key, 0) + 1
                waiting[client] = max(0, waiting[client] - 1)
            client.distributor.drain()
    target.did.update(requests=sent, **came)
    return came


@attack('client', seconds=12, memory_mib=160)
def session_openings(target):
    """100,000 sessions that are opened and left alone."""
    peers = target.connections(MANY, 'distributor')
    template = wire.Repeated('REQUEST', wire.opening(), wire.REQUEST_NUMBER)
    target.repeat(peers, template)
    with Client(target, open_session=False) as client:
        if client.open() is None:
            target.found('somebody honest gets no session afterwards')


@attack('client', seconds=10, memory_mib=160)
def hoarded_results(target):
    """Sessions that ask for lists of 266 KB and never acknowledge, until 256 MiB are stored."""
    with Client(target) as client:
        for start in range(0, 1000, 500):
            client.run(b''.join(wire.add(b'hoarded-%03d-' % number + b'x' * 240)
                                for number in range(start, start + 500)))
    clients = open_clients(target, 20)
    fill(target, clients, lambda _: wire.listing(b'hoarded', 1000), acknowledge=False, window=4)
    with Client(target) as client:
        result = client.run(wire.add(b'afterwards'))
        if result is None or wire.result_head(result)[0] != 1:
            target.found('somebody honest gets no result afterwards')


@attack('client', seconds=20, memory_mib=256)
def million_keys(target):
    """A million idempotency keys, 4,096 in each request: they fill the account of native clients,
    and nobody else's."""
    prefix = secrets.token_hex(4).encode()

    def operations(request):
        return b''.join([wire.add(b'keys', 1, b'%s%d' % (prefix, request * 4096 + number))
                         for number in range(4096)])
    fill(target, open_clients(target, 4), operations, most=250)


@attack('client', seconds=8, memory_mib=CLIENTS_COUNTER_MIB)
def long_names(target):
    """New counters with names of 256 bytes, 1,900 in each request."""
    prefix = secrets.token_hex(4).encode()

    def operations(request):
        return b''.join([wire.add((b'%s-%d-' % (prefix, request * 1900 + number)).ljust(256, b'n'))
                         for number in range(1900)])
    fill(target, open_clients(target, 4), operations)


# ---- turns

@attack('client', seconds=6)
def result_limits(target):
    """Requests without operations that may want 512 KiB of results, from 200 clients, 650 kB of
    them per second."""
    peers = target.connections(200, 'distributor')
    body = wire.number_field(1, pb.REQUEST_KIND_OPERATIONS)
    body += wire.number_field(6, wire.MOST_RESULT_BYTES)
    body += wire.bytes_field(9, bytes(16))
    template = wire.Repeated('REQUEST', body, wire.REQUEST_NUMBER)
    each = 650_000 // template.size // 500
    numbers = itertools.count(1)
    turns = itertools.cycle(peers)
    while target.running():
        for _ in range(10):
            start = next(numbers) * each
            next(turns).push(template.many(range(start, start + each)), 0.05)
            target.count('messages', each)
        for peer in peers[::20]:
            peer.drain()
        target.wait(0.02)


@attack('client', seconds=6, memory_mib=PENDING_MIB)
def full_queue(target):
    """Requests of sessions that never were, as fast as they are taken, from 300 clients: only a few
    fit into an order."""
    peers = target.connections(300, 'distributor')
    body = wire.request_body(wire.guessed(1, 7), wire.add(b'never'))
    target.repeat(peers, wire.Repeated('REQUEST', body, wire.REQUEST_NUMBER))


@attack('client', seconds=6, memory_mib=PENDING_MIB)
def full_queue_of_bytes(target):
    """Requests of 500 KB, as fast as they are taken, from 64 clients."""
    peers = target.connections(MANY, 'distributor')
    operations = b''.join(wire.add(b'bulk-%d' % number, 1)
                          for number in range(4000)) + wire.add(b'x' * 400_000)
    body = wire.request_body(wire.guessed(1, 7), operations, result_limit=64 * 1024)
    target.repeat(peers, wire.Repeated('REQUEST', body, wire.REQUEST_NUMBER))


@attack('client', seconds=6)
def colliding_numbers(target):
    """Requests that are chosen so that the distributor's table of waiting requests has one chain
    for all of them."""
    factor, inverse = 0x9E3779B97F4A7C15, pow(0x9E3779B97F4A7C15, -1, WORD)
    peers = target.connections(MANY - 4, 'distributor')  # so that the queue has room left
    numbers = itertools.count(1)

    def batch():
        data = []
        for number in itertools.islice(numbers, 500):
            opened = inverse * (0x1234567 ^ number * factor % WORD * 31 % WORD) % WORD
            body = wire.request_body(wire.guessed(opened), number=number, result_limit=1 << 16)
            data.append(wire.message('REQUEST', body))
        target.count('messages', len(data))
        return b''.join(data)
    target.flood(peers, batch)


# ---- people's messages

@attack('client', seconds=5)
def status_flood(target):
    """Status queries as fast as they are taken, from 16 clients that read the answers."""
    target.repeat(target.connections(16, 'distributor'), wire.Repeated('STATUS_QUERY', b'', 1))


@attack('client', seconds=5, memory_mib=96)
def unread_status(target):
    """Status queries from 200 clients that never read an answer."""
    peers = target.connections(200, 'distributor')
    template = wire.Repeated('STATUS_QUERY', b'', 1)
    for numbers in itertools.count():
        for peer in peers:
            if not target.running():
                return
            try:
                peer.push(template.many(range(numbers * 100, numbers * 100 + 100)), 0.01)
                target.count('messages', 100)
            except zmtp.Closed:
                target.count('closed')
                return


@attack('client', seconds=6, memory_mib=192)
def unread_decisions(target):
    """Lists of 266 KB for clients that never read them, while they acknowledge all of them. The
    comparator keeps 64 answers for each of eight clients: 136 MB."""
    with Client(target) as client:
        for start in range(0, 1000, 500):
            client.run(b''.join(wire.add(b'unread-%03d-' % number + b'x' * 240)
                                for number in range(start, start + 500)))
    clients = open_clients(target, 8)
    while target.running():
        for client in clients:
            for _ in range(4):
                client.send(wire.listing(b'unread', 1000), acknowledged=client.number)
                target.count('lists')
        target.wait(0.02)


@attack('client', seconds=5, short=2)
def wrong_tokens(target):
    """An operator's commands with wrong tokens, as fast as they are taken: no command may be
    carried out."""
    peers = target.connections(4, 'distributor')
    commands = b''.join(wire.of(pb.AdminCommand(number=number, token=token, action=action,
                                                replica=replica,
                                                fault=pb.Fault(kind=pb.FAULT_KIND_CRASH)))
                        for number, (token, action, replica) in enumerate(itertools.product(
                            (b'', b'x', bytes(64), b'a' * 5000), (1, 2, 3, 4), (0, 1, 4, 1 << 63))))
    target.repeat_bytes(peers, commands)
    with target.connect('distributor') as peer:
        peer.push(wire.of(pb.AdminCommand(number=1, token=b'guess', action=pb.ADMIN_ACTION_EVICT,
                                          replica=1)))
        frames = peer.receive(ANSWER_SECONDS)
        reply = wire.understood(frames)
        if reply is None or reply[1].outcome != pb.ADMIN_OUTCOME_FORBIDDEN:
            target.found(f'a wrong token is not forbidden: {reply}')


@attack('client', seconds=5)
def hello_flood(target):
    """Hellos as fast as they are taken, from 8 clients at each door."""
    peers = target.connections(8, 'distributor') + target.connections(8, 'comparator')
    target.repeat_bytes(peers, wire.of(pb.ClientHello(incarnation=7)))


@attack('client', seconds=15)
def hundred_thousand_names(target):
    """Hellos of clients with ever new routing ids, up to 100,000 of them, at both doors."""
    hello = zmtp.GREETING + zmtp.ready(b'DEALER') + wire.of(pb.ClientHello(incarnation=7))
    held = []
    while target.running() and target.did.get('connections', 0) < 100_000:
        door = ('distributor', 'comparator')[target.did.get('connections', 0) % 2]
        try:
            peer = target.connect(door, greet=False)
            peer.push(hello)
            held.append(peer)
            target.count('connections')
        except (OSError, zmtp.Closed):
            target.count('turned_away')
        if len(held) > 200:
            held.pop(0).close()


@attack('client', seconds=4)
def stolen_names(target):
    """Connections with routing ids that others are known to use, or that libzmq makes: 1 byte, and
    0 with 4 bytes."""
    names = [bytes((byte,)) for byte in range(1, 256)] + [b'\0' + number.to_bytes(4, 'big')
                                                          for number in range(256)]
    for name in itertools.cycle(names):
        if not target.running():
            return
        try:
            target.connect('distributor', routing_id=name).close()
            target.count('connections')
        except (OSError, zmtp.Closed, zmtp.Late):
            target.count('closed')
