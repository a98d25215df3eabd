#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the demo, and makes a picture of it for the README: docs/demonstration/demo.svg.

The picture shows a terminal at the moments that matter, one after another, and ends with the
verdicts. Its text can be selected. It has a light and a dark look, and stands still for whoever
wants less motion.
"""

import argparse
import html
import io
import pathlib
import re
import sys

import demo
import lanes

PICTURE = pathlib.Path(__file__).resolve().parents[2] / 'docs' / 'demonstration' / 'demo.svg'
FRAME_SECONDS = 4
LAST_FRAME_SECONDS = 12
FONT_SIZE = 13
ADVANCE = 7.8
LINE = 17
EDGE = 16

STYLE = '''
:root{--bg:#fff;--edge:#d1d9e0;--fg:#1f2328;--good:#116329;--bad:#b3121d;--watched:#7d4e00;--dim:#59636e}
@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--edge:#3d444d;--fg:#e6edf3;--good:#3fb950;--bad:#ff7b72;
--watched:#e3b341;--dim:#9198a1}}
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:var(--fg);white-space:pre}
.good{fill:var(--good)}.bad{fill:var(--bad);font-weight:bold}.watched{fill:var(--watched)}.dim{fill:var(--dim)}
.strong{font-weight:bold}
.frame{visibility:hidden}.last{visibility:visible}
'''


class Recorder(demo.Screen):
    """Keeps what is said and shown, as frames: lists of lines as lanes.draw() makes them."""

    def __init__(self):
        super().__init__(io.StringIO(), pace=0)
        self.said = [[]]  # of each part of the tour
        self.frames = []

    def say(self, text=''):
        super().say(text)
        print(text, flush=True)
        if not text and self.watch:
            self.said.append([])
        if text or not self.watch:
            width = lanes.WIDTH
            lines = demo.wrap(text)
            self.said[-1] += [[(line[:width], '' if line.startswith(' ') else 'strong')] for line in lines]

    def show(self):
        self.watch.refresh()
        self.frames.append((self.said[-1], len(self.said[-1]), lanes.draw(self.watch.look())))

    def end(self):
        super().end()
        self.said.append([])

    def pages(self):
        """Returns the frames, and what is said in the end."""
        pages = [[*said[:count], [], *picture] for said, count, picture in self.frames]
        last = [[(text, '') for text, _ in line] for line in self.said[-1]]
        last[-1] = [(text, 'good') for text, _ in last[-1]]
        return [*pages, last[1:]]


def text_of(line, row):
    """Returns the line as SVG. Each word has its place, since fonts differ in the width of signs."""
    pieces, column = [], 0
    for text, style in line:
        for found in re.finditer(r'[!-~]+(?: [!-~]+)*|[^\x00-\x7f]+', text):
            word = found.group()
            place = EDGE + (column + found.start()) * ADVANCE
            look = f' class="{style}"' if style else ''
            pieces.append(f'<tspan x="{place:.1f}" textLength="{len(word) * ADVANCE:.1f}"{look}>{html.escape(word)}'
                          '</tspan>')
        column += len(text)
    return f'<text y="{EDGE + FONT_SIZE + row * LINE}">{" ".join(pieces)}</text>' if pieces else ''


def svg(pages):
    lasts = [FRAME_SECONDS] * (len(pages) - 1) + [LAST_FRAME_SECONDS]
    total, begin, rules, groups = sum(lasts), 0, [], []
    command = [[('$ ', 'dim'), ('./scripts/demo', '')], []]
    for number, (page, seconds) in enumerate(zip(pages, lasts)):
        first, end = begin / total * 100, (begin + seconds) / total * 100
        seen, unseen = '{visibility:visible}', '{visibility:hidden}'
        hidden_first = f'0%{unseen}' if number else ''
        hidden_last = f'{end:.3f}%,100%{unseen}' if number < len(pages) - 1 else f'100%{seen}'
        rules.append(f'@keyframes k{number}{{{hidden_first}{first:.3f}%{seen}{hidden_last}}}'
                     f'#f{number}{{animation:k{number} {total}s step-end infinite}}')
        begin += seconds
        last = ' last' if number == len(pages) - 1 else ''
        lines = ''.join(text_of(line, row) for row, line in enumerate(command + page))
        groups.append(f'<g id="f{number}" class="frame{last}">{lines}</g>')
    rows = max(len(page) for page in pages) + len(command)
    width, height = lanes.WIDTH * ADVANCE + 2 * EDGE, rows * LINE + 2 * EDGE
    motion = f'@media(prefers-reduced-motion:no-preference){{{"".join(rules)}}}'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" role="img" aria-labelledby="title">\n'
            '<title id="title">A run of ./scripts/demo: each fault, and what became of it</title>\n'
            f'<style>{STYLE}{motion}</style>\n'
            f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="8" fill="var(--bg)" '
            'stroke="var(--edge)"/>\n' + '\n'.join(groups) + '\n</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bin_dir')
    parser.add_argument('picture', nargs='?', type=pathlib.Path, default=PICTURE)
    arguments = parser.parse_args()
    recorder = Recorder()
    if demo.tour(arguments.bin_dir, recorder):
        return 1
    arguments.picture.parent.mkdir(exist_ok=True)
    arguments.picture.write_text(svg(recorder.pages()), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
