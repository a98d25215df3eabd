# SPDX-License-Identifier: Apache-2.0
"""A tally group for tests, started by `tally up` in a fresh temporary directory.

    with Group(bin_dir, '--fault-injection') as group:
        group.tally('incr', 'home')

It waits for events with deadlines, never blindly. On a failure inside the `with` block it prints
what the daemons said.
"""

import collections
import contextlib
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_SECONDS = 60
STOP_SECONDS = 40
COMMAND_SECONDS = 60
POLL_SECONDS = 0.01
FREE_PORTS = ['--http', '0', '--resp', '0']  # for `tally up`


def wait_until(condition, what, seconds=30):
    """Returns the first true result of condition(). Fails if there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {seconds} s: {what}')
        time.sleep(POLL_SECONDS)


def free_port():
    """Returns one that Linux gives to no connection, so that none takes it before it is used."""
    while True:
        port = 16_384 + secrets.randbelow(16_384)
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(('127.0.0.1', port))
            return port


def free_ports_in_a_row(count):
    """Returns the first of so many ports in a row on which nobody listens."""
    while True:
        first = free_port()
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError, OverflowError):
            for port in range(first, first + count):
                stack.enter_context(socket.socket()).bind(('127.0.0.1', port))
            return first


def address_of(text):
    """Returns "127.0.0.1:6380" as (host, port)."""
    host, _, port = text.rpartition(':')
    return host.strip('[]'), int(port)


def titled_block(page, name):
    """Returns the fenced block of a page whose title is this file."""
    return re.search(rf'```\w* title={re.escape(name)}\n(.*?)```', page.read_text(), re.DOTALL).group(1)


def process_is_alive(pid):
    """Returns False for a zombie too: it is dead, and waits for its parent."""
    try:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return stat.rpartition(')')[2].split()[0] not in ('Z', 'X')


class Group:
    """A group that is not started before start() or `with`. `data` is a directory to use and to
    keep, instead of a temporary one."""

    def __init__(self, bin_dir, *up_args, data=None, environment=None):
        self.bin_dir = pathlib.Path(bin_dir).resolve()
        self.up_args = [str(argument) for argument in up_args]
        self.temporary = pathlib.Path(tempfile.mkdtemp(prefix='tally-test-'))
        self.data = pathlib.Path(data) if data else self.temporary / 'data'
        self.ready_file = self.temporary / 'ready'
        self.prefix = []  # a command that gets `tally up` as its arguments
        self.environment = {**clean_environment(), **(environment or {})}
        self.up = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.print_logs()
            self.kill()
            raise
        return self

    def __exit__(self, kind, _value, _traceback):
        if kind is not None and issubclass(kind, Exception):  # somebody who interrupts knows why
            self.print_logs()
        try:
            self.stop()
        finally:
            self.kill()
            shutil.rmtree(self.temporary, ignore_errors=True)

    def give_small_disk(self, test, directory):
        """Makes this directory of the group a disk of 24 MiB until the test ends, or skips the test."""
        test.addCleanup(shutil.rmtree, self.temporary, ignore_errors=True)
        directory.mkdir(parents=True)
        mount = ['mount', '-t', 'tmpfs', '-o', 'size=24m,mode=700', 'tmpfs', directory]
        if subprocess.run(mount, check=False).returncode != 0:
            test.skipTest('no file system can be mounted here')
        test.addCleanup(subprocess.run, ['umount', '--lazy', directory], check=True)

    # ---- life

    def launch(self):
        """Starts `tally up` without waiting for anything."""
        command = [*self.prefix, self.bin_dir / 'tally', 'up', '--data', self.data, '--ready-file', self.ready_file]
        for port in ('--http', '--resp'):
            if port not in self.up_args:
                command += [port, '0']
        with open(self.temporary / 'up.log', 'ab') as log:
            self.up = subprocess.Popen(command + self.up_args, stdout=log, stderr=log, env=self.environment)

    def start(self):
        self.launch()
        self.wait_ready()

    def wait_ready(self, seconds=READY_SECONDS):
        def ready():
            if self.up.poll() is not None:
                raise AssertionError(f'`tally up` ended with {self.up.returncode} before it was ready')
            return self.ready_file.exists()
        wait_until(ready, '`tally up` is ready', seconds)

    def stop(self):
        """Sends SIGTERM, and returns the exit code of `tally up`, or None if it does not run."""
        if self.up is None or self.up.poll() is not None:
            return None
        self.up.send_signal(signal.SIGTERM)
        return self.up.wait(STOP_SECONDS)

    def kill(self):
        """Kills `tally up` at once. The daemons die with it."""
        if self.up is not None and self.up.poll() is None:
            self.up.kill()
            self.up.wait()

    # ---- what it is

    @property
    def http(self):
        """The URL of the first bridge."""
        return self.endpoints()['http']

    @property
    def resp(self):
        """The address of the first bridge's Redis door, as (host, port)."""
        return address_of(self.endpoints()['resp'])

    def endpoints(self):
        return json.loads((self.data / 'run' / 'endpoints.json').read_text())

    def roles(self):
        return sorted(path.stem for path in (self.data / 'run').glob('*.pid'))

    def pid(self, role):
        return int((self.data / 'run' / f'{role}.pid').read_text())

    def pids(self):
        return {role: self.pid(role) for role in self.roles()}

    def wait_new_pid(self, role, old, seconds=10):
        """Waits for the next process of a role whose process `old` died, and returns it."""
        def fresh():
            pid = self.pid(role)
            return pid if pid != old and process_is_alive(pid) else None
        return wait_until(fresh, f'{role} is started again', seconds)

    # ---- what it does

    def watch_link(self):
        """Returns the link to the dashboard that was printed, with the token."""
        return re.search(r'^watch: (\S+)$', (self.temporary / 'up.log').read_text(), re.MULTILINE).group(1)

    def run(self, *arguments, **options):
        """Runs a `tally` command. The result has its returncode, stdout and stderr."""
        command = [self.bin_dir / 'tally', *[str(argument) for argument in arguments], '--connect', self.data]
        options.setdefault('timeout', COMMAND_SECONDS)
        return subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False, **options)

    def tally(self, *arguments):
        """Runs a command that must succeed, and returns its output without the last newline."""
        result = self.run(*arguments)
        if result.returncode != 0:
            raise AssertionError(f'tally {arguments} ended with {result.returncode}: {result.stderr.strip()}')
        return result.stdout.rstrip('\n')

    def status(self):
        return json.loads(self.tally('status', '--json'))

    def replica(self, number):
        return next(replica for replica in self.status()['replicas'] if replica['id'] == number)

    def wait_votes(self, number, seconds=30):
        """Waits until the replica's present process is a voter, and one more of its votes has
        arrived."""
        def votes():
            replica = self.replica(number)
            is_voter = replica['state'] == 'voting' and replica['pid'] == self.pid(f'replica-{number}')
            return replica['votes'] if is_voter else None
        before = wait_until(votes, f'replica {number} is a voter', seconds)
        wait_until(lambda: (votes() or before) > before, f'replica {number} votes', seconds)

    def wait_all_vote(self, seconds=30):
        for number in range(1, len(self.status()['replicas']) + 1):
            self.wait_votes(number, seconds)

    def admin_headers(self):
        """Returns what an operator's HTTP request says: the token that `tally up` wrote."""
        token = (self.data / 'run' / 'admin.token').read_text().strip()
        return {'Authorization': f'Bearer {token}'}

    def request(self, method, path, body=None, headers=None, timeout=10):
        """Sends an HTTP request to the first bridge. Returns (status, body as text)."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data=data, method=method, headers=headers or {})
        if data is not None:
            request.add_header('Content-Type', 'application/json')
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def own_deaths(self):
        """Returns how often each daemon died in another way than by SIGKILL, and how often `tally up`
        killed one that hung, according to its log."""
        text = (self.temporary / 'up.log').read_text()
        deaths = collections.Counter(f'{role}: {how}' for role, how in re.findall(
            r' child_exited role=(\S+) status="([^"]+)"', text) if how != 'signal 9')
        deaths.update(f'{role}: hung' for role in re.findall(r' child_hung role=(\S+) ', text))
        return dict(deaths)

    def print_logs(self, lines=40):
        for path in [self.temporary / 'up.log', *sorted((self.data / 'log').glob('*.log'))]:
            if path.exists():
                text = path.read_text(errors='replace').splitlines()[-lines:]
                print(f'---- {path}', *text, sep='\n', file=sys.stderr)


def clean_environment():
    """Returns this process's environment without what would configure a group."""
    return {name: value for name, value in os.environ.items() if not name.startswith('TALLY_')}
