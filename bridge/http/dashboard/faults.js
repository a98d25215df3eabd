// SPDX-License-Identifier: Apache-2.0
// Faults on purpose, for visitors with the operator's token in a group that allows them.

import { button, make, mark, say, show } from './dom.js';
import { command, hasToken } from './token.js';

const lie_seconds = 20;  // "lie once" ends by itself after that, if nobody asked for anything
const no_seconds = 0.001;
const groups = [
  ['Lies', [
    ['lie-once', 'Lie once', 'Answers one too much until its first dissent shows.'],
    ['wrong-value', 'Keep lying',
      'Answers one too much in each request: dissents until quarantine.'],
    ['wrong-state', 'Flip a bit', 'Changes one bit of a counter in its memory.'],
  ]],
  ['Silence', [
    ['silent', 'Stop voting', 'Executes orders, and gives no votes.'],
    ['slow', 'Vote late', 'Votes after twice the time that is allowed.'],
    ['hang', 'Hang 3 s', 'Does nothing for three seconds.', 3],
    ['drop-orders', 'Drop orders', 'Ignores the orders that it gets.'],
  ]],
  ['Crash and disk', [
    ['crash', 'Kill', 'Ends at the next order, and is started again.'],
    ['corrupt-checkpoint', 'Damage checkpoint',
      'Damages its newest checkpoint, which it notices when it loads it.'],
    ['disk-full', 'Disk full', 'Fails to write its checkpoints.'],
  ]],
];
const role_faults = [['Crash', [
  ['crash', 'Kill', 'Ends, and is started again.'],
  ['hang', 'Pause 3 s', 'Does nothing for three seconds.', 3],
]]];
const meaning_of_none = 'Point at a fault to read what the replica will do.';
const roles = { distributor: 'Distributor', comparator: 'Comparator' };

export class Faults {
  #live; #root; #tell;
  #targets = ''; #choice = '1';
  #picker = make('fieldset', { class: 'targets' });
  #kinds = make('div', { class: 'kinds' });
  #meaning = make('p', { class: 'note meaning-line' }, meaning_of_none);
  #hint = make('p', { class: 'note' });
  #controls;
  #clear = button('Clear the fault', () => this.inject(this.#choice, 'clear'),
    { class: 'button clear' });
  #lies = new Map();  // replica → how many dissents it had before it was told to lie once

  constructor(root, live, tell) {
    [this.#live, this.#root, this.#tell] = [live, root, tell];
    const row = make('div', { class: 'target-row' }, this.#picker, this.#clear);
    this.#controls = make('div', {}, row, this.#kinds, this.#meaning);
    root.append(make('div', { class: 'panel-head' },
      make('h2', { id: 'faults-title' }, 'Faults on purpose'), this.#hint), this.#controls);
    live.onPaint(() => this.#paint());
    live.onData(() => this.#endLies());
  }

  allowed() { return Boolean(this.#live.state?.group.fault_injection) && hasToken(); }

  // `target` is a replica's number, "distributor" or "comparator". True if it was done.
  async inject(target, kind, seconds = 0) {
    const path = roles[target] ? `/v1/cluster/${target}/fault`
      : `/v1/cluster/replicas/${target}/fault`;
    const name = roles[target] ?? `Replica ${target}`;
    const body = { kind: kind === 'lie-once' ? 'wrong-value' : kind };
    if (kind === 'lie-once') {
      this.#lies.set(Number(target), this.#live.replica(Number(target))?.dissents ?? 0);
      body.for_seconds = lie_seconds;
    } else {
      this.#lies.delete(Number(target));
      if (seconds > 0) body.for_seconds = seconds;
    }
    try {
      await command(path, body);
    } catch (error) {
      this.#lies.delete(Number(target));
      this.#tell(`${name}: the fault was not made, ${error.message}.`);
      return false;
    }
    if (kind !== 'clear') this.#live.note(this.#live.now(), 'fault', `${name}: ${label(kind)}`);
    this.#tell(kind === 'clear' ? `${name}: the fault is over.`
      : `${name}: ${label(kind).toLowerCase()}, done.`);
    return true;
  }

  async readmit(id) {
    if (!['evicted', 'quarantined'].includes(this.#live.replica(id)?.state)) {
      this.#tell(`Replica ${id} need not be readmitted: it comes back by itself.`);
      return;
    }
    try {
      await command(`/v1/cluster/replicas/${id}/readmit`);
    } catch (error) {
      this.#tell(`Replica ${id} was not readmitted: ${error.message}.`);
      return;
    }
    this.#tell(`Replica ${id} is readmitted: it recovers, and is watched on probation.`);
  }

  // A lie that was seen is enough. It is made to end by itself: whoever clears a fault vouches for
  // the replica, and its cool-down, which is to be seen too, would end at once.
  #endLies() {
    for (const [id, dissents] of this.#lies) {
      if ((this.#live.replica(id)?.dissents ?? 0) <= dissents) continue;
      this.#lies.delete(id);
      const body = { kind: 'wrong-value', for_seconds: no_seconds };
      command(`/v1/cluster/replicas/${id}/fault`, body)
        .then(() => this.#tell(`Replica ${id} lied, was caught, and does not lie any more.`))
        .catch((error) => this.#tell(`Replica ${id} lied, and still does: ${error.message}.`));
    }
  }

  #paint() {
    const { state } = this.#live;
    if (!state) return;
    show(this.#root, Boolean(state.group.fault_injection));
    show(this.#controls, hasToken());
    say(this.#hint, hasToken() ? 'Watch what becomes of it in the picture and on the cards.'
      : 'To make faults, open the link that tally up printed: it carries the operator’s token.');
    const ids = state.replicas.map((replica) => String(replica.id));
    if (ids.join() === this.#targets) return;
    this.#targets = ids.join();
    this.#pick([...ids.map((id) => [id, `Replica ${id}`]), ...Object.entries(roles)]);
  }

  #pick(targets) {
    if (!targets.some(([value]) => value === this.#choice)) this.#choice = targets[0]?.[0];
    this.#picker.replaceChildren(make('legend', { class: 'unseen' }, 'Who misbehaves'),
      ...targets.map(([value, name]) => {
        const input = make('input', { type: 'radio', name: 'fault-target', value,
          checked: value === this.#choice });
        input.addEventListener('change', () => {
          this.#choice = value;
          this.#offer();
        });
        return make('label', {}, input, make('span', {}, name));
      }));
    this.#offer();
  }

  #offer() {
    const target = this.#choice;
    const name = roles[target] ?? `Replica ${target}`;
    show(this.#clear, !roles[target]);
    mark(this.#clear, 'aria-label', `Clear the fault of ${name}`);
    this.#kinds.replaceChildren(...(roles[target] ? role_faults : groups).map(([title, faults]) => (
      make('div', { class: 'kind', role: 'group', 'aria-label': `${title}, ${name}` },
        make('h3', {}, title), make('div', { class: 'chips' },
          ...faults.map(([kind, words, meaning, seconds]) => {
          const node = button(words, () => this.inject(target, kind, seconds),
            { class: 'button', 'aria-description': meaning });
          for (const event of ['pointerenter', 'focus']) {
            node.addEventListener(event, () => say(this.#meaning, `${words}: ${meaning}`));
          }
          return node;
        }))))));
  }
}

function label(kind) {
  const faults = [...groups, ...role_faults].flatMap(([, some]) => some);
  return faults.find(([name]) => name === kind)?.[1] ?? kind;
}
