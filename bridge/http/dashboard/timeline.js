// SPDX-License-Identifier: Apache-2.0
// The audit log as a timeline, newest first. Each record opens to its evidence: all votes side by
// side with what differs, or the orders that were missed; and the line itself with its hash.

import { button, make, mark, say, scroller, show, table } from './dom.js';
import { parsed } from './live.js';
import { number, plural, shape, timeOfDay } from './words.js';

const few = 12;  // as in style.css
const most = { votes: 16, missed: 200, field: 400, text: 20000 };
const fields = { chain: 'Order (chain)', state: 'State', results_digest: 'Results (digest)',
  results_size: 'Results (bytes)', results: 'Results (hex)' };
const differences = { results: 'results', state: 'state', both: 'state and results',
  order: 'order' };

const text = (value) => ((value ?? null) === null ? '–' : String(value).slice(0, most.field));
const list = (value) => (Array.isArray(value) ? value : []);

export class Timeline {
  #live; #list; #empty; #more;
  #items = new Map();  // hash → entry

  constructor(host, live) {
    this.#live = live;
    this.#list = make('ol', { class: 'timeline' });
    this.#empty = make('p', { class: 'note' }, 'No record yet.');
    this.#more = button('', () => this.#list.classList.toggle('all'), { class: 'button more' });
    host.append(make('div', { class: 'panel-head' },
      make('h2', { id: 'timeline-title' }, 'Verdicts and views'),
      make('p', { class: 'note' },
        'From the audit log: each line carries the hash of the one before.')),
    this.#empty, this.#list, this.#more);
    live.onPaint(() => this.#paint());
  }

  #paint() {
    const { state } = this.#live;
    if (!state) return;
    const hashes = new Set(state.records.map((record) => record.hash));
    for (const [hash, entry] of this.#items) {
      if (hashes.has(hash)) continue;
      entry.remove();
      this.#items.delete(hash);
    }
    for (const record of state.records) {
      if (this.#items.has(record.hash)) continue;
      const entry = this.#entry(record);
      this.#items.set(record.hash, entry);
      this.#list.prepend(entry);
    }
    show(this.#empty, this.#items.size === 0);
    const all = this.#list.classList.contains('all');
    show(this.#more, this.#items.size > few);
    mark(this.#more, 'aria-expanded', all);
    say(this.#more, all ? `Show the newest ${few}` : `Show all ${number(this.#items.size)}`);
  }

  #entry(record) {
    const content = parsed(record.line);
    const { symbol, tone, words } = summary(content, record);
    const place = `record-${record.number}`;
    const detail = make('div', { id: place, class: 'evidence', hidden: true });
    const opener = make('button', { type: 'button', class: 'opener', 'aria-expanded': 'false',
      'aria-controls': place }, draw(symbol), make('span', { class: 'when' },
      timeOfDay(Date.parse(content?.at))), make('span', { class: 'grow' }, words),
    make('span', { class: 'figure' }, `№ ${number(record.number)}`));
    opener.addEventListener('click', () => {
      if (!detail.hasChildNodes()) detail.append(...evidence(content, record));
      show(detail, detail.hidden);
      mark(opener, 'aria-expanded', !detail.hidden);
    });
    return make('li', { 'data-tone': tone }, opener, detail);
  }
}

const draw = (symbol) => shape(symbol, 16);

function summary(content, record) {
  if (!content) {
    const words = record.line ? 'A record that this page cannot read'
      : 'A record too long for this page';
    return { symbol: 'pending', tone: 'watch', words };
  }
  switch (content.kind) {
    case 'verdict': return verdict(content);
    case 'view': return view(content);
    case 'undecided':
      return { symbol: 'undecided', tone: 'bad',
        words: `No majority for order ${number(content.sequence)}: too few votes were equal` };
    case 'start':
      return { symbol: 'view', tone: '',
        words: `The comparator started, for ${text(content.replicas)} replicas` };
    case 'loss':
      return { symbol: 'undecided', tone: 'bad',
        words: `A loss was accepted, by ${text(content.command)}` };
    case 'created': return { symbol: 'view', tone: '', words: 'The audit log was created' };
    case 'cut': return { symbol: 'undecided', tone: 'bad',
      words: 'The audit log had lost its end' };
    default: return { symbol: 'pending', tone: '', words: text(content.kind) };
  }
}

function verdict({ replica, reason, sequence, evidence: proof }) {
  const who = `Replica ${text(replica)}`;
  if (reason === 'silence') {
    return { symbol: 'silence', tone: 'watch',
      words: `${who} was silent: ${plural(list(proof?.missed).length, 'order')} without its vote` };
  }
  const vote = list(proof?.votes).find((one) => one?.replica === replica);
  const where = differences[vote?.differs_in];
  return { symbol: 'dissent', tone: 'bad',
    words: `${who} dissented at order ${number(sequence)}${where === 'results' ? ': other results' : where ? `: another ${where}` : ''}` };
}

function view({ view: which, members }) {
  const out = list(members).filter((member) => member?.state !== 'voting')
    .map((member) => `replica ${text(member?.replica)} ${text(member?.state)}`);
  return { symbol: 'view', tone: out.length === 0 ? 'good' : '',
    words: `View ${number(which)}: ${out.length === 0 ? 'all replicas vote' : out.join(', ')}` };
}

function evidence(content, record) {
  const parts = [];
  if (content?.kind === 'verdict') parts.push(...verdictEvidence(content));
  if (content?.kind === 'undecided') parts.push(voteTable(null, list(content.votes),
    'Votes without a majority'));
  if (content?.kind === 'view') parts.push(memberTable(list(content.members)));
  parts.push(make('h3', {}, 'The record'), scroller(`Audit record ${record.number}`,
    make('pre', {}, record.line.slice(0, most.text)
      || 'Longer than 16 KiB: see the audit log itself.')),
  make('p', { class: 'hash' }, make('span', {}, 'Its hash '), make('code', {}, text(record.hash))));
  return parts;
}

function verdictEvidence({ reason, evidence: proof, last_agreed, last_voted }) {
  const past = make('p', {},
    `It last agreed on order ${number(last_agreed)}, and last voted on order `
    + `${number(last_voted)}.`);
  if (reason !== 'silence') {
    return [voteTable(proof?.decided ?? null, list(proof?.votes), 'All votes on this order'), past];
  }
  const missed = list(proof?.missed).slice(0, most.missed);
  const orders = make('ul', { class: 'missed' }, ...missed.map((order) =>
    make('li', {}, number(order))));
  return [make('h3', {}, 'Orders without its vote'), orders, past];
}

// Rows are the decided answer and the votes; a cell that differs from it (or, where nothing was
// decided,
// from the first vote) has a shape and a word.
function voteTable(decided, votes, title) {
  const rows = votes.slice(0, most.votes).map((vote) =>
    [`Replica ${text(vote?.replica)}`, text(vote?.role),
    decided ? difference(vote?.differs_in) : 'nothing decided',
    ...Object.keys(fields).map((field) => cell(vote, decided ?? votes[0], field, decided ? 'differs'
      : 'another'))]);
  if (decided) {
    rows.unshift([make('strong', {}, 'Decided'), '–', make('span', { class: 'agrees' },
      shape('agrees', 12),
      'the answer'), ...Object.keys(fields).map((field) => code(decided[field]))]);
  }
  const node = table(title, ['Who', 'Role', 'Compared', ...Object.values(fields)], rows);
  return make('div', {}, make('h3', {}, title), scroller(title, node));
}

function difference(word) {
  if (differences[word]) {
    return make('span', { class: 'differs' }, shape('differs', 12),
      `differs in ${differences[word]}`);
  }
  return word === 'none' ? make('span', { class: 'agrees' }, shape('agrees', 12), 'equal')
    : text(word);
}

function cell(vote, decided, field, word) {
  if (vote?.[field] === decided?.[field]) return code(vote?.[field]);
  return make('span', { class: 'differs' }, shape('differs', 12), code(vote?.[field]),
    make('span', {}, ` ${word}`));
}

function code(value) {
  const words = text(value);
  const short = words.length > 20 ? `${words.slice(0, 16)}…` : words;
  return make('code', { title: words.length > 20 ? words : false }, short);
}

function memberTable(members) {
  return scroller('Members of this view', table('Members of this view',
    ['Replica', 'Role', 'State', 'Recovery'],
    members.slice(0, most.votes).map((member) => [`Replica ${text(member?.replica)}`,
      text(member?.role),
      text(member?.state), text(member?.recovery)])));
}
