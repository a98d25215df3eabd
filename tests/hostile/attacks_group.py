# SPDX-License-Identifier: Apache-2.0
"""What one faulty replica may do, towards the distributor and the comparator and as a donor; and
what everybody may do together.

The false replica speaks beside the real replica 3, at its endpoints: whoever may connect there is
replica 3.
"""

import json
import random
import secrets
import shutil
import signal
import struct
import subprocess
import threading
import time
import urllib.request

import wire
import zmtp
from attacker import ANSWER_SECONDS, Client, FalseReplica, answer_of
from attacks import TABLE, attack
from wire import pb

SEED = 20261128
LIAR = 3
VICTIM = 2  # it asks the liar first when it needs a state
SMALL_CHECKPOINTS = {'TALLY_CHECKPOINT_ORDERS': '200', 'TALLY_IMPORT_ORDERS': '100'}
MOST_DISK_BYTES = 256 << 20
ENTRY_COUNTER = b'C'
OF_NUMBER = 8  # bytes, before the value in a counter's entry
BANK, TRUE_VALUE, FORGED_VALUE = b'bank', 1, 1000001
OTHERS = 0o077
CERTAIN_VOTES = 50


def cluster_by_http(target):
    """Returns /v1/cluster, which must be JSON whatever replicas say of themselves, or None if there
    is no answer."""
    try:
        with urllib.request.urlopen(target.http + '/v1/cluster', timeout=ANSWER_SECONDS) as answer:
            return json.loads(answer.read().decode('utf-8'))
    except UnicodeDecodeError:
        target.found('/v1/cluster is not UTF-8')
    except ValueError:
        target.found('/v1/cluster is not JSON')
    except OSError:
        pass
    return None


# ---- reports

@attack('replica', seconds=4, short=4)
def large_store(target):
    """For one second, reports that name a store of 2 MiB. Then it looks whether anybody is still
    told the status."""
    false = FalseReplica(target)
    overhead = len(false.report_proto(store=b'').SerializeToString()) + 5
    report = false.report(store=bytes(wire.MOST_BODY - overhead))
    second = target.again(1)
    second.repeat_bytes([false.orders], report)
    target.did.update(second.did)
    false.close()
    target.wait(1)
    if not cluster_by_http(target):
        target.found('the bridge gets no status any more')


@attack('replica', seconds=4)
def strange_store(target):
    """Reports that name a store in no alphabet, with quotation marks, line ends and terminal
    commands."""
    false = FalseReplica(target)
    texts = (b'\xff\xfe\x80', b'"},{"id":9,"state":"voting',
             b'\n2026-01-01T00:00:00Z error forged line\n',
             b'\x1b]0;title\x07\x1b[2J', b'', bytes(64), '\u202e\u0000'.encode())
    while target.running():
        for text in texts:
            for _ in range(20):
                false.orders.push(false.report(store=text))
            cluster_by_http(target)
            target.count('texts')
        false.listen()


def with_incarnation(report):
    """Returns the report's bytes before and after its incarnation."""
    report.incarnation = 0x1122334455667788
    data = wire.of(report)
    before, after = data.split(struct.pack('<Q', report.incarnation))
    return before, after


@attack('replica', seconds=4)
def new_incarnations(target):
    """Reports as fast as they are taken, each from another process."""
    false = FalseReplica(target)
    before, after = with_incarnation(false.report_proto())
    numbers = iter(range(1, 1 << 62))

    def batch():
        target.count('reports', 500)
        return b''.join([before + struct.pack('<Q', next(numbers)) + after for _ in range(500)])
    target.flood([false.orders], batch)


@attack('replica', seconds=4)
def flapping_imports(target):
    """Reports whose state is imported, and is not, in turns: each may lead to a view that is
    journaled and synced."""
    false = FalseReplica(target)
    while target.running():
        data = b''.join(false.report(imported=bool(number % 2)) for number in range(100))
        false.orders.push(data)
        target.count('reports', 100)
        false.listen()


@attack('replica', seconds=4)
def resend_flood(target):
    """Reports that have everything sent again, from the first order on."""
    false = FalseReplica(target)
    nothing = pb.OrderIdentity(term=false.last.term)
    target.repeat_bytes([false.orders],
                        false.report(resend=True) + false.report(resend=True, applied=nothing))


@attack('replica', seconds=4, short=3)
def random_reports(target):
    """Reports with every field at random, except the group."""
    false = FalseReplica(target)
    rng = random.Random(SEED)

    def number():
        return rng.choice((0, 1, 2, rng.randrange(1 << 10), rng.getrandbits(32), wire.MOST_NUMBER,
                           rng.getrandbits(64)))

    def identity():
        return pb.OrderIdentity(term=number(), sequence=number(),
                                chain=pb.Digest(high=number(), low=number()))

    def batch():
        data = b''
        for _ in range(100):
            data += false.report(incarnation=rng.choice((false.incarnation, number())),
                                 applied=identity(),
                                 recovery=rng.choice((false.recovery, number())),
                                 checkpoint=number(),
                                 resend=rng.random() < 0.5, imported=rng.random() < 0.5,
                                 store=rng.randbytes(rng.randrange(30)),
                                 proof=pb.OrderState(order=identity(),
                                                     state=pb.Digest(high=number(), low=number())))
        target.count('reports', 100)
        false.orders.drain()
        return data
    target.flood([false.orders], batch)


@attack('replica', seconds=4, short=2)
def wrong_types(target):
    """Messages of every type with bodies of 2 MiB, well made and not, at the replica's doors."""
    chunk = pb.StateChunk(answer=1, entries=bytes(1 << 20))
    requests = [pb.Request(number=1, session=None, operations=bytes(2000)) for _ in range(900)]
    order = pb.Order(id=pb.OrderIdentity(term=1, sequence=1), requests=requests)
    large = [wire.of(chunk), wire.of(order),
             wire.message('VOTE', b'\x2a\x80\x80\x7e' + bytes(0x1f8000)),
             wire.message('COMPARATOR_REPORT', wire.bytes_field(8, bytes(1_900_000)))]
    large += [wire.message(kind, b'\x0a\x00' * 900_000) for kind in wire.TYPES.values()]
    peers = [target.connect('orders', LIAR), target.connect('votes', LIAR)]
    turns = iter(range(1 << 62))

    def batch():
        target.count('messages')
        return large[next(turns) % len(large)]
    target.flood(peers, batch)


# ---- votes

@attack('replica', seconds=6, memory_mib=96)
def votes_of_the_future(target):
    """Votes far ahead, of future recoveries and terms, with results of 1 MiB, up to the
    comparator's bound."""
    false = FalseReplica(target)
    results = bytes(1 << 20)
    numbers = iter(range(1 << 62))

    def batch():
        number = next(numbers)
        target.count('votes')
        if number % 3 == 0:
            return false.vote(false.last.sequence + number, results, recovery=false.recovery + 5)
        if number % 3 == 1:
            return false.vote(false.last.sequence + number, results, term=false.last.term + 7)
        if number % 64 == 2:
            false.listen()
        return false.vote(false.last.sequence + 200 + number % 800, results)
    target.flood([false.votes], batch)


@attack('replica', seconds=5)
def random_votes(target):
    """Votes that are wrong in every field, as fast as they are taken."""
    false = FalseReplica(target)
    rng = random.Random(SEED)

    def batch():
        votes = []
        false.listen()
        for _ in range(100):
            last = false.last.sequence
            sequence = rng.choice((last, last + rng.randrange(-500, 500), rng.getrandbits(64),
                                   0)) % 2**64
            term = rng.choice((false.last.term, 0, rng.getrandbits(64)))
            recovery = rng.choice((false.recovery, rng.getrandbits(64), 0))
            votes.append(false.vote(sequence, rng.randbytes(rng.randrange(100)), term=term,
                                    recovery=recovery))
        target.count('votes', 100)
        return b''.join(votes)
    target.flood([false.votes], batch)


def lie(target, false):
    """Takes the real replica's orders away, and votes wrongly on each of them at once."""
    false.orders.push(false.report())
    reported = time.monotonic()
    while target.running():
        frames = false.orders.receive(0.05)
        message = wire.understood(frames)
        if message and message[0] == 'REPLICA_STANDING':
            false.standing = message[1]
        if message and message[0] == 'ORDER':
            order = message[1].id
            vote = pb.Vote(order=order, incarnation=false.incarnation, recovery=false.recovery,
                           state=pb.Digest(high=secrets.randbits(64), low=1),
                           results=secrets.token_bytes(40))
            false.votes.push(wire.of(vote))
            # It votes once more, in another wrong way.
            false.votes.push(wire.of(vote)[:-1] + b'x')
            target.count('lies')
        if not frames or time.monotonic() > reported + 0.02:
            false.orders.push(false.report())
            reported = time.monotonic()


@attack('replica', seconds=6, short=4)
def lying_votes(target):
    """Takes the orders of the real replica 3 away from it, and votes twice and wrongly on each."""
    lie(target, FalseReplica(target))


# ---- donors

class FalseDonor:
    """A donor at the transfer endpoint of replica 3, while replica 2 has lost its directory and
    asks there first; or so with two other replicas."""

    def __init__(self, target, answer, liar=LIAR, victim=VICTIM):
        self.target = target
        self.answer = answer
        self.liar, self.victim = liar, victim
        self.state = pb.Digest(high=secrets.randbits(64), low=2)
        self.chunks = 0
        self.listener = zmtp.Listener(target.door('state', liar))
        self.threads = []

    def serve(self):
        """Serves until the victim votes in spite of it. Then the real donor is started again, and
        binds its endpoint."""
        target = self.target
        wait_for_checkpoint(target)
        killed = time.monotonic()
        directory = target.data / f'replica-{self.victim}'
        by_operator(target, 'evict', self.victim)  # a voter would rather execute what it misses
        shutil.rmtree(directory, ignore_errors=True)
        victim = Victim(target, self.victim)
        by_operator(target, 'readmit', self.victim)
        while not (votes := victim.votes()) and target.running():
            peer = self.listener.accept(0.1)
            if peer:
                target.count('imports_begun')
                self.threads.append(threading.Thread(target=self._talk, args=(peer,)))
                self.threads[-1].start()
            taken = directory_bytes(directory) >> 20
            target.did['disk_mib'] = max(target.did.get('disk_mib', 0), taken)
        took = time.monotonic() - killed
        target.did['seconds_until_it_votes'] = round(took, 1) if votes else 'never'
        if not votes:
            target.found(f'replica {self.victim} gets no state elsewhere while its donor lies')
        target.over.set()
        for thread in self.threads:
            thread.join()
        self.listener.close()
        target.kill(f'replica-{self.liar}', signal.SIGKILL)
        if target.did.get('disk_mib', 0) > MOST_DISK_BYTES >> 20:
            target.found('a donor fills the disk')

    def _talk(self, peer):
        try:
            with peer:
                while self.target.running():
                    message = wire.understood(peer.receive(0.1))
                    if message and message[0] == 'STATE_REQUEST':
                        self.target.count('requests')
                        for data in self.answer(self, message[1]):
                            peer.push(data, 1)
        except zmtp.Closed:
            self.target.count('left')

    def chunk(self, request, **fields):
        """Returns entries that come after those that were asked for, and are never the last."""
        self.chunks += 1
        entries = b''
        key = b''
        for number in range(fields.pop('entries', 1000)):
            key = ENTRY_COUNTER + b'%012d%06d' % (self.chunks, number) + b'x' * 200
            entries += struct.pack('<I', len(key)) + key + struct.pack('<IQqQqHB', 35, self.chunks * 1000 + number + 1, 1, 1, 0, 2, 0)
        checkpoint = request.checkpoint or max(request.least, 1)
        header = pb.CheckpointHeader(group=request.group,
                                     applied=pb.OrderIdentity(term=1, sequence=checkpoint),
                                     semantics=1, state=self.state)
        return pb.StateChunk(answer=pb.STATE_ANSWER_ENTRIES, checkpoint=request.checkpoint,
                             after=request.after,
                             header=fields.pop('header', header), entries=entries, through=key,
                             **fields)


def wait_for_checkpoint(target, beyond=300):
    """Waits until the state is one that a replica without a directory has to import."""
    while target.running() and min(replica.checkpoint
                                   for replica in target.status().replicas) <= beyond:
        target.wait(0.1)


def directory_bytes(directory):
    total = 0
    for path in directory.rglob('*'):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            pass
    return total


def replica_status(target, number):
    return next(replica for replica in target.status().replicas if replica.id == number)


def by_operator(target, verb, replica):
    token = (target.data / 'run' / 'admin.token').read_text('ascii').strip()
    request = urllib.request.Request(f'{target.http}/v1/cluster/replicas/{replica}/{verb}', b'',
                                     headers={'Authorization': f'Bearer {token}'}, method='POST')
    urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()


class Victim:
    """The victim votes when the process that followed the killed one is a voter, and more of its
    votes have come than the killed process can have left under way."""

    def __init__(self, target, number):
        self.target = target
        self.number = number
        self.old = target.kill(f'replica-{number}', signal.SIGKILL)
        self.votes_before = None

    def votes(self):
        replica = replica_status(self.target, self.number)
        if replica.state != pb.REPLICA_STATE_VOTING or replica.pid == self.old:
            self.votes_before = None
            return False
        if self.votes_before is None:
            self.votes_before = replica.votes
        return replica.votes > self.votes_before + CERTAIN_VOTES


def donor_attack(target, answer):
    FalseDonor(target, answer).serve()


DONOR = {'victims': (f'replica-{VICTIM}', f'replica-{LIAR}'), 'environment': SMALL_CHECKPOINTS,
         'memory_mib': 96}


@attack('donor', seconds=20, **DONOR)
def endless_state(target):
    """A state that never ends, in well-formed chunks."""
    donor_attack(target, lambda donor, request: [wire.of(donor.chunk(request, entries=4000))])


@attack('donor', seconds=12, **DONOR)
def wrong_chunks(target):
    """Chunks with headers of other checkpoints and groups, with entries out of order, halves of
    entries, and none."""
    rng = random.Random(SEED)

    def answer(donor, request):
        good = donor.chunk(request)
        bad = [donor.chunk(request) for _ in range(6)]
        bad[0].header.group += 1
        bad[1].header.applied.sequence = wire.MOST_NUMBER
        bad[2].entries = bad[2].entries[:-3]
        bad[3].through = b''
        bad[4].entries = rng.randbytes(100_000)
        bad[5].header.semantics = 99
        donor.target.count('chunks', 2)
        return [wire.of(rng.choice(bad)), wire.of(good)]
    donor_attack(target, answer)


@attack('donor', seconds=12, **DONOR)
def busy_for_ever(target):
    """Says that it is busy, again and again, that it has no such checkpoint, and nothing."""
    rng = random.Random(SEED)

    def answer(_, request):
        kind = rng.choice((pb.STATE_ANSWER_BUSY, pb.STATE_ANSWER_NONE, None))
        return [wire.of(pb.StateChunk(answer=kind, checkpoint=request.checkpoint,
                                      after=request.after))] if kind else []
    donor_attack(target, answer)


@attack('donor', seconds=12, **DONOR)
def unasked_chunks(target):
    """Thousands of chunks of 1 MiB for each request."""
    def answer(donor, request):
        data = wire.of(donor.chunk(request, entries=4000))
        other = pb.StateRequest(group=request.group, checkpoint=request.checkpoint + 1,
                                after=request.after)
        wrong = wire.of(donor.chunk(other, entries=4000))
        return [wrong] * 200 + [data]
    donor_attack(target, answer)


def true_state(target, request, donor):
    """Returns the checkpoint that is asked for, as an honest replica gives it: its header and its
    entries."""
    entries = {}
    with target.connect('state', donor) as peer:
        chunk = pb.StateChunk()
        while not chunk.last:
            peer.push(wire.of(pb.StateRequest(group=request.group, checkpoint=request.checkpoint,
                                              after=chunk.through)))
            chunk = answer_of(peer, 'STATE_CHUNK')
            place = 0
            while place < len(chunk.entries):
                texts = []
                for _ in range(2):
                    size = struct.unpack_from('<I', chunk.entries, place)[0]
                    texts.append(chunk.entries[place + 4:place + 4 + size])
                    place += 4 + size
                entries[texts[0]] = texts[1]
    return chunk.header, entries


@attack('donor', seconds=20, **DONOR)
def forged_state(target):
    """Gives the true state with one counter changed, and with others added that make up for it in
    the digest."""
    believe_forged_state(target)
    read_bank(target)
    if replica_status(target, VICTIM).dissents:
        target.found(f'replica {VICTIM} was made a voter with the forged state, and dissents')


@attack('donor', seconds=20, environment=SMALL_CHECKPOINTS,
        victims=('replica-1', 'replica-2', 'replica-3'))
def answered_lie(target):
    """Gives a forged state, and then votes as a replica that believed it does. For that it goes on
    with the forged state, which it gets as a false replica 1, since that saves this harness from
    having a replica."""
    believe_forged_state(target)
    donor = target.again()
    wait_for_checkpoint(donor, donor.status().sequence)
    FalseDonor(donor, lambda _, request: [whole_state(request, *true_state(
        donor, request, VICTIM))], liar=1, victim=LIAR).serve()
    target.did.update({f'itself.{what}': number for what, number in donor.did.items()})
    read_bank(target)


def forged_counters(target, key, right, wrong):
    """Returns entries that make up for one that is wrong, in the state's digest."""
    command = [target.bin_dir / 'tally-forge', key.hex(), right.hex(), wrong.hex()]
    lines = subprocess.run(command, check=True, timeout=120, stdout=subprocess.PIPE,
                           text=True).stdout.split()
    words = [bytes.fromhex(word) for word in lines]
    return dict(zip(words[::2], words[1::2]))


def believe_forged_state(target):
    with Client(target) as client:
        client.run(wire.add(BANK, TRUE_VALUE))
    wait_for_checkpoint(target, target.status().sequence)

    def answer(_, request):
        header, entries = true_state(target, request, 1)
        key = ENTRY_COUNTER + BANK
        target.did['bank_was'], = struct.unpack_from('<q', entries[key], OF_NUMBER)
        lie = bytearray(entries[key])
        struct.pack_into('<q', lie, OF_NUMBER, FORGED_VALUE)
        entries.update(forged_counters(target, key, entries[key], bytes(lie)))
        entries[key] = bytes(lie)
        return [whole_state(request, header, entries)]
    donor_attack(target, answer)


def whole_state(request, header, entries):
    """Returns the state in one chunk, because it is a small one."""
    data = b''.join(struct.pack('<I', len(key)) + key + struct.pack('<I', len(value)) + value
                    for key, value in sorted(entries.items()))
    return wire.of(pb.StateChunk(answer=pb.STATE_ANSWER_ENTRIES, checkpoint=request.checkpoint,
                                 after=request.after, header=header, entries=data,
                                 through=max(entries), last=True))


def read_bank(target):
    """Reads the counter as any client does, some times."""
    with Client(target) as client:
        ask = wire.operation(pb.OPERATION_KIND_GET, BANK)
        results = [client.run(ask) for _ in range(20)]
    values = {wire.first_operation(result)[1] for result in results if result}
    target.did['bank_is'] = sorted(values)
    if values != {TRUE_VALUE}:
        target.found(f'a lie was answered: bank is {sorted(values)}, not {TRUE_VALUE}')


@attack('donor', seconds=20, **DONOR)
def hogged_donor(target):
    """Says that it is busy, and keeps both places at the honest donor for itself."""
    group = FalseReplica(target).standing.group
    ask = wire.of(pb.StateRequest(group=group))
    hogs = target.connections(3, 'state', 1)

    def hog():
        try:
            while target.running():
                for peer in hogs:
                    peer.push(ask, 0.1)
                    peer.drain()
                target.count('hogged')
                target.over.wait(0.2)
        except zmtp.Closed:
            target.count('hog_closed')
    thread = threading.Thread(target=hog)
    thread.start()
    donor_attack(target, lambda _, request: [wire.of(pb.StateChunk(
        answer=pb.STATE_ANSWER_BUSY, checkpoint=request.checkpoint, after=request.after))])
    thread.join()


@attack('replica', seconds=6)
def state_request_flood(target):
    """Requests for state at the transfer endpoints of the two honest replicas, from ever new peers.
    """
    group = FalseReplica(target).standing.group
    request = wire.of(pb.StateRequest(group=group)) + wire.of(pb.StateRequest(group=group,
                                                                              after=bytes(1 << 20)))
    peers = [target.connect('state', number) for number in (1, 2) for _ in range(8)]
    target.repeat_bytes(peers, request)


# ---- other people of this machine

@attack('local', seconds=1)
def open_directories(target):
    """Looks for what others on this machine could read, or connect to."""
    if target.data.stat().st_mode & OTHERS == 0:
        return
    for path in sorted(target.data.iterdir()):
        mode = path.lstat().st_mode
        if mode & OTHERS:
            target.found(f'{path.name} has mode {mode & 0o777:o}')


# ---- together

@attack('all', seconds=15, memory_mib=96)
def liar_donor_and_client(target):
    """Replica 3 lies in votes and reports, and would lie as a donor, while strangers send what they
    like at both doors."""
    def run(name):
        part = target.again()
        TABLE[name].run(part)
        target.did.update({f'{name}.{what}': number for what, number in part.did.items()})
        for fault in part.faults:
            target.found(fault)
    names = ('lying-votes', 'random-messages', 'random-votes', 'random-reports', 'wrong-types',
             'broken-framing',
             'hello-flood', 'wrong-tokens', 'state-request-flood')
    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
