// SPDX-License-Identifier: Apache-2.0
// What states, reasons and votes are called, which shape stands for each, and how numbers read.

import { draw } from './dom.js';

const whole = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

export const number = (value) => (Number.isFinite(value) ? whole.format(value) : '–');
export const timeOfDay = (at) => (Number.isFinite(at) ? clock.format(new Date(at)) : '–');
export const digest = (hex) => (hex ? String(hex).slice(0, 8) : '–');
export const plural = (count, word) => `${number(count)} ${word}${count === 1 ? '' : 's'}`;

export function rate(value) {
  if (!Number.isFinite(value)) return '–';
  return value < 10 && value % 1 !== 0 ? value.toFixed(1) : number(Math.round(value));
}

const short = (value) => value.toFixed(value < 10 ? 1 : 0).replace('.0', '');

export function duration(us) {
  if (!Number.isFinite(us) || us <= 0) return '–';
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1e6) return `${short(us / 1000)} ms`;
  return `${short(us / 1e6)} s`;
}

export function lasting(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export const ago = (ms) => (ms < 500 ? 'now' : `${lasting(ms)} ago`);

const replicaStates = {
  voting: { breaker: 'Breaker closed', tone: 'good', meaning: 'Its votes count.' },
  evicted: { breaker: 'Breaker open', tone: 'bad', meaning: 'Its vote was taken from it.' },
  recovering: { breaker: 'Breaker open', tone: 'busy',
    meaning: 'It loads a state and executes what it missed.' },
  probation: { breaker: 'Breaker half-open', tone: 'watch',
    meaning: 'Its votes are compared, and not counted.' },
  quarantined: { breaker: 'Breaker locked open', tone: 'bad',
    meaning: 'It dissented too often, and waits for an operator.' },
  down: { breaker: 'No contact', tone: 'bad', meaning: 'It is started again by itself.' },
};
export const stateOf = (state) => (Object.hasOwn(replicaStates, state) ? replicaStates[state]
  : { breaker: String(state), tone: 'watch', meaning: '' });

export const evictionReasons = {
  dissent: 'Evicted for dissent: its vote differed from the majority.',
  silence: 'Evicted for silence: its votes did not come.',
  operator: 'Evicted by an operator.',
  no_majority: 'Evicted because no majority was found.',
};

export const groupStates = {
  ok: { tone: 'good', title: 'All replicas vote' },
  degraded: { tone: 'watch',
    title: 'Degraded: every request is answered, but not all replicas vote' },
  unavailable: { tone: 'bad', title: 'No answer, rather than a wrong one' },
  halted: { tone: 'bad', title: 'Halted until an operator resumes the group' },
};

export const groupReasons = {
  replicas_out: 'Some replicas do not vote.',
  no_majority: 'Too few replicas give equal votes, so nothing is decided.',
  no_state: 'No replica has a state that the journal leads on from.',
  journal_slow: 'A sync of the journal takes longer than a second.',
  no_room: 'The disk of the journal is full.',
  waiting_for_replicas: 'The distributor has started, and waits for what the replicas know.',
  journal_behind: 'A decided order is missing in the journal.',
  wrong_group: 'Replicas or audit log are of another group than the journal.',
  no_distributor: 'The distributor is not heard.',
  no_comparator: 'The comparator is not heard.',
  starting: 'Nothing has been decided since the distributor started.',
  rolling_back: 'All replicas execute again from their checkpoints.',
  halted: 'The voters gave different answers, and again after a roll-back.',
};

const shapes = {
  voting: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.6 4.9L7.3 11 4.4 8.2l1-1.1 1.8 1.7 3.2-3.9Z',
  evicted: 'M8 .5 15.5 8 8 15.5.5 8Zm-4 6.7v1.6h8V7.2Z',
  recovering: 'M8 1a7 7 0 1 0 7 7h-2a5 5 0 1 1-1.5-3.5l-2 2H15V1l-2.1 2.1A7 7 0 0 0 8 1Z',
  probation: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.8v10.4A5.2 5.2 0 0 1 8 2.8Z',
  quarantined: 'M5 1h6l4 4v6l-4 4H5l-4-4V5Zm-.8 6.1v1.8h7.6V7.1Z',
  down: 'M3 1.5l5 5 5-5L14.5 3l-5 5 5 5-1.5 1.5-5-5-5 5L1.5 13l5-5-5-5Z',
  pending: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3Z',
  differs: 'M8 .5 15.5 8 8 15.5.5 8ZM4.7 6v1.3h6.6V6Zm0 2.7V10h6.6V8.7Z',
  fault: 'M1 3h14L8 14.5Z',
  sun: 'M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM7 0h2v3H7Zm0 13h2v3H7ZM0 7h3v2H0Zm13 0h3v2h-3Z',
  moon: 'M9.5 1.2A7 7 0 1 0 14.8 9 5.5 5.5 0 0 1 9.5 1.2Z',
  view: 'M2 3h12v2H2Zm0 4h12v2H2Zm0 4h12v2H2Z',
  silence: 'M2 2h12v12H2Zm2.5 5v2h7V7Z',
};
shapes.agrees = shapes.voting;
shapes.ok = shapes.voting;
shapes.dissent = shapes.differs;
shapes.undecided = shapes.down;
shapes.restart = shapes.recovering;
shapes.draining = shapes.pending;

export const shapePath = (name) => (Object.hasOwn(shapes, name) ? shapes[name] : shapes.pending);

// A small drawing beside a word; the word says the same.
export function shape(name, size = 16) {
  return draw('svg', { class: 'shape', viewBox: '0 0 16 16', width: size, height: size,
    'aria-hidden': 'true' },
  draw('path', { d: shapePath(name), fill: 'currentColor', 'fill-rule': 'evenodd' }));
}

export function reshape(svg, name) {
  const path = svg.firstChild;
  if (path.getAttribute('d') !== shapePath(name)) path.setAttribute('d', shapePath(name));
}
