// SPDX-License-Identifier: Apache-2.0
// The way of an increment as a living picture: clients, distributor, one lane for each replica with
// its newest vote, comparator, decision.

import { draw, mark, say } from './dom.js';
import { Flow, still } from './flow.js';
import { middle, narrowLayout, right, wideLayout } from './picture_layout.js';
import { digest, number, plural, rate, shapePath, stateOf } from './words.js';

const wide_from = 780;
const asked = { agrees: 'agrees', differs: 'differs', pending: 'pending', silence: 'no vote' };

export class Picture {
  #host; #note; #live; #flow;
  #width = 0;
  #shape = '';
  #parts = null;       // what is drawn
  #dissents = new Map();  // replica → how many it had at the last look

  constructor(host, note, live) {
    [this.#host, this.#note, this.#live] = [host, note, live];
    this.#flow = new Flow(live);
    new ResizeObserver(([entry]) => {
      this.#width = Math.floor(entry.contentRect.width);
      live.repaint();
    }).observe(host);
    live.onPaint(() => this.#paint());
  }

  #paint() {
    const state = this.#live.state;
    if (!state || this.#width < 200) return;
    const ids = state.replicas.map((replica) => replica.id);
    const shape = `${this.#width} ${ids}`;
    if (shape !== this.#shape) this.#build(ids);
    this.#shape = shape;
    this.#flow.dip();
    this.#fill(state);
  }

  #build(ids) {
    const wide = this.#width >= wide_from;
    const layout = (wide ? wideLayout : narrowLayout)(this.#width, ids);
    const { boxes, height } = layout;
    const lines = draw('g');
    const line = (d, className) => lines.appendChild(
      draw('path', { d, class: `line ${className}`, 'marker-end': 'url(#arrow)' }));
    const size = { width: this.#width, height, viewBox: `0 0 ${this.#width} ${height}` };
    const below = draw('svg', { ...size, 'aria-hidden': 'true' }, arrowHead(), lines);
    const svg = draw('svg', { ...size, class: 'nodes', role: 'img' });
    this.#host.replaceChildren(below, this.#flow.canvas, svg);
    const lanes = new Map(ids.map((id) => {
      const { order, vote, box } = layout.lanes.get(id);
      return [id, { order: line(order, ''), vote: line(vote, ''), box: laneBox(box, id) }];
    }));
    this.#parts = { svg, lanes, ask: line(layout.ask, ''), answer: line(layout.answer, 'answer'),
      clients: nodeBox(boxes.clients, 'Clients', wide),
      distributor: nodeBox(boxes.distributor, 'Distributor', wide),
      comparator: nodeBox(boxes.comparator, 'Comparator', wide),
      decision: nodeBox(boxes.decision, 'Decision', wide) };
    const { clients, distributor, comparator, decision } = this.#parts;
    svg.append(...[clients, distributor, comparator, decision].map((node) => node.root),
      ...[...lanes.values()].map((lane) => lane.box.root));
    if (layout.label) lines.append(draw('text', { class: 'small', ...layout.label }, 'the answer'));
    this.#flow.lay(this.#width, height, wide, this.#parts);
  }

  #fill(state) {
    const { clients, distributor, comparator, decision, svg, answer } = this.#parts;
    const { group } = state;
    const operations = state.figures.at(-1)?.operations_per_second ?? 0;
    const answering = ['ok', 'degraded'].includes(group.state) && group.heard !== false;
    const newest = state.decision;
    clients.set('', [`${rate(operations)} / s`, 'operations']);
    // The comparator tells more often than the distributor does.
    distributor.set(...this.#role(state.distributor, [
      `order ${number(Math.max(group.sequence, this.#live.voted()))}`,
      group.undecided > 0 ? `${plural(group.undecided, 'order')} open` : 'journal synced'],
    'no new orders'));
    comparator.set(...this.#role(state.comparator, [`${group.needed} equal votes`, 'make a decision'],
      'no decisions'));
    decision.set(answering ? 'good' : 'bad', !answering ? ['✕ none now', 'fails safe']
      : newest ? [`✓ order ${number(newest.sequence)}`, plural(newest.votes, 'equal vote'),
        `state ${digest(newest.state)}`] : ['none yet']);
    const told = state.replicas.map((replica) => this.#fillLane(replica));
    this.#flow.answering = answering;
    mark(answer, 'data-off', !answering);
    mark(svg, 'aria-label', 'Clients ask the distributor, which sends one order to each replica; '
      + `the comparator compares their votes and decides. ${told.join(' ')}`);
    say(this.#note, this.#motion(operations, answering));
  }

  // The tone and the words of a role's box.
  #role(role, words, without) {
    if (role.state !== 'ok') return ['bad', [`✕ ${role.state}`, without]];
    return this.#live.isFresh(role) ? ['busy', ['↻ started anew', words[0]]] : ['', words];
  }

  #motion(operations, answering) {
    if (still.matches) return 'Motion is off, as your system asks.';
    if (!answering) return 'Nothing is decided now, so no answer leaves.';
    if (operations < 0.5) return 'Idle: hollow dots are empty orders, which keep the votes coming.';
    const per = Math.round(this.#flow.perDot(operations));
    return `Each dot is ${per === 1 ? 'one operation' : `about ${number(per)} operations`}; `
      + 'a diamond is a vote that differs.';
  }

  // Shows a replica's newest vote; the result says it in words.
  #fillLane(replica) {
    const { id, state, vote, dissents } = replica;
    if (dissents > this.#dissents.get(id)) this.#flow.dissent(id);
    this.#dissents.set(id, dissents);
    const compared = this.#live.outcome(replica);
    const mute = compared === 'silence';
    const votes = Boolean(vote) && !mute && ['voting', 'probation'].includes(state);
    const told = votes || vote?.outcome === 'differs';
    const outcome = mute || told ? compared : 'none';
    const gets = ['voting', 'probation', 'recovering'].includes(state);
    const words = asked[outcome] ?? (state === 'voting' ? 'no vote' : 'not asked');
    const lane = this.#parts.lanes.get(id);
    const fresh = state === 'voting' && this.#live.isFresh(replica);
    const shown = fresh ? { tone: 'busy', shape: 'restart', word: 'started anew' }
      : { tone: stateOf(state).tone, shape: state, word: state };
    lane.box.set({ ...shown, outcome, words, digest: digest(vote?.state),
      vote: vote ? `order ${number(vote.sequence)}` : 'no vote yet' });
    mark(lane.order, 'data-off', !gets);
    mark(lane.vote, 'data-off', !told);
    mark(lane.vote, 'data-outcome', outcome);
    Object.assign(this.#flow.lanes.get(id),
      { gets, votes, counted: state === 'voting', differs: outcome === 'differs' });
    return `Replica ${id}: ${state}; its newest vote: ${words}.`;
  }
}

const arrowHead = () => draw('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4,
  markerWidth: 7, markerHeight: 7, markerUnits: 'userSpaceOnUse', orient: 'auto' },
draw('path', { d: 'M0 0 8 4 0 8Z' }));

// A role with a title and a few lines.
function nodeBox(box, title, wide) {
  const root = draw('g', { class: 'node' }, draw('rect', { ...box, rx: 12 }));
  const text = (x, y, className, anchor) => draw('text',
    { x, y, class: className, 'text-anchor': anchor });
  const centre = box.x + box.width / 2;
  const heading = wide ? text(centre, box.y + 30, 'title', 'middle')
    : text(box.x + 14, box.y + box.height / 2 + 5, 'title', 'start');
  say(heading, title);
  const lines = [0, 1, 2].map((line) => (wide
    ? text(centre, box.y + 51 + line * 19, 'small', 'middle')
    : text(right(box) - 14, box.y + 23 + line * 18, 'small', 'end')));
  root.append(heading, ...lines);
  return { root, set(tone, words) {
    mark(root, 'data-tone', tone);
    lines.forEach((line, place) => say(line, words[place] ?? ''));
  } };
}

// A replica's lane: its state, its newest vote, and how that compares.
function laneBox(box, id) {
  const root = draw('g', { class: 'node lane' });
  const rows = [-17, 3, 22].map((row) => middle(box) + row * Math.min(1, box.height / 74));
  const [start, edge] = [box.x + 14, right(box) - 14];
  const text = (x, row, className, anchor = 'start') => (
    draw('text', { x, y: rows[row] + 5, class: className, 'text-anchor': anchor }));
  const sign = (x, row, className) => draw('path', { class: `sign ${className}`,
    'fill-rule': 'evenodd', transform: `translate(${x} ${rows[row] - 8})` });
  const symbol = sign(start, 0, '');
  const name = text(start + 24, 0, 'title');
  const state = text(edge, 0, 'small word', 'end');
  const vote = text(start, 1, 'small');
  const state_digest = text(start, 2, 'small code');
  const outcome = text(edge, 1, 'small word outcome', 'end');
  const outcome_sign = sign(edge, 1, 'outcome');
  say(name, `Replica ${id}`);
  root.append(draw('rect', { ...box, rx: 12 }), symbol, name, state, vote, state_digest,
    outcome_sign, outcome);
  return { root, set(now) {
    mark(root, 'data-tone', now.tone);
    mark(root, 'data-outcome', now.outcome);
    mark(symbol, 'd', shapePath(now.shape));
    mark(outcome_sign, 'd', now.outcome === 'none' ? '' : shapePath(now.outcome));
    say(state, String(now.word).slice(0, 14));
    mark(outcome_sign, 'transform',
      `translate(${edge - 22 - now.words.length * 7.4} ${rows[1] - 8})`);
    say(outcome, now.words);
    say(vote, now.vote);
    say(state_digest, `state ${now.digest}`);
  } };
}
