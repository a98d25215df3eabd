// SPDX-License-Identifier: Apache-2.0
// Counts from this browser, and judges every answer: each must be one more than the answer before,
// at a later place in the order. A request without an answer is sent again under the same
// Idempotency-Key until its outcome is known, so nothing may be lost and nothing counted twice.

const loops = 4;
const pause_ms = 40;          // between two requests of a loop: at most 100 a second in all
const retry_ms = 300;
const many_ms = 5000;         // after "too many"
const patience_ms = 10000;
const waiting_after_ms = 1000;
const again = new Set([408, 429, 500, 502, 503, 504]);
const kept_latencies = 4000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function randomText() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(6))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Checker {
  state = 'not started';  // then running, stopping, reading, stopped
  answered = 0;
  lost = 0;
  twice = 0;
  errors = [];            // of counting: which counter, what was expected, what came
  refused = '';           // an answer that no repetition will change
  reads = [];             // after the end: each counter, what was counted and what the group says
  gap = 0;
  trouble = '';           // what the last refusal said
  #latencies = [];
  #asked = new Map();     // loop → since when its request has no answer
  #heard = 0;             // when the newest answer came
  #ended = Promise.resolve();
  #given_up = false;

  active() { return ['running', 'stopping', 'reading'].includes(this.state); }

  start() {
    Object.assign(this, { state: 'running', answered: 0, lost: 0, twice: 0, errors: [], refused: '',
      reads: [], gap: 0, trouble: '' });
    this.#latencies = [];
    this.#asked.clear();
    this.#heard = performance.now();
    this.#given_up = false;
    const run = randomText();
    const counters = Array.from({ length: loops }, (_, place) => (
      { name: `check-${run}-${place + 1}`, value: 0, sequence: 0, run }));
    this.#ended = Promise.all(counters.map((counter) => this.#loop(counter)))
      .then(() => this.#readAll(counters));
  }

  // Lets the requests under way end, then reads every counter. A second call gives up waiting.
  stop() {
    if (this.state === 'running') this.state = 'stopping';
    else this.#given_up = true;
    return this.#ended;
  }

  // Since when nothing has been answered, or null if answers come.
  waitingSince(now = performance.now()) {
    if (!this.active() || this.#asked.size === 0) return null;
    const since = Math.max(this.#heard, Math.min(...this.#asked.values()));
    return now - since > waiting_after_ms ? since : null;
  }

  // A hidden page is slowed down by its browser; that is no pause of the group.
  pageShown() { this.#heard = performance.now(); }

  longestGap() {
    const open = this.active() && this.#asked.size > 0 ? performance.now() - this.#heard : 0;
    return Math.max(this.gap, open);
  }

  percentile(part) {
    if (this.#latencies.length === 0) return NaN;
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] * 1000;
  }

  // True, false, or null for as long as it is not known.
  verdict() {
    if (this.lost + this.twice > 0 || this.errors.length > 0) return false;
    if (this.state !== 'stopped') return null;
    return this.refused === '' && this.reads.length === loops ? true : null;
  }

  async #loop(counter) {
    let number = 0;
    while (this.state === 'running' && !this.refused) {
      const begun = performance.now();
      const key = `${counter.name}-${number}`;
      const ask = () => fetch(`/v1/counters/${counter.name}/increment`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
        body: '{"by":1}',
        signal: AbortSignal.timeout(patience_ms),
      });
      const answer = await this.#known(counter, ask);
      if (!answer) return;
      ++number;
      this.#judge(counter, answer, performance.now() - begun);
      await sleep(Math.max(0, pause_ms - (performance.now() - begun)));
    }
  }

  // Asks again until the outcome is known; null if it was refused for good, or nobody waits for it.
  async #known(counter, ask, may_miss = false) {
    this.#asked.set(counter.name, performance.now());
    try {
      while (!this.#given_up) {
        const answer = await ask().catch(() => null);
        if (answer?.ok || (may_miss && answer?.status === 404)) {
          const content = await answer.json().catch(() => null);
          if (content) return { ...content, missing: answer.status === 404 };
        } else if (answer && !again.has(answer.status)) {
          const problem = await answer.json().catch(() => ({}));
          this.refused = `${answer.status} ${problem.title ?? ''} ${problem.detail ?? ''}`.trim();
          return null;
        } else {
          const problem = await answer?.json().catch(() => null);
          this.trouble = problem ? `${answer.status} ${problem.title ?? ''}`.trim() : 'no answer';
        }
        await sleep(answer?.status === 429 ? many_ms : retry_ms);
      }
      return null;
    } finally {
      this.#asked.delete(counter.name);
    }
  }

  #judge(counter, { value, sequence }, latency) {
    const now = performance.now();
    if (!document.hidden) this.gap = Math.max(this.gap, now - this.#heard);
    this.#heard = now;
    ++this.answered;
    this.#latencies.push(latency);
    if (this.#latencies.length > kept_latencies) this.#latencies.shift();
    const expected = counter.value + 1;
    if (value > expected) this.twice += value - expected;
    if (value < expected) this.lost += expected - value;
    if (value !== expected) this.#wrong({ counter: counter.name, expected, got: value, sequence });
    if (!(sequence > counter.sequence)) {
      this.#wrong({ counter: counter.name, expected: `an order after ${counter.sequence}`,
        got: `order ${sequence}`, sequence });
    }
    Object.assign(counter, { value, sequence });
  }

  #wrong(error) {
    if (this.errors.length < 20) this.errors.push(error);
  }

  async #readAll(counters) {
    this.state = 'reading';
    for (const counter of counters) {
      const answer = await this.#known(counter, () => fetch(`/v1/counters/${counter.name}`,
        { cache: 'no-store', signal: AbortSignal.timeout(patience_ms) }), true);
      if (!answer) break;
      const value = answer.missing ? 0 : answer.value;
      if (value > counter.value) this.twice += value - counter.value;
      if (value < counter.value) this.lost += counter.value - value;
      if (value !== counter.value) {
        this.#wrong({ counter: counter.name, expected: counter.value, got: value,
          sequence: answer.sequence });
      }
      this.reads.push({ counter: counter.name, expected: counter.value, got: value });
    }
    this.state = 'stopped';
  }
}
