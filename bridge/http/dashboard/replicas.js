// SPDX-License-Identifier: Apache-2.0
// One card for each replica: where its breaker is and what comes next, its newest vote, its store
// and its history.

import { button, make, mark, say, show, termList } from './dom.js';
import { ago, digest, evictionReasons, lasting, number, plural, reshape, shape,
  stateOf } from './words.js';
import { hasToken } from './token.js';

const steps = ['voting', 'evicted', 'recovering', 'probation'];
const terms = { applied: 'Applied', lag: 'Behind', checkpoint: 'Checkpoint', store: 'Store',
  state: 'State', heard: 'Heard', votes: 'Votes', dissents: 'Dissents', silences: 'Silences',
  evictions: 'Evicted', readmissions: 'Readmitted', matches: 'Matches' };
const outcomes = { agrees: 'Its vote agrees on', differs: 'Its vote differs on',
  pending: 'Not compared yet:', silence: 'No vote since' };

export class Replicas {
  #host; #live; #faults;
  #cards = new Map();

  constructor(host, live, faults) {
    [this.#host, this.#live, this.#faults] = [host, live, faults];
    live.onPaint(() => this.#paint());
  }

  #paint() {
    const { state } = this.#live;
    if (!state) return;
    const ids = state.replicas.map((replica) => replica.id);
    if (ids.join() !== [...this.#cards.keys()].join()) {
      this.#cards = new Map(ids.map((id) => [id, this.#build(id)]));
      mark(this.#host, 'data-count', ids.length);
      this.#host.replaceChildren(...[...this.#cards.values()].map((card) => card.root));
    }
    for (const replica of state.replicas) this.#fill(this.#cards.get(replica.id), replica, state);
  }

  #build(id) {
    const symbol = shape('voting', 18);
    const word = make('span', { class: 'pill' });
    const meaning = make('p', { class: 'meaning' });
    const breaker = make('ol', { class: 'breaker', 'aria-label': `Breaker of replica ${id}` },
      ...steps.map((step) => make('li', {}, step)));
    const label = make('span', { class: 'grow' });
    const value = make('span', { class: 'figure' });
    const progress = make('progress', { max: 1, 'aria-label': `Progress of replica ${id}` });
    const course = make('div', { class: 'course' }, make('p', {}, label, value), progress);
    const readmit = button('Readmit', () => this.#faults.readmit(id), { class: 'button strong' });
    readmit.setAttribute('aria-label', `Readmit replica ${id}`);
    const vote_symbol = shape('pending', 14);
    const vote = make('span');
    const { list, values } = termList(terms, { class: 'facts small-facts' });
    const verdict = make('p', { class: 'note verdict' });
    const root = make('li', { class: 'panel card' },
      make('div', { class: 'card-head' }, symbol, make('h3', {}, `Replica ${id}`), word),
      breaker, meaning, course, readmit,
      make('p', { class: 'vote' }, vote_symbol, vote), list, verdict);
    return { root, symbol, word, meaning, breaker, course, label, value, progress, readmit,
      vote_symbol,
      vote, values, verdict };
  }

  #fill(card, replica, { group }) {
    const { tone, meaning, breaker } = stateOf(replica.state);
    const now = this.#live.now();
    mark(card.root, 'data-tone', tone);
    reshape(card.symbol, replica.state);
    say(card.word, replica.state);
    const why = replica.state === 'evicted' && evictionReasons[replica.reason];
    const since = replica.since ? ` for ${lasting(now - replica.since)}` : '';
    say(card.meaning, `${breaker}${since}. ${why || meaning}`);
    for (const item of card.breaker.children) {
      const here = item.textContent === replica.state
        || (replica.state === 'quarantined' && item.textContent === 'evicted');
      if (here) mark(item, 'aria-current', 'step');
      else item.removeAttribute('aria-current');
    }
    this.#fillCourse(card, replica, group, now);
    const waits = replica.state === 'quarantined'
      || (replica.state === 'evicted' && replica.reason === 'operator');
    show(card.readmit, waits && hasToken());
    this.#fillVote(card, replica);
    this.#fillFacts(card, replica, now);
  }

  // What the replica waits for or does, how far it has come, and what is left.
  #fillCourse(card, replica, group, now) {
    const [label, value, part] = course(replica, group, now);
    say(card.label, label);
    say(card.value, value);
    card.progress.value = Math.min(1, Math.max(0, part));
  }

  #fillVote(card, replica) {
    const { vote } = replica;
    const outcome = this.#live.outcome(replica) ?? 'pending';
    reshape(card.vote_symbol, outcome);
    mark(card.vote.parentNode, 'data-outcome', vote ? outcome : 'none');
    say(card.vote, vote ? `${outcomes[outcome] ?? outcome} order ${number(vote.sequence)}`
      : 'No vote yet');
  }

  #fillFacts({ values, verdict }, replica, now) {
    values.applied(number(replica.applied));
    values.lag(plural(replica.lag, 'order'));
    values.checkpoint(number(replica.checkpoint));
    values.store(replica.store);
    values.state(digest(replica.vote?.state));
    values.heard(replica.heard_ms === null ? 'not yet' : replica.heard_ms < 1000 ? 'just now'
      : ago(replica.heard_ms));
    for (const key of ['votes', 'dissents', 'silences']) values[key](number(replica[key]));
    values.evictions(plural(replica.evictions, 'time'));
    values.readmissions(plural(replica.readmissions, 'time'));
    values.matches(`${number(replica.matches)} in a row`);
    const last = replica.last_verdict;
    say(verdict, !last ? 'No verdict against it so far.' : `Last verdict: ${last.reason} at order `
      + `${number(last.sequence)}, ${ago(now - last.at)}.`);
  }
}

function course(replica, group, now) {
  switch (replica.state) {
    case 'evicted': {
      if (replica.reason === 'operator') return ['Waits for an operator', '', 0];
      if (!replica.next_try) return ['Waits for its cool-down', '', 0];
      const left = Math.max(0, replica.next_try - now);
      const whole = Math.max(1, replica.next_try - (replica.since ?? now));
      return ['Cool-down, then it tries again', `${(left / 1000).toFixed(1)} s left`,
        1 - left / whole];
    }
    case 'recovering':
      return ['Executes what it missed', `${number(replica.applied)} of ${number(group.sequence)}`,
        group.sequence > 0 ? replica.applied / group.sequence : 0];
    case 'probation':
      return ['Equal votes in a row',
        `${number(replica.matches)} of ${number(replica.matches_needed)}`,
        replica.matches_needed > 0 ? replica.matches / replica.matches_needed : 0];
    case 'quarantined': return ['Waits for an operator', 'readmit', 0];
    case 'down': return ['Waits to be started again', '', 0];
    default:
      return ['In step with the group', replica.lag === 0 ? ''
        : `${plural(replica.lag, 'order')} behind`,
        group.sequence > 0 ? replica.applied / group.sequence : 0];
  }
}
