# SPDX-License-Identifier: Apache-2.0
"""The targets, and what the results of a run say about them. A ratio is the median
of the ratios of all rounds, so that both sides met the same moments of the machine.
"""

import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Target:
    key: str  # the key of its reason in notes.md
    what: str
    limit: float
    unit: str
    most: bool  # whether the limit is an upper or a lower one
    # Takes the results, and returns (value, detail), or None if it was not measured.
    value: callable

    def met(self, value):
        return value <= self.limit if self.most else value >= self.limit


def figures(results, system, load):
    return results.get('side_by_side', {}).get(system, {}).get(load, [])


def ratio(over, under, field='per_second'):
    """The ratio of two pairs (system, load)."""
    def value(results):
        other = {figure['round']: figure for figure in figures(results, *under)}
        pairs = [(figure, other[figure['round']]) for figure in figures(results, *over) if figure['round'] in other]
        if not pairs:
            return None
        ratios = [a[field] / b[field] for a, b in pairs]
        a, b = (statistics.median(pair[side][field] for pair in pairs) for side in (0, 1))
        return statistics.median(ratios), f'{a:,.0f} to {b:,.0f}; {min(ratios):.2f}–{max(ratios):.2f}'
    return value


def deep_throughput(results):
    rounds = [figure['per_second'] for figure in figures(results, 'tally', 'deep')]
    return (statistics.median(rounds) / 1e6, f'{min(rounds) / 1e6:.2f}–{max(rounds) / 1e6:.2f}') if rounds else None


def replica_drills(results):
    return [drill for drill in results.get('faults', {}).get('drills', []) if drill['name'].startswith('replica')]


def worst_share(results):
    drills = replica_drills(results)
    worst = min(drills, key=lambda drill: drill['share'], default=None)
    return worst and (worst['share'], worst['name'])


def longest_gap(results):
    drills = [drill for drill in replica_drills(results) if drill['during']['gap_us'] is not None]
    worst = max(drills, key=lambda drill: drill['during']['gap_us'], default=None)
    return worst and (worst['during']['gap_us'] / 1e3,
                      f'{worst["name"]}; just before: {worst["before"]["gap_us"] / 1e3:.0f} ms')


def by_counters(results):
    return {row['counters']: row for row in results.get('counters', []) if 'failure' not in row}


def largest(results):
    rows = by_counters(results)
    return rows[max(rows)] if rows and max(rows) >= 1_000_000 else None


def throughput_of_many(results):
    most, rows = largest(results), by_counters(results)
    if not most or 1000 not in rows:
        return None
    return most['per_second'] / rows[1000]['per_second'], f'{most["counters"]:,} counters'


def bytes_a_counter(results):
    most, rows = largest(results), by_counters(results)
    if not most:
        return None
    added = most['replica_bytes'] - rows[min(rows)]['replica_bytes']
    return added / most['counters'], f'{most["counters"]:,} counters'


def restart_of_many(results):
    most = largest(results)
    return most and (most['restart_seconds'], f'{most["counters"]:,} counters')


def watched_share(results):
    rounds = results.get('viewers', {}).get('rounds')
    if not rounds:
        return None
    ratios = [pair['watched']['per_second'] / pair['none']['per_second'] for pair in rounds]
    return statistics.median(ratios), f'{results["viewers"]["number"]} viewers; {min(ratios):.2f}–{max(ratios):.2f}'


def cpu_growth(results):
    rows = [row for row in results.get('replicas', []) if row['load'].startswith('16')]
    if len(rows) < 2:
        return None
    first, last = rows[0], rows[-1]
    growth = (last['cpu_us'] / first['cpu_us']) / (last['replicas'] / first['replicas'])
    return growth, f'{first["replicas"]} → {last["replicas"]}: {first["cpu_us"]:.2f} → {last["cpu_us"]:.2f} µs'


TARGETS = [
    Target('native-1', 'native, 1 outstanding: p50 relative to the raw limit', 1.35, '×', True,
           ratio(('tally', '1'), ('raw', '1'), 'p50_us')),
    Target('native-256', 'native, 256 outstanding singles, relative to the raw limit', 0.65, '×', False,
           ratio(('tally', '256'), ('raw', '256'))),
    Target('native-deep', 'native, deep pipeline, relative to the raw limit at 64 operations per message', 0.65, '×',
           False, ratio(('tally', 'deep'), ('raw', 'deep'))),
    Target('native-deep-absolute', 'native, deep pipeline, million increments a second', 3, '', False, deep_throughput),
    Target('resp-1', 'RESP, -c 50 -P 1, relative to a lone redis with appendfsync always', 1.0, '×', False,
           ratio(('tally-resp', 'resp P1'), ('redis-always', 'resp P1'))),
    Target('resp-16', 'RESP, -c 50 -P 16, relative to the same', 1.5, '×', False,
           ratio(('tally-resp', 'resp P16'), ('redis-always', 'resp P16'))),
    Target('resp-1-wait', 'RESP, -c 50 -P 1, relative to the replicated one with WAIT 2', 2, '×', False,
           ratio(('tally-resp', 'resp P1'), ('redis-wait', 'resp P1'))),
    Target('resp-16-wait', 'RESP, -c 50 -P 16, relative to the same', 4, '×', False,
           ratio(('tally-resp', 'resp P16'), ('redis-wait', 'resp P16'))),
    Target('resp-hot', 'RESP, one hot counter, -c 50 -P 16, relative to a lone redis without persistence', 1.0, '×',
           False, ratio(('tally-resp', 'resp hot'), ('redis', 'resp hot'))),
    Target('http', 'HTTP, wrk -c 64, POST …/increment, relative to nginx answering a constant', 0.5, '×', False,
           ratio(('tally-http', 'wrk POST'), ('nginx', 'wrk POST'))),
    Target('faults-throughput', 'throughput while a replica is evicted, repaired, catches up, relative to before', 0.8,
           '×', False, worst_share),
    Target('faults-gap', 'the longest gap of a client meanwhile', 50, 'ms', True, longest_gap),
    Target('growth-throughput', 'throughput with the most counters relative to that with 1,000', 0.7, '×', False,
           throughput_of_many),
    Target('growth-memory', 'memory per counter and replica', 150, 'bytes', True, bytes_a_counter),
    Target('growth-restart', 'a replica with the most counters votes again after a kill', 10, 's', True,
           restart_of_many),
    Target('growth-replicas', 'growth of CPU per increment relative to the growth of the number of replicas', 1.0, '×',
           True, cpu_growth),
    Target('viewers', 'HTTP, wrk -c 64, while many watch /events, relative to none', 0.95, '×', False, watched_share),
]
