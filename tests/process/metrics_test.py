#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""/metrics as promtool and a real Prometheus read it, with the files of docs/metrics.md. Usage:
metrics_test.py BIN_DIR"""

import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import urllib.request

from group import ROOT, Group, free_port, titled_block, wait_until

BIN_DIR = None
PAGE = ROOT / 'docs' / 'metrics.md'


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.group = cls.enterClassContext(Group(BIN_DIR, '--fault-injection', '--bridges', '2'))
        cls.group.wait_all_vote()
        cls.token = (cls.group.data / 'run' / 'admin.token').read_text().strip()

    def text(self):
        code, body = self.group.request('GET', '/metrics')
        self.assertEqual(code, 200)
        return body

    def series(self):
        """Returns each series with its value. It also checks that none comes twice."""
        found = {}
        for line in self.text().splitlines():
            if line.startswith('#'):
                continue
            name, _, value = line.rpartition(' ')
            self.assertNotIn(name, found)
            found[name] = float(value)
        return found

    def wait_series(self, name, holds, what):
        return wait_until(lambda: holds(self.series().get(name, 0)), f'{name} {what}')

    def test_promtool_has_nothing_to_say(self):
        checked = subprocess.run(['promtool', 'check', 'metrics'], input=self.text(), capture_output=True, text=True,
                                 check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, '', ''))

    def test_the_page_has_each_metric_and_no_other(self):
        told = set(re.findall(r'^\| `(tally_\w+)` \|', PAGE.read_text(), re.MULTILINE))
        shown = set(re.findall(r'^# TYPE (\w+) ', self.text(), re.MULTILINE))
        self.assertEqual(told, shown)

    def test_what_a_client_does_is_counted(self):
        before = self.series()
        asked = [('POST', '/v1/counters/a/increment', 'tally_operations_total{kind="add"}'),
                 ('GET', '/hit/a', 'tally_operations_total{kind="add"}'),
                 ('GET', '/v1/counters/a', 'tally_operations_total{kind="get"}'),
                 ('GET', '/v1/counters', 'tally_operations_total{kind="list"}'),
                 ('GET', '/nothing', 'tally_refusals_total{reason="not-found"}'),
                 ('POST', '/hit/a', 'tally_refusals_total{reason="method-not-allowed"}')]
        for method, path, _ in asked:
            self.group.request(method, path)
        authorization = {'Authorization': f'Bearer {self.token}'}
        self.group.request('PUT', '/v1/counters/a', body={'value': 7}, headers=authorization)
        self.group.request('DELETE', '/v1/counters/a', headers=authorization)
        after = self.series()
        expected = [name for _, _, name in asked]
        expected += ['tally_operations_total{kind="set"}', 'tally_operations_total{kind="delete"}']
        for name in expected:
            self.assertEqual(after[name] - before[name], expected.count(name), name)
        self.assertGreaterEqual(after['tally_requests_total{door="http"}'] - before['tally_requests_total{door="http"}'],
                                len(expected))

    def test_what_a_native_client_does_is_in_the_groups_orders(self):
        before = self.series()
        report = json.loads(self.group.tally('bench', '--clients', 4, '--seconds', 1, '--json'))
        self.wait_series('tally_order_operations_sum', lambda value: value - before['tally_order_operations_sum'] >=
                         report['operations'], 'has grown by what was counted')
        after = self.series()
        for name in ('tally_decision_seconds', 'tally_journal_sync_seconds'):
            counts = [value for key, value in after.items() if key.startswith(f'{name}_bucket')]
            self.assertEqual(counts, sorted(counts))
            self.assertEqual(counts[-1], after[f'{name}_count'])
            self.assertGreater(after[f'{name}_sum'], before[f'{name}_sum'])

    def test_a_replica_that_lies_is_seen(self):
        before = self.series()
        self.group.tally('fault', 'inject', 2, 'wrong-value')
        wait_until(lambda: self.group.tally('incr', 'b') and self.series()['tally_replica_state{replica="2",state="voting"}'] == 0,
                   'replica 2 votes no more')
        after = self.series()
        self.assertGreater(after['tally_votes_total{replica="2",outcome="dissent"}'],
                           before['tally_votes_total{replica="2",outcome="dissent"}'])
        self.wait_series('tally_verdicts_total{replica="2",reason="dissent"}',
                         lambda value: value > before['tally_verdicts_total{replica="2",reason="dissent"}'], 'has grown')
        self.assertEqual(after['tally_evictions_total'], before['tally_evictions_total'] + 1)
        self.group.tally('fault', 'clear', 2)
        self.wait_series('tally_readmissions_total', lambda value: value > before['tally_readmissions_total'], 'has grown')
        self.assertEqual(self.series()['tally_group_state{state="ok"}'], 1)

    def test_a_restart_of_the_distributor_takes_no_count_back(self):
        self.group.tally('replica', 'evict', 3)
        self.group.tally('replica', 'readmit', 3)
        self.group.tally('wait', '--state', 'ok')
        kept = ('tally_evictions_total', 'tally_readmissions_total', 'tally_votes_total{replica="1",outcome="match"}')
        least = {name: self.series()[name] for name in kept}
        restarting = subprocess.Popen([BIN_DIR / 'tally', 'restart', 'distributor', '--connect', self.group.data],
                                      stdout=subprocess.DEVNULL)
        while restarting.poll() is None:
            shown = self.series()
            for name in kept:
                self.assertGreaterEqual(shown.get(name, least[name]), least[name], name)
        self.assertEqual(restarting.returncode, 0)
        # What the page says of the group may be a second old, and be of before its first decision.
        self.wait_series('tally_group_state{state="ok"}', bool, 'is 1 again')

    def test_many_scrapers_cost_the_group_no_more_than_one(self):
        ordered = 'tally_ordered_requests_total'
        before = self.series()[ordered]
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda _: self.text(), range(400)))
        # One order each second, and those that the other tests make.
        self.assertLess(self.series()[ordered] - before, 100)

    def test_a_group_that_says_nothing_is_unavailable(self):
        with Group(BIN_DIR, environment={'TALLY_WATCHDOG_MS': '0'}) as group:
            os.kill(group.pid('distributor'), signal.SIGSTOP)
            said = 'tally_group_state{state="unavailable"} 1'
            text = wait_until(lambda: (lambda text: text if said in text else None)(group.request('GET', '/metrics')[1]),
                              'it says so')
            self.assertNotIn('tally_replica_state', text)
            os.kill(group.pid('distributor'), signal.SIGCONT)
            wait_until(lambda: 'tally_group_state{state="ok"} 1' in group.request('GET', '/metrics')[1], 'it is back')


class Scraped(unittest.TestCase):
    """The test has a Prometheus of its own, with the configuration on the page."""

    def setUp(self):
        self.group = self.enterContext(Group(BIN_DIR, '--bridges', '2'))
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix='tally-test-')))
        targets = [urllib.parse.urlsplit(bridge['http']).netloc for bridge in self.group.endpoints()['bridges']]
        text = titled_block(PAGE, 'prometheus.yml').replace('127.0.0.1:8080, 127.0.0.1:8081', ', '.join(targets))
        text = text.replace('scrape_interval: 15s', 'scrape_interval: 500ms\n    scrape_timeout: 500ms')
        text = text.replace('evaluation_interval: 15s', 'evaluation_interval: 500ms')
        (self.directory / 'prometheus.yml').write_text(text)
        (self.directory / 'tally.rules.yml').write_text(titled_block(PAGE, 'tally.rules.yml'))
        self.url = f'http://127.0.0.1:{free_port()}'
        command = ['prometheus', f'--config.file={self.directory}/prometheus.yml',
                   f'--storage.tsdb.path={self.directory}/data',
                   f'--web.listen-address={urllib.parse.urlsplit(self.url).netloc}']
        self.log = self.enterContext(open(self.directory / 'log', 'w+', encoding='utf-8'))
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=self.directory)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)

    def asked(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ''

    def query(self, expression):
        text = self.asked('/api/v1/query?query=' + urllib.parse.quote(expression))
        return json.loads(text)['data']['result'] if text else []

    def test_both_bridges_are_scraped_without_a_complaint(self):
        wait_until(lambda: len(self.query('tally_group_state{state="ok"} == 1')) == 2, 'both are scraped')
        self.group.request('POST', '/v1/counters/home/increment')
        wait_until(lambda: [one['value'][1] for one in self.query('sum(tally_operations_total{kind="add"})')] == ['1'],
                   'the increment is seen')
        targets = json.loads(self.asked('/api/v1/targets'))['data']['activeTargets']
        self.assertEqual([(target['health'], target['lastError']) for target in targets], [('up', '')] * 2)
        own = self.asked('/metrics')
        for kind in ('duplicate_timestamp', 'out_of_order', 'out_of_bounds'):
            self.assertIn(f'prometheus_target_scrapes_sample_{kind}_total 0\n', own)
        # Before the first scrape there was nothing, which one of the rules notices too.
        wait_until(lambda: {(rule['health'], rule['state']) for rule in self.rules()} == {('ok', 'inactive')},
                   'each rule was looked at, and none has anything to say')

    def rules(self):
        return json.loads(self.asked('/api/v1/rules'))['data']['groups'][0]['rules']


if __name__ == '__main__':
    BIN_DIR = pathlib.Path(sys.argv.pop(1))
    unittest.main()
