#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proxies in front of two bridges, with the configurations of docs/proxies.md. Usage:
proxies_test.py BIN_DIR [--all]

The proxies are nginx and haproxy; with --all also apache, caddy and varnish, which scripts/install
does not install.

Bridges are killed, hang, and are restarted one by one under load. With an Idempotency-Key nothing
is lost and nothing is counted twice; without one, nothing that was answered is. No proxy sends
again by itself what may have been counted.
"""

import collections
import http.client
import http.server
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

from group import ROOT, Group, free_port, titled_block, wait_until
from load import Load

BIN_DIR = None
PAGE = ROOT / 'docs' / 'proxies.md'
CLIENTS = 16
Program = collections.namedtuple('Program', 'path install')
PROGRAMS = {
    'nginx': Program('/usr/sbin/nginx', '`scripts/install test`'),
    'haproxy': Program('/usr/sbin/haproxy', '`scripts/install test`'),
    'apache': Program('/usr/sbin/apache2', '`apt-get install apache2`'),
    'caddy': Program('/usr/bin/caddy', '`apt-get install caddy`'),
    'varnish': Program('/usr/sbin/varnishd', '`apt-get install varnish`'),
}
NAMES = ['nginx', 'haproxy']


class Proxy:
    """Runs a proxy with the configuration on the page. Only the ports, and the places of files, are
    those of the test."""

    def __init__(self, name, bridges):
        self.name = name
        self.directory = tempfile.TemporaryDirectory(prefix='tally-test-')
        port = free_port()
        own = {'80': str(port)} | {str(8080 + place): str(urllib.parse.urlsplit(url).port)
                                   for place, url in enumerate(bridges)}
        text = re.sub(r'(127\.0\.0\.1|//):(\d+)', lambda found: f'{found.group(1)}:{own[found.group(2)]}',
                      titled_block(PAGE, f'{name}.conf'))
        self.url = f'http://127.0.0.1:{port}'
        command = getattr(self, name)(text, pathlib.Path(self.directory.name) / f'{name}.conf')
        self.log = open(pathlib.Path(self.directory.name) / 'log', 'w+', encoding='utf-8')
        self.process = subprocess.Popen([PROGRAMS[name].path, *command], stdout=self.log, stderr=self.log,
                                        env={**os.environ, 'HOME': self.directory.name})

    # ---- what each is started with

    def nginx(self, text, file):
        places = ''.join(f'{kind}_temp_path {self.directory.name}/{kind};'
                         for kind in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        file.write_text(f'daemon off; pid {self.directory.name}/pid; error_log stderr; events {{}}\n'
                        f'http {{ access_log off; {places}\n{text}}}\n')
        return ['-c', file]

    def haproxy(self, text, file):
        file.write_text(text)
        return ['-db', '-f', file]

    def apache(self, text, file):
        wanted = re.search('^# a2enmod (.*)', text).group(1).split()
        file.write_text(f'ServerRoot {self.directory.name}\nDefaultRuntimeDir {self.directory.name}\n'
                        f'PidFile {self.directory.name}/pid\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n'
                        + '\n'.join(loads_of_apache(['mpm_event', 'authz_core', *wanted])) + f'\n{text}')
        return ['-DFOREGROUND', '-f', file]

    def caddy(self, text, file):
        file.write_text(text)
        return ['run', '--adapter', 'caddyfile', '--config', file]

    def varnish(self, text, file):
        file.write_text(text)
        arguments = re.search('^# varnishd (.*)', text).group(1).replace('/etc/varnish/varnish.conf', str(file))
        return ['-F', '-j', 'none', '-n', file.parent, *arguments.split()]

    # ----

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


def loads_of_apache(modules):
    """Returns the lines by which Debian's a2enmod loads these modules, each after those on which it
    depends."""
    lines = {}
    for module in modules:
        text = pathlib.Path(f'/etc/apache2/mods-available/{module}.load').read_text()
        depends = re.search('^# Depends: (.*)', text, re.MULTILINE)
        before = loads_of_apache(depends.group(1).split()) if depends else []
        lines |= dict.fromkeys([*before, *re.findall('^LoadModule.*', text, re.MULTILINE)])
    return list(lines)


class Proxied(unittest.TestCase):
    def setUp(self):
        missing = [PROGRAMS[name] for name in NAMES if not os.access(PROGRAMS[name].path, os.X_OK)]
        self.assertFalse(missing, '; '.join(f'{program.path} is not there: {program.install}' for program in missing))


class DyingBridge(http.server.ThreadingHTTPServer):
    """Answers requests that change nothing. At a request that counts, sets or deletes, it closes
    the connection without a word, as a bridge does that is killed after the operation has left it.
    """

    daemon_threads = True

    def __init__(self):
        self.arrived = []  # (method, path, headers, whether the connection had been used before)
        super().__init__(('127.0.0.1', 0), DyingBridge.Handler)
        self.url = f'http://127.0.0.1:{self.server_port}'
        self.thread = threading.Thread(target=self.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def handle_error(self, *_):
        pass  # a proxy that has ended

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        was_used = False

        def answer(self):
            self.rfile.read(int(self.headers.get('Content-Length', 0)))
            self.server.arrived.append((self.command, self.path, self.headers, self.was_used))
            self.was_used = True
            if self.path.startswith('/hit/') or self.command in ('POST', 'PUT', 'DELETE'):
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header('Content-Length', '0')
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, *_):
            pass


class Repetitions(Proxied):
    def test_what_changes_a_counter_is_never_sent_again(self):
        for name in NAMES:
            with (self.subTest(proxy=name), DyingBridge() as one, DyingBridge() as two,
                  Proxy(name, [one.url, two.url]) as proxy):
                was_reused = False
                for method, path, body in (('GET', '/hit/{}', None), ('HEAD', '/hit/{}', None),
                                           ('POST', '/v1/counters/{}/increment', None),
                                           ('POST', '/v1/counters/{}/increment', b'{"by":5}'),
                                           ('PUT', '/v1/counters/{}', b'{"value":1000}'),
                                           ('DELETE', '/v1/counters/{}', None)):
                    for _ in range(4):
                        target = path.format(secrets.token_hex(8))
                        self.send(proxy, method, target, body)
                        came = [each for each in one.arrived + two.arrived if each[1] == target]
                        self.assertEqual([each[0] for each in came], [method], f'{method} {target}')
                        self.assertIsNone(came[0][2]['Forwarded'])
                        was_reused = was_reused or came[0][3]
                        forwarded_for = ','.join(came[0][2].get_all('X-Forwarded-For'))
                        self.assertEqual(forwarded_for.rpartition(',')[2].strip(), '127.0.0.1')
                # With the page's configuration, varnish opens a new connection for each request.
                self.assertEqual(was_reused, name != 'varnish')

    def test_what_is_read_is_asked_for_each_time(self):
        for name in NAMES:
            with (self.subTest(proxy=name), DyingBridge() as one, DyingBridge() as two,
                  Proxy(name, [one.url, two.url]) as proxy):
                for _ in range(4):
                    urllib.request.urlopen(proxy.url + '/v1/counters/home', timeout=10).close()
                came = [each for each in one.arrived + two.arrived if each[1] == '/v1/counters/home']
                self.assertEqual([each[0] for each in came], ['GET'] * 4)

    @staticmethod
    def send(proxy, method, target, body):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(proxy.url).netloc, timeout=10)
        headers = {'Forwarded': 'for=192.0.2.1', 'X-Forwarded-For': '192.0.2.2'}
        for _ in range(4):  # so that there are connections to the bridges
            connection.request('GET', '/livez')
            connection.getresponse().read()
        try:
            connection.request(method, target, body=body, headers=headers)
            connection.getresponse().read()
        except http.client.RemoteDisconnected:
            pass  # haproxy and apache end the connection in this way
        connection.close()


class Faults(Proxied):
    def setUp(self):
        super().setUp()
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

    def test_faults_of_bridges_behind_a_proxy_lose_nothing(self):
        print('| proxy | fault | key | answered | lost | twice | not answered | errors seen | '
              'nobody had an answer for, ms | one client, ms |')
        urls = [bridge['http'] for bridge in self.group.endpoints()['bridges']]
        for name in NAMES:
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
        report = load.report()
        lost, excess = load.lost(self.group)
        open_ones = [one for one in load.all() if one.outcome != 'answered']
        errors = sorted({f'{one.status or "closed"}{", not applied" * (one.outcome == "refused")}' for one in open_ones})
        print(f'| {proxy.name} | {fault.__name__} | {"yes" if keyed else "no"} | {report["answered"]} | {lost} | '
              f'{report["twice"] + excess} | {len(open_ones)} | {"; ".join(errors)} | '
              f'{load.longest_gap(began, ended) * 1000:.0f} | '
              f'{load.longest_gap_of_a_client(began, ended) * 1000:.0f} |', flush=True)
        load.check(self.group)
        if keyed or fault == self.restart:
            self.assertEqual(len(open_ones), 0, errors)


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    if '--all' in sys.argv:
        sys.argv.remove('--all')
        NAMES = list(PROGRAMS)
    unittest.main()
