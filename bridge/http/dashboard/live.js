// SPDX-License-Identifier: Apache-2.0
// What the bridge says at /events, merged into one state, and whether it is still being said.

const kept = { figures: 300, records: 200, marks: 100 };
const window_ms = 5 * 60 * 1000;
const quiet_ms = 5000;
const pending_ms = 400;
const mute_ms = 500;
const fresh_ms = 4000;

export class Live {
  state = null;
  connection = 'connecting';  // then open, quiet or broken
  since = Date.now();         // of the connection's state
  marks = [];                 // on the charts: what happened when
  #heard = performance.now();
  #offset = 0;
  #data = [];
  #paint = [];
  #painting = false;
  #source = null;
  #votes = new Map();  // replica → when its newest vote came, how the last compared one did

  // Told of each event at once, also while the page is hidden.
  onData(listener) { this.#data.push(listener); }

  // Told before the next frame; not while the page is hidden.
  onPaint(listener) { this.#paint.push(listener); }

  // The bridge's calendar time, between events too.
  now() { return Date.now() + this.#offset; }

  replica(id) { return this.state?.replicas.find((replica) => replica.id === id) ?? null; }

  // The newest order that anybody voted on.
  voted() { return Math.max(0, ...this.state.replicas.map(({ vote }) => vote?.sequence ?? 0)); }

  // How a replica's newest vote compares. Each is pending for a moment; only what stays so is told.
  // It is silence if a voter gives none where others do.
  outcome({ id, state, vote }) {
    const { settled, since, at } = this.#votes.get(id) ?? {};
    const behind = vote && vote.sequence < this.voted();
    if (state === 'voting' && behind && performance.now() - at > mute_ms) return 'silence';
    const brief = vote?.outcome === 'pending' && performance.now() - since < pending_ms;
    return brief ? settled ?? 'pending' : vote?.outcome;
  }

  // Whether its process was started anew a moment ago, which may have taken no time to be seen.
  isFresh({ restarted }) { return Boolean(restarted) && this.now() - restarted < fresh_ms; }

  start() {
    this.#connect();
    setInterval(() => this.#watch(), 250);
  }

  note(at, kind, text) {
    if (!Number.isFinite(at)) return;
    this.marks.push({ at, kind, text: text.slice(0, 100) });
    this.marks.sort((a, b) => a.at - b.at);
    if (this.marks.length > kept.marks) this.marks.shift();
  }

  repaint() {
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      for (const listener of this.#paint) tellOne(listener, this);
    });
  }

  #connect() {
    const source = new EventSource('/events');
    this.#source = source;
    source.addEventListener('open', () => this.#becomes('open'));
    source.addEventListener('error', () => this.#becomes('broken'));
    source.addEventListener('snapshot', (event) => this.#take(event, true));
    source.addEventListener('change', (event) => this.#take(event, false));
  }

  // The browser connects again by itself, unless the bridge answered with an error.
  #watch() {
    if (this.#source.readyState === EventSource.CLOSED && Date.now() - this.since > 2000) {
      this.since = Date.now();
      this.#connect();
    }
    const quiet = performance.now() - this.#heard > quiet_ms;
    if (this.connection === 'open' && quiet) this.#becomes('quiet');
    this.repaint();
  }

  #becomes(connection) {
    if (this.connection !== connection) {
      this.connection = connection;
      this.since = Date.now();
      this.#heard = performance.now();
    }
    for (const listener of this.#data) tellOne(listener, this);
    this.repaint();
  }

  #take(event, whole) {
    let news;
    try {
      news = JSON.parse(event.data);
    } catch {
      return;
    }
    if (!whole && !this.state) return;
    const before = this.state;
    this.state = whole ? this.#begin(news) : this.#merge(before, news);
    this.#offset = Number.isFinite(news.now) ? news.now - Date.now() : this.#offset;
    this.#heard = performance.now();
    this.#settle();
    this.#note(before, news);
    this.#becomes('open');
  }

  #begin(news) {
    const old = this.state?.records ?? [];
    const empty = { group: {}, distributor: {}, comparator: {}, journal: {}, replicas: [],
      decision: null, figures: [], records: [] };
    const state = { ...empty, ...news };
    const hashes = new Map(state.records.map((record) => [record.number, record.hash]));
    const same = old.every(({ number, hash }) => (hashes.get(number) ?? hash) === hash);
    state.records = (same ? join(old, state.records) : state.records).slice(-kept.records);
    return state;
  }

  #merge(state, news) {
    const merged = { ...state, ...news };
    for (const part of ['group', 'distributor', 'comparator', 'journal']) {
      merged[part] = { ...state[part], ...news[part] };
    }
    const recent = this.now() - window_ms;
    merged.figures = state.figures.concat(news.figures ?? []).slice(-kept.figures)
      .filter((figure) => figure.at > recent);
    merged.records = join(state.records, news.records ?? []).slice(-kept.records);
    return merged;
  }

  #settle() {
    const now = performance.now();
    for (const { id, vote } of this.state.replicas) {
      const seen = this.#votes.get(id);
      const pends = vote?.outcome === 'pending';
      this.#votes.set(id, { sequence: vote?.sequence,
        at: seen?.sequence === vote?.sequence ? seen?.at : now,
        settled: pends ? seen?.settled : vote?.outcome, since: pends ? seen?.since : now });
    }
  }

  #note(before, news) {
    const known = new Set(before?.records.map(({ hash }) => hash));
    for (const { hash, line } of news.records ?? []) {
      const record = known.has(hash) ? null : parsed(line);
      const at = Date.parse(record?.at);
      if (record?.kind === 'verdict') {
        this.note(at, record.reason === 'silence' ? 'silence' : 'dissent',
          `${record.reason} of replica ${record.replica}`);
      }
      if (record?.kind === 'undecided') this.note(at, 'undecided', 'no majority');
    }
    this.#noteRestarts(before);
    const state = this.state.group.state;
    if (before && before.group.state !== state && !['ok', 'degraded'].includes(state)) {
      this.note(this.now(), 'undecided', `the group is ${state}`);
    }
  }

  #noteRestarts(before) {
    const roles = ({ replicas, distributor, comparator }) => [
      ...replicas.map((replica) => [`replica ${replica.id}`, replica.restarted]),
      ['the distributor', distributor.restarted], ['the comparator', comparator.restarted]];
    const known = new Map(before ? roles(before) : []);
    for (const [name, restarted] of roles(this.state)) {
      if (!restarted || restarted === known.get(name)) continue;
      this.note(restarted, 'restart', `${name} was started anew`);
    }
  }
}

// One part that fails does not keep the others from their news.
function tellOne(listener, live) {
  try {
    listener(live);
  } catch (error) {
    reportError(error);
  }
}

function join(old, news) {
  const newest = old.at(-1)?.number ?? -1;
  return old.concat(news.filter((record) => record.number > newest));
}

export function parsed(line) {
  try {
    const value = JSON.parse(line);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
