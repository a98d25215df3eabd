// SPDX-License-Identifier: Apache-2.0
// The large line of the checker, what it is doing, and its verdict.

import { button, make, mark, say, scroller, show, table } from './dom.js';
import { duration, number, timeOfDay } from './words.js';

const labels = { 'not started': 'Start counting', running: 'Stop and verify',
  stopping: 'Do not wait any longer', reading: 'Do not wait any longer', stopped: 'Start again' };

export class CheckerView {
  #checker; #live;
  #root; #line; #button; #words; #figures; #errors; #reads;
  #shown = '';

  constructor(host, checker, live) {
    [this.#checker, this.#live, this.#root] = [checker, live, host];
    const count = (word) => {
      const value = make('strong', {}, '0');
      return { value, root: make('span', { class: 'count' }, `${word} `, value) };
    };
    const [answered, lost, twice] = ['answered', 'lost', 'counted twice'].map(count);
    this.#line = { answered, lost, twice };
    this.#button = button('Start counting', () => this.#press(), { class: 'button strong large' });
    this.#words = make('p', { class: 'checker-words', role: 'status' });
    this.#figures = make('p', { class: 'note figure' });
    this.#errors = make('div', { class: 'errors', role: 'alert' });
    this.#reads = make('details', { hidden: true }, make('summary', {},
      'What was read at the end'));
    host.append(make('h2', { id: 'checker-title', class: 'eyebrow' }, 'Checked from this browser'),
      make('div', { class: 'hero-row' },
        make('p', { class: 'large-line' }, answered.root, dotBetween(), lost.root, dotBetween(),
          twice.root),
        this.#button),
      this.#words, this.#figures, this.#errors, this.#reads);
    document.addEventListener('visibilitychange', () => checker.pageShown());
    live.onPaint(() => this.#paint());
  }

  #press() {
    const checker = this.#checker;
    if (checker.active()) checker.stop();
    else checker.start();
    this.#live.repaint();
  }

  #paint() {
    const checker = this.#checker;
    const started = checker.state !== 'not started';
    say(this.#line.answered.value, number(checker.answered));
    say(this.#line.lost.value, number(checker.lost));
    say(this.#line.twice.value, number(checker.twice));
    mark(this.#line.lost.root, 'data-tone', checker.lost > 0 ? 'bad' : '');
    mark(this.#line.twice.root, 'data-tone', checker.twice > 0 ? 'bad' : '');
    say(this.#button, labels[checker.state]);
    const { tone, words } = this.#situation();
    mark(this.#root, 'data-tone', tone);
    say(this.#words, words);
    say(this.#figures, started ? this.#measured() : '');
    this.#paintLists();
  }

  #measured() {
    const [p50, p99] = [0.5, 0.99].map((part) => duration(this.#checker.percentile(part)));
    const gap = duration(this.#checker.longestGap() * 1000);
    return `Longest time without an answer ${gap} · answers took `
      + `p50 ${p50}, p99 ${p99}, as this browser saw it`;
  }

  #situation() {
    const checker = this.#checker;
    const waiting = checker.waitingSince();
    if (checker.verdict() === false && checker.state !== 'stopped') {
      return { tone: 'bad', words: 'A wrong count was seen.' };
    }
    if (waiting !== null) {
      const at = timeOfDay(Date.now() - (performance.now() - waiting));
      const why = checker.trouble ? ` (${checker.trouble})` : '';
      return { tone: 'watch', words: `Waiting: no answer since ${at}${why}. Each request is `
        + 'repeated under its key until its outcome is known.' };
    }
    switch (checker.state) {
      case 'running':
        return { tone: 'good',
          words: 'Running: four loops, each on a counter of its own; every answer must be '
          + 'one more than the one before.' };
      case 'stopping': return { tone: 'watch',
        words: 'Stopping: the last requests are under way.' };
      case 'reading': return { tone: 'watch', words: 'Reading every counter, to compare.' };
      case 'stopped': return this.#judgement();
      default:
        return { tone: '', words: 'Not started. It counts up to 100 times a second, and checks '
          + 'every answer. What has no answer is asked again under the same Idempotency-Key.' };
    }
  }

  #judgement() {
    const checker = this.#checker;
    if (checker.verdict() === true) {
      return { tone: 'good',
        words: `Verified: each of ${number(checker.answered)} answered increments was `
        + 'counted exactly once. Each counter was read again, and says the same.' };
    }
    if (checker.verdict() === false) {
      return { tone: 'bad', words: 'Stopped: the counting was wrong. See below where.' };
    }
    const why = checker.refused ? `The bridge refused: ${checker.refused}.`
      : 'You did not wait for every outcome.';
    return { tone: 'watch', words: `Stopped without a verdict. ${why} No wrong answer was seen.` };
  }

  #paintLists() {
    const { errors, reads } = this.#checker;
    const key = `${errors.length} ${reads.length}`;
    if (key === this.#shown) return;
    this.#shown = key;
    this.#errors.replaceChildren(...errors.map((one) => make('p', {}, 'Counter '
      + `${one.counter}: expected ${one.expected}, got ${one.got} (order ${one.sequence}).`)));
    show(this.#reads, reads.length > 0);
    this.#reads.replaceChildren(this.#reads.firstChild, scroller('Counters at the end',
      table('Counters at the end', ['Counter', 'Counted here', 'Read from the group', 'Equal'],
        reads.map(({ counter, expected, got }) => [counter, number(expected), number(got),
          expected === got ? '✓ equal' : '≠ differs']))));
  }
}

const dotBetween = () => make('span', { class: 'between', 'aria-hidden': 'true' }, '·');
