#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The suite that Redis tests itself with, run against the door.

    tcl_suite.py --ours HOST:PORT|BIN_DIR [--real] [--unit UNIT]… [--print-failures]

The suite comes from Debian's source package of Redis, into build/redis/suite. If it cannot be
fetched, this says so and ends with 77, which ctest takes for skipped.

The suite writes any strings. The door takes integers only, so a proxy gives each other value a
number of its own on the way there, and the value back on the way here. expected_failures.txt says
which tests cannot pass all the same, and why. These are skipped at first, so that none of them
disturbs the others, and all others must pass, or else do so when nothing is skipped. Then these
alone are run, and must fail: what passes is to be taken off the list. When a test hangs or the
suite ends in the middle of a unit, the unit is run once more without that test, or without all that
ran so far.

--real: the server is a real Redis, so there is no proxy, and no failure is expected.
--print-failures: runs all tests at once, and prints each failure with the first line of its reason.
"""

import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from checks import SKIPPED, Unavailable
from proxies import Integers
from servers import door

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / 'build' / 'redis' / 'suite'
EXPECTED = HERE / 'expected_failures.txt'
FETCH_SECONDS = 300
UNIT_SECONDS = 600
# Without the end of any test. One of them makes 9,999 changes one after the other, which took 53 s on
# two cores that compiled as well.
SILENCE_SECONDS = 300
MOST_RUNS = 10  # of one unit
# All tests of unit/auth start servers of their own; side_by_side.py has a --password.
UNITS = ['unit/type/incr', 'unit/type/string', 'unit/protocol', 'unit/expire', 'unit/multi',
         'unit/keyspace', 'unit/scan', 'unit/quit']
TAGS = '-needs:debug -needs:repl -needs:save -needs:config-maxmemory -slow -large-memory'
COLOUR = re.compile(r'\x1b\[[\d;]*m')
LINE = re.compile(r'\[(ok|err|skip|ignore|exception|TIMEOUT)\]: (.*)')


# ---- where the suite comes from

def fetch():
    """Returns the directory of the suite, and downloads it if it is not there."""
    found = sorted(CACHE.glob('redis-*/runtest'))
    if found:
        return found[0].parent
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as temporary:
        directory = pathlib.Path(temporary)
        (directory / 'source.sources').write_text(_source_lists())
        for name in ('lists/partial', 'cache/archives/partial', 'unpacked'):
            (directory / name).mkdir(parents=True)
        options = ['-o', f'Dir::Etc::SourceList={directory / "source.sources"}',
                   '-o', 'Dir::Etc::SourceParts=/dev/null', '-o', 'APT::Sandbox::User=root',
                   '-o', f'Dir::State::Lists={directory / "lists"}',
                   '-o', f'Dir::Cache={directory / "cache"}']
        for command in (['update'], ['source', '--only-source', 'redis']):
            _run(['apt-get', '-q', *options, *command], directory / 'unpacked')
        unpacked = list((directory / 'unpacked').glob('redis-*/runtest'))
        if not unpacked:
            raise Unavailable('the source package has no suite')
        CACHE.mkdir(exist_ok=True)
        target = CACHE / unpacked[0].parent.name
        shutil.move(unpacked[0].parent, target)
    return target


def _run(command, directory):
    try:
        result = subprocess.run(command, cwd=directory, capture_output=True, text=True,
                                timeout=FETCH_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f'{command[0]}: {error}') from error
    if result.returncode != 0:
        raise Unavailable(f'{" ".join(command)}: {(result.stderr or result.stdout).strip()}')


def _source_lists():
    """Returns what this machine's lists say of Debian's packages, for sources instead."""
    stanzas = []
    etc = pathlib.Path('/etc/apt')
    for path in sorted((etc / 'sources.list.d').glob('*.sources')):
        for stanza in re.split(r'\n\s*\n', path.read_text()):
            fields = dict(re.findall(r'^([\w-]+):[ \t]*(.*)$', stanza, re.MULTILINE))
            if '/debian' in fields.get('URIs', '') and 'main' in fields.get('Components', ''):
                fields['Types'] = 'deb-src'
                stanzas.append(''.join(f'{name}: {value}\n' for name, value in fields.items()))
    lists = [etc / 'sources.list', *sorted((etc / 'sources.list.d').glob('*.list'))]
    for path in lists:
        lines = path.read_text().splitlines() if path.exists() else []
        for found in filter(None, (re.match(r'deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.*main.*)',
                                            line) for line in lines)):
            options, uri, suite, components = found.groups()
            if '/debian' in uri:
                key = re.search(r'signed-by=(\S+)', options or '')
                stanzas.append(f'Types: deb-src\nURIs: {uri}\nSuites: {suite}\n'
                               f'Components: {components}\n'
                               + (f'Signed-By: {key.group(1)}\n' if key else ''))
    if not stanzas:
        raise Unavailable('this machine has no list of Debian packages')
    return '\n'.join(stanzas)


# ---- running it

class Results:
    """What became of the tests of a unit. A name that occurs twice failed if one of the two did."""

    def __init__(self):
        self.passed = set()
        self.failed = {}  # name → what the suite said
        self.ignored = set()
        self.aborts = []

    def seen(self):
        return self.passed | set(self.failed)

    def add(self, other):
        """Takes over what is new in the results of a later run."""
        known = self.seen()
        self.passed |= other.passed - known
        self.failed.update({name: why for name, why in other.failed.items() if name not in known})
        self.ignored |= other.ignored


class Suite:
    def __init__(self, directory, address, real):
        self.directory = directory
        self.address = address
        self.real = real

    def run_unit(self, unit, skip=(), only=()):
        """Runs a unit, and goes on after an abort."""
        results = Results()
        guilty = []
        for _ in range(MOST_RUNS):
            run, hung, aborted = self.run_once(unit, [*skip, *guilty], only)
            new = run.seen() - results.seen()
            results.add(run)
            if hung:
                results.failed.setdefault(hung, 'it hung')
            if not aborted:
                return results
            results.aborts.append(aborted)
            if not new and not hung:
                return results
            guilty = sorted(results.seen() if not hung else {*guilty, hung})
        return results

    def run_once(self, unit, skip, only):
        """Returns (results, name of a test that hung, why the run ended before its end)."""
        with contextlib.ExitStack() as stack:
            host, port = (self.address if self.real
                          else stack.enter_context(Integers(self.address)).address)
            skip_file = stack.enter_context(tempfile.NamedTemporaryFile('w'))
            skip_file.write('\n'.join(skip))
            skip_file.flush()
            command = ['./runtest', '--host', host, '--port', str(port), '--singledb',
                       '--ignore-encoding', '--ignore-digest', '--durable', '--tags', TAGS,
                       '--timeout', str(SILENCE_SECONDS), '--skipfile', skip_file.name,
                       '--single', unit]
            for name in only:
                command += ['--only', name]
            output, in_time = self.output(command)
        return self.parse(output, in_time)

    def output(self, command):
        """Runs the suite in a process group of its own, which ends with it."""
        process = subprocess.Popen(command, cwd=self.directory, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=UNIT_SECONDS)
            in_time = True
        except subprocess.TimeoutExpired:
            in_time = False
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a client that the suite left behind
        return COLOUR.sub('', output.decode(errors='replace')), in_time

    def parse(self, output, in_time):
        results = Results()
        hung = None
        aborted = None if in_time else f'it was not done within {UNIT_SECONDS} s'
        lines = output.split('\nThe End', maxsplit=1)[0].splitlines()
        for at, line in enumerate(lines):
            in_progress = re.match(r'\w+ => \(IN PROGRESS\) (.*)', line)
            if in_progress:
                hung = in_progress.group(1)
                aborted = f'nothing happened for {SILENCE_SECONDS} s in: {hung}'
            found = LINE.match(line)
            if not found:
                continue
            kind, text = found.groups()
            if kind == 'ok':
                results.passed.add(re.sub(r' \(\d+ ms\)$', '', text))
            elif kind == 'ignore':
                results.ignored.add(text)
            elif kind == 'err':
                name = re.match(r'(.*) in tests/\S+\.tcl$', text)
                why = ' '.join(lines[at + 1:at + 3])
                if name:
                    results.failed[name.group(1)] = why
                else:  # an error between two tests, which ends the unit
                    aborted = f'{text} {why}'
            elif kind == 'exception':
                aborted = f'{text} {" ".join(lines[at + 1:at + 4])}'
        results.passed -= set(results.failed)
        if 'The End' not in output and not aborted:
            aborted = f'the suite ended early: {output[-300:]}'
        return results, hung, aborted


# ---- what may fail

def expected_failures(path=EXPECTED):
    """Returns unit → {name: reason} of the file, with lines `name | reason` below `[unit]`."""
    expected, unit = {}, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        if line in (f'[{known}]' for known in UNITS):
            unit = line[1:-1]
            continue
        name, _, reason = line.rpartition(' | ')
        if not unit or not name or not reason:
            raise ValueError(f'{path.name}:{number}: not `name | reason` below a unit')
        expected.setdefault(unit, {})[name] = reason
    return expected


def judge(suite, unit, expected):
    """Runs a unit, and returns (passed, expected failures, sentences on what is wrong)."""
    results = suite.run_unit(unit, skip=expected)
    if expected and results.failed:  # some go on from what a test did that is skipped
        with_all = suite.run_unit(unit)
        for name in with_all.passed & set(results.failed):
            del results.failed[name]
            results.passed.add(name)
    wrong = [f'failed: {name}: {why}' for name, why in results.failed.items()]
    wrong += [f'aborted: {why}' for why in results.aborts]
    if expected:
        doomed = suite.run_unit(unit, only=expected)
        wrong += [f'passes, and is in {EXPECTED.name}: {name}' for name in sorted(doomed.passed)]
        missing = set(expected) - doomed.seen()
        if not doomed.aborts:
            wrong += [f'is in {EXPECTED.name}, and was not run: {name}' for name in sorted(missing)]
    return len(results.passed), len(expected), wrong


def main():
    parser = argparse.ArgumentParser(description="Redis's own suite, run against the door.")
    parser.add_argument('--ours', required=True, metavar='HOST:PORT|BIN_DIR')
    parser.add_argument('--real', action='store_true')
    parser.add_argument('--unit', action='append', choices=UNITS)
    parser.add_argument('--print-failures', action='store_true')
    options = parser.parse_args()
    try:
        directory = fetch()
    except Unavailable as error:
        print(f'skipped, because the suite cannot be fetched: {error}')
        return SKIPPED
    expected = {} if options.real else expected_failures()
    bad = 0
    with door(options.ours, '--durability', 'os') as address:  # what is durable is no matter here
        suite = Suite(directory, address, options.real)
        for unit in options.unit or UNITS:
            if options.print_failures:
                for name, why in suite.run_unit(unit).failed.items():
                    print(f'{unit} | {name} | {why[:200]}')
                continue
            passed, failures, wrong = judge(suite, unit, expected.get(unit, {}))
            bad += len(wrong)
            print(f'{unit}: {passed} passed, {failures} expected failures, {len(wrong)} wrong',
                  *wrong, sep='\n  ', flush=True)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
