// SPDX-License-Identifier: Apache-2.0
// The dots that run along the lines of the picture: on a canvas above it, at the rate of the real
// throughput, thirty frames a second, and only while somebody can see them.

import { make } from './dom.js';

const frame_ms = 1000 / 30;
const most_dots_a_second = 7;
const most_lanes_of_dots = 22;  // trips a second times lanes: keeps the drawing cheap
const dissent_ms = 1600;
// When a dot is on which line, after its trip began.
const wide_legs = { ask: [0, 600], order: [600, 1350], vote: [1500, 2250], answer: [2300, 3600] };
const narrow_legs = { ...wide_legs, ask: [450, 600], answer: [2300, 2450] };

export const still = matchMedia('(prefers-reduced-motion: reduce)');

export class Flow {
  canvas = make('canvas', { class: 'flow', 'aria-hidden': 'true' });
  lanes = new Map();   // replica → its lines, and what runs on them
  answering = false;
  #live;
  #pen = this.canvas.getContext('2d');
  #lines = {};
  #legs = wide_legs;
  #colours = {};
  #trips = [];
  #dissents = [];      // diamonds on their way: a dissenter is evicted before a trip could show it
  #due = 0;            // how much of the next trip has come
  #last = 0;
  #order = null;       // the newest order when the last trip began
  #visible = true;

  constructor(live) {
    this.#live = live;
    new IntersectionObserver(([entry]) => {
      this.#visible = entry.isIntersecting;
    }).observe(this.canvas);
    requestAnimationFrame((at) => this.#frame(at));
  }

  // `lines` are SVG paths: ask, answer, and for each replica order and vote.
  lay(width, height, wide, { ask, answer, lanes }) {
    const scale = devicePixelRatio;
    Object.assign(this.canvas, { width: width * scale, height: height * scale });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.#pen.scale(scale, scale);
    this.#legs = wide ? wide_legs : narrow_legs;
    this.#lines = { ask: samples(ask), answer: samples(answer) };
    this.lanes = new Map([...lanes].map(([id, { order, vote }]) => (
      [id, { order: samples(order), vote: samples(vote) }])));
  }

  // The theme may have changed.
  dip() {
    const style = getComputedStyle(this.canvas);
    this.#colours = { '': style.color, answer: style.outlineColor, differs: style.caretColor,
      hollow: style.columnRuleColor };
  }

  dissent(id) { this.#dissents.push({ id, at: performance.now() }); }

  // How many operations one dot stands for.
  perDot(operations) { return Math.max(1, operations / this.#mostDots()); }

  #mostDots() {
    return Math.min(most_dots_a_second, most_lanes_of_dots / Math.max(1, this.lanes.size));
  }

  #frame(at) {
    requestAnimationFrame((next) => this.#frame(next));
    const passed = at - this.#last;
    if (passed < frame_ms - 4 || !this.#live.state || !this.#lines.ask) return;
    this.#last = at;
    this.#pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.#visible || still.matches) return;
    if (this.#live.connection === 'open') this.#depart(at, Math.min(100, passed));
    this.#trips = this.#trips.filter((trip) => at - trip.at < this.#legs.answer[1]);
    for (const trip of this.#trips) this.#travel(trip, at - trip.at);
    this.#dissents = this.#dissents.filter((one) => at - one.at < dissent_ms);
    for (const { id, at: begun } of this.#dissents) {
      const lane = this.lanes.get(id);
      if (lane) this.#dot(lane.vote, Math.max(0, at - begun) / dissent_ms, 'differs');
    }
  }

  // Lets trips begin at the rate of the throughput, or of empty orders if nobody asks for anything.
  #depart(at, passed) {
    const { figures, group } = this.#live.state;
    const operations = figures.at(-1)?.operations_per_second ?? 0;
    const empty = operations < 0.5;
    const moves = this.#order !== group.sequence;
    this.#due += (empty ? Number(moves) : Math.min(operations, this.#mostDots())) * passed / 1000;
    if (this.#due < 1) return;
    this.#due = 0;
    this.#order = group.sequence;
    this.#trips.push({ at, empty });
  }

  #travel({ empty }, moment) {
    const look = empty ? 'hollow' : '';
    if (!empty) this.#leg('ask', this.#lines.ask, moment, look);
    for (const [id, lane] of this.lanes) {
      const late = moment - ((id * 37) % 5) * 30;  // replicas are not equally quick
      if (lane.gets) this.#leg('order', lane.order, late, look);
      const vote = lane.differs ? 'differs' : lane.counted ? look : 'hollow';
      if (lane.votes) this.#leg('vote', lane.vote, late, vote);
    }
    if (!empty && this.answering) this.#leg('answer', this.#lines.answer, moment, 'answer');
  }

  #leg(name, points, moment, look) {
    const [from, to] = this.#legs[name];
    if (moment >= from && moment < to) this.#dot(points, (moment - from) / (to - from), look);
  }

  #dot(points, part, look) {
    const [x, y] = along(points, part);
    const pen = this.#pen;
    pen.beginPath();
    if (look === 'differs') {
      for (const [dx, dy] of [[0, -6.5], [6.5, 0], [0, 6.5], [-6.5, 0]]) pen.lineTo(x + dx, y + dy);
    } else {
      pen.arc(x, y, 3.4, 0, 2 * Math.PI);
    }
    pen.closePath();
    pen.fillStyle = this.#colours[look];
    pen.fill();
    if (look !== 'hollow') return;
    pen.strokeStyle = this.#colours[''];
    pen.lineWidth = 1.5;
    pen.stroke();
  }
}

function samples(path) {
  const length = path.getTotalLength();
  return Array.from({ length: 33 }, (_, step) => {
    const { x, y } = path.getPointAtLength(length * step / 32);
    return [x, y];
  });
}

function along(points, part) {
  const place = part * (points.length - 1);
  const step = Math.min(Math.floor(place), points.length - 2);
  const rest = place - step;
  const [from, to] = [points[step], points[step + 1]];
  return [from[0] + (to[0] - from[0]) * rest, from[1] + (to[1] - from[1]) * rest];
}
