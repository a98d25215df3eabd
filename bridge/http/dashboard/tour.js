// SPDX-License-Identifier: Apache-2.0
// The guided tour: a panel beside the page that waits, in each step, for what the step describes.

import { button, make, mark, say, show } from './dom.js';
import { reshape, shape } from './words.js';
import { steps } from './tour_steps.js';

export class Tour {
  #root; #opener; #live; #checker; #faults;
  #place = 0;
  #done = [];      // for each thing to watch, whether it was seen
  #acted = [];     // for each act, when it was done
  #undone = true;
  #start = null;   // how things were before the first act
  #view = null;

  constructor(root, opener, { live, checker, faults }) {
    [this.#root, this.#opener] = [root, opener];
    [this.#live, this.#checker, this.#faults] = [live, checker, faults];
    opener.addEventListener('click', () => (root.hidden ? this.#open() : this.#close()));
    root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#close();
    });
    live.onData(() => this.#look());
    live.onPaint(() => {
      show(opener, faults.allowed());
      this.#look();
    });
  }

  #open() {
    show(this.#root, true);
    mark(this.#opener, 'aria-expanded', true);
    document.body.classList.add('touring');
    if (!this.#view) this.#step(0);
    this.#view.title.focus();
  }

  #close() {
    this.#undo();
    show(this.#root, false);
    mark(this.#opener, 'aria-expanded', false);
    document.body.classList.remove('touring');
    this.#opener.focus();
  }

  #step(place) {
    this.#undo();
    this.#place = place;
    const step = steps[place];
    this.#done = step.watch.map(() => false);
    this.#acted = step.acts.map(() => null);
    this.#remember();
    this.#build(step);
    this.#view.title.focus();
  }

  #build(step) {
    const title = make('h2', { id: 'tour-title', tabindex: -1 }, step.title);
    const acts = step.acts.map((act, place) => button(act.words, () => this.#act(place),
      { class: 'button strong' }));
    const checks = step.watch.map(({ words, act = 0 }) => {
      const symbol = shape('pending', 16);
      const state = make('span', { class: 'unseen' }, 'not seen yet: ');
      return { symbol, state, root: make('li', { 'data-act': act }, symbol,
        make('span', {}, state, words)) };
    });
    const last = this.#place === steps.length - 1;
    const back = button('Back', () => this.#step(this.#place - 1),
      { class: 'button', disabled: this.#place === 0 });
    const next = button(last ? 'End the tour' : 'Next', () =>
      (last ? this.#finish() : this.#step(this.#place + 1)),
      { class: 'button' });
    const news = make('p', { class: 'unseen', role: 'status' });
    this.#root.replaceChildren(
      make('div', { class: 'tour-head' },
        make('p', { class: 'eyebrow' }, `Guided tour, ${this.#place + 1} of ${steps.length}`),
        button('Close', () => this.#close(), { class: 'button quiet' })),
      make('div', { class: 'tour-body', role: 'group', tabindex: 0,
        'aria-labelledby': 'tour-title' },
        title, make('p', { class: 'tag' }, step.pattern),
        ...step.text.map((words) => make('p', {}, words)), make('div', { class: 'acts' }, ...acts),
        make('h3', {}, 'What to see'), make('ol', { class: 'checks' },
          ...checks.map((check) => check.root)), news),
      make('div', { class: 'tour-foot' }, back, next));
    this.#view = { title, acts, checks, next, news };
    this.#look();
  }

  #finish() {
    this.#view = null;
    this.#place = 0;
    this.#close();
  }

  async #act(place) {
    if (this.#acted.every((at) => at === null)) this.#remember();
    if (place === 0) this.#undone = false;
    if (place === steps[this.#place].acts.length - 1 && place > 0) this.#undone = true;
    this.#acted[place] = performance.now();
    this.#showPicture();
    await steps[this.#place].acts[place].run(this.#tour());
    this.#look();
  }

  // The panel covers the lower half of a small screen; what happens is shown above it.
  #showPicture() {
    if (this.#place === 0) return;
    document.getElementById('picture').scrollIntoView({ block: innerWidth < 1100 ? 'start'
      : 'nearest' });
  }

  #remember() {
    this.#start = { answered: this.#checker.answered,
      replicas: new Map((this.#live.state?.replicas ?? []).map((replica) =>
        [replica.id, replica])) };
  }

  // Whoever goes on leaves no fault behind.
  #undo() {
    if (!this.#undone) steps[this.#place].undo?.(this.#tour());
    this.#undone = true;
  }

  #tour() {
    const { state } = this.#live;
    return { checker: this.#checker, faults: this.#faults, group: state?.group ?? {},
      ids: (state?.replicas ?? []).map((replica) => replica.id),
      replica: (id) => this.#live.replica(id), before: (id) => this.#start.replicas.get(id),
      answered: this.#start.answered, elapsed: performance.now() - (this.#acted[0] ?? Infinity) };
  }

  #look() {
    if (this.#root.hidden || !this.#view || !this.#live.state) return;
    const step = steps[this.#place];
    const tour = this.#tour();
    step.watch.forEach((one, place) => {
      const begun = !step.chain || place === 0 || this.#done.some(Boolean);
      const ready = begun && this.#acted[one.act ?? 0] !== null;
      if (this.#done[place] || !ready || !one.seen(tour)) return;
      // What passed too quickly to be seen was there all the same.
      const from = step.chain ? 0 : place;
      for (let seen = from; seen <= place; ++seen) this.#done[seen] = true;
      say(this.#view.news, `Seen: ${one.words}.`);
    });
    this.#view.checks.forEach((check, place) => {
      const seen = this.#done[place];
      mark(check.root, 'data-seen', seen);
      reshape(check.symbol, seen ? 'agrees' : 'pending');
      say(check.state, seen ? 'seen: ' : 'not seen yet: ');
    });
    const complete = this.#done.every(Boolean);
    mark(this.#view.next, 'class', complete ? 'button strong' : 'button');
  }
}
