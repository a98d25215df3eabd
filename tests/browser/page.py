# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a real browser: headless Chromium, driven by Selenium, both Debian's."""

import os
import pathlib
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

WIDTHS = {'wide': (1280, 900), 'narrow': (390, 844), 'picture': (1280, 920)}  # the last one for the README

# Keeps every state that a replica's card has shown, since a state may pass between two looks.
WATCH_CARDS = '''
window.seen = {};
new MutationObserver(() => {
  for (const card of document.querySelectorAll('.card')) {
    const name = card.querySelector('h3').textContent;
    const states = window.seen[name] ??= [];
    const state = card.querySelector('.pill').textContent;
    if (states.at(-1) !== state) states.push(state);
  }
}).observe(document.getElementById('replicas'), { subtree: true, childList: true, characterData: true });
'''


class Browser:
    """One window. With `axe`, the text of axe-core, its rules can be checked."""

    def __init__(self, screenshots, axe):
        self.screenshots = pathlib.Path(screenshots)
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.axe = axe
        options = Options()
        # As root, and in a container, Chromium cannot make its sandbox.
        for argument in ('--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--hide-scrollbars',
                         '--disable-background-networking', '--force-device-scale-factor=1'):
            options.add_argument(argument)
        options.binary_location = '/usr/bin/chromium'
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        # Chromium leaves some of its temporary files behind.
        self.temporary = tempfile.TemporaryDirectory(prefix='tally-browser-', ignore_cleanup_errors=True)
        service = Service('/usr/bin/chromedriver', env={**os.environ, 'TMPDIR': self.temporary.name})
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_script_timeout(30)
        self.resize('wide')

    def close(self):
        self.driver.quit()
        self.temporary.cleanup()

    def open(self, url):
        self.driver.get(url)
        self.wait(lambda: self.run("return document.querySelectorAll('.card').length > 0"), 'the replicas are shown')

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def resize(self, width):
        # A window cannot be as narrow as a telephone, so the page is told that it is.
        columns, lines = WIDTHS[width]
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
            'width': columns, 'height': lines, 'deviceScaleFactor': 1, 'mobile': width == 'narrow'})

    def prefer(self, scheme, motion='no-preference'):
        self.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': [
            {'name': 'prefers-color-scheme', 'value': scheme}, {'name': 'prefers-reduced-motion', 'value': motion}]})

    def wait(self, condition, what, seconds=30):
        deadline = time.monotonic() + seconds
        while not (result := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f'not within {seconds} s: {what}\n{self.text()}')
            time.sleep(0.05)
        return result

    def wait_text(self, words, seconds=30):
        self.wait(lambda: words in self.text(), words, seconds)

    def text(self):
        return self.run('return document.body.innerText')

    def press(self, words, within='body'):
        """Presses the button whose text begins so."""
        for button in self.driver.find_elements(By.CSS_SELECTOR, f'{within} button'):
            if button.is_displayed() and button.text.startswith(words):
                self.run("arguments[0].scrollIntoView({ block: 'center' })", button)
                button.click()
                return
        raise AssertionError(f'there is no button "{words}" in {within}')

    def choose(self, target):
        label = self.driver.find_element(By.CSS_SELECTOR, f'input[name="fault-target"][value="{target}"]')
        self.run('arguments[0].click()', label)

    def watch_cards(self):
        self.run(WATCH_CARDS)

    def states_of(self, number):
        return self.run('return window.seen[arguments[0]] ?? []', f'Replica {number}')

    def complaints(self):
        """What the page has logged as errors since this was called last, and failed loads with it."""
        return [entry['message'] for entry in self.driver.get_log('browser') if entry['level'] == 'SEVERE']

    def violations(self):
        """What axe-core finds wrong, a line each."""
        self.run(self.axe)
        found = self.driver.execute_async_script(
            'const done = arguments[0]; axe.run(document).then((result) => done(result.violations.map('
            '(one) => one.id + ": " + one.nodes.map((node) => node.target.join(" ")).slice(0, 4).join(", "))));')
        return found

    def shoot(self, name):
        self.driver.execute_cdp_cmd('Emulation.setScrollbarsHidden', {'hidden': True})
        path = self.screenshots / f'{name}.png'
        self.driver.save_screenshot(str(path))
        return path

    def is_too_wide(self):
        return self.run('return document.documentElement.scrollWidth > document.documentElement.clientWidth')
