# SPDX-License-Identifier: Apache-2.0
"""What may come by the bridge's port: strangers, and strangers' web pages in the browsers of honest
people."""

import itertools
import json
import random
import secrets

import zmtp
from attacks import attack

SEED = 20261128
ANSWER_SECONDS = 5
IDLE_CONNECTIONS = 10_000
SOMEBODY_NEW = '127.0.0.3'


def open_http(target):
    return zmtp.Peer(zmtp.open_socket(target.http))


def request(method, path, fields=(), body=b'', host='localhost'):
    lines = [f'{method} {path} HTTP/1.1', f'Host: {host}',
             *(f'{name}: {value}' for name, value in fields)]
    if body or method in ('POST', 'PUT'):
        lines.append(f'Content-Length: {len(body)}')
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


def answer_to(target, data, source=None):
    """Returns (status, body) of one request on a connection of its own from this address, or (0,
    b'') without an answer."""
    try:
        with zmtp.open_socket(target.http, source) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(data)
            text = b''
            while b'\r\n\r\n' not in text:
                more = connection.recv(65536)
                if not more:
                    return 0, b''
                text += more
            head, _, body = text.partition(b'\r\n\r\n')
            size = next((int(line.split(b':')[1]) for line in head.split(b'\r\n')
                         if line.lower().startswith(b'content-length')), 0)
            if data.startswith(b'HEAD'):
                size = 0
            while len(body) < size and (more := connection.recv(65536)):
                body += more
            return int(head.split()[1]), body
    except OSError:
        return 0, b''


def value_of(target, name):
    status, body = answer_to(target, request('GET', f'/v1/counters/{name}'))
    return json.loads(body)['value'] if status == 200 else 0


def see_readiness(target):
    for path in ('/livez', '/readyz'):
        if answer_to(target, request('GET', path), SOMEBODY_NEW)[0] != 200:
            target.found(f'{path} is not answered to somebody new')


# ---- connections

@attack('http', seconds=8, memory_mib=192)
def idle_connections(target):
    """10,000 connections of one address that stay idle."""
    held = []
    while target.running() and len(held) < IDLE_CONNECTIONS:
        try:
            held.append(open_http(target))
        except OSError:
            target.count('turned_away')
            target.wait(0.01)
    target.did['held'] = len(held)
    see_readiness(target)
    while target.running():
        see_readiness(target)
        target.wait(0.5)


@attack('http', seconds=8, memory_mib=96)
def slow_loris(target):
    """2,000 connections that send the head and the body of a request byte by byte."""
    data = request('POST', '/v1/counters/loris/increment', [('X-Slow', 'x' * 300)], b'{"by":1}')
    held = []
    for _ in range(2000):
        try:
            held.append(open_http(target))
        except OSError:
            target.count('turned_away')
    for place in itertools.cycle(range(len(data))):
        if not target.running():
            break
        for peer in list(held):
            try:
                peer.push(data[place:place + 1], 0)
                peer.drain()
            except zmtp.Closed:
                held.remove(peer)
                target.count('closed')
        target.wait(0.1)
    target.did['held'] = len(held)
    see_readiness(target)


@attack('http', seconds=6, memory_mib=96)
def pipelined_garbage(target):
    """Good requests, noise and halves of requests, one behind the other, on 50 connections that
    rarely read."""
    rng = random.Random(SEED)
    pieces = [request('GET', '/livez'), request('GET', '/v1/counters?limit=1000'),
              request('POST', '/v1/counters/%ff/increment'),
              request('POST', '/v1/counters/a/increment', body=b'[' * 60_000), b'\r\n' * 2000,
              rng.randbytes(4096),
              b'GET / HTTP/1.1\r\n' + b'X: y\r\n' * 20_000 + b'\r\n',
              b'GET ' + b'/' * 100_000 + b' HTTP/1.1\r\n\r\n',
              b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: '
              b'chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n',
              b'POST /v1/counters/a/increment HTTP/1.1\r\nHost: x\r\nContent-Length: '
              b'5\r\nContent-Length: 7\r\n\r\n{"by"',
              b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']
    peers = [open_http(target) for _ in range(50)]

    def batch():
        target.count('pieces', 4)
        return b''.join(rng.choices(pieces, k=4))
    target.flood(peers, batch, lambda: open_http(target))


@attack('http', seconds=6, memory_mib=128)
def unread_answers(target):
    """Pipelined lists for 200 connections that never read."""
    for number in range(300):
        name = f'unread-{number:03}-' + 'x' * 200
        answer_to(target, request('POST', f'/v1/counters/{name}/increment'))
    data = request('GET', '/v1/counters?limit=1000&prefix=unread') * 50
    peers = [open_http(target) for _ in range(200)]
    for peer in itertools.cycle(peers):
        if not target.running():
            return
        try:
            peer.push(b'' if peer.leaving else data, 0)
            target.count('requests', 50)
        except zmtp.Closed:
            target.count('closed')


@attack('http', seconds=6)
def expensive_reads(target):
    """Lists of a thousand counters, pipelined on 16 connections that read them."""
    data = request('GET', '/v1/counters?limit=1000') * 20
    peers = [open_http(target) for _ in range(16)]
    target.flood(peers, lambda: data, lambda: open_http(target))


@attack('http', seconds=5)
def cluster_flood(target):
    """The status of the group, and its health, pipelined on 32 connections."""
    data = (request('GET', '/v1/cluster') + request('GET', '/readyz')) * 20
    target.flood([open_http(target) for _ in range(32)], lambda: data, lambda: open_http(target))


# ---- keys

@attack('http', seconds=10, memory_mib=160)
def keys_by_http(target):
    """Increments with ever new Idempotency-Keys, pipelined on 64 connections of one address, whose
    share ends with 429, while somebody else's keys are accepted."""
    prefix = secrets.token_hex(4)
    peers = [open_http(target) for _ in range(64)]
    numbers = itertools.count()

    def batch():
        return b''.join(request('POST', '/v1/counters/keys/increment',
                                [('Idempotency-Key', f'{prefix}-{next(numbers)}')])
                        for _ in range(100))
    target.flood(peers, batch, lambda: open_http(target))
    target.did['keys'] = value_of(target, 'keys')
    keyed = request('POST', '/v1/counters/others/increment', [('Idempotency-Key', prefix)])
    if answer_to(target, keyed, SOMEBODY_NEW)[0] != 200:
        target.found('the key of another address is not taken')


# ---- browsers

@attack('http', seconds=4, short=2)
def pages_of_strangers(target):
    """Posts as a stranger's web page sends them, a host name that was bound to another address,
    prefetches and HEAD: nothing of it counts."""
    cross = ('Sec-Fetch-Site', 'cross-site')
    posts = {
        'Origin: null': [('Origin', 'null')],
        'another Origin': [('Origin', 'https://evil.example')],
        'cross-site': [cross],
        'a form': [('Content-Type', 'application/x-www-form-urlencoded'), cross],
        'a text': [('Content-Type', 'text/plain'), ('Origin', 'https://evil.example')],
        'a form of parts': [('Content-Type', 'multipart/form-data; boundary=x'),
                            ('Origin', 'null')],
        'a Blob without a type': [('Origin', 'https://evil.example'),
                                  ('Sec-Fetch-Mode', 'no-cors')]}
    for what, fields in posts.items():
        for body in (b'', b'{"by":5}'):
            must_not_count(target, what, 'POST', '/v1/counters/{}/increment', fields, body)
    must_not_count(target, 'a rebound Host', 'POST', '/v1/counters/{}/increment', [], b'',
                   'evil.example')
    for field in (('Sec-Purpose', 'prefetch'), ('Sec-Purpose', 'prefetch;prerender'),
                  ('Purpose', 'prefetch'),
                  ('X-Moz', 'prefetch')):
        must_not_count(target, f'{field[0]}: {field[1]}', 'GET', '/hit/{}', [field])
    must_not_count(target, 'HEAD', 'HEAD', '/hit/{}', [])
    see_readiness(target)
    answers = {host: answer_to(target,
                               request('POST', '/v1/counters/own/increment', [], host=host))[0]
               for host in ('localhost', '127.0.0.1', '[::1]')}
    if set(answers.values()) != {200}:
        target.found(f'who comes by an address or localhost does not count: {answers}')


def must_not_count(target, what, method, path, fields, body=b'', host='localhost'):
    name = 'page-' + secrets.token_hex(6)
    answer_to(target, request(method, path.format(name), fields, body, host))
    target.count('tries')
    if value_of(target, name) != 0:
        target.found(f'{what} counts')
