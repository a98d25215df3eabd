/* SPDX-License-Identifier: Apache-2.0 */
/* A replica: replica/core.cc and its parts. Hanging and slowness are steps that are not taken; a lie is a wrong vote;
   a crash is a roll-back for which nobody asked. Checkpoints are left out: a roll-back leads to the beginning.

   With EXECUTION, what each replica has executed is followed. Without, a replica votes on any order of the journal at
   any time, since it may have rolled back and executed all before without a vote. That is more than it does. */

/* An unproven import (replica/trial.h): nothing is executed
   beyond the agreed order, and no vote is given, until the state after that order is the agreed
   one. If it is another one, the state is dropped and the next donor is asked. Without EXECUTION
   that happens at any time, since a donor's checkpoint is of an order that is agreed. */
#ifdef IMPORTS
#define TAKEN_FOR_OWN 3 /* a wrong one, by BUG_IMPORT_UNCOMPARED */
#define is_of_wrong_import(replica) (imported[replica] >= WRONG)
#else
#define is_of_wrong_import(replica) false
#endif
#if defined(IMPORTS) && defined(EXECUTION)
#define is_at_agreed(replica) (applied[replica] == agreed && is_in_journal(replica))
#else
#define is_at_agreed(replica) true
#endif
#if defined(IMPORTS) && !defined(BUG_IMPORT_VOTES) && !defined(BUG_IMPORT_AHEAD)
#define is_provable(replica, sequence) (has_word(replica) || sequence <= agreed)
#else
#define is_provable(replica, sequence) true
#endif

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
  (flows(replica) && sequence == applied[replica] + 1 && sequence <= last && accepts(replica) && \
   is_provable(replica, sequence))
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
#define lies(replica) (lies_late(replica) || any_order(lies_on, replica))
#define is_only_liar(replica) (!lies(next_of(replica)) && !lies(after_next_of(replica)))
#ifdef NO_LIES
#define may_lie(replica) false
#define may_lie_for_ever(replica) false
#else
#define may_lie(replica) (!quiet && is_only_liar(replica))
#define may_lie_for_ever(replica) (quiet && is_broken(replica) && is_only_liar(replica))
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

/* What a vote says that is not meant to be wrong. */
#define honest_vote(replica, sequence) \
  vote_on(sequence, term, recovery[replica], (is_astray(replica) || is_of_wrong_import(replica)))
#define wrong_vote(replica, sequence) vote_on(sequence, term, recovery[replica], 1)

/* What a replica does about one order. A vote arrives at once, or it is late. A replica whose vote is to arrive later,
   but while it would still give it, executes later. */
#define steps_on(replica, sequence) \
  :: d_step { /* executed, and voted on */ \
    may_execute(replica, sequence) && is_voted(sequence) && held_term == term && judging && \
      has_word(replica) && !is_dead(replica) -> \
    WITNESS_PROVEN(replica) \
    execute(replica); \
    take_vote(replica, sequence, honest_vote(replica, sequence)) \
  } \
  :: d_step { /* the same, with a late vote */ \
    may_execute(replica, sequence) && is_voted(sequence) && late_vote == no_vote && may_be_late && \
      has_word(replica) -> \
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
  } \
  LIES_FOR_EVER(replica, sequence)

#ifdef BROKEN
#define LIES_FOR_EVER(replica, sequence) \
  :: d_step { /* its fault stays: it lies about an order once */ \
    may_execute(replica, sequence) && is_voted(sequence) && held_term == term && judging && \
      may_lie_for_ever(replica) && !is_dead(replica) -> \
    execute(replica); \
    take_vote(replica, sequence, wrong_vote(replica, sequence)) \
  }
#else
#define LIES_FOR_EVER(replica, sequence)
#endif

#ifdef WITNESS_PROVEN_IMPORT
#define WITNESS_PROVEN(replica) assert(witness || !is_proven[replica]);
#else
#define WITNESS_PROVEN(replica)
#endif

#define may_be_late (!quiet)

proctype Replica(byte me) {
end:
  do
  :: d_step { /* told of a recovery (settle), or of a journal that lacks what it executed (law 2); or it crashed */
    !quiet || (recovery[me] < recovery_of(told[me]) || !is_in_journal(me)) && !is_dead(me) ->
#ifdef WITNESS_ROLL_BACK
    assert(witness || is_in_journal(me));
#endif
    roll_back(me)
  }
  :: d_step { /* told of a recovery for silence: the state stays (may_keep_state) */
    recovery[me] + 1 == recovery_of(told[me]) && is_in_journal(me) && !is_dead(me) ->
    recovery[me] = recovery_of(told[me])
  }
#ifdef IMPORTS
  :: d_step { /* its checkpoints are lost: it imports the state of a donor */
    !quiet && imports < IMPORTS ->
    imports++;
    roll_back(me);
    imported[me] = RIGHT
  }
  :: d_step { /* the same; the donor lies, or lives on a lie itself */
    !quiet && imports < IMPORTS &&
      (may_lie(next_of(me)) || may_lie(after_next_of(me)) ||
       is_of_wrong_import(next_of(me)) || is_of_wrong_import(after_next_of(me))) ->
    imports++;
    roll_back(me);
    imported[me] = WRONG
  }
  :: d_step { /* it is what f+1 replicas gave for the agreed order */
    imported[me] == RIGHT && is_at_agreed(me) && !is_dead(me) ->
    imported[me] = OWN
#ifdef WITNESS_PROVEN_IMPORT
    ;
    is_proven[me] = applied[me] > 0
#endif
  }
  :: d_step { /* it is not, so it is dropped; another donor that lies changes nothing */
    imported[me] == WRONG && is_at_agreed(me) && !is_dead(me) ->
#ifdef BUG_IMPORT_UNCOMPARED
    imported[me] = TAKEN_FOR_OWN
#else
    roll_back(me);
    imported[me] = RIGHT
#endif
  }
#endif
#ifdef EXECUTION
  :: d_step { /* executed without a vote, or the vote gets lost */
    may_execute(me, applied[me] + 1) && !is_dead(me) &&
      (!quiet || !is_voted(applied[me] + 1) || is_broken(me) || !has_word(me)) ->
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
