// SPDX-License-Identifier: Apache-2.0
// Throughput and latency of the last five minutes on one time axis, with faults and verdicts marked
// on both charts. Each chart has a table beside it that says the same.

import { draw, make, say, scroller, table } from './dom.js';
import { ago, duration, rate, shape, shapePath } from './words.js';

const span_ms = 5 * 60 * 1000;
const room = { left: 58, right: 14, top: 22, bottom: 24 };
const height = 190;
const table_step_ms = 10000;

export class Charts {
  #live;
  #charts;
  #marks = make('div');
  #drawn = '';
  #pointer = null;  // where the pointer is, as a moment

  constructor(host, live) {
    this.#live = live;
    this.#charts = [
      new Chart('Throughput', 'increments and other operations a second',
        [{ key: 'operations_per_second', name: 'operations / s', line: 'one', area: true }],
        (value) => `${rate(value)} / s`, linear),
      new Chart('Latency', 'from hearing of an order to its decision, logarithmic',
        [{ key: 'p50_us', name: 'p50', line: 'two' },
          { key: 'p99_us', name: 'p99', line: 'three' }],
        duration, decades),
    ];
    host.append(make('div', { class: 'panel-head' },
      make('h2', { id: 'charts-title' }, 'The last five minutes'), legend()),
    ...this.#charts.map((chart) => chart.root),
    make('details', {}, make('summary', {}, 'Marks on both charts, as a list'), this.#marks));
    for (const chart of this.#charts) this.#follow(chart);
    live.onPaint(() => this.#paint());
  }

  #follow(chart) {
    chart.plot.addEventListener('pointermove', (event) => {
      this.#pointer = chart.partAt(event.clientX);
      this.#drawn = '';
    });
    chart.plot.addEventListener('pointerleave', () => {
      this.#pointer = null;
      this.#drawn = '';
    });
  }

  #paint() {
    const { state, marks } = this.#live;
    if (!state) return;
    const now = Math.floor(this.#live.now() / 1000) * 1000;
    const key = [now, marks.length, state.figures.length,
      ...this.#charts.map((chart) => chart.width())].join();
    if (key === this.#drawn) return;
    this.#drawn = key;
    const shown = marks.filter(({ at }) => at > now - span_ms);
    for (const chart of this.#charts) chart.paint(state.figures, shown, now, this.#pointer);
    const rows = shown.map(({ at, text }) => [ago(now - at), text]).reverse();
    this.#marks.replaceChildren(rows.length === 0 ? make('p', { class: 'note' }, 'None.')
      : scroller('Marks', table('Marks on both charts', ['When', 'What'], rows)));
  }
}

function legend() {
  const item = (kind, word) => {
    const symbol = shape(kind, 12);
    symbol.classList.add(`mark-${kind}`);
    return make('li', {}, symbol, word);
  };
  return make('ul', { class: 'legend' }, item('fault', 'fault on purpose'),
    item('dissent', 'dissent'), item('silence', 'silence'), item('restart', 'started anew'),
    item('undecided', 'no majority'));
}

class Chart {
  plot = make('div', { class: 'plot' });
  #series; #format; #scale;
  #reading = make('p', { class: 'reading figure' });
  #rows = make('div');
  #details;
  #title;

  constructor(title, what, series, format, scale) {
    [this.#title, this.#series, this.#format, this.#scale] = [title, series, format, scale];
    this.#details = make('details', {}, make('summary', {}, `${title} as a table`), this.#rows);
    this.root = make('div', { class: 'chart' }, make('div', { class: 'chart-head' },
      make('h3', {}, title), make('p', { class: 'note' }, what), this.#reading), this.plot,
        this.#details);
  }

  width() { return this.plot.clientWidth; }

  partAt(client_x) {
    const inner = this.width() - room.left - room.right;
    return (client_x - this.plot.getBoundingClientRect().left - room.left) / inner;
  }

  paint(figures, marks, now, pointer) {
    const width = this.width();
    if (width < 100) return;
    const shown = figures.filter(({ at }) => at > now - span_ms);
    const values = this.#series.flatMap(({ key }) => shown.map((figure) => figure[key]))
      .filter((value) => value > 0);
    const { at, grid } = this.#scale(values);
    const x = (moment) => room.left
      + (1 - (now - moment) / span_ms) * (width - room.left - room.right);
    const y = (value) => room.top + (1 - at(value)) * (height - room.top - room.bottom);
    const svg = draw('svg', { role: 'img', width, height, viewBox: `0 0 ${width} ${height}`,
      'aria-label': this.#summary(shown) });
    this.#axes(svg, grid, x, y, now, width);
    for (const one of this.#series) this.#line(svg, shown, one, x, y);
    for (const one of marks) markLine(svg, one, x(one.at), now);
    this.#read(svg, shown, x, now, pointer);
    this.plot.replaceChildren(svg);
    if (this.#details.open) this.#fillTable(shown, now);
    else this.#rows.replaceChildren();
  }

  #axes(svg, grid, x, y, now, width) {
    for (const value of grid) {
      svg.append(draw('line', { class: 'grid', x1: room.left, x2: width - room.right, y1: y(value),
        y2: y(value) }),
        draw('text', { class: 'tick', x: room.left - 8, y: y(value) + 4, 'text-anchor': 'end' },
          this.#format(value) === '–' ? '0' : this.#format(value)));
    }
    const step = width < 420 ? 2.5 : 1;
    for (let minute = 0; minute <= 5; minute += step) {
      svg.append(draw('text', { class: 'tick', x: x(now - minute * 60000), y: height - 6,
        'text-anchor': minute === 5 ? 'start' : minute === 0 ? 'end' : 'middle' },
      minute === 0 ? 'now' : `−${minute} min`));
    }
  }

  #line(svg, shown, { key, line, area }, x, y) {
    const runs = [[]];
    for (const figure of shown) {
      const value = figure[key];
      const point = [x(figure.at), y(value ?? 0)];
      const gap = runs.at(-1).length > 0 && point[0] - runs.at(-1).at(-1)[0] > x(3000) - x(0);
      const none = !Number.isFinite(value) || (!area && value <= 0);
      if ((gap || none) && runs.at(-1).length > 0) runs.push([]);
      if (!none) runs.at(-1).push(point);
    }
    for (const run of runs.filter((points) => points.length > 0)) {
      const d = `M${run.map((point) => point.map((part) => part.toFixed(1)).join(' ')).join('L')}`;
      if (area) svg.append(draw('path', { class: 'area',
        d: `${d}V${y(0)}H${run[0][0].toFixed(1)}Z` }));
      svg.append(draw('path', { class: `series ${line}`, d }));
    }
  }

  #read(svg, shown, x, now, pointer) {
    const moment = pointer === null ? now : now - (1 - pointer) * span_ms;
    const distance = (figure) => Math.abs(figure.at - moment);
    const near = shown.reduce((best, figure) => (
      best && distance(best) <= distance(figure) ? best : figure), null);
    if (pointer !== null && near) {
      svg.append(draw('line', { class: 'cross', x1: x(near.at), x2: x(near.at), y1: room.top,
        y2: height - room.bottom }));
    }
    const parts = near ? this.#series.map(({ key, name }) => `${name} ${this.#format(near[key])}`)
      : ['no figures yet'];
    const label = this.#series.length > 1 || !near ? parts
      : [this.#format(near[this.#series[0].key])];
    const when = pointer !== null && near ? `, ${ago(now - near.at)}` : '';
    say(this.#reading, label.join(' · ') + when);
  }

  #summary(shown) {
    const newest = shown.at(-1);
    const said = !newest ? 'none' : this.#series.map(({ key, name }) => (
      `${name} ${this.#format(newest[key])}`)).join(', ');
    return `${this.#title} over five minutes; newest: ${said}. The table below has the figures.`;
  }

  // One row for every ten seconds, the newest first.
  #fillTable(shown, now) {
    const rows = [];
    let next = Infinity;
    for (const figure of [...shown].reverse()) {
      if (figure.at > next) continue;
      next = figure.at - table_step_ms + 500;
      rows.push([ago(now - figure.at),
        ...this.#series.map(({ key }) => this.#format(figure[key]))]);
    }
    this.#rows.replaceChildren(scroller(`${this.#title}, figures`,
      table(`${this.#title} over five minutes`, ['When', ...this.#series.map(({ name }) => name)],
        rows)));
  }
}

function markLine(svg, { at, kind, text }, x, now) {
  svg.append(draw('g', { class: `mark-${kind}` }, draw('title', {}, `${text}, ${ago(now - at)}`),
    draw('line', { x1: x, x2: x, y1: room.top - 4, y2: height - room.bottom }),
    draw('path', { d: shapePath(kind), 'fill-rule': 'evenodd',
      transform: `translate(${x - 6} 4) scale(.75)` })));
}

// From zero to a round number above the greatest value.
function linear(values) {
  const greatest = Math.max(1, ...values);
  const power = 10 ** Math.floor(Math.log10(greatest));
  const top = [1, 2, 4, 5, 8, 10].map((part) => part * power).find((value) => value >= greatest);
  return { at: (value) => value / top, grid: [0, top / 4, top / 2, top * 3 / 4, top] };
}

// Whole decades around the values.
function decades(values) {
  const low = Math.floor(Math.log10(Math.min(1000, ...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1000, ...values))));
  const grid = Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step));
  return { at: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low), grid };
}
