# SPDX-License-Identifier: Apache-2.0
"""Checks that run one after the other, each a function that returns a line on what it saw.

    checks = Checks('What they check.', [one, another])
    options = checks.parse()
    for check in checks.chosen:
        checks.run(check, options.ours)
    sys.exit(checks.end())
"""

import argparse
import time
import traceback

SKIPPED = 77  # what ctest takes for skipped


class Unavailable(Exception):
    """What a check needs from elsewhere cannot be had here."""


def expect(expected, value, what):
    if expected != value:
        raise AssertionError(f'{what}: expected {expected!r}, got {value!r}')


class Checks:
    """The names of checks on the command line choose some of them."""

    def __init__(self, description, checks):
        self.checks = {check.__name__: check for check in checks}
        self.chosen = []
        self.became = []
        self.parser = argparse.ArgumentParser(description=description)
        self.parser.add_argument('names', nargs='*', metavar='NAME', help=', '.join(self.checks))

    def parse(self):
        options = self.parser.parse_args()
        if not set(options.names) <= set(self.checks):
            self.parser.error(f'the checks are {", ".join(self.checks)}')
        self.chosen = [self.checks[name] for name in options.names or self.checks]
        return options

    def run(self, check, *arguments):
        started = time.monotonic()
        try:
            seen = check(*arguments)
            became = 'ok'
        except Unavailable as reason:
            seen = f'this cannot be had here: {reason}'
            became = 'skipped'
        except Exception as error:  # pylint: disable=broad-except
            seen = error
            became = 'FAILED'
            traceback.print_exc()
        self.became.append(became)
        print(f'{became:<7} {check.__name__} ({time.monotonic() - started:.1f} s): {seen}',
              flush=True)

    def end(self):
        """Returns the exit code."""
        counts = [self.became.count(became) for became in ('ok', 'FAILED', 'skipped')]
        print('{} passed, {} failed, {} skipped'.format(*counts))
        return 1 if counts[1] else SKIPPED if not counts[0] else 0
