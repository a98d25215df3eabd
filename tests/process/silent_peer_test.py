#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A connection that libzmq has given up is made anew (law 23). Usage: silent_peer_test.py BIN_DIR
"""

import json
import pathlib
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from group import Group, clean_environment, wait_until
from load import Load

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
# The head of a ZMTP frame of 3 MiB. That is more than any channel takes, and ends its connection
# for good.
TOO_LARGE = b'\x02' + struct.pack('>Q', 3 << 20)
HEALED_SECONDS = 15


class Relay:
    """Stands between one daemon and an ipc endpoint. It passes everything on, and can say something
    of its own."""

    def __init__(self, directory, target):
        self.path = f'{directory}/{pathlib.Path(target).name}'
        self.target = target
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.server, selectors.EVENT_READ)
        self.other_side = {}
        self.callers = set()
        self.accepted = 0
        self.stopping = False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def close(self):
        self.stopping = True
        self.thread.join()
        for connection in [*self.other_side, self.server]:
            connection.close()
        self.selector.close()

    def _run(self):
        while not self.stopping:
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.server:
                    self._accept()
                elif key.fileobj in self.other_side:
                    self._pass_on(key.fileobj)

    def _accept(self):
        caller, _ = self.server.accept()
        callee = socket.socket(socket.AF_UNIX)
        try:
            callee.connect(self.target)
        except OSError:
            caller.close()
            callee.close()
            return
        self.other_side.update({caller: callee, callee: caller})
        self.callers.add(caller)
        self.accepted += 1
        for connection in (caller, callee):
            self.selector.register(connection, selectors.EVENT_READ)

    def _pass_on(self, connection):
        other = self.other_side[connection]
        try:
            content = connection.recv(1 << 16)
            if content:
                other.sendall(content)
                return
        except OSError:
            pass
        for end in (connection, other):
            self.selector.unregister(end)
            del self.other_side[end]
            self.callers.discard(end)
            end.close()

    def say(self, content):
        """Says this to whoever has connected, between what is passed on."""
        for caller in list(self.callers):
            try:
                caller.sendall(content)
            except OSError:
                pass


class SilentPeers(unittest.TestCase):
    def relay(self, target):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix='tally-relay-'))
        relay = Relay(directory, str(target))
        self.addCleanup(relay.close)
        return relay

    def start(self, program, text, *arguments):
        """Starts a daemon by hand. `text` is its configuration."""
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='tally-daemon-')))
        file = directory / 'tally.toml'
        file.write_text(text)
        daemon = subprocess.Popen([BIN_DIR / program, '--config', file, '--log', directory / 'log', *arguments],
                                  env=clean_environment())
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        return daemon

    def test_a_bridge_that_got_too_large_a_message_is_healthy_again_by_itself(self):
        group = self.enterContext(Group(BIN_DIR))
        run = group.data / 'run'
        relays = [self.relay(run / 'distributor-bridge.sock'), self.relay(run / 'comparator-bridge.sock')]
        port = free_port()
        text = (run / 'tally.toml').read_text()
        for relay in relays:
            self.assertIn(f'ipc://{relay.target}', text)
            text = text.replace(f'ipc://{relay.target}', f'ipc://{relay.path}')
        lines = [line for line in text.splitlines() if not line.startswith('http_port ')]
        bridge = self.start('tally-bridge', '\n'.join([*lines, f'http_port = {port}']))
        url = f'http://127.0.0.1:{port}'
        wait_until(lambda: status_of(url + '/readyz') == 200, 'the bridge is ready')
        with Load(url, clients=2, timeout=5) as load:
            for relay in relays:
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + 100, 'load is answered')
                before = relay.accepted
                relay.say(TOO_LARGE)
                wait_until(lambda: relay.accepted > before, 'it connects anew', HEALED_SECONDS)
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + 100, 'load is answered again', HEALED_SECONDS)
                wait_until(lambda: status_of(url + '/readyz') == 200, 'the bridge is ready again', HEALED_SECONDS)
        self.assertIsNone(bridge.poll())
        load.check(group)

    def test_a_replica_that_got_too_large_a_message_votes_again_by_itself(self):
        data = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='tally-data-')))
        text = f'data = "{data}"\n'
        subprocess.run([BIN_DIR / 'tally', 'init', '--data', data], env=clean_environment(), timeout=60, check=True)
        self.start('tally-distributor', text)
        self.start('tally-comparator', text)
        for number in ('2', '3'):
            self.start('tally-replica', text, '--id', number)
        relays = [self.relay(data / 'run' / name) for name in ('orders.sock-1', 'votes.sock-1')]
        for key, relay in zip(('distributor_replica_endpoint', 'comparator_replica_endpoint'), relays):
            text += f'{key} = "ipc://{relay.path.removesuffix("1")}"\n'
        replica = self.start('tally-replica', text, '--id', '1')

        def tally(*arguments):
            command = [BIN_DIR / 'tally', *arguments, '--connect', data]
            return subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=60,
                                  check=False)

        def votes():
            answer = tally('status', '--json')
            first = json.loads(answer.stdout)['replicas'][0] if answer.returncode == 0 else {'state': ''}
            return first['votes'] if first['state'] == 'voting' else 0
        wait_until(lambda: votes() > 0, 'replica 1 votes', 60)
        for relay in relays:
            before = relay.accepted
            relay.say(TOO_LARGE)
            wait_until(lambda: relay.accepted > before, 'it connects anew', HEALED_SECONDS)
            wait_until(lambda: votes() > 0, 'replica 1 is a voter again', 60)
            seen = votes()
            wait_until(lambda: votes() > seen, 'it votes', 60)
            self.assertEqual(tally('incr', 'home').returncode, 0)
        self.assertIsNone(replica.poll())


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as one:
        return one.getsockname()[1]


if __name__ == '__main__':
    unittest.main(verbosity=2)
