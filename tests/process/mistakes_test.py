#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What operators, restores and cleaners do to a group's files.

Usage: mistakes_test.py BIN_DIR [--all] [--table]

Each mistake is made to one file or directory of a stopped group, which is started then. It is also
made to a group that runs, whose daemons are then killed and started again. Afterwards the group
must either

    serve    all that was ever answered, and go on counting; or
    refuse   with words that name the path, and serve all of it once the file was put back.

A smaller count is never a valid outcome. A few mistakes are made without arguments. --all makes
every mistake to every file, of a small group and of one whose journal has been cut, and --table
prints the outcomes.
"""

import argparse
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from group import Group, process_is_alive, wait_until

NAMES = ('first', 'second', 'third')
PATIENCE = 20
REFUSALS = ('refused_to_start', 'refused_to_go_on', 'journal_behind', 'group_mismatch', 'the checkpoints cannot be read')
CUT = 'checkpoint_orders = 200\njournal_mib = 4\n'

Case = collections.namedtuple('Case', 'group path mistake when')
Outcome = collections.namedtuple('Outcome', 'word detail')


# ---- groups to make mistakes with

class Original:
    """The files of a group that was stopped in good order, and what it had counted; an older copy
    of them; and the files of another group."""

    def __init__(self, bin_dir, place, configuration, increments):
        self.bin_dir = bin_dir
        self.place = place
        self.configuration = place / 'group.toml'
        self.configuration.write_text(configuration)
        self.data = place / 'data'
        self.older = place / 'older'
        self.other = place / 'other'
        self.counts = collections.Counter()
        self.count(self.data, self.counts, increments)
        shutil.copytree(self.data, self.older, symlinks=True)
        self.count(self.data, self.counts, increments)
        self.count(self.other, collections.Counter(), increments // 2)

    def group(self, data):
        return Group(self.bin_dir, '--config', self.configuration, data=data)

    def count(self, data, counts, increments):
        with self.group(data) as group:
            for name in NAMES:
                counts[name] = int(group.tally('incr', name, '--by', 7))
            if increments > len(NAMES):
                for _ in range(increments):
                    counts['first'] = int(group.request('POST', '/v1/counters/first/increment')[1]
                                          .split('"value":')[1].split(',')[0])

    def files(self):
        """Names what a mistake can be made to: one file of each kind, and each directory, but not
        what is made anew at each start."""
        yield from ('journal', 'audit', 'replica-1', 'replica-1/a')
        for name in ('journal/identity', 'journal/stable.mark', 'audit/identity', 'audit/audit.jsonl',
                     'replica-1/identity', 'replica-1/witness'):
            yield name
        segments = sorted((self.data / 'journal').glob('orders-*'))
        for segment in {segments[0], segments[-1]}:
            yield f'journal/{segment.name}'
        for pattern in ('CURRENT', 'MANIFEST-*', '*.sst', '*.log', 'OPTIONS-*', 'IDENTITY'):
            for slot in ('a', 'b'):
                found = sorted((self.data / 'replica-1' / slot).glob(pattern))
                if found:
                    yield f'replica-1/{slot}/{found[-1].name}'
                    break


# ---- mistakes

def remove(path, *_):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def empty(path, *_):
    if path.is_dir():
        remove(path)
        path.mkdir(mode=0o700)
    else:
        os.truncate(path, 0)


def truncate(path, *_):
    if path.is_dir():
        return False
    os.truncate(path, path.stat().st_size // 2)
    return True


def flip(path, *_):
    if path.is_dir() or path.stat().st_size == 0:
        return False
    with path.open('r+b') as file:
        file.seek(path.stat().st_size // 3)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0x10]))
    return True


def put(path, source):
    if not source.exists():
        return False
    remove(path)
    shutil.copytree(source, path, symlinks=True) if source.is_dir() else shutil.copy2(source, path)
    return True


def put_older(path, name, original):
    return put(path, original.older / name)


def put_another_groups(path, name, original):
    return put(path, original.other / name)


def put_another_replicas(path, name, original):
    if not name.startswith('replica-1'):
        return False
    return put(path, original.data / name.replace('replica-1', 'replica-2', 1))


def make_unreadable(path, *_):
    """Makes a path unreadable for anybody but root. If root runs this, the group is run by somebody
    else."""
    path.chmod(0)


MISTAKES = {'removed': remove, 'emptied': empty, 'truncated': truncate, 'a byte flipped': flip,
            'an older copy': put_older, "another group's": put_another_groups,
            "another replica's": put_another_replicas, 'unreadable': make_unreadable}


# ---- a try

def reason_of(group):
    """Returns what a daemon said when it refused."""
    for path in sorted((group.data / 'log').glob('*.log')):
        for line in path.read_text(errors='replace').splitlines():
            if any(word in line for word in REFUSALS):
                return line.partition(' error ')[2] or line
    return ''


def check_counts(group, counts):
    """Raises AssertionError if a count is not what was answered."""
    for name in NAMES:
        value = int(group.tally('get', name))
        if value != counts[name]:
            raise AssertionError(f'{name} is {value}, and {counts[name]} was answered')
    counts['second'] = int(group.tally('incr', 'second'))


def serves(group, counts):
    """Waits until the group serves or refuses for good. Returns whether it serves. If it serves a
    wrong count, this fails."""
    deadline = time.monotonic() + PATIENCE
    while not group.ready_file.exists():
        if group.up.poll() is not None or time.monotonic() > deadline:
            return False
        if reason_of(group) and group_is_refused(group):
            return False
        time.sleep(0.02)
    check_counts(group, counts)
    return True


def group_is_refused(group):
    """Tells whether the distributor or the comparator refuses; without them nothing can be
    answered."""
    return any(word in (group.data / 'log' / f'{role}.log').read_text(errors='replace')
               for role in ('distributor', 'comparator') for word in REFUSALS
               if (group.data / 'log' / f'{role}.log').exists())


def as_somebody_else(group):
    if os.geteuid() != 0:
        return
    programs = group.temporary / 'bin'  # a place that everybody can reach
    if not programs.exists():
        programs.mkdir()
        for path in group.bin_dir.glob('tally*'):
            shutil.copy2(path, programs)
        group.bin_dir = programs
    nobody = 65534
    group.prefix = ['setpriv', f'--reuid={nobody}', f'--regid={nobody}', '--clear-groups']
    for root, directories, files in os.walk(group.temporary):
        for name in (root, *(os.path.join(root, entry) for entry in directories + files)):
            os.chown(name, nobody, nobody, follow_symlinks=False)


def try_stopped(original, case):
    counts = collections.Counter(original.counts)
    with_mistake = original.group(None)
    try:
        shutil.copytree(original.data, with_mistake.data, symlinks=True)
        shutil.rmtree(with_mistake.data / 'log')
        path = with_mistake.data / case.path
        kept = with_mistake.temporary / 'kept'
        shutil.copytree(path, kept, symlinks=True) if path.is_dir() else shutil.copy2(path, kept)
        if MISTAKES[case.mistake](path, case.path, original) is False:
            return None
        if case.mistake == 'unreadable':
            as_somebody_else(with_mistake)
        with_mistake.launch()
        if serves(with_mistake, counts):
            with_mistake.stop()
            return Outcome('serves', reason_of(with_mistake))
        reason = reason_of(with_mistake)
        if not reason:
            raise AssertionError('it does not serve, and gives no reason')
        with_mistake.stop()
        if path.exists():
            remove(path)
        shutil.copytree(kept, path, symlinks=True) if kept.is_dir() else shutil.copy2(kept, path)
        if case.mistake == 'unreadable':
            as_somebody_else(with_mistake)
        shutil.rmtree(with_mistake.data / 'log')
        with_mistake.ready_file.unlink(missing_ok=True)
        with_mistake.launch()
        if not serves(with_mistake, counts):
            raise AssertionError(f'put back, it still does not serve: {reason_of(with_mistake)}')
        with_mistake.stop()
        return Outcome('refuses', reason)
    except BaseException:
        with_mistake.print_logs(12)
        raise
    finally:
        with_mistake.kill()
        shutil.rmtree(with_mistake.temporary, ignore_errors=True)


def role_of(path):
    return {'journal': 'distributor', 'audit': 'comparator'}.get(path.split('/')[0], 'replica-1')


def try_running(original, case):
    """Makes the mistake, makes some more increments, and then kills the daemon that keeps the file.
    """
    counts = collections.Counter(original.counts)
    group = original.group(None)
    try:
        shutil.copytree(original.data, group.data, symlinks=True)
        shutil.rmtree(group.data / 'log')
        group.start()
        path = group.data / case.path
        if not path.exists():  # RocksDB has written another one since
            return None
        if MISTAKES[case.mistake](path, case.path, original) is False:
            return None
        check_counts(group, counts)
        pid = group.pid(role_of(case.path))
        os.kill(pid, 9)
        wait_until(lambda: not process_is_alive(pid), 'it is dead')
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if group.run('incr', 'third').returncode == 0:
                counts['third'] += 1
                check_counts(group, counts)
                group.stop()
                return Outcome('serves', reason_of(group))
            if group_is_refused(group):
                return Outcome('refuses', reason_of(group))
        raise AssertionError('it does not serve, and gives no reason')
    except BaseException:
        group.print_logs(12)
        raise
    finally:
        group.kill()
        shutil.rmtree(group.temporary, ignore_errors=True)


def attempt(original, case):
    return (try_running if case.when == 'running' else try_stopped)(original, case)


# ---- which ones

def all_cases(originals):
    for name, original in originals.items():
        for path in original.files():
            for mistake in MISTAKES:
                yield Case(name, path, mistake, 'stopped')
                if mistake in ('removed', 'emptied', 'a byte flipped', 'an older copy'):
                    yield Case(name, path, mistake, 'running')


CHOSEN = [
    ('journal', 'removed'), ('journal', 'emptied'), ('journal', 'an older copy'), ('journal', "another group's"),
    ('journal/identity', 'removed'), ('journal/stable.mark', 'emptied'), ('audit', 'removed'),
    ('audit/audit.jsonl', 'removed'), ('replica-1', 'removed'), ('replica-1', "another replica's"),
    ('replica-1/a/CURRENT', 'removed'), ('replica-1/a', 'unreadable'), ('replica-1/identity', 'removed'),
    ('replica-1/witness', 'a byte flipped'),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('bin_dir', type=pathlib.Path)
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--table', action='store_true')
    parser.add_argument('--only', default='', help='cases whose line has this')
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='tally-mistakes-') as directory:
        os.chmod(directory, 0o755)
        originals = {}
        kinds = {'small': ('', 0), 'cut': (CUT, 600)} if parsed.all else {'small': ('', 0)}
        for name, (configuration, increments) in kinds.items():
            place = pathlib.Path(directory) / name
            place.mkdir()
            originals[name] = Original(parsed.bin_dir.resolve(), place, configuration, increments)
        if parsed.all:
            cases = list(all_cases(originals))
        else:
            cases = [Case('small', path, mistake, 'stopped') for path, mistake in CHOSEN]
            cases += [Case('small', 'journal', 'an older copy', 'running'),
                      Case('small', 'replica-1', 'removed', 'running')]
        failures = 0
        for case in cases:
            line = ', '.join(case)
            if parsed.only and parsed.only not in line:
                continue
            try:
                outcome = attempt(originals[case.group], case)
            except (AssertionError, OSError, subprocess.SubprocessError) as problem:
                failures += 1
                print(f'FAILED   {line}: {problem}', flush=True)
                continue
            if outcome and (parsed.table or not parsed.all):
                print(f'{outcome.word:<8} {line}: {outcome.detail}', flush=True)
        print(f'{failures} failed')
        return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
