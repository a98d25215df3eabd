/* SPDX-License-Identifier: Apache-2.0 */
/* The distributor: distributor/core.cc, membership.cc, reproduction.cc, journal/.

   A crash and the next start are one step, since nobody hears anything of the distributor
   between them. */

#define hears_comparator (known_comparator == incarnation && held_term == term)

/* Replicas are alike, so the one that is evicted first is replica 0, and the next other one is
   replica 1. A verdict is kept only if it may evict its replica within the bounds. */
#define may_evict_by_bounds(replica) (evictions < EVICTIONS && replica <= evicted)
#define may_be_evicted_later(replica) (evictions < EVICTIONS && replica < evicted + EVICTIONS - evictions)

/* Law 13 (Membership::may_lose). */
#ifdef BUG_BELOW_FLOOR
#define may_lose(replica) true
#else
#define may_lose(replica) (!is_voter(made[replica]) || voters_in(made) > MAJORITY)
#endif

/* Membership::judge: only a verdict on the present life counts, and only on a replica that
   takes part. */
#ifdef BUG_OLD_RECOVERY_VERDICT
#define is_of_present_life(replica) true
#else
#define is_of_present_life(replica) (recovery_of(held[replica]) == recovery_of(made[replica]))
#endif
#define may_act_on(replica) \
  (verdict[replica] && hears_comparator && takes_part(made[replica]) && is_of_present_life(replica) && \
   may_lose(replica) && may_evict_by_bounds(replica))

inline enter(replica, state) {
  made[replica] = member(recovery_of(made[replica]), state);
}

inline evict(replica) {
  enter(replica, EVICTED);
  blamed[replica] = true;
  evictions++;
  if
  :: replica == evicted -> evicted++
  :: else
  fi;
  if
  :: evictions == EVICTIONS -> /* no further verdict can evict anybody */
    for (q : 0 .. REPLICAS - 1) {
      verdict[q] = false;
    }
    q = 0
  :: else
  fi
}

inline act_on_verdict(replica) {
  d_step {
    may_act_on(replica) ->
    assert(property_5 || recovery_of(held[replica]) == recovery_of(made[replica]));
    evict(replica);
    assert(property_4 || voters_in(made) >= MAJORITY);
  }
}

/* The cool-down ends (Membership::begin_recovery). While the group stands still it may end
   early (end_cooldown). */
inline begin_recovery(replica) {
  d_step {
    state_of(made[replica]) == EVICTED && recovery_of(made[replica]) < RECOVERIES ->
    made[replica] = member(recovery_of(made[replica]) + 1, RECOVERING);
  }
}

/* The state of a replica is its own word, or it is an unproven import: the word of another
   replica, right or wrong, that nothing has proven yet. What a liar says of its import is left
   out, since a liar votes what it likes. */
#ifdef IMPORTS
#define OWN 0
#define RIGHT 1
#define WRONG 2
#define is_unproven(replica) (imported[replica] == RIGHT || imported[replica] == WRONG)
#ifdef BUG_IMPORT_VOTES
#define has_word(replica) true
#else
#define has_word(replica) (!is_unproven(replica))
#endif
#else
#define has_word(replica) true
#endif

/* Membership::caught_up. A report may lie about progress, so all that counts here is that it
   says that the recovery is carried out. */
inline caught_up(replica) {
  d_step {
    state_of(made[replica]) == RECOVERING && recovery[replica] == recovery_of(made[replica]) &&
      has_word(replica) && !is_dead(replica) ->
    enter(replica, PROBATION);
  }
}

#ifdef IMPORTS
/* Membership::lacks_state: a voter that imports gives no vote, so it is made recovering without
   blame. */
inline demote(replica) {
  d_step {
    is_voter(made[replica]) && recovery[replica] == recovery_of(made[replica]) &&
      is_unproven(replica) && may_lose(replica) ->
    enter(replica, RECOVERING);
  }
}
#endif

/* Membership::matched, by a report on the newest view. */
inline promote(replica) {
  d_step {
    is_observed(made[replica]) && matched[replica] && hears_comparator && is_same(held, made) ->
    enter(replica, VOTING);
  }
}

/* Succession (law 13; Undecided::propose, Membership::succeed): the voters do
   not decide an open ballot, and f+1 replicas that vote or are on probation gave equal votes on
   it. Those of them that are on probation become voters. The report must be on the newest view.
   How long the ballot has waited is left out, so this happens early as well as late. */
#define is_heir(replica, sequence, mark) \
  (is_observed(held[replica]) && gave(replica, sequence, mark))
#define backs(replica, sequence, mark) (is_voter(held[replica]) && gave(replica, sequence, mark))
#define heirs(sequence, mark) \
  (is_heir(0, sequence, mark) + is_heir(1, sequence, mark) + is_heir(2, sequence, mark))
#define backers(sequence, mark) \
  (backs(0, sequence, mark) + backs(1, sequence, mark) + backs(2, sequence, mark))

inline admit(replica, sequence, mark) {
  if
  :: is_heir(replica, sequence, mark) -> enter(replica, VOTING)
#ifdef BUG_STRUCK
  :: backs(replica, sequence, right_mark + wrong_mark - mark) -> enter(replica, EVICTED)
#endif
  :: else
  fi
}

inline succeed(sequence, mark) {
#ifndef BUG_NO_SUCCESSION
  d_step {
    hears_comparator && judging && is_same(held, made) && is_open(sequence) &&
      heirs(sequence, mark) > 0 && backers(sequence, mark) < MAJORITY &&
      heirs(sequence, mark) + backers(sequence, mark) >= MAJORITY ->
#ifdef WITNESS_SUCCESSION
    assert(witness);
#endif
#ifdef WITNESS_SUCCESSION_AGAINST_LIE
    succession = sequence;
#endif
    admit(0, sequence, mark);
    admit(1, sequence, mark);
    admit(2, sequence, mark);
  }
#else
  false
#endif
}

/* A closed ballot can no longer be decided (law 15), so the comparator's votes on it mean
   nothing. */
inline close_through(sequence) {
  closed = sequence;
  for (n : 1 .. ORDERS) {
    if
    :: n <= closed && !decided[n] ->
      for (q : 0 .. REPLICAS - 1) {
        cast_by(q, n) = no_vote;
      }
    :: else
    fi;
  }
  n = 0;
  q = 0;
}

/* Whether one member is not newer than the other. With imports its state says nothing of that,
   since a voter that imports goes back to recovering within one recovery. */
#ifdef IMPORTS
#define is_not_after(one, other) (recovery_of(one) <= recovery_of(other))
#else
#define is_not_after(one, other) (one <= other)
#endif

/* The process dies, and loses any part of what it had not synced. The next process begins a
   term. */
inline restart_distributor() {
  atomic {
    !quiet && term_synced < TERMS ->
    do
    :: last > stable ->
      order_term[last] = 0;
#ifdef READS
      is_read[last] = false;
#endif
      last--;
    :: break
    od;
    skip;
    d_step {
      stable = last; /* law 4: what is recovered is synced anew */
      before = term;
      term = term_synced + 1;
#ifndef BUG_TERM_BEFORE_SYNC
      term_synced = term; /* law 3: this is before anybody hears of the term */
#endif
      assert(property_7 || term > before);
      before = 0;
#if defined(READS) || defined(IMPORTS) && defined(EXECUTION)
      agreed = (agreed <= last -> agreed : 0);
#endif
      known_comparator = 0;
      close_through(last);
    }
    if
    :: d_step { /* the newest view was lost */
      for (q : 0 .. REPLICAS - 1) {
        made[q] = synced[q];
      }
      q = 0;
    }
    :: d_step { /* or it was not */
      for (q : 0 .. REPLICAS - 1) {
        synced[q] = made[q];
      }
      q = 0;
    }
    fi;
    skip;
    d_step {
      for (n : 1 .. ORDERS) {
        assert(property_2 || answered[n] == 0 || order_term[n] == answered[n]);
      }
      n = 0;
      for (q : 0 .. REPLICAS - 1) {
        assert(property_7 || is_not_after(held[q], made[q]) && recovery[q] <= recovery_of(made[q]));
      }
      q = 0;
    }
  }
}

/* Only a view that is in the journal is told; a view that waits for its sync is not. */
inline sync_view() {
  d_step {
    !is_same(synced, made) ->
    for (q : 0 .. REPLICAS - 1) {
      synced[q] = made[q];
    }
    q = 0;
#ifdef BUG_TERM_BEFORE_SYNC
    term_synced = term;
#endif
  }
}

#ifdef REPAIR
#define is_undecided(sequence) ((sequence) <= last && (sequence) > closed && !decided[sequence])
#define is_any_open \
  (is_undecided(1) || is_undecided(2) || is_undecided(3) || is_undecided(4) || is_undecided(ORDERS))

/* A real group has plenty of orders, and the model has few. So, when it is quiet, only those
   orders are made that help a replica through probation: the empty orders of an idle group (law
   22). */
#define waits_for_order(replica) \
  (is_observed(held[replica]) && !matched[replica] && !is_broken(replica))
#ifdef BUG_NO_EMPTY_ORDERS
#define may_order (!quiet && last < ORDERS - EXTRA)
#else
#define may_order \
  (!quiet && last < ORDERS - EXTRA || \
   quiet && last < ORDERS - PROBES && !is_any_open && late_vote == no_vote && hears_comparator && \
     judging && is_same(held, made) && \
     (waits_for_order(0) || waits_for_order(1) || waits_for_order(2)))
#endif
#else
#define may_order (last < ORDERS)
#endif

/* An order that was decided in an earlier term may have been a read that the journal lost (law
   6). */
#ifdef BUG_AGREED_OF_LOST_ORDER
#define is_of_this_journal true
#else
#define is_of_this_journal (decided_newest_term == term)
#endif

#if defined(IMPORTS) && defined(EXECUTION)
/* journal_agreed: the agreed order is told only after it was synced, so it survives. */
inline take_agreed(sequence) {
  d_step {
    hears_comparator && sequence > agreed && decided[sequence] -> agreed = sequence
  }
}
#endif

proctype Distributor() {
end:
  do
  :: d_step { /* make_order */
    known_comparator != 0 && may_order ->
    last++;
    order_term[last] = term;
#ifdef READS
    is_read[last] = false;
  }
  :: d_step {
    known_comparator != 0 && may_order ->
    last++;
    order_term[last] = term;
    is_read[last] = true;
#endif
  }
  :: d_step { /* a sync that covers some of what was appended */
    stable < last ->
    stable++;
#ifdef BUG_TERM_BEFORE_SYNC
    term_synced = term;
#endif
  }
  :: sync_view()
  :: d_step { /* the first report of a comparator closes what is open (law 15) */
    known_comparator != incarnation ->
    known_comparator = incarnation;
    close_through(last);
  }
#ifdef EXPIRY
  :: d_step { /* expire_ballots (law 15) */
    !quiet && closed < last ->
    close_through(closed + 1);
  }
#endif
#ifdef READS
  :: d_step { /* take_agreed */
    hears_comparator && decided_newest > agreed && decided_newest <= last && is_of_this_journal ->
    agreed = decided_newest;
    assert(property_2 || order_term[agreed] == decided_newest_term);
  }
#endif
  :: act_on_verdict(0)
  :: act_on_verdict(1)
  :: act_on_verdict(2)
  :: begin_recovery(0)
  :: begin_recovery(1)
  :: begin_recovery(2)
  :: caught_up(0)
  :: caught_up(1)
  :: caught_up(2)
  :: promote(0)
  :: promote(1)
  :: promote(2)
  :: succeed(1, right_mark)
  :: succeed(1, wrong_mark)
  :: succeed(2, right_mark)
  :: succeed(2, wrong_mark)
#if ORDERS > 2
  :: succeed(3, right_mark)
  :: succeed(3, wrong_mark)
#endif
#if ORDERS > 3
  :: succeed(4, right_mark)
  :: succeed(4, wrong_mark)
#endif
#if ORDERS > 4
  :: succeed(5, right_mark)
  :: succeed(5, wrong_mark)
#endif
#ifdef IMPORTS
  :: demote(0)
  :: demote(1)
  :: demote(2)
#ifdef EXECUTION
  :: take_agreed(1)
  :: take_agreed(2)
#if ORDERS > 2
  :: take_agreed(3)
#endif
#if ORDERS > 3
  :: take_agreed(4)
#endif
#if ORDERS > 4
  :: take_agreed(5)
#endif
#endif
#endif
  :: restart_distributor()
  od
}
