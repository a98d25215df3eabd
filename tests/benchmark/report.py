# SPDX-License-Identifier: Apache-2.0
"""Writes the results of a run as Markdown, with plots beside it."""

import pathlib
import re
import statistics

import evidence
import plots
from side_by_side import SYSTEMS, commands
from targets import TARGETS

INTRODUCTION = '''# Benchmarks

`scripts/bench` writes this page; the notes at the end ([notes.md](benchmarks/notes.md)) are written
by hand. The unit is one increment of one of 1,000 counters, answered with its new value. Each
increment is ordered, executed by three replicas and voted on, and its order is on disk before the
answer leaves. Everything, load generators included, shares one small machine. So an absolute figure
means little; what counts is its ratio to what was measured in turns with it. Each figure is the
median of all rounds (least–greatest).
'''
SERVERS = '''
These are the servers: `tally up` with its defaults; `redis-server --save ''`, with
`--appendonly yes --appendfsync always` where the table says so, and `--replicaof` for replicas;
`etcd` with its defaults, asked at its leader; `nginx` with `worker_processes auto`, no access log,
keep-alive without end, and `return 200` with an answer of tally's length.
'''
NATIVE = ['raw', 'tally', 'redis', 'redis-always', 'redis-wait', 'etcd-put', 'etcd-swap']
HTTP = ['tally-http', 'nginx']
RESP = ['tally-resp', 'redis', 'redis-always', 'redis-wait']
NATIVE_LOADS = ['1', '64', '256', 'deep']
HTTP_LOADS = ['wrk POST', 'wrk GET', 'ab -k', 'ab']
RESP_LOADS = ['resp P1', 'resp P16', 'resp hot']
LABELS = {system.key: system.label for system in SYSTEMS}
MIB = 1 << 20


def table(heading, rows, figures=True):
    """The first column is text. The others are figures, or text as well."""
    rule = '| --- |' + (' ---: |' if figures else ' --- |') * (len(heading) - 1)
    lines = ['| ' + ' | '.join(map(str, row)) + ' |' for row in [heading, *rows]]
    return '\n'.join([lines[0], rule, *lines[1:]]) + '\n'


def rate(value):
    for size, unit in ((1e6, ' M'), (1e3, ' k')):
        if value >= size:
            return f'{value / size:.{2 if value < 10 * size else 1 if value < 100 * size else 0}f}{unit}'
    return f'{value:.0f}'


def time_us(value):
    if value is None:
        return '–'
    return f'{value:.0f} µs' if value < 1000 else f'{value / 1e3:.{2 if value < 1e4 else 1 if value < 1e5 else 0}f} ms'


def time_ns(value):
    return f'{value:.1f} ns' if value < 1000 else f'{value / 1e3:.1f} µs' if value < 1e5 else time_us(value / 1e3)


def cell(figures):
    """Describes one load of one system over all rounds."""
    if not figures:
        return '–'
    rates = [figure['per_second'] for figure in figures]
    text = rate(statistics.median(rates))
    if len(rates) > 1:
        text += f' ({rate(min(rates))}–{rate(max(rates))})'
    p50 = [figure['p50_us'] for figure in figures if figure.get('p50_us')]
    return text + (f', p50 {time_us(statistics.median(p50))}' if p50 else '')


def side_by_side(results, systems, loads, headings):
    figures, left_out = results['side_by_side'], results['left_out']
    rows = []
    for system in systems:
        if system in left_out:
            rows.append([LABELS[system], left_out[system]] + [''] * (len(loads) - 1))
        elif system in figures:
            rows.append([LABELS[system]] + [cell(figures[system].get(load)) for load in loads])
    return table(headings, rows) if rows else ''


def explained(notes):
    """The targets about which the notes have a list item "- `key`: reason"."""
    return set(re.findall(r'^- `([\w-]+)`: ', notes, re.MULTILINE))


def targets(results, notes):
    keys = explained(notes)
    rows = []
    for target in TARGETS:
        row = [target.what, f'{"≤" if target.most else "≥"} {target.limit:g} {target.unit}']
        why = f'`{target.key}`' if target.key in keys else ''
        measured = target.value(results)
        if not measured:
            rows.append(row + ['–', 'not measured', why])
            continue
        value, detail = measured
        row.append(f'{value:.2f} {target.unit} ({detail})')
        rows.append(row + (['met', ''] if target.met(value) else ['**missed**', why]))
    return ('The notes have the reason for each word of the last column, under "Why targets are missed".\n\n' +
            table(['what', 'target', 'here', '', 'why'], rows, figures=False))


def counters(rows):
    heading = ['counters', 'increments a second, 16 × 1024', 'without answer, creation included', 'p50, 64 clients',
               'memory per replica', 'bytes per counter', 'disk of the group', 'votes again after a kill']
    base, lines = rows[0].get('replica_bytes', 0), []
    for row in rows:
        size = row['counters']
        cells = [row['failure']] + [''] * 6 if 'failure' in row else [
            rate(row['per_second']), f'{row["errors"]:,}', time_us(row['p50_us']),
            f'{row["replica_bytes"] / MIB:.0f} MiB',
            f'{(row["replica_bytes"] - base) / size:.0f}' if size >= 100_000 else '–',
            f'{row["disk_bytes"] / MIB:.0f} MiB', f'{row["restart_seconds"]:.1f} s']
        lines.append([f'{size:,}', *cells])
    return table(heading, lines)


def replicas(rows):
    roles = ['distributor', 'replica', 'comparator', 'bridge']
    heading = ['replicas', 'load', 'increments a second', 'p50', 'CPU per increment',
               *(f'of it {role}' for role in roles)]
    return table(heading, [
        [row['replicas'], row['load'], rate(row['per_second']), time_us(row['p50_us']), f'{row["cpu_us"]:.2f} µs',
         *(f'{row["cpu_us_by_role"].get(role, 0):.2f}' for role in roles)] for row in rows])


def connections(rows):
    lines = []
    for row in rows:
        cells = [row['failure'], '', '', ''] if 'failure' in row else [
            rate(row['per_second']), time_us(row['p50_us']), time_us(row['p99_us']),
            f'{row["bridge_bytes"] / MIB:.0f} MiB']
        lines.append([f'{row["connections"]:,}', *cells])
    return table(['connections', 'increments a second', 'p50', 'p99', 'memory of the bridge'], lines)


def viewers(result):
    """Shows the median of all rounds, and the memory at the beginning and at the end."""
    rounds, samples = result['rounds'], result['samples']
    rows = []
    for key, name in (('none', 'none'), ('watched', f'{result["number"]}')):
        figures = [pair[key] for pair in rounds]
        middle = {field: statistics.median(figure[field] for figure in figures)
                  for field in ('per_second', 'p50_us', 'p99_us')}
        rows.append([name, rate(middle['per_second']), time_us(middle['p50_us']), time_us(middle['p99_us'])])
    quarter = max(1, len(samples) // 4)
    means = [statistics.mean(sample['bytes'] for sample in part) / MIB
             for part in (samples[quarter:2 * quarter] or samples, samples[-quarter:])]
    lost = result['lost'] + sum(pair['watched']['lost'] for pair in rounds)
    return (f'wrk -c 64 counts by HTTP, with viewers of `/events` and without, in {len(rounds)} turns; medians.\n\n' +
            table(['viewers', 'increments a second', 'p50', 'p99'], rows) +
            f'\nThen they stayed for {samples[-1]["second"]:.0f} s of the same load, and read '
            f'{result["read_bytes"] / MIB:.0f} MiB. The bridge had\n{means[0]:.1f} MiB in the second quarter, and '
            f'{means[1]:.1f} MiB in the last one. {lost} viewers were cut off.\n')


def soak(result):
    """Shows the mean of each quarter: what is flat does not grow from the second to the fourth."""
    samples = result['samples']
    quarters = [samples[len(samples) * place // 4:len(samples) * (place + 1) // 4] for place in range(4)]
    rows = []
    for name in samples[0]:
        if name == 'second':
            continue
        size = MIB if name.endswith('_bytes') else 1
        means = [statistics.mean(row[name] for row in quarter) / size for quarter in quarters]
        rows.append([name.removesuffix('_bytes'), *(f'{mean:.0f}' for mean in means), f'{means[3] - means[1]:+.0f}'])
    head = (f'{samples[-1]["second"]:.0f} s of 64 clients with 16 outstanding each: {rate(result["per_second"])}/s, '
            f'{result["errors"]} errors, {"every answer right" if result["verified"] else "ANSWERS WERE WRONG"}.\n'
            'Sizes are in MiB; descriptors are those of all daemons together.\n\n')
    return head + table(['', '1st quarter', '2nd', '3rd', '4th', '4th − 2nd'], rows)


def faults(result):
    rows = []
    for drill in result['drills']:
        name, took = drill['name'], drill['recovered_seconds']
        if drill['missed_orders']:
            name += f' ({drill["missed_orders"]:,} orders behind)'
        times = [drill['before'], drill['during'], drill['after']]
        rows.append([name, f'{took:.2f} s' if took is not None else 'not in its slot',
                     ' · '.join(rate(time['per_second']) for time in times), f'{drill["share"]:.2f}',
                     ' · '.join(time_us(time['p99_us']) for time in times),
                     ' · '.join(time_us(time['gap_us']) for time in times)])
    right = 'every answer right, nothing lost, nothing twice' if result['verified'] else 'ANSWERS WERE WRONG'
    head = (f'64 clients, one increment outstanding each, in slices of 50 ms; {result["errors"]} errors,\n{right}.\n\n'
            '*Before* is two seconds, *during* lasts from the fault until all vote again, and *after* is the\n'
            'rest of the slot. *p99* is that of the median slice. The *longest gap* is between two answers to\n'
            'one client. *Back* is the time from the fault, or from its end if it has one, until all vote\n'
            'again. The plot has 400 longer slices: the mean rate, the median p99, the longest gap.\n\n')
    return head + table(['drill', 'back', 'increments a second: before · during · after', 'during relative to before',
                         'p99: before · during · after', 'longest gap: before · during · after'], rows)


def syncs(result):
    text = (f'`{evidence.COMMAND}` while 64 clients count:\n'
            f'**{result["syncs"]:,} syncs for {result["orders"]:,} orders**. '
            'Orders that only read are not synced, and the load makes a few.\n')
    if result['group']:
        text += (f'By the distributor\'s own count, in the measured part: {result["group"]["journal_syncs"]:,} syncs '
                 f'for {result["group"]["orders"]:,} orders.\n')
    return text


def micro(rows):
    return table(['', 'CPU', 'items a second'],
                 [[row['name'], time_ns(row['cpu_time']),
                   rate(row['items_per_second']) if 'items_per_second' in row else ''] for row in rows])


# Each part has a key, a title, a description and a plot.
PARTS = [
    ('syncs', 'Synced before the answer leaves', syncs, None),
    ('faults', 'Under faults', faults, plots.faults),
    ('counters', 'More counters', counters, plots.counters),
    ('replicas', 'More replicas', replicas, plots.replicas),
    ('connections', 'More connections', connections, plots.connections),
    ('viewers', 'Those who watch', viewers, None),
    ('soak', 'Steady load', soak, plots.soak),
    ('micro', 'Micro-benchmarks', micro, None),
]


def document(results, notes, directory):
    """Returns the whole text. Draws the plots into `directory`, if one is given."""
    def plot(name, draw, content):
        if not draw or directory is None or not plots.available():
            return ''
        draw(content, directory / f'{name}.svg')
        return f'\n![{name}](benchmarks/{name}.svg)\n'

    parts = [INTRODUCTION, f'{results["machine"]}\n`{results["command"]}`\n',
             '## Targets\n\n' + targets(results, notes)]
    figures = results.get('side_by_side')
    if figures:
        parts += ['## Side by side\n\n' + another_run(results, 'side-by-side') + peers(results)]
        parts += [plot('side-by-side', plots.side_by_side, bars(figures)), other_doors(results)]
    for key, title, describe, draw in PARTS:
        if results.get(key):
            parts.append(f'## {title}\n\n' + another_run(results, key) + describe(results[key]) +
                         plot(key, draw, results[key]))
    loads = [[label, name, f'`{command}`'] for label, name, command in commands()]
    parts.append('## Commands\n\nThe measured time is in `{seconds}`.\n\n' +
                 table(['system', 'load', 'command'], loads, figures=False) + SERVERS)
    return '\n'.join([*parts, notes])


def another_run(results, part):
    """Says so if a part comes from another run than the head of the report names."""
    run = results['runs'].get(part)
    return f'From another run: {run[0]}\n`{run[1]}`\n\n' if run and run[0] != results['machine'] else ''


def peers(results):
    text = ('The figures are increments a second by clients with one outstanding each. The deep pipeline is\n'
            '256 messages of 64 operations for raw, 16 × 4096 for tally, and 64 × 16 for redis.\n\n')
    text += side_by_side(results, NATIVE, NATIVE_LOADS, ['', '1', '64', '256', 'deep pipeline'])
    few = results['side_by_side'].get('raw', {}).get('64 × 4')
    return text + (f'\nThe raw limit at 4 messages of 64 operations: {cell(few)}.\n' if few else '')


def other_doors(results):
    return ('HTTP, 64 connections, requests a second:\n\n' +
            side_by_side(results, HTTP, HTTP_LOADS, ['', 'wrk POST', 'wrk GET', 'ab -k', 'ab, no keep-alive']) +
            '\nRESP, 50 connections (by redis-benchmark; with WAIT, which that does not have, by our redis_load):\n\n' +
            side_by_side(results, RESP, RESP_LOADS, ['', '-P 1', '-P 16', '-P 16, one counter']))


def bars(figures):
    def median(system, load):
        rounds = figures[system].get(load)
        return statistics.median(figure['per_second'] for figure in rounds) if rounds else None
    return [(system, [median(system, load) for load in ('1', '64', '256')]) for system in NATIVE if system in figures]


def write(results, out):
    """Writes benchmarks.md and benchmarks/*.svg into `out`, with the notes that are there."""
    directory = pathlib.Path(out) / 'benchmarks'
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / 'notes.md'
    # The links in the notes are relative to their own directory, which is one level further down.
    notes = path.read_text().replace('](../', '](') if path.exists() else ''
    (pathlib.Path(out) / 'benchmarks.md').write_text(document(results, notes, directory))


