// SPDX-License-Identifier: Apache-2.0
// What is true of the whole group: the word in the bar, the alerts in large words, and the facts.

import { make, mark, say, show, termList } from './dom.js';
import { duration, groupReasons, groupStates, number, reshape, shape, timeOfDay } from './words.js';

const terms = { term: 'Term', view: 'View', sequence: 'Newest order', decided: 'Decided',
  stable: 'Stable on disk', undecided: 'Open orders', needed: 'Equal votes needed',
    first: 'Journal begins at',
  appends: 'Journal appends', syncs: 'Journal syncs', p50: 'Sync, p50', p99: 'Sync, p99',
  checkpoints: 'Checkpoints', distributor: 'Distributor', comparator: 'Comparator' };

export class Group {
  #live;
  #pill; #pill_shape = shape('pending'); #pill_word = make('span');
  #connection; #alerts = {};
  #facts;

  constructor(live, { pill, connection, alerts, facts }) {
    this.#live = live;
    this.#pill = pill;
    this.#connection = connection;
    pill.append(this.#pill_shape, this.#pill_word);
    for (const name of ['link', 'heard', 'group']) {
      const title = make('h2');
      const text = make('p');
      const advice = make('p', { class: 'advice' });
      const root = make('div', { class: `banner ${name}`, hidden: true }, title, text, advice);
      alerts.append(root);
      this.#alerts[name] = { root, title, text, advice };
    }
    const { list, values } = termList(terms, { class: 'facts' });
    facts.append(make('div', { class: 'panel-head' }, make('h2', { id: 'facts-title' }, 'Group')),
      list);
    this.#facts = values;
    live.onPaint(() => this.#paint());
  }

  #paint() {
    this.#paintLink();
    const { state } = this.#live;
    if (!state) return;
    const { group } = state;
    const { tone, title } = groupStates[group.state] ?? { tone: 'watch', title: group.state };
    const known = this.#live.connection === 'open' && group.heard !== false;
    mark(this.#pill, 'data-tone', known ? tone : 'watch');
    const symbol = { good: 'ok', watch: 'probation', bad: 'down' }[tone];
    reshape(this.#pill_shape, known ? symbol : 'pending');
    say(this.#pill_word, known ? group.state : `${group.state}?`);
    const deaf = group.heard === false && 'The distributor does not answer the bridge';
    this.#alert('heard', deaf, 'watch',
      'What you see is what was last heard of it. It is started again by itself, and goes on from '
      + 'its journal.', '');
    const masked = group.replicas - group.needed;
    const any = masked > 1 ? `Any ${masked} of them` : 'Any one of them';
    const reason = group.state === 'ok'
      ? `${any} may crash, hang or lie, and clients notice nothing.`
      : groupReasons[group.reason] ?? group.reason ?? '';
    this.#alert('group', known ? title : `As last heard: ${title}`, known ? tone : 'watch', reason,
      group.advice ?? '');
    this.#fill(state);
  }

  #paintLink() {
    const { connection, since } = this.#live;
    const words = { connecting: 'connecting', open: 'live', quiet: 'quiet',
      broken: 'reconnecting' };
    mark(this.#connection, 'data-link', connection);
    say(this.#connection, words[connection]);
    const titles = { broken: 'Reconnecting to the bridge', quiet: 'The bridge says nothing' };
    this.#alert('link', titles[connection], 'watch', `Since ${timeOfDay(since)}. What you see is `
      + 'from before. The page goes on by itself when the bridge is back.', '');
  }

  #alert(name, title, tone, text, advice) {
    const alert = this.#alerts[name];
    show(alert.root, Boolean(title));
    if (!title) return;
    mark(alert.root, 'data-tone', tone);
    say(alert.title, title);
    say(alert.text, text);
    say(alert.advice, advice);
  }

  #fill({ group, journal, replicas, distributor, comparator }) {
    const facts = this.#facts;
    facts.term(number(group.term));
    facts.view(number(group.view));
    facts.sequence(number(group.sequence));
    facts.decided(number(group.decided));
    facts.stable(number(group.stable));
    facts.undecided(number(group.undecided));
    facts.needed(`${number(group.needed)} of ${number(group.replicas)}`);
    facts.first(`order ${number(group.journal_first)}`);
    facts.appends(number(journal.appends));
    facts.syncs(number(journal.syncs));
    facts.p50(duration(journal.sync_p50_us));
    facts.p99(duration(journal.sync_p99_us));
    const checkpoints = replicas.map(({ checkpoint }) => checkpoint).filter(Number.isFinite);
    facts.checkpoints(checkpoints.length === 0 ? 'none'
      : `orders ${number(Math.min(...checkpoints))} to ${number(Math.max(...checkpoints))}`);
    facts.distributor(distributor.state ?? 'unknown');
    facts.comparator(comparator.state ?? 'unknown');
  }
}
