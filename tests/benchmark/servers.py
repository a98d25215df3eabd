# SPDX-License-Identifier: Apache-2.0
"""What is measured, as servers that live inside a `with` block. They are in a temporary directory
and on free loopback ports. They are ready when the block begins, and gone when it ends, however it
ends. Each has `places`: what the command of a load needs to find it.
"""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'process'))
from group import Group, wait_until  # noqa: E402

READY_SECONDS = 30
STOP_SECONDS = 3  # then it is killed, since it has nothing to lose
CONSTANT_ANSWER = '{"name":"home","value":42,"sequence":120346,"votes":2}'
DIE_WITH_PARENT = ('setpriv', '--pdeathsig', 'KILL', '--')


def free_ports(count):
    """Returns ports, all different, on which nobody listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(('127.0.0.1', 0))
        return [one.getsockname()[1] for one in sockets]


class Servers:
    """Some processes in one temporary directory. A subclass starts them in launch()."""

    stop_seconds = STOP_SECONDS

    def __init__(self):
        self.directory = None
        self.processes = []
        self.started = {}  # name: what was started last under it, and how
        self.places = {}

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='tally-bench-'))
        self.places = {'directory': self.directory}
        try:
            self.launch()
        except BaseException:
            self.print_logs()
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(self.stop_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def launch(self):
        raise NotImplementedError

    def spawn(self, name, *command):
        with open(self.directory / f'{name}.log', 'ab') as log:
            process = subprocess.Popen([str(word) for word in (*DIE_WITH_PARENT, *command)], stdout=log, stderr=log,
                                       cwd=self.directory)
        self.processes.append(process)
        self.started[name] = process, command

    def spawn_again(self, name, *more):
        """Starts once more what has ended, with more arguments."""
        old, command = self.started[name]
        old.wait(STOP_SECONDS)
        self.processes.remove(old)
        self.spawn(name, *command, *more)

    def wait_ready(self, condition, what):
        def ready():
            if any(process.poll() is not None for process in self.processes):
                raise AssertionError(f'{what} ended before it was ready')
            try:
                return condition()
            except (OSError, http.client.HTTPException, ValueError):
                return False
        wait_until(ready, f'{what} is ready', READY_SECONDS)

    def print_logs(self, lines=20):
        for path in sorted(self.directory.glob('*.log')):
            text = path.read_text(errors='replace').splitlines()[-lines:]
            print(f'---- {path.name}', *text, sep='\n', file=sys.stderr)


class Nothing(Servers):
    """For a load that brings its own servers."""

    def launch(self):
        pass


class Tally(Group):
    """A fresh group with so many replicas. The `arguments` go to `tally up`."""

    def __init__(self, bin_dir, *arguments, replicas=3):
        super().__init__(bin_dir, '--replicas', replicas, *arguments)

    @property
    def places(self):
        endpoints = self.endpoints()
        places = {'directory': self.temporary, 'data': self.data, 'url': endpoints['http']}
        if 'resp' in endpoints and accepts(int(endpoints['resp'].rpartition(':')[2])):
            places['port'] = endpoints['resp'].rpartition(':')[2]
        return places


def accepts(port):
    try:
        with socket.create_connection(('127.0.0.1', port), 1):
            return True
    except OSError:
        return False


class Redis(Servers):
    """redis-server. `fsync` is the appendfsync of its append-only file; with None it keeps nothing
    on disk."""

    def __init__(self, fsync=None, replicas=0):
        super().__init__()
        self.fsync = fsync
        self.replicas = replicas

    def launch(self):
        ports = free_ports(1 + self.replicas)
        self.places['port'] = ports[0]
        for place, port in enumerate(ports):
            directory = self.directory / str(place)
            directory.mkdir()
            command = ['redis-server', '--bind', '127.0.0.1', '--port', port, '--dir', directory, '--save', '']
            if self.fsync:
                command += ['--appendonly', 'yes', '--appendfsync', self.fsync]
            if place > 0:
                command += ['--replicaof', '127.0.0.1', ports[0]]
            elif self.replicas:
                command += ['--repl-diskless-sync-delay', '0']
            self.spawn(f'redis-{place}', *command)
        self.wait_ready(lambda: 'PONG' in ask_redis(ports[0], 'PING'), 'redis-server')
        self.wait_ready(lambda: ask_redis(ports[0], 'INFO replication').count('state=online') == self.replicas,
                        'the replication of redis-server')


def ask_redis(port, command):
    """Sends one inline command that is answered in one packet."""
    with socket.create_connection(('127.0.0.1', port), 2) as connection:
        connection.settimeout(2)
        connection.sendall(command.encode() + b'\r\n')
        return connection.recv(65536).decode(errors='replace')


class Etcd(Servers):
    """Three members with their defaults: each put is synced by a majority before it is answered.
    Each gets the `flags` too."""

    def __init__(self, *flags):
        super().__init__()
        self.flags = flags

    def launch(self):
        members = 3
        ports = free_ports(2 * members)
        clients, peers = ports[:members], ports[members:]
        cluster = ','.join(f'm{place}=http://127.0.0.1:{port}' for place, port in enumerate(peers))
        for place in range(members):
            client, peer = f'http://127.0.0.1:{clients[place]}', f'http://127.0.0.1:{peers[place]}'
            self.spawn(f'etcd-{place}', 'etcd', '--name', f'm{place}', '--data-dir', self.directory / f'm{place}',
                       '--listen-client-urls', client, '--advertise-client-urls', client,
                       '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer,
                       '--initial-cluster', cluster, '--initial-cluster-state', 'new',
                       '--log-level', 'error', '--logger', 'zap', *self.flags)
        self.wait_ready(lambda: all(get_json(port, '/health')['health'] == 'true' for port in clients), 'etcd')
        self.places['ports'] = clients
        self.places['port'] = self.leader(clients)

    @staticmethod
    def leader(clients):
        """Finds the leader, because a request to it is spared a hop."""
        for port in clients:
            status = get_json(port, '/v3/maintenance/status', method='POST', body='{}')
            if status['leader'] == status['header']['member_id']:
                return port
        return clients[0]


def get_json(port, path, method='GET', body=None):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=2)
    try:
        connection.request(method, path, body=body)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


class Nginx(Servers):
    """Answers every request with a constant that is as long as one of tally's answers."""

    CONFIG = '''
daemon off;
{user}
worker_processes auto;
pid {directory}/nginx.pid;
error_log stderr error;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  default_type application/json;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{answer}'; }} }}
}}
'''

    def launch(self):
        port = free_ports(1)[0]
        config = self.directory / 'nginx.conf'
        config.write_text(self.CONFIG.format(directory=self.directory, port=port, answer=CONSTANT_ANSWER,
                                             user='user root;' if os.geteuid() == 0 else ''))
        self.spawn('nginx', 'nginx', '-c', config, '-e', 'stderr')
        self.wait_ready(lambda: accepts(port), 'nginx')
        self.places['url'] = f'http://127.0.0.1:{port}'
