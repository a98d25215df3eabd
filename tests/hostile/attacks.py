#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The attacks: a table. run.py runs them against a group. As a program, this is the attacker's own
process.

attacks.py NAME BIN_DIR DATA_DIR SECONDS
"""

import dataclasses
import json
import sys
import typing

TABLE = {}


@dataclasses.dataclass
class Attack:
    name: str
    kind: str  # whom it plays: client, replica, donor, http, resp, local, all
    what: str
    run: typing.Callable
    seconds: float = 5
    short: float = 0  # seconds in the short selection; zero: it is not in it
    memory_mib: int = 64  # how much memory it may cost any daemon
    known: str = ''  # why it does not hold yet
    apart: str = ''  # why it cannot hold
    victims: tuple = ()  # roles that it ends itself
    up_args: tuple = ()
    environment: dict = dataclasses.field(default_factory=dict)
    descriptors: int = 0  # soft limit of open files for the group; zero: as it is
    data_limit: int = 0  # bytes of memory for each daemon; zero: as it is


def attack(kind, **fields):
    """Makes an attack of a function, whose name and docstring say what it is."""
    def of(function):
        name = function.__name__.replace('_', '-')
        what = ' '.join(function.__doc__.split())
        TABLE[name] = Attack(name, kind, what, function, **fields)
        return function
    return of


def main(name, bin_dir, data, seconds):
    target = attacker.Target(bin_dir, data, float(seconds))
    TABLE[name].run(target)
    print(json.dumps(target.told()), flush=True)


import attacker  # pylint: disable=wrong-import-position
if __name__ == '__main__':
    sys.modules['attacks'] = sys.modules['__main__']  # what follows registers here
import attacks_client  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import
import attacks_group  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import
import attacks_http  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import
import attacks_resp  # noqa: E402,F401  pylint: disable=wrong-import-position,unused-import

if __name__ == '__main__':
    main(*sys.argv[1:])
