# SPDX-License-Identifier: Apache-2.0
"""A running group drawn as text: a lane for each replica, from the clients to their answers.

    with Watch(group, load) as watch:
        for line in draw(watch.look()):
            print(''.join(text for text, _ in line))

A line is a list of (text, style). Each state has a sign and a word, so that colour only adds to
them.
"""

import json
import re
import threading
import time
import typing

LOOK_SECONDS = 0.1
SLICE_SECONDS = 0.5
SLICES = 40
WIDTH = 80
BARS = '▁▂▃▄▅▆▇█'

LOG_LINE = re.compile(r'(?P<time>\S+) \w+ (?P<role>\S+) (?P<event>\w+)(?P<rest>.*)')
FIELD = re.compile(r'(\w+)=("[^"]*"|\S+)')

# What a lane says of an event of a log. It ends where the lane does.
TOLD = {
    'child_exited': 'its process is gone: {status}',
    'child_started': 'its process is started again',
    'checkpoint_restored': 'it loads its checkpoint of order {sequence}',
    'started_empty': 'it has lost every checkpoint',
    'silence_found': 'no vote since order {voted}: silence',
    'dissent_found': 'order {sequence}: wrong {differs_in}, dissent',
    'replica_evicted': 'its vote is taken away for {reason}',
    'replica_recovering': 'it executes what it missed',
    'rolled_back': 'it drops its memory and rolls back',
    'replica_on_probation': 'its votes are compared, not counted',
    'replica_readmitted': '{votes} votes matched: it votes again',
    'import_began': 'it takes the sealed state of replica {donor}',
    'import_proven': 'the state it took is proven right',
}
SIGNS = {'voting': ('✓', 'good'), 'probation': ('◐', 'watched'), 'recovering': ('↻', 'watched')}


class Lane(typing.NamedTuple):
    """One replica: its state, what its votes are worth, and what happened to it last."""

    number: int
    state: str
    votes: str  # counted, compared, dissent, disagree or none
    event: str


class Look(typing.NamedTuple):
    """The group at one moment."""

    clients: int
    rate: float
    slices: list
    order: int
    voters: int
    state: str
    reason: str
    answered: int
    lanes: list


class Watch:
    """Looks at a group all the time, through its status and its logs."""

    def __init__(self, group, load):
        self.group = group
        self.load = load
        self.status = group.status()
        self.events = {}
        self.at = {}
        self.lock = threading.Lock()
        self.counts = [(time.monotonic(), 0)]
        self.told()
        self.events.clear()  # these are of its start
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def _run(self):
        while not self.stopping.wait(LOOK_SECONDS):
            self.refresh()
            now = time.monotonic()
            if now - self.counts[-1][0] >= SLICE_SECONDS:
                self.counts = [*self.counts[-SLICES:], (now, self.load.answered_count())]

    def refresh(self):
        with self.lock:
            code, body = self.group.request('GET', '/v1/cluster', headers=self.group.admin_headers())
            if code == 200:
                self.status = json.loads(body)
            self.told()

    def told(self):
        """Reads what the logs have got since the last time."""
        lines = []
        for path in [self.group.temporary / 'up.log', *(self.group.data / 'log').glob('*.log')]:
            with open(path, encoding='utf-8') as file:
                file.seek(self.at.get(path, 0))
                text = file.read()
            whole = text[:text.rfind('\n') + 1]
            self.at[path] = self.at.get(path, 0) + len(whole.encode())
            lines += [found for found in map(LOG_LINE.match, whole.splitlines()) if found]
        for found in sorted(lines, key=lambda found: found['time']):
            fields = {name: value.strip('"') for name, value in FIELD.findall(found['rest'])}
            role = fields.get('role', found['role'])
            number = fields.get('replica') or role.partition('replica-')[2]
            if number and found['event'] in TOLD:
                self.note(int(number), TOLD[found['event']].format(**fields))

    def note(self, number, text):
        self.events[number] = text

    def look(self):
        status, reason = self.status, self.status.get('reason') or ''
        rates = [(after - before) / (late - early)
                 for (early, before), (late, after) in zip(self.counts, self.counts[1:])]
        undecided = status['state'] in ('unavailable', 'halted')
        lanes = [Lane(replica['id'], replica['state'], worth(replica, undecided), self.events.get(replica['id'], ''))
                 for replica in status['replicas']]
        return Look(clients=len(self.load.done), rate=rates[-1] if rates else 0.0, slices=rates,
                    order=status['sequence'], voters=sum(lane.state == 'voting' for lane in lanes),
                    state=status['state'], reason=reason, answered=self.load.answered_count(), lanes=lanes)


def worth(replica, undecided):
    state = replica['state']
    if state == 'voting':
        return 'disagree' if undecided else 'counted'
    if state == 'probation':
        return 'compared'
    return 'dissent' if state == 'evicted' and replica['reason'] == 'dissent' else 'none'


# ---- the picture

VOTES = {
    'counted': ('─ ✓ counted ', '─', 'good'),
    'compared': ('─ ◐ compared ', '─', 'watched'),
    'dissent': ('─ ≠ DISSENT ', ' ', 'bad'),
    'disagree': ('─ ≠ differs ', '─', 'bad'),
    'none': ('  ✗ no vote ', ' ', 'bad'),
}
LANE = 43
LEFT = 16


def lane_of(lane):
    """Returns the two lines of a lane, without what is left and right of it."""
    sign, style = SIGNS.get(lane.state, ('✗', 'bad'))
    if lane.votes == 'dissent':
        sign = '≠'
    votes, rest, votes_style = VOTES[lane.votes]
    head = f'replica {lane.number}  '
    state = f'{sign} {lane.state}'
    gap = ' ' * (25 - len(head) - len(state))
    first = [(head, 'strong'), (state, style), (gap, ''), (votes, votes_style),
             (rest * (LANE - 25 - len(votes)), 'dim')]
    event = f'  {lane.event}'[:LANE]
    return first, [(event.ljust(LANE), 'dim')]


def left_of(look):
    """Returns the pieces left of the lanes."""
    texts = [(f' {look.clients} clients', 'strong'), (f' {look.rate:,.0f} a second', ''), ('     ▼', ''),
             (' distributor ───', 'strong'), (f' order {look.order:,}', '')] + [('', '')] * 4
    return [[(text.ljust(LEFT), style)] for text, style in texts]


def right_of(look):
    """Returns the pieces right of the lanes."""
    serves = look.state in ('ok', 'degraded')
    answer = ('   answer', 'good') if serves else ('   NO ANSWER', 'bad')
    votes = (f'   {look.voters} of {len(look.lanes)} vote', '') if serves else ('   no two agree', 'bad')
    return [[]] * 3 + [[('─▶ ', ''), ('comparator', 'strong')], [votes],
                       [('       │', '')], [('       ▼', '')], [answer], [(f'   {look.answered:,}', '')]]


def draw(look):
    """Returns the lines of the picture, for three replicas."""
    middle = []
    for lane, before, after in zip(look.lanes, (' ┌─▶ ', '─┼─▶ ', ' └─▶ '), '┐┼┘'):
        first, event = lane_of(lane)
        side = ' ' if lane is look.lanes[-1] else '│'
        middle += [[(before, ''), *first, (after, '')], [(f' {side}   ', ''), *event, (side, '')],
                   [(f' {side}   ', ''), (' ' * LANE, ''), (side, '')]]
    lines = [left + between + right for left, between, right in zip(left_of(look), middle, right_of(look))]
    highest = max([*look.slices, 1.0])
    bars = ''.join(BARS[round(rate / highest * (len(BARS) - 1))] for rate in look.slices)
    serves = look.state in ('ok', 'degraded')
    return lines + [[], [(' answers ', 'dim'), (bars.rjust(SLICES), 'good' if serves else 'bad'),
                         (f' {SLICES * SLICE_SECONDS:.0f} s   group ', 'dim'),
                         (look.state, 'good' if serves else 'bad')]]


# ---- how it is shown

COLOURS = {'good': '32', 'bad': '1;31', 'watched': '33', 'dim': '2', 'strong': '1'}
ASCII = str.maketrans({'─': '-', '│': '|', '┌': '+', '└': '+', '┼': '+', '┤': '+', '┐': '+', '┘': '+', '▶': '>',
                       '▼': 'v', '✓': '+', '✗': 'x', '◐': '?', '↻': '~', '≠': '!',
                       **dict(zip(BARS, '_.,-~=*#'))})


def plain(line):
    return ''.join(text for text, _ in line).rstrip()


def coloured(line):
    return ''.join(f'\x1b[{COLOURS[style]}m{text}\x1b[0m' if style and text.strip() else text for text, style in line)
