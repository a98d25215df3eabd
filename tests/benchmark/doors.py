# SPDX-License-Identifier: Apache-2.0
"""How a client of increments.py counts with tally or Redis (RESP), and with etcd (its JSON
gateway)."""

import base64
import http.client
import json
import pathlib
import sys
import time

from increments import ANSWER_SECONDS, Refused, Unknown

sys.path.append(str(pathlib.Path(__file__).parent.parent / 'redis'))
from resp import Closed, Connection, encode  # noqa: E402  pylint: disable=wrong-import-position

# Whom to count with is asked for, and checked, without any effect, so this may be given up sooner.
FIND_SECONDS = 0.2
# Errors that say that nothing was applied. All but TRYAGAIN, which is tally's, are Redis's.
NOT_APPLIED = (b'-TRYAGAIN ', b'-READONLY ', b'-NOREPLICAS ', b'-LOADING ', b'-MASTERDOWN ', b'-MISCONF ')


class RespDoor:
    """Counts with INCR. `find` returns the address to connect to, or raises Refused. With `copies`
    an increment is answered when so many replicas have it, by WAIT."""

    def __init__(self, find, copies=0):
        self.find = find
        self.copies = copies
        self.connection = None

    def increment(self, counter):
        commands = [[b'INCR', counter.encode()]]
        if self.copies:
            commands.append([b'WAIT', b'%d' % self.copies, b'%d' % (1000 * ANSWER_SECONDS)])
        value, *copies = self._ask(commands)
        if copies and int(copies[0].value) < self.copies:
            raise Unknown('too few replicas have it')
        return int(value.value)

    def read(self, counter):
        try:
            return int(self._ask([[b'GET', counter.encode()]])[0].value or 0)
        except Unknown as unknown:
            raise Refused(str(unknown)) from unknown

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _ask(self, commands):
        """Returns the replies. Everything but good ones ends the connection, since it may be with
        the wrong server."""
        if self.connection is None:
            self.connection = connect(self.find())
        self.connection.send(b''.join(map(encode, commands)), ANSWER_SECONDS)
        until = time.monotonic() + ANSWER_SECONDS
        replies = []
        for _ in commands:
            reply = self.connection.read(until - time.monotonic())
            if reply.kind not in (':', '$'):
                self.close()
                raise (Refused if reply.raw.startswith(NOT_APPLIED) else Unknown)(reply.raw or reply.kind)
            replies.append(reply)
        return replies


def connect(address):
    try:
        return Connection(address)
    except OSError as error:
        raise Refused(str(error)) from error


class Sentinels:
    """Finds the primary as Redis's guideline for clients says: ask one sentinel after the other,
    connect, and make sure by ROLE that this is a primary."""

    def __init__(self, ports, name):
        self.ports = ports
        self.name = name

    def __call__(self):
        for port in self.ports:
            reply = told(('127.0.0.1', port), 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', self.name)
            if reply is not None and reply.kind == '*' and reply.value:
                host, port = (item.value.decode() for item in reply.value)
                role = told((host, int(port)), 'ROLE')
                if role is not None and role.kind == '*' and role.value[0].value == b'master':
                    return host, int(port)
                raise Refused('the server that the sentinel named is no primary')
        raise Refused('no sentinel tells the primary')


def told(address, *command, seconds=FIND_SECONDS):
    """Asks a server over a connection of its own. Returns None if nobody is there."""
    try:
        connection = Connection(address)
    except (OSError, Closed):
        return None
    with connection:
        connection.send(encode([str(word).encode() for word in command]), seconds)
        return connection.read(seconds)


class EtcdDoor:
    """Counts as etcd's own transactions in clients do (STM): a linearizable read, and then a write
    that succeeds only if the key's revision is still what was read. It stays with one member until
    that fails it, and then takes the one whose last failure is the longest ago."""

    def __init__(self, ports, home):
        self.ports = ports[home:] + ports[:home]
        self.failed = {}
        self.port = self.connection = None
        self.close()

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None
        self.failed = {port: float(place) - len(self.ports) for place, port in enumerate(self.ports)}

    def read(self, counter):
        return self._find(counter)[0]

    def increment(self, counter):
        while True:
            value, revision = self._find(counter)
            key = coded(counter)
            try:
                answer = self._ask('/v3/kv/txn', {
                    'compare': [{'key': key, 'target': 'MOD', 'result': 'EQUAL', 'mod_revision': revision}],
                    'success': [{'request_put': {'key': key, 'value': coded(str(value + 1))}}]})
            except ConnectionRefusedError as error:
                raise Refused(str(error)) from error
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise Unknown(str(error)) from error
            if answer.get('succeeded'):
                return value + 1

    def _find(self, counter):
        """Returns the value and its revision."""
        try:
            found = self._ask('/v3/kv/range', {'key': coded(counter)}).get('kvs')
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Refused(str(error)) from error
        if not found:
            return 0, 0
        return int(base64.b64decode(found[0]['value'])), int(found[0]['mod_revision'])

    def _ask(self, path, body):
        """Raises OSError, HTTPException or ValueError without a good answer."""
        if self.connection is None:
            self.port = min(self.ports, key=self.failed.get)
            self.connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=ANSWER_SECONDS)
        try:
            self.connection.request('POST', path, json.dumps(body))
            response = self.connection.getresponse()
            text = response.read()
            if response.status != 200:
                raise ValueError(text.decode(errors='replace'))
            return json.loads(text)
        except (OSError, http.client.HTTPException, ValueError):
            self.failed[self.port] = time.monotonic()
            self.connection.close()
            self.connection = None
            raise


def coded(text):
    return base64.b64encode(text.encode()).decode()
