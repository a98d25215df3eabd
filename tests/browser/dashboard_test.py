#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard as a visitor uses it, in headless Chromium against a real group.

Usage: dashboard_test.py BIN_DIR. Screenshots of each state are left in build/dashboard.
"""

import json
import os
import pathlib
import re
import signal
import sys
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from selenium.webdriver.common.keys import Keys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'process'))
sys.path.insert(0, str(HERE.parent / 'redis'))

import node_modules  # noqa: E402
from checks import SKIPPED, Unavailable  # noqa: E402
from group import Group, wait_until  # noqa: E402
from page import Browser  # noqa: E402

ROOT = HERE.parents[1]
SCREENSHOTS = ROOT / 'build' / 'dashboard'
PAGE_FILES = ROOT / 'bridge' / 'http' / 'dashboard'
BIN_DIR = None
AXE = None
# A replica that lies in every request is quarantined within seconds.
QUICK = {'TALLY_COOLDOWN_MS': '500', 'TALLY_QUARANTINE_DISSENTS': '4'}


class Page(unittest.TestCase):
    def setUp(self):
        self.browser = Browser(SCREENSHOTS, AXE)
        self.addCleanup(self.browser.close)

    def shoot(self, name):
        """Looks at one state in both widths and both colour schemes."""
        for scheme in ('light', 'dark'):
            self.browser.prefer(scheme)
            for width in ('wide', 'narrow'):
                with self.subTest(f'{name}, {scheme}, {width}'):
                    self.browser.resize(width)
                    self.browser.shoot(f'{name}-{width}-{scheme}')
                    self.assertFalse(self.browser.is_too_wide())
                    self.assertEqual(self.browser.violations(), [])
        self.browser.prefer('light')
        self.browser.resize('wide')

    def assert_no_complaints(self, but=()):
        complaints = [one for one in self.browser.complaints() if not any(word in one for word in but)]
        self.assertEqual(complaints, [])

    def counts(self):
        """The numbers of the large line: answered, lost, counted twice."""
        line = self.browser.run("return document.querySelector('.large-line').innerText")
        return [int(number.replace(',', '')) for number in re.findall(r'[\d,]+', line)]


class Visit(Page):
    def setUp(self):
        super().setUp()
        self.group = Group(BIN_DIR, '--fault-injection', environment=QUICK).__enter__()
        self.addCleanup(self.group.__exit__, None, None, None)
        self.group.wait_all_vote()
        self.link = self.group.watch_link()
        self.browser.open(self.link)
        self.browser.watch_cards()

    def start_checker(self):
        self.browser.press('Start counting', '#checker')
        self.browser.wait(lambda: self.counts()[0] > 50, 'the checker counts')

    def stop_checker(self):
        self.browser.press('Stop and verify', '#checker')
        self.browser.wait_text('Verified: each of')
        answered, lost, twice = self.counts()
        self.assertGreater(answered, 100)
        self.assertEqual((lost, twice), (0, 0))

    def inject(self, target, kind):
        self.browser.choose(target)
        self.browser.press(kind, '#faults')

    def test_a_lie_is_seen_masked_evicted_repaired_and_readmitted(self):
        self.assertIn('#token=', self.link)
        self.assertEqual(self.browser.driver.current_url, self.group.http + '/')  # the token is out of sight
        self.shoot('whole')
        self.start_checker()
        self.shoot('counting')
        self.inject(2, 'Lie once')
        self.browser.wait(lambda: 'evicted' in self.browser.states_of(2), 'replica 2 is evicted')
        self.browser.shoot('evicted-wide-light')
        # Each state is seen, unless it passes within one event.
        self.browser.wait(lambda: self.browser.states_of(2)[-1:] == ['voting'] and
                          {'evicted', 'probation'} <= set(self.browser.states_of(2)), 'replica 2 comes back')
        self.browser.wait_text('Replica 2 dissented at order')
        self.stop_checker()
        self.shoot('verified')
        self.browser.press('', '.timeline')  # the newest record that can be opened
        self.assertIn('The record', self.browser.text())
        self.assert_no_complaints()

    def test_a_kill_is_seen_however_soon_the_process_runs_again(self):
        def told():
            return self.browser.run("return ['svg.nodes', 'details'].map((one) => "
                                    "[...document.querySelectorAll(one)].map((node) => node.textContent).join())")
        self.start_checker()
        for target, name in ((1, 'replica 1'), ('comparator', 'the comparator'), ('distributor', 'the distributor')):
            self.inject(target, 'Kill')
            self.browser.wait(lambda: 'started anew' in told()[0], f'the picture says it of {name}')
            self.browser.run("document.querySelector('svg.nodes').scrollIntoView({ block: 'center' })")
            self.browser.shoot(f'killed-{target}-wide-light')
            self.browser.wait(lambda said=f'{name} was started anew': said in told()[1], f'{name} has a mark', 5)
            self.browser.wait(lambda: 'started anew' not in told()[0], f'it is over for {name}', 10)
        self.stop_checker()
        self.shoot('after-kills')

    def test_the_evidence_of_a_dissent_shows_all_votes_and_what_differs(self):
        self.group.tally('fault', 'inject', 3, 'wrong-value', '--for', 2)
        self.group.tally('incr', 'home')
        self.browser.wait_text('Replica 3 dissented at order')
        verdict = next(button for button in self.browser.driver.find_elements('css selector', '.timeline button')
                       if 'dissented' in button.text)
        self.browser.run('arguments[0].click()', verdict)
        evidence = self.browser.run("return document.querySelector('.evidence:not([hidden])').innerText")
        self.assertIn('Decided', evidence)
        self.assertIn('differs in results', evidence)
        for number in (1, 2, 3):
            self.assertIn(f'Replica {number}', evidence)
        audit = (self.group.data / 'audit' / 'audit.jsonl').read_text().splitlines()
        shown = self.browser.run("return document.querySelector('.evidence:not([hidden]) pre').textContent")
        self.assertIn(shown, audit)  # byte by byte as it is on disk
        self.shoot('evidence')
        self.assert_no_complaints()

    def test_whoever_keeps_lying_is_quarantined_until_an_operator_readmits_it(self):
        self.start_checker()
        self.inject(2, 'Keep lying')
        self.browser.wait(lambda: 'quarantined' in self.browser.states_of(2), 'replica 2 is quarantined', 90)
        self.assertGreater(self.group.replica(2)['evictions'], 1)
        self.shoot('quarantined')
        self.inject(2, 'Clear the fault')
        self.browser.press('Readmit', '#replicas')
        self.browser.wait(lambda: self.browser.states_of(2)[-1:] == ['voting'], 'replica 2 votes again')
        self.stop_checker()
        self.assert_no_complaints()

    def test_two_faults_at_one_time_fail_safe_and_heal(self):
        self.start_checker()
        for number in (1, 2):
            self.inject(number, 'Stop voting')
        self.browser.wait_text('No answer, rather than a wrong one')
        self.browser.wait_text('Waiting: no answer since')
        answered = self.counts()[0]
        self.shoot('no-majority')
        self.assertEqual(self.counts()[0], answered)
        for number in (1, 2):
            self.inject(number, 'Clear the fault')
        self.browser.wait(lambda: self.counts()[0] > answered + 50, 'the group answers again', 60)
        self.stop_checker()
        self.assert_no_complaints(but=('503', '504'))

    def test_the_page_goes_on_when_the_bridge_or_the_distributor_is_back(self):
        self.start_checker()
        old = self.group.pid('bridge')
        os.kill(old, signal.SIGKILL)
        self.group.wait_new_pid('bridge', old)
        answered = self.counts()[0]
        self.browser.wait(lambda: self.counts()[0] > answered + 50, 'the checker goes on')
        self.inject('distributor', 'Kill')
        self.browser.wait(lambda: self.group.status()['term'] == 2, 'the distributor began another term')
        answered = self.counts()[0]
        self.browser.wait(lambda: self.counts()[0] > answered + 50, 'the checker goes on')
        self.stop_checker()
        self.assertNotIn('Reconnecting', self.browser.text())

    def test_everything_can_be_done_by_keyboard_and_without_motion(self):
        self.browser.prefer('light', 'reduce')
        self.browser.wait_text('Motion is off')
        self.tab_to('Start counting')
        self.type(Keys.ENTER)
        self.browser.wait(lambda: self.counts()[0] > 20, 'the checker counts')
        self.tab_to('1')  # the replicas are one group of radio buttons
        self.type(Keys.ARROW_DOWN)
        self.tab_to('Hang 3 s')
        self.type(Keys.SPACE)
        self.browser.wait(lambda: 'evicted' in self.browser.states_of(2), 'replica 2 is evicted')
        self.browser.wait(lambda: self.browser.states_of(2)[-1:] == ['voting'], 'replica 2 comes back')
        self.tab_to('Stop and verify')
        self.type(Keys.ENTER)
        self.browser.wait_text('Verified: each of')

    def type(self, key):
        self.browser.driver.switch_to.active_element.send_keys(key)

    def tab_to(self, words):
        """Goes on with the tab key until this button has the focus, and the focus can be seen."""
        for _ in range(150):
            self.type(Keys.TAB)
            focused = self.browser.driver.switch_to.active_element
            if focused.get_attribute('value') == words or focused.text.startswith(words):
                outline = self.browser.run('''const one = document.activeElement;
                    const shown = one.matches('input') ? one.nextElementSibling ?? one : one;
                    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(shown);
                    return outlineStyle !== 'none' && outlineWidth !== '0px' || boxShadow !== 'none';''')
                self.assertTrue(outline, f'the focus on "{words}" cannot be seen')
                return
        raise AssertionError(f'the tab key does not reach "{words}"')

    def test_the_tour_can_be_followed_to_its_end(self):
        self.browser.wait(lambda: self.browser.run("return document.getElementById('tour-button').checkVisibility()"),
                          'the tour is offered')
        self.browser.run("document.getElementById('tour-button').click()")
        steps = self.browser.run("return document.querySelector('.tour-head').innerText")
        last = int(re.search(r'of (\d+)', steps, re.IGNORECASE).group(1))
        for step in range(1, last + 1):
            with self.subTest(step=step):
                # All that the step does, one after the other, each when what came before was seen.
                acts = self.browser.run(
                    "return [...document.querySelectorAll('.acts button')].map((one) => one.textContent)")
                for place, act in enumerate(acts):
                    self.browser.press(act, '#tour')
                    self.browser.wait(lambda place=place: self.browser.run(
                        "return document.querySelector(`.checks li[data-act='${arguments[0]}']:not([data-seen=true])`) "
                        "=== null", place), f'step {step}, {act}', 60)
                if step == 4:
                    self.shoot('tour')
                self.browser.press('End the tour' if step == last else 'Next', '#tour')
        self.assertEqual(self.counts()[1:], [0, 0])


class WithoutToken(Page):
    def test_a_visitor_without_the_token_watches_and_can_do_nothing(self):
        with Group(BIN_DIR, '--fault-injection') as group:
            group.wait_all_vote()
            self.browser.open(group.http + '/')
            self.browser.wait_text('To make faults, open the link')
            self.assertEqual(self.browser.run("return document.querySelectorAll('#faults button').length > 0 && "
                                              "document.querySelector('#faults button').offsetParent !== null"), False)
            self.assertNotIn('Readmit', self.browser.text().replace('Readmitted', ''))
            self.assert_no_complaints()

    def test_a_group_without_fault_injection_shows_no_faults(self):
        with Group(BIN_DIR) as group:
            group.wait_all_vote()
            self.assertNotIn('token', (group.temporary / 'up.log').read_text())
            self.browser.open(f'{group.http}/#token=0123')
            self.assertFalse(self.browser.run("return document.getElementById('faults').checkVisibility()"))
            self.assert_no_complaints()


HOSTILE = '<img src=x onerror="document.title=\'caught\'"><script>document.title="caught"</script>'


class Hostile(Page):
    """A bridge that passes on whatever a replica or a record says, which no real one would let be
    so wild."""

    def test_texts_of_replicas_and_records_stay_texts(self):
        policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
        line = json.dumps({'kind': 'verdict', 'replica': HOSTILE, 'reason': HOSTILE, 'sequence': HOSTILE,
                           'at': HOSTILE, 'evidence': {'votes': [{'replica': HOSTILE, 'role': HOSTILE,
                                                                  'differs_in': HOSTILE, 'state': HOSTILE}]}})
        replica = {'id': 1, 'state': HOSTILE, 'reason': HOSTILE, 'since': HOSTILE, 'next_try': None, 'applied': 1,
                   'lag': 0, 'checkpoint': 0, 'store': HOSTILE, 'heard_ms': 1, 'votes': 0, 'dissents': 0,
                   'silences': 0, 'evictions': 0, 'readmissions': 0, 'matches': 0, 'matches_needed': 64,
                   'last_verdict': {'reason': HOSTILE, 'sequence': 1, 'at': 1},
                   'vote': {'sequence': 1, 'state': HOSTILE, 'results': HOSTILE, 'outcome': HOSTILE}}
        picture = {'now': 1764485000123, 'group': {
            'state': HOSTILE, 'reason': HOSTILE, 'advice': HOSTILE, 'term': 1, 'view': 1, 'sequence': 1, 'decided': 1,
            'stable': 1, 'journal_first': 1, 'undecided': 0, 'fault_injection': True, 'replicas': 3, 'needed': 2,
            'heard': True}, 'distributor': {'state': HOSTILE}, 'comparator': {'state': HOSTILE},
            'journal': {'appends': 1, 'syncs': 1, 'sync_p50_us': 1, 'sync_p99_us': 1}, 'decision': None,
            'replicas': [replica, {**replica, 'id': 2}, {**replica, 'id': 3}], 'figures': [],
            'records': [{'number': 1, 'hash': HOSTILE, 'line': line}, {'number': 2, 'hash': 'x', 'line': HOSTILE}]}
        event = f'retry: 60000\n\nevent: snapshot\nid: 1-1\ndata: {json.dumps(picture)}\n\n'.encode()
        types = {'.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html'}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = 'index.html' if self.path == '/' else self.path.rsplit('/', 1)[-1]
                body = event if self.path == '/events' else (PAGE_FILES / name).read_bytes()
                self.send_response(200)
                self.send_header('Content-Type', 'text/event-stream' if self.path == '/events'
                                 else types[pathlib.Path(name).suffix])
                self.send_header('Content-Security-Policy', policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.browser.open(f'http://127.0.0.1:{server.server_port}/')
        self.browser.run("for (const one of document.querySelectorAll('.timeline button')) one.click()")
        wait_until(lambda: HOSTILE in self.browser.text(), 'the hostile text is shown')
        self.assertEqual(self.browser.driver.title, 'tally')
        self.assertEqual(self.browser.run("return document.querySelectorAll('main img, main script').length"), 0)
        self.shoot('hostile')
        self.assert_no_complaints(but=('Failed to load resource',))


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1)).resolve()
    try:
        AXE = (node_modules.installed(HERE) / 'axe-core' / 'axe.min.js').read_text()
    except Unavailable as reason:
        print(f'skipped: axe-core cannot be fetched: {reason}')
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
