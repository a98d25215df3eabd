# SPDX-License-Identifier: Apache-2.0
"""The servers that the tests of the Redis door talk to.

`ours` is what is tested: HOST:PORT of any server, or the directory of the built programs, for which
a group of its own is started. RedisServer is a real Redis in a temporary directory.
"""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'process'))

from group import Group, free_port, wait_until  # pylint: disable=wrong-import-position
from resp import Connection  # pylint: disable=wrong-import-position

# A machine with much else to do may stand still for longer than the usual two seconds, and then a
# command's outcome would be unknown without any fault.
UNHURRIED = {'TALLY_REQUEST_TIMEOUT_MS': '10000'}
READY_SECONDS = 20
STOP_SECONDS = 20


class RedisServer:
    """A redis-server on a free port of this machine, without anything on disk."""

    def __init__(self, *flags):
        self.flags = [str(flag) for flag in flags]
        self.directory = tempfile.mkdtemp(prefix='tally-redis-')
        self.process = None
        self.port = None

    def __enter__(self):
        self.port = free_port()
        command = ['redis-server', '--port', str(self.port), '--bind', '127.0.0.1', '--save', '',
                   '--appendonly', 'no', '--databases', '1', '--dir', self.directory, *self.flags]
        with open(pathlib.Path(self.directory) / 'log', 'wb') as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until(self._answers, 'redis-server answers', READY_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def address(self):
        return '127.0.0.1', self.port

    def _answers(self):
        if self.process.poll() is not None:
            log = (pathlib.Path(self.directory) / 'log').read_text(errors='replace')
            raise AssertionError(f'redis-server ended with {self.process.returncode}: {log}')
        try:
            with Connection(self.address) as connection:
                return connection.call('PING').kind in '+-'
        except OSError:
            return False


def parse_address(text):
    """Returns (host, port) of HOST:PORT."""
    host, _, port = text.rpartition(':')
    if not host or not port.isdigit():
        raise ValueError(f'{text} is not HOST:PORT')
    return host.strip('[]'), int(port)


@contextlib.contextmanager
def door(ours, *up_flags, environment=None):
    """Gives (host, port) of what is tested. `ours` is HOST:PORT, or a directory with the built
    programs; then a group is started for as long as the block lasts, whose clients may flush."""
    if not pathlib.Path(ours).is_dir():
        yield parse_address(ours)
        return
    settings = {**UNHURRIED, 'TALLY_RESP_FLUSH': 'true', **(environment or {})}
    with Group(ours, '--resp', '0', *up_flags, environment=settings) as group:
        yield parse_address(group.endpoints()['resp'])
