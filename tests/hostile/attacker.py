# SPDX-License-Identifier: Apache-2.0
"""What all attacks share: the target and its doors, a small client, floods, and how an attack tells
what it did."""

import json
import os
import pathlib
import resource
import secrets
import select
import sys
import threading
import time

import wire
import zmtp
from wire import pb

ANSWER_SECONDS = 5
HELLO_SECONDS = 0.25
# A flood waits so long for one connection before it turns to the next.
PUSH_SECONDS = 0.05
MOST_FOUND = 20
BATCH_BYTES = 1 << 16


class Target:
    """A group, seen from outside. The attack goes on while the target is running(). It ends early
    when standard input ends."""

    def __init__(self, bin_dir, data, seconds):
        self.bin_dir = pathlib.Path(bin_dir)
        self.data = pathlib.Path(data)
        endpoints = json.loads((self.data / 'run' / 'endpoints.json').read_text())
        self.http = endpoints['http']
        self.resp = f'tcp://{endpoints["resp"]}'
        self.seconds = seconds
        self.over = threading.Event()
        self.until = time.monotonic() + seconds
        self.did = {}
        self.faults = []
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        threading.Thread(target=lambda: (sys.stdin.read(), self.over.set()), daemon=True).start()

    def again(self, seconds=None):
        """Returns the same group, for a part of an attack that tells by itself what it did."""
        return Target(self.bin_dir, self.data, seconds or self.seconds)

    def running(self):
        return not self.over.is_set() and time.monotonic() < self.until

    def wait(self, seconds):
        """Waits so long by the attacker's own clock, or until all is over."""
        self.over.wait(max(0, min(seconds, self.until - time.monotonic())))

    def rest(self):
        """Waits until the attack's time is over."""
        self.wait(self.seconds)

    def count(self, what, number=1):
        self.did[what] = self.did.get(what, 0) + number

    def found(self, fault):
        """Notes something that must not be."""
        if fault not in self.faults and len(self.faults) < MOST_FOUND:
            self.faults.append(fault)

    def told(self):
        return {'did': self.did, 'found': self.faults}

    # ---- doors

    def door(self, name, replica=None):
        """Returns the endpoint of a door. `distributor` and `comparator` are for clients; `orders`
        and `votes` are for a replica; `state` is a replica's, for other replicas; `ballots` is for
        the comparator."""
        suffix = f'-{replica}' if replica else ''
        paths = [self.data / 'run' / f'{name}.{kind}{suffix}' for kind in ('sock', 'ipc')]
        return f'ipc://{next((path for path in paths if path.exists()), paths[0])}'

    def connect(self, name, replica=None, routing_id=None, greet=True):
        return zmtp.connect(self.door(name, replica), routing_id or secrets.token_bytes(16),
                            greet=greet)

    def connections(self, count, name, replica=None):
        return [self.connect(name, replica) for _ in range(count)]

    def pid(self, role):
        return int((self.data / 'run' / f'{role}.pid').read_text())

    def kill(self, role, signal_number):
        """Sends the signal to the process of this role, and returns the process that it was."""
        pid = self.pid(role)
        os.kill(pid, signal_number)
        return pid

    def status(self):
        """Returns the ClusterStatus, as any client gets it."""
        with self.connect('distributor') as peer:
            peer.push(wire.of(pb.StatusQuery(number=1)))
            return answer_of(peer, 'CLUSTER_STATUS')

    def is_welcome(self, seconds=2.0):
        """Returns whether a new client is let in."""
        try:
            with self.connect('distributor') as peer:
                peer.push(wire.of(pb.ClientHello(incarnation=1)))
                return answer_of(peer, 'DISTRIBUTOR_WELCOME', seconds) is not None
        except (OSError, zmtp.Closed, zmtp.Late):
            return False

    # ---- floods

    def flood(self, peers, batch, again=None):
        """Sends what batch() gives next, on one connection after another, as fast as it is taken,
        while the target is running. again() makes a connection in place of one that the other side
        has ended. Without it, that connection ends there.
        """
        peers = list(peers)
        place = 0
        while self.running() and peers:
            place = (place + 1) % len(peers)
            peer = peers[place]
            try:
                if peer.leaving:
                    data, sent = b'', peer.push(b'', PUSH_SECONDS)
                else:
                    data = batch()
                    if data is None:
                        return
                    sent = peer.push(data, PUSH_SECONDS)
                self.count('bytes', len(data))
                if not sent:
                    self.count('held_up')
                peer.drain()
            except zmtp.Closed:
                self.count('closed')
                peer.close()
                peers.pop(place)
                place = 0
                if again and self.running():
                    try:
                        peers.append(again())
                    except (OSError, zmtp.Closed, zmtp.Late):
                        self.count('turned_away')
                        self.wait(PUSH_SECONDS)
                        if not peers:
                            return

    def repeat(self, peers, repeated, first=1, again=None):
        """Floods with one message under growing numbers."""
        each = max(1, BATCH_BYTES // repeated.size)
        numbers = [first]

        def batch():
            start = numbers[0]
            numbers[0] += each
            self.count('messages', each)
            return repeated.many(range(start, start + each))
        self.flood(peers, batch, again)

    def repeat_bytes(self, peers, data, again=None):
        """Floods with the same bytes."""
        each = max(1, BATCH_BYTES // len(data))
        many = data * each

        def batch():
            self.count('messages', each)
            return many
        self.flood(peers, batch, again)


def answer_of(peer, name, seconds=ANSWER_SECONDS):
    """Returns the next message of this type, or None if there is none in time."""
    end = time.monotonic() + seconds
    while (frames := peer.receive(max(0, end - time.monotonic()))) is not None:
        message = wire.understood(frames)
        if message and message[0] == name:
            return message[1]
    return None


class Client(zmtp.Closing):
    """A client that keeps to the protocol, as far as its attack wants it to."""

    def __init__(self, target, open_session=True):
        routing_id = secrets.token_bytes(16)
        self.distributor = target.connect('distributor', routing_id=routing_id)
        self.comparator = target.connect('comparator', routing_id=routing_id)
        self.term = self._greeted(self.distributor, 'DISTRIBUTOR_WELCOME').term
        self._greeted(self.comparator, 'COMPARATOR_WELCOME')
        self.session = self.open() if open_session else None
        self.number = 0

    @staticmethod
    def _greeted(peer, welcome):
        for _ in range(int(ANSWER_SECONDS / HELLO_SECONDS)):
            peer.push(wire.of(pb.ClientHello(incarnation=1)))
            answer = answer_of(peer, welcome, HELLO_SECONDS)
            if answer:
                return answer
        raise zmtp.Late('no welcome')

    def open(self):
        """Opens a new session. Returns None if there is none to be had."""
        session = wire.Session()
        number = secrets.randbits(62) + 1
        self.distributor.push(wire.message('REQUEST', wire.opening(number, session)))
        for decision in self.decisions(ANSWER_SECONDS):
            if decision.number == number:
                return session if wire.result_head(decision.result)[0] == 2 else None
        return None

    def decisions(self, seconds=0.0):
        """Returns what is decided for this client, until nothing comes for so long."""
        while (frames := self.comparator.receive(seconds)) is not None:
            message = wire.understood(frames)
            if message and message[0] == 'DECISIONS':
                yield from message[1].decisions

    def send(self, operations=b'', **fields):
        """Sends the session's next request."""
        self.number += 1
        fields.setdefault('number', self.number)
        self.distributor.push(wire.message('REQUEST',
                                           wire.request_body(self.session, operations, **fields)))
        return fields['number']

    def run(self, operations=b'', seconds=ANSWER_SECONDS, **fields):
        """Runs the session's next request. Returns its result, or None if none came in time."""
        fields.setdefault('acknowledged', self.number)
        number = self.send(operations, **fields)
        for decision in self.decisions(seconds):
            if decision.number == number:
                return decision.result
        return None

    def close(self):
        self.distributor.close()
        self.comparator.close()


class FalseReplica:
    """A replica that stands beside the real one, at both of its endpoints. It knows what the
    distributor tells it."""

    def __init__(self, target, number=3):
        self.target = target
        self.number = number
        self.orders = target.connect('orders', number)
        self.votes = target.connect('votes', number)
        self.incarnation = secrets.randbits(64) | 1
        self.standing = None
        for _ in range(int(ANSWER_SECONDS / HELLO_SECONDS)):
            self.orders.push(self.report())
            self.listen(HELLO_SECONDS)
            if self.standing:
                return
        raise zmtp.Late('no standing')

    def listen(self, seconds=0.0):
        """Takes in what the distributor says: the standing, and the newest order."""
        end = time.monotonic() + seconds
        while (frames := self.orders.receive(max(0, end - time.monotonic()))) is not None:
            message = wire.understood(frames)
            if message and message[0] == 'REPLICA_STANDING':
                self.standing = message[1]
                return

    @property
    def recovery(self):
        return self.standing.recovery if self.standing else 0

    @property
    def last(self):
        return self.standing.last if self.standing else pb.OrderIdentity(term=1)

    def report_proto(self, **fields):
        fields.setdefault('incarnation', self.incarnation)
        fields.setdefault('recovery', self.recovery)
        fields.setdefault('applied', self.last)
        return pb.ReplicaReport(pid=os.getpid(), store=fields.pop('store', b'false'), **fields)

    def report(self, **fields):
        return wire.of(self.report_proto(**fields))

    def vote(self, sequence, results=b'', **fields):
        fields.setdefault('recovery', self.recovery)
        order = pb.OrderIdentity(term=fields.pop('term', self.last.term), sequence=sequence,
                                 chain=pb.Digest(high=secrets.randbits(64),
                                                 low=secrets.randbits(64)))
        state = pb.Digest(high=secrets.randbits(64), low=secrets.randbits(64))
        return wire.of(pb.Vote(order=order, incarnation=self.incarnation, state=state,
                               results=results, **fields))

    def close(self):
        self.orders.close()
        self.votes.close()


def wait_readable(peers, seconds):
    """Waits until one of them has something to read, or so long."""
    poll = select.poll()
    for peer in peers:
        poll.register(peer.socket, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
