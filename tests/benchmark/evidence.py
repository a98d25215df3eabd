# SPDX-License-Identifier: Apache-2.0
"""Shows that the journal is synced for every order: the kernel's count of the distributor's syncs
stands beside the number of orders."""

import re
import shutil
import signal
import subprocess
import sys

from loads import tally_bench
from servers import Tally, wait_until

COMMAND = 'strace -f -c -e trace=fdatasync,fsync -p DISTRIBUTOR'


def syncs(bin_dir, seconds):
    """Returns None where strace is not installed."""
    if not shutil.which('strace'):
        return None
    print('evidence: syncs', file=sys.stderr, flush=True)
    with Tally(bin_dir) as group:
        said = group.temporary / 'strace.said'
        counted = group.temporary / 'strace.counted'
        command = ['strace', '-f', '-c', '-e', 'trace=fdatasync,fsync', '-o', counted,
                   '-p', str(group.pid('distributor'))]
        with open(said, 'wb') as errors:
            tracer = subprocess.Popen(command, stderr=errors)
        try:
            wait_until(lambda: 'attached' in said.read_text() or tracer.poll() is not None, 'strace is attached')
            before = group.status()['sequence']
            figure = tally_bench(64, 1).run(bin_dir, group, seconds)
            after = group.status()['sequence']
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        return {'orders': after - before, 'syncs': calls(counted.read_text()), 'group': figure['group']}


def calls(table):
    """Returns the number of all traced calls. It is the fourth column of strace -c."""
    return sum(int(count) for count in re.findall(r'^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*sync$', table, re.MULTILINE))
