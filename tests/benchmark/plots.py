# SPDX-License-Identifier: Apache-2.0
"""SVG plots, drawn by gnuplot. Each function takes its part of the results and a path."""

import json
import shutil
import statistics
import subprocess

STYLE = '''
set terminal svg size {width},{height} dynamic background rgb 'white' font 'sans-serif,12'
set output {output}
set grid back linecolor rgb '#dddddd'
set key outside top center horizontal
set format y '%.0s%c'
set style line 1 linecolor rgb '#1f77b4' linewidth 2 pointtype 7 pointsize 0.6
set style line 2 linecolor rgb '#d62728' linewidth 2 pointtype 7 pointsize 0.6
set style line 3 linecolor rgb '#2ca02c' linewidth 2 pointtype 7 pointsize 0.6
set style line 4 linecolor rgb '#9467bd' linewidth 2 pointtype 7 pointsize 0.6
'''


def available():
    return shutil.which('gnuplot') is not None


def quoted(text):
    return json.dumps(str(text), ensure_ascii=False)


def data(name, rows):
    """Returns a named data block. None stands for a missing point."""
    lines = [' '.join('?' if value is None else f'{value}' for value in row) for row in rows]
    return '\n'.join([f'${name} << END', *lines, 'END\n'])


def draw(path, script, width=900, height=420):
    script = STYLE.format(output=quoted(path), width=width, height=height) + 'set datafile missing "?"\n' + script
    subprocess.run(['gnuplot'], input=script, text=True, check=True)


def side_by_side(rows, path):
    """`rows` are pairs of a system and its increments per second at 1, 64 and 256 clients, each a
    number or None."""
    table = data('bars', [[quoted(system), *values] for system, values in rows])
    draw(path, table + '''
set logscale y
set ylabel 'increments a second'
set style data histogram
set style histogram clustered gap 1
set style fill solid 0.9
set boxwidth 0.9
plot $bars using 2:xtic(1) title '1 client' linestyle 1, '' using 3 title '64 clients' linestyle 3, \\
  '' using 4 title '256 clients' linestyle 2
''')


def thinned(rows, most=400):
    """Joins rows into at most `most` longer slices, each a (second, count, p99, gap). The count is
    the mean, the p99 is the median, and the gap is the longest."""
    size = -(-len(rows) // most)
    slices = [rows[first:first + size] for first in range(0, len(rows), size)]
    return [(part[0][0], statistics.mean(row[1] for row in part), statistics.median(row[2] for row in part),
             max(row[3] for row in part)) for part in slices]


def faults(result, path):
    """Plots the throughput, the p99 and the longest gap, with the drills shaded."""
    rows = result['timeline']
    length = rows[1][0] - rows[0][0] if len(rows) > 1 else 0.05
    rows = thinned(rows)
    table = data('time', [[second, count / length, p99 / 1e3 if count else None, gap / 1e3 if gap else None]
                          for second, count, p99, gap in rows])
    shades = ''
    for number, drill in enumerate(result['drills'], 1):
        shades += (f"set object {number} rectangle from {drill['begin']}, graph 0 to {drill['end']}, graph 1 "
                   "behind fillcolor rgb '#ffe9c6' fillstyle solid noborder\n")
        shades += (f"set label {number} {quoted(drill['name'])} at {drill['begin']}, graph 0.97 offset 0.7,0 "
                   "rotate by -90 font ',9' front\n")
    draw(path, table + shades + '''
set multiplot layout 2,1
set lmargin 12
set xrange [0:*]
set ylabel 'increments a second'
set yrange [0:*]
unset key
plot $time using 1:2 with lines linestyle 1
unset label
set format y '%g'
set xlabel 'seconds'
set ylabel 'milliseconds'
set yrange [*:*]
set logscale y
set key inside top left
plot $time using 1:3 with lines linestyle 3 title 'p99', \\
  $time using 1:4 with lines linestyle 2 title 'longest gap of a client'
unset multiplot
''', height=640)


def compared_faults(rows, faults, path):
    """Plots the answers over time: a panel for each system, and in it one fault beside the other.
    `faults` has their titles in order. A system has at most one row of a fault."""
    before = -min(row['slices'][0][0] for row in rows)
    places, end = {}, 0.0  # of the moment of each fault
    for fault in faults:
        lengths = [row['ended'] for row in rows if row['fault'] == fault]
        if lengths:
            places[fault] = end + before
            end += before + max(lengths) + 0.5
    panels = {system: [row for row in rows if row['system'] == system]
              for system in dict.fromkeys(row['system'] for row in rows)}
    tables = ''
    for number, panel in enumerate(panels.values()):
        points = []
        for row in panel:
            points += [[f'{places[row["fault"]] + at:.2f}', answers, wrong or None]
                       for at, answers, wrong in row['slices']]
            points.append([])  # an empty line interrupts the curve
        tables += data(f'p{number}', points)
    script = f'''
set multiplot layout {len(panels)},1 margins 0.09,0.88,0.09,0.85 spacing 0.04
set xrange [0:{end}]
set xtics 1 format ''
set yrange [0:*]
set format y '%g'
unset key
'''
    for number, (system, panel) in enumerate(panels.items()):
        for row in panel:
            first = places[row['fault']]
            script += (f'set object rectangle from {first}, graph 0 to {first + max(row["healed"], 0.2)}, graph 1 '
                       "behind fillcolor rgb '#ffe9c6' fillstyle solid noborder\n")
        if number == 0:
            for fault, place in places.items():
                script += f"set label {quoted(faults[fault])} at {place}, graph 1.04 rotate by 20 font ',9'\n"
        if number == len(panels) - 1:
            script += "set xlabel 'a mark for each second'\nset key at screen 0.88,0.02 right bottom horizontal\n"
        wrong = f", $p{number} using 1:3 with impulses linestyle 2 title 'wrong ones'"
        script += f'''
set ylabel {quoted(f'{system}: answers a second')}
plot $p{number} using 1:2 with lines linestyle 1 title 'answers'{wrong if any(row['wrong'] for row in panel) else ''}
unset label
unset object
'''
    draw(path, tables + script + 'unset multiplot\n', height=230 * len(panels) + 100)


def counters(rows, path):
    rows = [row for row in rows if 'failure' not in row]
    table = data('c', [[row['counters'], row['per_second'], row['p50_us'], row['replica_bytes'] / 2**20,
                        row['disk_bytes'] / 2**20] for row in rows])
    draw(path, table + '''
set logscale xy
set xlabel 'counters'
set ylabel 'increments a second'
set y2label 'MiB'
set ytics nomirror
set y2tics
set logscale y2
plot $c using 1:2 with linespoints linestyle 1 title 'increments a second, 16 × 1024', \\
  $c using 1:4 axes x1y2 with linespoints linestyle 2 title 'memory of a replica', \\
  $c using 1:5 axes x1y2 with linespoints linestyle 3 title 'disk of the group'
''')


def replicas(rows, path):
    kinds = sorted({row['load'] for row in rows})
    script = ''.join(data(f'k{place}', [[row['replicas'], row['cpu_us']] for row in rows if row['load'] == kind])
                     for place, kind in enumerate(kinds))
    plot = ', '.join(f'$k{place} using 1:2 with linespoints linestyle {place + 1} title {quoted(kind)}'
                     for place, kind in enumerate(kinds))
    draw(path, script + f'''
set xlabel 'replicas'
set xtics (3, 5, 7)
set xrange [2.5:7.5]
set logscale y
set format y '%g'
set ylabel 'µs of CPU to an increment, all daemons'
plot {plot}
''')


def connections(rows, path):
    rows = [row for row in rows if 'failure' not in row]
    table = data('n', [[row['connections'], row['per_second'], (row['p99_us'] or 0) / 1e3] for row in rows])
    draw(path, table + '''
set logscale xy
set xlabel 'HTTP connections'
set ylabel 'increments a second'
set y2label 'p99, ms'
set ytics nomirror
set y2tics
set logscale y2
plot $n using 1:2 with linespoints linestyle 1 title 'increments a second', \\
  $n using 1:3 axes x1y2 with linespoints linestyle 2 title 'p99'
''')


def soak(result, path):
    roles = [name for name in result['samples'][0] if name.endswith('_bytes') and name != 'disk_bytes']
    table = data('s', [[row['second'], row['descriptors'], row['disk_bytes'] / 2**20,
                        *[row[role] / 2**20 for role in roles]] for row in result['samples']])
    lines = ', '.join(f'$s using 1:{place} with lines title {quoted(role.removesuffix("_bytes"))}'
                      for place, role in enumerate(roles, 4))
    draw(path, table + f'''
set multiplot layout 2,1
set lmargin 12
set yrange [0:*]
set ylabel 'memory, MiB'
plot {lines}
set xlabel 'seconds'
set ylabel 'disk, MiB'
set y2label 'descriptors'
set ytics nomirror
set y2tics
set y2range [0:*]
plot $s using 1:3 with lines linestyle 1 title 'disk', $s using 1:2 axes x1y2 with lines linestyle 2 title 'descriptors'
unset multiplot
''', height=560)
