/* SPDX-License-Identifier: Apache-2.0 */
/* The comparator: comparator/core.cc, watched_replica.cc, undecided.cc, ballot.cc,
   standing_verdicts.h, suspicion.h.

   A verdict and its audit record (law 16) are one step, since a verdict that was lost before
   its record was written has had no effect. */

/* Votes of an earlier life, and of a replica that votes no longer, are struck from undecided
   ballots (change_member). So a wrong vote may be gone without having been compared. That
   happens only to a replica that was evicted by a verdict. Voters that an import makes
   recovering are not followed. */
#ifdef IMPORTS
#define has_been_blamed(replica) true
#else
#define has_been_blamed(replica) blamed[replica]
#endif
inline strike(replica) {
  for (n : 1 .. ORDERS) {
    if
    :: !decided[n] ->
      assert(property_10 || !is_wrong(cast_by(replica, n)) || has_been_blamed(replica));
      cast_by(replica, n) = no_vote
    :: else
    fi;
  }
}

inline forget_ballots() {
  for (n : 1 .. ORDERS) {
    decided[n] = false;
    for (q : 0 .. REPLICAS - 1) {
      cast_by(q, n) = no_vote;
    }
  }
}

/* ComparatorCore::adopt_term: a higher term closes everything of lower terms (law 3). */
inline adopt_term() {
  if
  :: held_term != term ->
    held_term = term;
    judging = false;
#ifndef BUG_OLD_TERM_VOTE
    forget_ballots();
#endif
  :: else
  fi;
}

#ifdef BUG_VIEW_BEFORE_SYNC
#define told made
#else
#define told synced
#endif

inline change_member(replica) {
  before = held[replica];
  held[replica] = told[replica];
  if
  :: !has_role(held[replica]) || recovery_of(before) != recovery_of(held[replica]) ->
    verdict[replica] = false /* StandingVerdicts::show. A promotion is no proof of an eviction */
  :: else
  fi;
#ifndef BUG_OLD_RECOVERY_VOTE
  if
  :: recovery_of(before) != recovery_of(held[replica]) || (is_voter(before) && !is_voter(held[replica])) ->
    strike(replica)
  :: else
  fi;
#endif
  if
  :: !is_observed(held[replica]) || recovery_of(before) != recovery_of(held[replica]) -> matched[replica] = false
  :: else
  fi;
}

inline find_dissent(replica, vote) {
  assert(property_6 || vote_recovery(vote) == recovery_of(held[replica]) && vote_term(vote) == held_term);
  matched[replica] = false;
  verdict[replica] = may_be_evicted_later(replica)
}

#define judged 1 /* there was a vote on a decided ballot; nothing else about it matters any more */

inline compare(replica, sequence) {
  if
  :: is_wrong(cast_by(replica, sequence)) -> find_dissent(replica, cast_by(replica, sequence))
  :: is_right(cast_by(replica, sequence)) && is_observed(held[replica]) -> matched[replica] = true
  :: else
  fi;
  if
  :: cast_by(replica, sequence) != no_vote -> cast_by(replica, sequence) = judged
  :: else
  fi
}

/* ComparatorCore::decide. This is the moment when the ballot comes, or is looked at again. */
#ifdef BUG_COUNTS_PROBATIONER
#define is_counted(replica) has_role(held[replica])
#else
#define is_counted(replica) is_voter(held[replica])
#endif
#ifdef BUG_FIRST_VOTE
#define needed 1
#else
#define needed MAJORITY
#endif
#define counts_as(replica, sequence, mark) (is_counted(replica) && gave(replica, sequence, mark))
#define votes_for(sequence, mark) \
  (counts_as(0, sequence, mark) + counts_as(1, sequence, mark) + counts_as(2, sequence, mark))

inline check_vote(replica, sequence) {
  if
  :: is_voter(held[replica]) && is_right(cast_by(replica, sequence)) -> count_right++
  :: else
  fi;
  assert(property_6 || cast_by(replica, sequence) == no_vote || !is_voter(held[replica]) ||
         vote_recovery(cast_by(replica, sequence)) == recovery_of(held[replica]) &&
         vote_term(cast_by(replica, sequence)) == held_term);
}

inline decide(sequence) {
  d_step {
    judging && held_term == term && is_open(sequence) &&
      (votes_for(sequence, right_mark) >= needed || votes_for(sequence, wrong_mark) >= needed) ->
    assert(property_3 || votes_for(sequence, right_mark) >= needed);
    count_right = 0;
    check_vote(0, sequence);
    check_vote(1, sequence);
    check_vote(2, sequence);
    assert(property_1 || count_right >= MAJORITY);
    count_right = 0;
    decided[sequence] = true;
#ifdef WITNESS_READMISSION
    assert(witness || !(is_voter(held[0]) && recovery_of(held[0]) == 2 && cast_by(0, sequence) != no_vote));
#endif
#ifdef WITNESS_SUCCESSION_AGAINST_LIE
    assert(witness || sequence != succession || votes_for(sequence, wrong_mark) == 0);
#endif
#ifdef READS
    if
    :: sequence > decided_newest || held_term > decided_newest_term ->
      decided_newest = sequence;
      decided_newest_term = held_term
    :: else
    fi;
    if
    :: is_read[sequence]
    :: else ->
#endif
    assert(property_3 || answered[sequence] == 0 || answered[sequence] == order_term[sequence]);
    answered[sequence] = order_term[sequence];
#ifdef READS
    fi;
#endif
    compare(0, sequence);
    compare(1, sequence);
    compare(2, sequence);
  }
}

/* ComparatorCore::receive(Vote) and accept. A vote waits if the view of its term has not come. */
#ifdef BUG_OLD_RECOVERY_VOTE
#define is_of_this_life(replica, vote) true
#else
#define is_of_this_life(replica, vote) (vote_recovery(vote) == recovery_of(held[replica]))
#endif
#ifdef BUG_OLD_TERM_VOTE
#define is_of_this_term(vote) true
#else
#define is_of_this_term(vote) (vote_term(vote) == held_term)
#endif
#define may_take(vote) (vote_term(vote) < held_term || vote_term(vote) == held_term && judging)

inline take_vote(replica, sequence, vote) {
  if
  :: !is_of_this_term(vote) || !is_of_this_life(replica, vote) -> /* ignored */
#ifdef WITNESS_VOTE_OF_EARLIER_LIFE
    assert(witness || vote_recovery(vote) >= recovery_of(held[replica]));
#endif
#ifdef WITNESS_VOTE_OF_EARLIER_TERM
    assert(witness || vote_term(vote) >= held_term);
#endif
    skip
  :: else ->
    if
    :: !decided[sequence] && sequence > closed -> cast_by(replica, sequence) = vote % 64 /* the newest stands */
    :: decided[sequence] && has_role(held[replica]) && cast_by(replica, sequence) == no_vote ->
      cast_by(replica, sequence) = vote % 64;
      compare(replica, sequence)
    :: decided[sequence] && has_role(held[replica]) && cast_by(replica, sequence) != no_vote && is_wrong(vote) ->
      find_dissent(replica, vote)
    :: else
    fi
  fi
}

/* ComparatorCore::consider_silence: a replica that did not vote on a decided ballot may be
   found silent, because it hangs or because it is slow; but never at the floor (can_spare).
   When it is quiet, a whole replica is not slow. */
#define stays(replica) (is_voter(held[replica]) && !verdict[replica])
#define can_spare(replica) \
  (!is_voter(held[replica]) || stays(next_of(replica)) + stays(after_next_of(replica)) >= MAJORITY)
#define missed(replica, sequence) (decided[sequence] && cast_by(replica, sequence) == no_vote)

inline find_silence(replica) {
  d_step {
    (!quiet || is_broken(replica)) && may_be_evicted_later(replica) && has_role(held[replica]) &&
      !verdict[replica] && any_order(missed, replica) && can_spare(replica) ->
    verdict[replica] = true
  }
}

proctype Comparator() {
end:
  do
  :: d_step { /* receive(View), of a view that echoes its own incarnation */
    known_comparator == incarnation && (held_term != term || !judging || !is_same(held, told)) ->
    adopt_term();
    judging = true;
    change_member(0);
    change_member(1);
    change_member(2);
    before = 0;
    n = 0;
    q = 0;
  }
  :: d_step { /* receive(BallotCalls), of a term whose view has not come yet */
    known_comparator != 0 && held_term != term && closed < last && is_released(closed + 1) ->
    adopt_term();
    n = 0;
    q = 0;
  }
  :: d_step { /* a late vote comes; if it never comes, it was lost */
    late_vote != no_vote && may_take(late_vote) ->
    n = vote_sequence(late_vote);
    take_vote(late_from, n, late_vote);
    late_vote = no_vote;
    late_from = 0;
    n = 0;
  }
  :: decide(1)
  :: decide(2)
#if ORDERS > 2
  :: decide(3)
#endif
#if ORDERS > 3
  :: decide(4)
#endif
#if ORDERS > 4
  :: decide(5)
#endif
  :: find_silence(0)
  :: find_silence(1)
  :: find_silence(2)
  :: d_step { /* the process dies, and the next one starts empty (law 15) */
    !quiet && incarnation < INCARNATIONS ->
    incarnation++;
    held_term = 0;
    judging = false;
    forget_ballots();
    for (q : 0 .. REPLICAS - 1) {
      held[q] = 0;
      verdict[q] = false;
      matched[q] = false;
    }
#ifdef READS
    decided_newest = 0;
    decided_newest_term = 0;
#endif
    n = 0;
    q = 0;
  }
  od
}
