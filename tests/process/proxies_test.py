#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nginx and haproxy before two bridges, with the configurations of docs/proxies.md: proxies_test.py BIN_DIR

Bridges are killed, hang, and are restarted one by one under load. With an Idempotency-Key nothing is lost and nothing
counted twice; without one nothing that was answered is.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

from group import Group, wait_until
from load import Load

BIN_DIR = None
PAGE = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'proxies.md'
CLIENTS = 16


def example_of(name):
    """The block of the page that is said to be this file."""
    return re.search(rf'```\w* title={re.escape(name)}\n(.*?)```', PAGE.read_text(), re.DOTALL).group(1)


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


class Proxy:
    """Runs one with the page's configuration, of which only the ports, and where files go, are the test's."""

    def __init__(self, name, bridges):
        self.directory = tempfile.TemporaryDirectory(prefix='tally-test-')
        port = free_port()
        own = {80: f'127.0.0.1:{port}'} | {8080 + place: urllib.parse.urlsplit(url).netloc
                                           for place, url in enumerate(bridges)}
        text = re.sub(r'127\.0\.0\.1:(\d+)', lambda found: own[int(found.group(1))], example_of(f'{name}.conf'))
        file = pathlib.Path(self.directory.name) / f'{name}.conf'
        self.url = f'http://127.0.0.1:{port}'
        if name == 'nginx':
            places = ''.join(f'{kind}_temp_path {self.directory.name}/{kind};'
                             for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
            file.write_text(f'daemon off; pid {self.directory.name}/pid; error_log stderr; events {{}}\n'
                            f'http {{ access_log off; {places}\n{text}}}\n')
            command = ['/usr/sbin/nginx', '-c', file]
        else:
            file.write_text(text)
            command = ['/usr/sbin/haproxy', '-db', '-f', file]
        self.log = open(pathlib.Path(self.directory.name) / 'log', 'w+', encoding='utf-8')
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)

    def serves(self):
        try:
            with urllib.request.urlopen(self.url + '/readyz', timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def __enter__(self):
        try:
            wait_until(self.serves, 'the proxy serves')
        except AssertionError:
            self.log.seek(0)
            print(self.log.read(), file=sys.stderr)
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.directory.cleanup()


class Proxies(unittest.TestCase):
    def setUp(self):
        for program in ('/usr/sbin/nginx', '/usr/sbin/haproxy'):
            self.assertTrue(os.access(program, os.X_OK), f'{program} is not there; `scripts/install test`')
        self.group = self.enterContext(Group(BIN_DIR, '--bridges', '2'))
        self.group.wait_all_vote()

    def kill(self, role):
        pid = self.group.pid(role)
        os.kill(pid, signal.SIGKILL)
        self.group.wait_new_pid(role, pid)

    def hang(self, role):
        pid = self.group.pid(role)
        os.kill(pid, signal.SIGSTOP)  # the watchdog ends it
        self.group.wait_new_pid(role, pid)

    def restart(self, role):
        self.group.tally('restart', role)

    def test_faults_of_bridges(self):
        urls = [bridge['http'] for bridge in self.group.endpoints()['bridges']]
        for name in ('nginx', 'haproxy'):
            with Proxy(name, urls) as proxy:
                for fault in (self.kill, self.hang, self.restart):
                    for keyed in (True, False):
                        with self.subTest(proxy=name, fault=fault.__name__, keyed=keyed):
                            self.under_load(proxy, fault, keyed)

    def under_load(self, proxy, fault, keyed):
        with Load(proxy.url, clients=CLIENTS, keyed=keyed, pause=0.005) as load:
            wait_until(lambda: load.answered_count() > CLIENTS * 4, 'load is answered')
            began = time.monotonic()
            for role in ('bridge', 'bridge-2'):
                fault(role)
                wait_until(lambda: proxy.serves() and self.group.run('wait', '--state', 'ok').returncode == 0, 'it is ok')
                seen = load.answered_count()
                wait_until(lambda: load.answered_count() > seen + CLIENTS * 4, 'load is answered again')
            ended = time.monotonic()
        report = load.check(self.group)
        statuses = sorted({str(one.status) for one in load.all() if one.outcome != 'answered'})
        print(f'| {fault.__name__} | {"yes" if keyed else "no"} | {report["answered"]} | {report["refused"]} | '
              f'{report["unknown"]} | {", ".join(statuses)} | {load.longest_gap(began, ended) * 1000:.0f} |')
        if keyed:
            self.assertEqual(report['unknown'] + report['refused'], 0)
        if fault == self.restart:
            self.assertEqual(report['unknown'] + report['refused'], 0)


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    unittest.main()
