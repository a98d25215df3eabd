// SPDX-License-Identifier: Apache-2.0
// What the guided tour shows: in each step what to do, what to see, and which pattern it is. `seen`
// judges the live data; `before` and `answered` are how things were before the step's first act.

const voting = (id) => ({ words: `Replica ${id} votes again: its breaker is closed`,
  seen: ({ replica }) => replica(id)?.state === 'voting' });
const in_state = (id, state, words) =>
  ({ words, seen: ({ replica }) => replica(id)?.state === state });
const more = (id, key, words, count = 1) => ({ words,
  seen: ({ replica, before }) => replica(id)?.[key] >= (before(id)?.[key] ?? Infinity) + count });
const answers = (count, words) => ({ words,
  seen: ({ checker, answered }) => checker.answered >= answered + count });
const calm = (id, ms, words) => ({ words, seen: ({ replica, elapsed }) => (
  elapsed > ms && replica(id)?.state === 'voting' && replica(id).heard_ms < 1000) });

// The replicas that are too many to be masked.
const too_many = ({ group, ids }) => ids.slice(0, group.needed);

export const steps = [
  {
    title: 'Count, and check every answer',
    pattern: 'Active replication',
    text: ['Your browser counts, four requests at a time, and checks each answer: it must be '
      + 'exactly one more than the one before. Every replica executes every increment on its '
      + 'own; the answer leaves when a majority gave the same one.',
    'Whatever you do to the replicas from here on, watch the large line: lost and counted twice '
      + 'have to stay 0.'],
    acts: [{ words: 'Start counting', run: ({ checker }) => checker.active() || checker.start() }],
    watch: [{ words: 'The checker runs', seen: ({ checker }) => checker.active() },
      { words: '100 answers, all of them right', seen: ({ checker }) => (
        checker.answered >= 100 && checker.lost + checker.twice === 0) }],
  },
  {
    title: 'Kill replica 1',
    pattern: 'Roll-back',
    text: ['Replica 1 ends in the middle of its work. It is started again, loads its newest '
      + 'checkpoint, executes the orders that it missed, and votes.',
    'The others are a majority without it, so no request waits. If it is back before it was '
      + 'missed, it does not even lose its vote.'],
    acts: [{ words: 'Kill replica 1', run: ({ faults }) => faults.inject(1, 'crash') }],
    watch: [answers(50, '50 more answers came meanwhile'),
      calm(1, 2500, 'Replica 1 is back, has caught up, and votes')],
  },
  {
    title: 'Hang replica 2',
    pattern: 'Acknowledgement, with a timer and misses',
    text: ['A replica that hangs breaks no connection; its votes just do not come. A vote that '
      + 'is late is a miss, and several misses in a row are silence. That takes about a second.',
    'Silence says nothing against its state. So it keeps it, catches up, proves itself on '
      + 'probation, and votes again.'],
    acts: [{ words: 'Hang replica 2 for 3 s', run: ({ faults }) => faults.inject(2, 'hang', 3) }],
    chain: true,
    watch: [more(2, 'silences', 'Its misses are counted: the verdict is silence'),
      more(2, 'evictions', 'It is evicted: its breaker opens'),
      in_state(2, 'recovering', 'It recovers'),
      in_state(2, 'probation', 'It is on probation: its breaker is half-open'), voting(2)],
  },
  {
    title: 'Replica 2 lies once',
    pattern: 'Circuit breaker, and roll-back',
    text: ['Replica 2 answers one too much. The comparator has the other votes beside it: a '
      + 'diamond travels along its lane. The client is given the majority’s answer.',
    'The votes are put on record, and the breaker opens. After a cool-down the replica rolls '
      + 'back to a checkpoint. On probation its votes are compared, and not counted, until '
      + 'enough are right.'],
    acts: [{ words: 'Let replica 2 lie once', run: ({ faults }) => faults.inject(2, 'lie-once') }],
    chain: true,
    watch: [more(2, 'dissents', 'Dissent: its vote differs. The timeline has the evidence'),
      more(2, 'evictions', 'Evicted: the breaker is open, the cool-down runs'),
      in_state(2, 'recovering', 'Recovering: it rolls back and executes again'),
      in_state(2, 'probation', 'Probation: the breaker is half-open'), voting(2)],
  },
  {
    title: 'Damage a checkpoint',
    pattern: 'Roll-back, or roll-forward',
    text: ['The newest checkpoint of replica 1 is damaged, and the replica is killed. Each '
      + 'checkpoint has a digest, so it notices when it loads it, and takes its other one: that '
      + 'is roll-back.',
    'If both were bad, it would roll forward, and take over the state of another replica. It '
      + 'believes only a state that a majority of the replicas has sealed.'],
    acts: [{ words: 'Damage it, and kill', run: async ({ faults }) => (
      await faults.inject(1, 'corrupt-checkpoint') && faults.inject(1, 'crash')) }],
    watch: [answers(50, '50 more answers came meanwhile'),
      calm(1, 3000, 'Replica 1 found a good state, and votes')],
    undo: ({ faults }) => faults.inject(1, 'clear'),
  },
  {
    title: 'Replica 3 keeps lying',
    pattern: 'Circuit breaker that stays open',
    text: ['Now replica 3 lies in every request. It is evicted, comes back on probation, lies, '
      + 'and is evicted again. Each cool-down is twice as long as the one before.',
    'After too many dissents it is quarantined, and only an operator brings it back. With the '
      + 'default cool-downs, of one second to one minute, that takes about four minutes; you may '
      + 'go on at any time, and it is healed.'],
    acts: [{ words: 'Let replica 3 keep lying', run: ({ faults }) =>
      faults.inject(3, 'wrong-value') },
      { words: 'Clear and readmit', run: async ({ faults }) => (
        await faults.inject(3, 'clear') && faults.readmit(3)) }],
    watch: [more(3, 'dissents', 'It dissents, and is evicted'),
      more(3, 'evictions', 'It lies on probation, and is evicted again: the cool-down doubles', 2),
      in_state(3, 'quarantined', 'Quarantined: it waits for an operator'),
      { ...voting(3), act: 1 }],
    undo: ({ faults }) => faults.inject(3, 'clear'),
  },
  {
    title: 'More faults than can be masked',
    pattern: 'Active replication, failing safe',
    text: ['As many replicas as make a majority stop voting at once. Nobody can tell any more '
      + 'what is right. So there is no answer, rather than a wrong one: the checker waits, and '
      + 'the alert says why.',
    'Clear the faults: the group heals, every request gets its answer under its old key, and '
      + 'nothing is lost.'],
    acts: [{ words: 'Silence a majority', run: (tour) => Promise.all(
      too_many(tour).map((id) => tour.faults.inject(id, 'silent'))) },
    { words: 'Clear and heal', run: (tour) => Promise.all(
      too_many(tour).map((id) => tour.faults.inject(id, 'clear'))) }],
    watch: [{ words: 'The group says that it does not answer, and why',
      seen: ({ group }) => ['unavailable', 'halted'].includes(group.state) },
    { words: 'The checker waits, and counts nothing', seen: ({ checker }) =>
      checker.waitingSince() !== null },
    { act: 1, words: 'The group answers again', seen: ({ group, checker }) => (
      ['ok', 'degraded'].includes(group.state) && checker.waitingSince() === null) },
    { act: 1, words: 'Still nothing lost, nothing counted twice',
      seen: ({ group, checker, answered }) => (
      ['ok', 'degraded'].includes(group.state) && checker.answered > answered + 20
      && checker.lost + checker.twice === 0) }],
    undo: (tour) => too_many(tour).forEach((id) => tour.faults.inject(id, 'clear')),
  },
  {
    title: 'The verdict',
    pattern: 'Exactly once',
    text: ['Stop the checker. It waits for its last answers, reads every counter again, and '
      + 'compares what the group says with what it counted itself.'],
    acts: [{ words: 'Stop and verify', run: ({ checker }) => checker.active() && checker.stop() }],
    watch: [{ words: 'Every counter was read, and is right', seen: ({ checker }) =>
      checker.verdict() === true }],
  },
];
