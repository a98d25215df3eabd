# SPDX-License-Identifier: Apache-2.0
"""What the kernel says about processes and directories, and a process that stands still."""

import contextlib
import os
import pathlib
import resource
import signal

TICKS = os.sysconf('SC_CLK_TCK')
PAGE = os.sysconf('SC_PAGE_SIZE')
MIB = 1 << 20


def cpu_seconds(pid):
    """The user and system time of all its threads, including those that have ended."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def connections_of_a_door():
    """How many a bridge serves at each of its doors, if it may open as many files as this process:
    see bridge/admission.cc."""
    return min(10_000, (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 512) // 2)


def memory_bytes(pid):
    """The resident memory."""
    return int(pathlib.Path(f'/proc/{pid}/statm').read_text().split()[1]) * PAGE


def descriptors(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


def disk_bytes(directory):
    """What its files take up. Some may vanish while they are being looked at."""
    total = 0
    for path in pathlib.Path(directory).rglob('*'):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            pass
    return total


@contextlib.contextmanager
def stopped(pid):
    """The process stands still inside the block. It may end there."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
