#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each example on the pages does what its page says. Usage: examples_test.py BIN_DIR

The info string of every fenced block on every page says what the block is:

    console  commands after `$ `, with all that they print. They are run against a group of the
             test, and the output is compared. `^C` ends the `tally up` before it. `…` is what the
             page leaves out: any lines if it stands alone in a line, otherwise a part of its line.
             Each command must end with 0; `; echo "exit code $?"` shows another code.
    sh       commands that must all succeed. Daemons run, each on a "machine", which is a directory
    toml     a file that `tally config check` accepts, and with which a group starts
    cpp      a program of client/example/, which is built with the tree and run by the page's console
    text     nothing to run: a file, a drawing, a grammar

`./scripts/run` and `tally up` start the group, on free ports that stand for 8080 and for 6380 of
redis-cli. /var is a directory of the test. Blocks with a title= are files with which other tests
start programs: proxies_test.py, metrics_test.py and drill_test.py.
"""

import collections
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'process'))

from group import Group, clean_environment, free_port, wait_until  # pylint: disable=wrong-import-position
from load import Load  # pylint: disable=wrong-import-position

BIN_DIR = None
PAGES = [*sorted(ROOT.glob('*.md')), *sorted((ROOT / 'docs').rglob('*.md'))]
# Tests of their own run what has a title on these pages.
TITLED = [ROOT / 'docs' / f'{name}.md' for name in ('proxies', 'metrics', 'drills')]
KINDS = ('console', 'sh', 'toml', 'cpp', 'text')
PROGRAMS = ROOT / 'client' / 'example'
COMMAND_SECONDS = 30
PATIENCE_SECONDS = 15

NOT_RUN = {
    './scripts/test': 'builds and runs every test, and so this one',
}

Block = collections.namedtuple('Block', 'page line info text')
Step = collections.namedtuple('Step', 'command shown')


def blocks_of(page):
    """Returns all fenced blocks of a page, in order."""
    found, opened = [], None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if opened:
            if line.strip() == '```':
                found.append(Block(page.relative_to(ROOT), opened[0], opened[1], '\n'.join(opened[2])))
                opened = None
            else:
                opened[2].append(line)
        elif fence := re.fullmatch(r'\s*```(.*)', line):
            opened = (number, fence.group(1).strip(), [])
    if opened:
        raise AssertionError(f'{page}:{opened[0]}: the block does not end')
    return found


def steps_of(text):
    """Returns the commands of a console, each with the lines that it shows."""
    steps = []
    for line in text.splitlines():
        if line.startswith('$ '):
            steps.append(Step(line[2:], []))
        elif line == '^C':
            steps.append(Step(line, []))
        elif not steps:
            raise AssertionError(f'it begins with no command: {line}')
        elif not steps[-1].shown and steps[-1].command.endswith('\\'):
            steps[-1] = Step(f'{steps[-1].command}\n{line}', [])
        else:
            steps[-1].shown.append(line)
    return steps


def without_comment(command):
    return re.sub(r'\s+#.*', '', command)


# ---- what a page shows, as a pattern

TOKEN = re.compile(r'''
    (?P<any>…)
  | (?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)
  | (?P<hex>\b[0-9a-f]{16,}\b)
  | (?P<sequence>(?<="sequence":)\d+)
  | (?P<votes>(?<="votes":)\d+)
  | (?P<slot>\breplica-\d/[ab]\b)
  | (?P<list>(?<=replicas\ )\d+(?:,\ \d+)+)
  | (?P<exact>^\d+(?=\ \ ) | (?<=exit\ code\ )\d+ | (?<=[Rr]eplica\ )\d+ | (?<=readmit\ )\d+ | \d+(?=\ replicas)
            | (?<=127\.0\.0\.1:)\d+ | (?<=[A-Za-z])\d+)
  | (?P<number>\d+)
  | (?P<blank>\s+)
''', re.VERBOSE)
SHAPES = {
    'any': r'.*',
    'time': r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z',
    'votes': r'[23]',
    'slot': r'replica-\d/[ab]',
    'list': r'\d+(?:, \d+)*',
    'blank': r'\s+',
}
# The numbers that these print are those of that moment.
TELLS_ABOUT_NOW = re.compile(r'\btally (?:audit|journal|status|up)\b|\btally-data/(?:audit|log)/')
# A reader types more slowly than this test, and may look again.
ONLY_LOOKS = re.compile(r'\S*\btally status\b[^|;&]*|grep [^;&]*\btally-data/(?:audit|log)/[^;&]*')
STARTS = re.compile(r'((?:\w+=\S+ )*)(?:\./scripts/run|tally up)\b')


class Shown:
    """Compares what is printed with what a page shows. Sequence numbers that are equal on the page
    must be equal in the output, and others must differ."""

    def __init__(self):
        self.sequences = {}

    def line(self, line, exact, opened):
        def shape(found):
            kind, text = found.lastgroup, found.group()
            if kind == 'hex':
                return f'[0-9a-f]{{{len(text)}}}'
            if kind == 'sequence':
                if text in self.sequences:
                    return self.sequences[text]
                if text in opened:
                    return f'(?P=s{text})'
                opened.add(text)
                return rf'(?P<s{text}>\d+)'
            if kind == 'number' and not exact:
                return r'\d+'
            return SHAPES.get(kind) or re.escape(text)
        pattern, end = '', 0
        for found in TOKEN.finditer(line):
            pattern += re.escape(line[end:found.start()]) + shape(found)
            end = found.end()
        return pattern + re.escape(line[end:])

    def matches(self, step, printed):
        exact, opened = not TELLS_ABOUT_NOW.search(step.command), set()
        pattern = ''.join(r'(?:.*\n)*?' if line.strip() == '…' else self.line(line.rstrip(), exact, opened) + r'\n'
                          for line in step.shown)
        found = re.fullmatch(pattern, ''.join(line.rstrip() + '\n' for line in printed.splitlines()))
        if not found:
            return False
        new = {text: found.group(f's{text}') for text in opened}
        told = [*self.sequences.values(), *new.values()]
        if len(set(told)) != len(told):
            return False
        self.sequences.update(new)
        return True


class Shell:
    """A bash on a terminal. It runs one command after another, so that a variable is kept."""

    END = re.compile(r'\x1d(\d+)\x1d')

    def __init__(self, directory, environment):
        self.terminal, inner = pty.openpty()
        read, self.script = os.pipe()
        self.process = subprocess.Popen(['bash', '--norc', '--noprofile', f'/dev/fd/{read}'], cwd=directory,
                                        env=environment, stdin=inner, stdout=inner, stderr=inner, pass_fds=[read],
                                        start_new_session=True)
        os.close(inner)
        os.close(read)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.script)
        os.close(self.terminal)
        try:
            self.process.wait(COMMAND_SECONDS)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def run(self, command, typed):
        """Returns what the command printed, and its exit code. `typed` is given to the first
        command that asks."""
        os.write(self.script, f'{command}\nstatus=$?; printf "\\035%d\\035" $status; (exit $status)\n'.encode())
        printed, deadline = b'', time.monotonic() + COMMAND_SECONDS
        while True:
            text = printed.decode(errors='replace').replace('\r\n', '\n')
            if end := self.END.search(text):
                return re.sub(r'\x1b\[[0-9;]*m', '', text[:end.start()]), int(end.group(1))
            if typed and text.endswith('Type yes: '):
                os.write(self.terminal, typed.encode() + b'\n')
                typed = None
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f'not within {COMMAND_SECONDS} s: {command}: {text}')
            printed += os.read(self.terminal, 65536)


class Reader:
    """Does what a page says, from top to bottom, in a directory that stands for a clone and for /.
    """

    def __init__(self, page):
        self.page = page
        self.place = pathlib.Path(tempfile.mkdtemp(prefix='tally-test-'))
        self.data = None
        self.group = None
        self.machines = []
        self.port = free_port()
        self.shown = Shown()
        (self.place / 'var' / 'lib').mkdir(parents=True)
        (self.place / 'build' / 'release').mkdir(parents=True)
        (self.place / 'build' / 'release' / 'bin').symlink_to(BIN_DIR)
        self.environment = {**clean_environment(), 'PATH': f'{BIN_DIR}:{os.environ["PATH"]}', 'HOME': str(self.place),
                            'TERM': 'dumb', 'LC_ALL': 'C.UTF-8', 'TALLY_HTTP_PORT': str(self.port),
                            'TALLY_RESP_PORT': '0'}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for directory, process in self.machines:
            if exception[0]:
                print(f'---- {directory}', (directory / 'log').read_text(), sep='\n', file=sys.stderr)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        try:
            for _, process in self.machines:
                process.wait(COMMAND_SECONDS)
        finally:
            for _, process in self.machines:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            if self.group:
                self.group.__exit__(*exception)
            shutil.rmtree(self.place, ignore_errors=True)

    # ---- the group

    def start(self, *arguments, environment=None):
        self.stop()
        self.group = Group(BIN_DIR, *arguments, data=self.data, environment=environment)
        self.group.__enter__()
        self.port = urllib.parse.urlsplit(self.group.http).port
        self.group.wait_all_vote()

    def stop(self, how=signal.SIGTERM):
        if self.group:
            group, self.group = self.group, None
            group.up.send_signal(how)
            code = group.up.wait(COMMAND_SECONDS)
            group.__exit__(None, None, None)
            if code != 0:
                raise AssertionError(f'`tally up` ended with {code}')

    def start_as_told(self, command):
        """Starts a group by `./scripts/run …` or `tally up …`, and returns what that prints."""
        variables = STARTS.match(command).group(1)
        _, *arguments = without_comment(command).removeprefix(variables).removeprefix('tally ').split()
        environment = dict(variable.split('=', 1) for variable in variables.split())
        self.data = self.place / 'tally-data'
        if '--data' in arguments:
            at = arguments.index('--data')
            self.data = pathlib.Path(self.here(arguments[at + 1]))
            del arguments[at:at + 2]
        self.start(*arguments, environment=environment)
        return lambda: (self.group.temporary / 'up.log').read_text()

    def tally(self, *arguments):
        command = [BIN_DIR / 'tally', *map(str, arguments)]
        result = subprocess.run(command, cwd=self.place, env=self.environment, capture_output=True, text=True,
                                check=False, timeout=COMMAND_SECONDS)
        if result.returncode != 0:
            raise AssertionError(f'tally {arguments} ended with {result.returncode}: {result.stdout}{result.stderr}')
        return result.stdout

    def here(self, text):
        """Returns the text with the test's addresses and directories in place of those on the page.
        """
        text = re.sub(r'\b(localhost|127\.0\.0\.1):8080\b', rf'\1:{self.port}', text)
        if self.group:
            text = re.sub(r'\bredis-cli -p 6380\b', f'redis-cli -p {self.group.resp[1]}', text)
        return re.sub(r'(?<![\w./])/var/', f'{self.place}/var/', text)

    def there(self, text):
        return text.replace(f'{self.place}/var/', '/var/').replace(f':{self.port}', ':8080')

    # ---- blocks

    def read(self, block):
        kind = block.info
        if kind in ('console', 'sh') and not self.data:
            self.data = self.place / ('var/lib/tally' if '/var/lib/tally' in block.text else 'tally-data')
            if kind == 'console' and not STARTS.match(block.text.removeprefix('$ ')):
                self.start()
        if kind == 'console':
            self.console(steps_of(block.text))
        elif kind == 'sh':
            self.sh([line for line in block.text.splitlines() if line.strip()])
        elif kind == 'toml':
            self.toml(block.text)

    def console(self, steps):
        prepare = PREPARED.get(steps[0].command)
        if prepare:
            prepare(self)
        with Shell(self.place, self.environment) as shell:
            for step in steps:
                self.step(shell, step)

    def step(self, shell, step):
        command = without_comment(step.command)
        if command in NOT_RUN:
            return
        if command == '^C':
            self.stop(signal.SIGINT)
        elif STARTS.match(command):
            printed = self.start_as_told(command)
            if step.shown:
                wait_until(lambda: self.shown.matches(step, self.there(printed())), f'{command} prints {step.shown}',
                           PATIENCE_SECONDS)
        else:
            deadline = time.monotonic() + (PATIENCE_SECONDS if ONLY_LOOKS.fullmatch(command) else 0)
            typed = 'yes' if any(line.endswith('Type yes: yes') for line in step.shown) else None
            while not self.does(shell, step, typed, time.monotonic() >= deadline):
                pass

    def does(self, shell, step, typed, last):
        printed, code = shell.run(self.here(step.command), typed)
        printed = self.there(printed)
        if code == 0 and self.shown.matches(step, printed):
            return True
        if last:
            told = [f'$ {step.command}', *step.shown, f'---- it ended with {code}, and printed:', printed]
            raise AssertionError('\n'.join(told))
        return False

    def sh(self, lines):
        daemons = [line for line in lines if re.search(r'\btally-(distributor|comparator|replica|bridge) ', line)]
        for line in daemons:
            self.start_machine(line)
        if daemons:
            self.check_machines()
        with Shell(self.place, self.environment) as shell:
            for line in lines:
                if line not in daemons:
                    self.step(shell, Step(line, ['…']))

    # ---- configurations, and machines

    def toml(self, text):
        file = self.place / 'group.toml'
        file.write_text(text + '\n')
        if 'valid' not in self.tally('config', 'check', file):
            raise AssertionError('it is not said to be valid')
        if 'tcp://' in text:
            file.write_text(with_free_ports(text) + '\n')
            return  # the page itself says how its daemons start
        with Group(BIN_DIR, '--config', file) as group:
            group.wait_all_vote()
            wanted = tomllib.loads(text)
            if len(group.endpoints()['bridges']) != wanted.get('bridges', 1):
                raise AssertionError('it has other bridges')
            for host, status in [(host, 200) for host in wanted.get('http_hosts', [])] + [('other.example.org', 421)]:
                found = group.request('GET', '/readyz', headers={'Host': host})[0]
                if found != status:
                    raise AssertionError(f'asked for {host} it answers {found}')

    def start_machine(self, line):
        directory = self.place / f'machine-{len(self.machines) + 1}'
        directory.mkdir()
        shutil.copy(self.place / 'group.toml', directory)
        # So the shell waits for the daemon.
        command = ['bash', '-c', f'trap : TERM; {line}']
        with open(directory / 'log', 'wb') as log:
            process = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log, env=self.environment,
                                       start_new_session=True)
        self.machines.append((directory, process))

    def check_machines(self):
        url = f'http://127.0.0.1:{self.port}'

        def ready():
            for directory, process in self.machines:
                if process.poll() is not None:
                    raise AssertionError(f'{directory} ended with {process.returncode}')
            try:
                with urllib.request.urlopen(f'{url}/readyz', timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False
        wait_until(ready, 'the machines are a group')
        self.tally('wait', '--state', 'ok', '--timeout', PATIENCE_SECONDS, '--config', 'group.toml')
        with urllib.request.urlopen(f'{url}/v1/counters/home/increment', data=b'', timeout=5) as answer:
            answer.read()
        if self.tally('get', 'home', '--config', 'group.toml') != '1\n':
            raise AssertionError('it counts wrongly')
        self.tally('replica', 'evict', 3, '--config', 'group.toml')  # this needs the admin token
        self.tally('replica', 'readmit', 3, '--config', 'group.toml')


def with_free_ports(text):
    """Replaces the page's machines, 10.0.0.…:70…, by addresses of this machine with ports that
    nobody has."""
    def is_free(prefix):
        for suffix in (*range(1, 6), *range(11, 14), *range(21, 24), *range(31, 34)):
            with socket.socket() as taken:
                if taken.connect_ex(('127.0.0.1', int(f'{prefix}{suffix:02}'))) == 0:
                    return False
        return True
    prefix = next(prefix for prefix in range(110, 320) if is_free(prefix))
    return re.sub(r'tcp://10\.0\.0\.(\d):70', rf'tcp://127.0.0.\1:{prefix}', text)


# ---- what has happened before, where a page does not say it

def counted_to_1000(reader):
    reader.group.tally('set', 'home', 1000)


def counted_on(reader):
    reader.start()
    reader.group.tally('incr', 'home')
    reader.stop()


def damaged_journal(reader):
    """Makes an order in the newest segment unreadable, and all that follows it but the end."""
    def count(name):
        reader.group.tally('incr', name)
        stable = reader.group.status()['stable']
        wait_until(lambda: reader.group.status()['stable'] > stable + 6, 'orders follow, and what was agreed')
    reader.stop()
    shutil.rmtree(reader.data)
    reader.start()
    count('c1')
    count('gone')
    reader.stop()
    newest = max((reader.data / 'journal').glob('orders-*'))
    content = newest.read_bytes()
    begin = content.index(b'gone')
    size = (len(content.rstrip(b'\0')) - begin) // 2
    newest.write_bytes(content[:begin] + bytes(size) + content[begin + size:])


def lost_journal(reader):
    """Lets everything die at once, and removes the journal."""
    reader.stop()
    shutil.rmtree(reader.data)
    reader.start(environment={'TALLY_CHECKPOINT_ORDERS': '300'})
    group, reader.group = reader.group, None
    try:
        with Load(group.http, clients=2):
            wait_until(lambda: all(replica['checkpoint'] > 300 for replica in group.status()['replicas']),
                       'each has two checkpoints')
        # One of the three writes a checkpoint of each hundredth order.
        while -group.status()['decided'] % 100 < 20:
            group.tally('incr', 'home')
        stable = group.status()['stable']
        wait_until(lambda: group.status()['stable'] > stable + 6, 'orders follow, and the replicas know of it')
        group.kill()
    finally:
        group.__exit__(*sys.exc_info())
    shutil.rmtree(reader.data / 'journal')


PREPARED = {
    'tally up --data /var/lib/tally': counted_to_1000,
    'mv /var/lib/tally /var/lib/tally.before': counted_on,
    'tally journal check /var/lib/tally; echo "exit code $?"': damaged_journal,
    'tally journal rebuild --data /var/lib/tally': lost_journal,
}


class Examples(unittest.TestCase):
    def test_each_block_says_what_it_is(self):
        for page in PAGES:
            for block in blocks_of(page):
                where = f'{block.page}:{block.line}'
                if 'title=' in block.info and page in TITLED:
                    continue
                self.assertIn(block.info, KINDS, f'{where}: say what this block is')
                if block.info == 'text':
                    self.assertFalse(re.search('^[$] ', block.text, re.MULTILINE), f'{where}: that is a console')

    def test_each_program_is_the_file_that_is_built(self):
        built = {file.read_text().rstrip('\n') for file in PROGRAMS.glob('*.cc')}
        shown = {block.text for page in PAGES for block in blocks_of(page) if block.info == 'cpp'}
        self.assertEqual(shown, built)

    def test_each_block_does_what_its_page_says(self):
        for page in PAGES:
            blocks = [block for block in blocks_of(page) if block.info in ('console', 'sh', 'toml')]
            if not blocks:
                continue
            with self.subTest(page=page.name), Reader(page) as reader:
                for block in blocks:
                    try:
                        reader.read(block)
                    except AssertionError as error:
                        raise AssertionError(f'{block.page}:{block.line}: {error}') from error

    def test_what_is_prepared_or_not_run_is_on_a_page(self):
        blocks = [block for page in PAGES for block in blocks_of(page)]
        firsts = [block.text.splitlines()[0].removeprefix('$ ') for block in blocks if block.info == 'console']
        for command in PREPARED:
            self.assertEqual(firsts.count(command), 1, command)
        lines = {without_comment(line.removeprefix('$ ')) for block in blocks for line in block.text.splitlines()}
        self.assertLessEqual(set(NOT_RUN), lines)


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
