#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the picture of the dashboard for the README from a real group under load, at the moment in
which a replica that lied is evicted: docs/demonstration/dashboard.webp.

Usage: record_dashboard.py BIN_DIR [PICTURE].
"""

import argparse
import base64
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'process'))

from group import Group  # noqa: E402
from page import Browser  # noqa: E402

PICTURE = HERE.parents[1] / 'docs' / 'demonstration' / 'dashboard.webp'
LOAD = ('bench', '--clients', '4', '--seconds', '120')
# Long enough for a browser on a small machine to draw the eviction.
SLOW = {'TALLY_COOLDOWN_MS': '4000'}


def voted_again(browser, number):
    states = browser.states_of(number)
    return 'evicted' in states and states[-1] == 'voting'


def visit(browser, group):
    """Hangs replica 1, so that the charts have a past, and then lets replica 2 lie once."""
    browser.open(group.watch_link())
    browser.resize('picture')
    browser.watch_cards()
    browser.press('Start counting', '#checker')
    for target, fault in ((1, 'Hang 3 s'), (2, 'Lie once')):
        browser.choose(target)
        browser.press(fault, '#faults')
        if target == 1:
            browser.wait(lambda: voted_again(browser, 1), 'replica 1 votes again', 60)
    browser.run('scrollTo(0, 0)')
    browser.wait(lambda: browser.states_of(2)[-1:] == ['evicted'], 'replica 2 is evicted')
    shot = browser.driver.execute_cdp_cmd('Page.captureScreenshot', {'format': 'webp', 'quality': 85})
    return base64.b64decode(shot['data'])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir', type=pathlib.Path)
    parser.add_argument('picture', nargs='?', type=pathlib.Path, default=PICTURE)
    arguments = parser.parse_args()
    with Group(arguments.bin_dir, '--fault-injection', environment=SLOW) as group:
        group.wait_all_vote()
        load = subprocess.Popen([arguments.bin_dir / 'tally', *LOAD, '--connect', group.data],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        browser = Browser(group.temporary, axe=None)
        try:
            arguments.picture.write_bytes(visit(browser, group))
        finally:
            browser.close()
            load.terminate()
            load.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main())
