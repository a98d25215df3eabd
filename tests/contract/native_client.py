#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A native client of tally in Python, written from docs/protocol.md and wire/tally.proto alone.

    with NativeClient(distributor_endpoint, comparator_endpoint) as client:
        client.open_session()
        print(client.execute([add('home')]).operations[0].value)

It shows how little a client needs, and that the documents are complete. It makes one request at a
time. For a client that batches, spreads its retries and survives everything, see client/session.h.
As a program:

    native_client.py DISTRIBUTOR COMPARATOR COMMAND, where the COMMAND is
    incr NAME [BY] | get NAME | set NAME VALUE | delete NAME | list [PREFIX] | status
"""

import collections
import hashlib
import secrets
import struct
import sys
import time

import zmq

from tally_proto import pb

HELLO_SECONDS = 0.25
RETRY_SECONDS = (0.3, 2.0)  # the first pause, and the longest one
MOST_RESULT_BYTES = 512 * 1024

EXECUTED, SESSION_OPENED, SESSION_CLOSED, SESSION_EXPIRED, SESSIONS_FULL = range(1, 6)
STALE, BEYOND_WINDOW, MALFORMED, RESULTS_TOO_LARGE, RESULTS_FULL = range(6, 11)

OK, NOT_FOUND, OVERFLOW, MALFORMED_OPERATION, KEY_REUSED, COUNTERS_FULL, KEYS_FULL, READ_ONLY = range(1, 9)
FORBIDDEN, NOT_MET, PASSED_OVER = range(9, 12)

HAS_FIRST_SEQUENCE = 0x80
HAS_LIST = 0x40
HAS_DETAIL = 0x20
STATUS = 0x1f

# What must hold of a counter.
MISSING, PRESENT, UNCHANGED, WITHOUT_EXPIRY, WITH_EXPIRY, LATER, SOONER = (1 << bit for bit in range(7))

Detail = collections.namedtuple('Detail', 'expires_in_ms expires_at_ms last_change')
OperationResult = collections.namedtuple('OperationResult', 'status value first_sequence listed detail',
                                         defaults=[None])
RequestResult = collections.namedtuple('RequestResult', 'outcome sequence operations votes')
# The votes are left out, because there may be more of them the next time.
RequestResult.answer = property(lambda self: self[:3])

# Of the messages that a client sends or gets. The names in the enum follow from those of the
# messages.
MESSAGE_TYPES = {
    getattr(pb, 'MESSAGE_TYPE_' + name): message
    for name, message in {
        'CLIENT_HELLO': pb.ClientHello, 'REQUEST': pb.Request, 'STATUS_QUERY': pb.StatusQuery,
        'ADMIN_COMMAND': pb.AdminCommand, 'DISTRIBUTOR_WELCOME': pb.DistributorWelcome, 'REFUSAL': pb.Refusal,
        'CLUSTER_STATUS': pb.ClusterStatus, 'ADMIN_REPLY': pb.AdminReply, 'COMPARATOR_WELCOME': pb.ComparatorWelcome,
        'DECISIONS': pb.Decisions, 'OBSERVATION_QUERY': pb.ObservationQuery,
        'OBSERVATION': pb.Observation}.items()}
TYPE_OF = {message: number for number, message in MESSAGE_TYPES.items()}


class Refused(Exception):
    """The only transmission of a request was refused, so the request was not applied."""


class NoAnswer(Exception):
    """The outcome is unknown."""


# ---- bytes

def frames_of(message):
    """Returns the header and the body. Flags and checksum may both be left zero."""
    return [struct.pack('<4sHHQ', b'TLY1', TYPE_OF[type(message)], 0, 0), message.SerializeToString()]


def message_of(frames):
    """Returns what a client understands of what it got, and None for anything else."""
    if len(frames) != 2 or len(frames[0]) != 16:
        return None
    magic, kind, _flags, _checksum = struct.unpack('<4sHHQ', frames[0])
    if magic != b'TLY1' or kind not in MESSAGE_TYPES:
        return None
    return MESSAGE_TYPES[kind].FromString(frames[1])


class Reader:
    def __init__(self, content):
        self.content = content
        self.place = 0

    def take(self, layout):
        values = struct.unpack_from('<' + layout, self.content, self.place)
        self.place += struct.calcsize('<' + layout)
        return values

    def text(self, size):
        self.place += size
        return self.content[self.place - size:self.place].decode()

    def operation(self):
        status, value = self.take('Bq')
        first_sequence = self.take('Q')[0] if status & HAS_FIRST_SEQUENCE else None
        detail = Detail(*self.take('qqQ')) if status & HAS_DETAIL else None
        listed = []
        if status & HAS_LIST:
            for _ in range(self.take('I')[0]):
                name = self.text(self.take('H')[0])
                listed.append((name, self.take('q')[0]))
        return OperationResult(status & STATUS, value, first_sequence, listed, detail)


def result_of(content, votes):
    """Decodes a request result, which is laid out as docs/protocol.md says."""
    reader = Reader(content)
    outcome, sequence, count = reader.take('BQI')
    operations = [reader.operation() for _ in range(count)]
    if reader.place != len(content):
        raise ValueError('more bytes than a request result has')
    return RequestResult(outcome, sequence, operations, votes)


def session_of(secret):
    """Returns the name of the session that this secret opens."""
    return hashlib.sha256(b'tally session' + secret).digest()[:16]


# ---- operations

def add(name, by=1, key=b'', **fields):
    return pb.Operation(kind=pb.OPERATION_KIND_ADD, name=to_bytes(name), value=by, idempotency_key=key, **fields)


def add_within(window_ms, name, by=1, key=b'', **fields):
    return add(name, by, key, expiry_kind=pb.EXPIRY_KIND_AFTER, expiry_ms=window_ms, **fields)


def get(name, **fields):
    return pb.Operation(kind=pb.OPERATION_KIND_GET, name=to_bytes(name), **fields)


def put(name, value, key=b'', **fields):
    return pb.Operation(kind=pb.OPERATION_KIND_SET, name=to_bytes(name), value=value, idempotency_key=key, **fields)


def expire(name, kind, milliseconds=0, **fields):
    return pb.Operation(kind=pb.OPERATION_KIND_EXPIRE, name=to_bytes(name), expiry_kind=kind, expiry_ms=milliseconds,
                        **fields)


def check(name, conditions, last_change=0, passes_over=0):
    return pb.Operation(kind=pb.OPERATION_KIND_CHECK, name=to_bytes(name), conditions=conditions, value=last_change,
                        limit=passes_over)


def remove(name, key=b''):
    return pb.Operation(kind=pb.OPERATION_KIND_REMOVE, name=to_bytes(name), idempotency_key=key)


def list_counters(prefix='', after='', limit=100):
    return pb.Operation(kind=pb.OPERATION_KIND_LIST, name=to_bytes(prefix), after=to_bytes(after), limit=limit)


def scan(cursor=0, limit=100):
    return pb.Operation(kind=pb.OPERATION_KIND_SCAN, value=cursor, limit=limit)


def count_counters():
    return pb.Operation(kind=pb.OPERATION_KIND_COUNT)


def to_bytes(name):
    return name if isinstance(name, bytes) else name.encode()


# ---- the client

class NativeClient:
    def __init__(self, distributor, comparator, timeout=20):
        self.timeout = timeout
        self.context = zmq.Context()
        routing_id = secrets.token_bytes(16)
        self.distributor = self._connect(distributor, routing_id)
        self.comparator = self._connect(comparator, routing_id)
        self.poller = zmq.Poller()
        for dealer in (self.distributor, self.comparator):
            self.poller.register(dealer, zmq.POLLIN)
        self.incarnation = secrets.randbits(64)
        self.term = self.comparator_incarnation = None
        self.secret = None
        self.next_number = 1
        self.acknowledged = 0
        # {(session, number): its RequestResults, in the order in which they came}.
        self.decisions = {}
        self.refusals = []
        self.replies = {}  # {number of a query: its ClusterStatus or AdminReply}
        self.queries = 0

    def _connect(self, endpoint, routing_id):
        dealer = self.context.socket(zmq.DEALER)
        dealer.setsockopt(zmq.ROUTING_ID, routing_id)
        dealer.setsockopt(zmq.PROBE_ROUTER, 1)
        dealer.setsockopt(zmq.IMMEDIATE, 1)
        dealer.setsockopt(zmq.LINGER, 0)
        dealer.connect(endpoint)
        return dealer

    def __enter__(self):
        self.say_hello()
        return self

    def __exit__(self, *_):
        self.context.destroy(linger=200)

    @staticmethod
    def _send(dealer, message):
        """Sends a message. While there is no connection, a message is as good as lost."""
        try:
            dealer.send_multipart(frames_of(message), zmq.DONTWAIT)
        except zmq.Again:
            pass

    # -- what comes in

    def pump(self, seconds):
        """Takes in what has come, and waits at most so long for the first of it."""
        for dealer, _ in self.poller.poll(max(0, int(seconds * 1000))):
            while True:
                try:
                    self._take(message_of(dealer.recv_multipart(zmq.DONTWAIT)))
                except zmq.Again:
                    break

    def _take(self, message):
        if isinstance(message, pb.DistributorWelcome):
            self.term = max(self.term or 0, message.term)
        elif isinstance(message, pb.ComparatorWelcome):
            self.comparator_incarnation = message.incarnation
        elif isinstance(message, pb.Refusal):
            self.refusals.append(message)
        elif isinstance(message, (pb.ClusterStatus, pb.AdminReply, pb.Observation)):
            self.replies[message.number] = message
        elif isinstance(message, pb.Decisions):
            for decision in message.decisions:
                key = (decision.session, decision.number)
                self.decisions.setdefault(key, []).append(result_of(decision.result, decision.votes))

    def wait(self, condition, what, again=lambda: None, pauses=(HELLO_SECONDS, HELLO_SECONDS)):
        """Waits until condition() is true. Meanwhile it calls again(), with growing pauses."""
        end = time.monotonic() + self.timeout
        pause, longest = pauses
        next_time = time.monotonic() + pause
        while not condition():
            now = time.monotonic()
            if now >= end:
                raise NoAnswer(what)
            if now >= next_time:
                again()
                pause = min(pause * 2, longest)
                next_time = now + pause
            self.pump(min(end, next_time) - now)

    # -- protocol

    def say_hello(self):
        def hello():
            for dealer in (self.distributor, self.comparator):
                self._send(dealer, pb.ClientHello(incarnation=self.incarnation))
        hello()
        self.wait(lambda: self.term is not None and self.comparator_incarnation is not None, 'welcomes', hello)

    def transmit(self, request):
        """Sends a request and waits for its decision. Until that comes, it sends the request again
        under the same number."""
        key = (session_of(request.secret), request.number)
        self.decisions.pop(key, None)
        self.refusals.clear()
        known = [self.term, self.comparator_incarnation]

        def send():
            request.attempt += 1
            self._send(self.distributor, request)

        def is_over():
            if known != [self.term, self.comparator_incarnation]:
                known[:] = [self.term, self.comparator_incarnation]
                send()
            refused = {refusal.attempt for refusal in self.refusals if refusal.number == request.number}
            if len(refused) == request.attempt:
                raise Refused(pb.RefusalReason.Name(self.refusals[-1].reason))
            return key in self.decisions

        send()
        self.wait(is_over, f'request {request.number}', send, RETRY_SECONDS)
        return self.decisions[key][0]

    def open_session(self):
        self.secret = secrets.token_bytes(16)
        request = pb.Request(kind=pb.REQUEST_KIND_OPEN_SESSION, secret=self.secret, result_limit=13)
        result = self.transmit(request)
        if result.outcome != SESSION_OPENED:
            raise Refused(f'no session: outcome {result.outcome}')
        self.next_number, self.acknowledged = 1, 0
        return result

    def close_session(self):
        return self.transmit(self.request(kind=pb.REQUEST_KIND_CLOSE_SESSION))

    def request(self, operations=(), number=None, **fields):
        """Returns the session's next request, or one with any number and fields that a test asks
        for. `operations` are a list, or the bytes of one."""
        if number is None:
            number = self.next_number
            self.next_number += 1
        defaults = {'kind': pb.REQUEST_KIND_OPERATIONS, 'secret': self.secret, 'acknowledged': self.acknowledged,
                    'result_limit': MOST_RESULT_BYTES}
        encoded = operations if isinstance(operations, bytes) else pb.Operations(operations=operations).SerializeToString()
        defaults['operations'] = encoded
        return pb.Request(number=number, **{**defaults, **fields})

    def execute(self, operations, **fields):
        """Executes operations in the session's next request. The request after it will acknowledge
        it."""
        request = self.request(operations, **fields)
        result = self.transmit(request)
        self.acknowledged = request.number
        return result

    def one(self, operation, **fields):
        return self.execute([operation], **fields).operations[0]

    def ask(self, query):
        """Returns the answer to a StatusQuery, an AdminCommand or an ObservationQuery."""
        self.queries += 1
        query.number = self.queries
        self._send(self.comparator if isinstance(query, pb.ObservationQuery) else self.distributor, query)
        self.wait(lambda: query.number in self.replies, 'a reply')
        return self.replies.pop(query.number)

    def status(self):
        return self.ask(pb.StatusQuery())

    def observe(self, record=0):
        return self.ask(pb.ObservationQuery(record=record))


def main(arguments):
    try:
        distributor, comparator, command, *rest = arguments
        operation = {
            'incr': lambda name, by='1': add(name, int(by)), 'get': get, 'set': lambda name, value: put(name, int(value)),
            'delete': remove, 'list': list_counters, 'status': lambda: None}[command](*rest)
    except (KeyError, TypeError, ValueError):
        sys.exit(__doc__)
    with NativeClient(distributor, comparator) as client:
        if operation is None:
            print(client.status())
            return 0
        client.open_session()
        result = client.one(operation, read_only=command in ('get', 'list'))
        client.close_session()
    for name, value in result.listed:
        print(f'{name}\t{value}')
    if command != 'list' and result.status == OK:
        print(result.value)
    return 0 if result.status == OK else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
