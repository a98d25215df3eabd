/* SPDX-License-Identifier: Apache-2.0 */
/* A replica: replica/core.cc, core_repair.cc. Hanging and slowness are steps that are not taken; a lie is a wrong vote;
   a crash is a roll-back for which nobody asked. Checkpoints are left out: a roll-back leads to the beginning.

   With EXECUTION, what each replica has executed is followed. Without, a replica votes on any order of the journal at
   any time, since it may have rolled back and executed all before without a vote. That is more than it does. */

/* DistributorCore::flows */
#define flows(replica) (takes_part(made[replica]) && recovery[replica] == recovery_of(made[replica]))

#ifdef EXECUTION
/* The journal has what it executed (judge, is_ahead_of_journal). */
#define is_in_journal(replica) (order_term[applied[replica]] == applied_term[replica])
#ifdef BUG_RENUMBER_AFTER_RESTART
#define accepts(replica) true
#define stray(replica) astray[replica] = astray[replica] || !is_in_journal(replica)
#define is_astray(replica) astray[replica]
#else
#define accepts(replica) is_in_journal(replica) /* law 1 */
#define stray(replica) skip
#define is_astray(replica) false
#endif
#define may_execute(replica, sequence) \
  (flows(replica) && sequence == applied[replica] + 1 && sequence <= last && accepts(replica))
#else
#define is_in_journal(replica) true
#define is_astray(replica) false
#define may_execute(replica, sequence) (flows(replica) && sequence <= last)
#endif

/* Orders of earlier terms, and closed ones, are executed without a vote (vote_from). */
#define is_voted(sequence) (order_term[sequence] == term && ((sequence) > closed || decided[sequence]))

/* The fault model: one replica lies at a time. A lie lasts until the vote can be counted no more. */
#define is_live(replica, vote) (vote_recovery(vote) >= recovery_of(held[replica]) && vote_term(vote) >= held_term)
#define lies_late(replica) (late_from == replica && is_wrong(late_vote) && is_live(replica, late_vote))
#define lies_on(replica, sequence) \
  (!decided[sequence] && is_wrong(cast_by(replica, sequence)) && is_live(replica, cast_by(replica, sequence)))
#if ORDERS == 2
#define lies(replica) (lies_late(replica) || lies_on(replica, 1) || lies_on(replica, 2))
#else
#define lies(replica) (lies_late(replica) || lies_on(replica, 1) || lies_on(replica, 2) || lies_on(replica, 3))
#endif
#ifdef NO_LIES
#define may_lie(replica) false
#else
#define may_lie(replica) (!quiet && !lies(next_of(replica)) && !lies(after_next_of(replica)))
#endif

inline execute(replica) {
#ifdef EXECUTION
  stray(replica);
  applied[replica] = applied[replica] + 1;
  applied_term[replica] = order_term[applied[replica]];
#endif
  skip
}

inline roll_back(replica) {
#ifdef EXECUTION
  applied[replica] = 0;
  applied_term[replica] = 0;
#ifdef BUG_RENUMBER_AFTER_RESTART
  astray[replica] = false;
#endif
#endif
  recovery[replica] = recovery_of(told[replica])
}

#define honest_vote(replica, sequence) vote_on(sequence, term, recovery[replica], is_astray(replica))
#define wrong_vote(replica, sequence) vote_on(sequence, term, recovery[replica], 1)

/* What a replica does about one order. A vote arrives at once, or it is late. A replica whose vote is to arrive later,
   but while it would still give it, executes later. */
#define steps_on(replica, sequence) \
  :: d_step { /* executed, and voted on */ \
    may_execute(replica, sequence) && is_voted(sequence) && held_term == term && judging -> \
    execute(replica); \
    take_vote(replica, sequence, honest_vote(replica, sequence)) \
  } \
  :: d_step { /* the same, with a late vote */ \
    may_execute(replica, sequence) && is_voted(sequence) && late_vote == no_vote && may_be_late -> \
    execute(replica); \
    late_from = replica; \
    late_vote = honest_vote(replica, sequence) \
  } \
  :: d_step { /* it lies, whatever it executed */ \
    sequence <= last && is_voted(sequence) && held_term == term && judging && may_lie(replica) -> \
    take_vote(replica, sequence, wrong_vote(replica, sequence)) \
  } \
  :: d_step { /* the same, with a late vote */ \
    sequence <= last && is_voted(sequence) && late_vote == no_vote && may_be_late && may_lie(replica) -> \
    late_from = replica; \
    late_vote = wrong_vote(replica, sequence) \
  }

#define may_be_late (!quiet)

proctype Replica(byte me) {
end:
  do
  :: d_step { /* told of a recovery (settle), or of a journal that lacks what it executed (law 2); or it crashed */
    !quiet || recovery[me] < recovery_of(told[me]) || !is_in_journal(me) ->
#ifdef WITNESS_ROLL_BACK
    assert(witness || is_in_journal(me));
#endif
    roll_back(me)
  }
  :: d_step { /* told of a recovery for silence: the state stays (may_keep_state) */
    recovery[me] + 1 == recovery_of(told[me]) && is_in_journal(me) ->
    recovery[me] = recovery_of(told[me])
  }
#ifdef EXECUTION
  :: d_step { /* executed without a vote, or the vote gets lost */
    may_execute(me, applied[me] + 1) && (!quiet || !is_voted(applied[me] + 1)) ->
    execute(me)
  }
#endif
  steps_on(me, 1)
  steps_on(me, 2)
#if ORDERS > 2
  steps_on(me, 3)
#endif
#if ORDERS > 3
  steps_on(me, 4)
#endif
#if ORDERS > 4
  steps_on(me, 5)
#endif
  od
}
