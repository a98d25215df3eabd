/* SPDX-License-Identifier: Apache-2.0 */
/* The distributor: distributor/core.cc, core_group.cc, membership.cc, rocksdb_journal.cc.

   A crash and the next start are one step: nobody hears of anything between them. */

#define hears_comparator (known_comparator == incarnation && held_term == term)

/* Replicas are alike: whichever is evicted first is called 0, the next other one 1. A verdict is kept only of whom it
   may evict within the bounds. */
#define may_evict_by_bounds(replica) (evictions < EVICTIONS && replica <= evicted)
#define may_be_evicted_later(replica) (evictions < EVICTIONS && replica < evicted + EVICTIONS - evictions)

/* Law 13 (Membership::may_lose). */
#ifdef BUG_BELOW_FLOOR
#define may_lose(replica) true
#else
#define may_lose(replica) (!is_voter(made[replica]) || voters_in(made) > MAJORITY)
#endif

/* Membership::judge: only a verdict on the present life, and only on one that takes part. */
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
  evictions++;
  if
  :: replica == evicted -> evicted++
  :: else
  fi;
  if
  :: evictions == EVICTIONS -> /* no verdict leads anywhere now */
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

/* The cool-down ends (Membership::begin_recovery). */
inline begin_recovery(replica) {
  d_step {
    state_of(made[replica]) == EVICTED && recovery_of(made[replica]) < RECOVERIES ->
    made[replica] = member(recovery_of(made[replica]) + 1, RECOVERING);
  }
}

/* Membership::caught_up. A report may say what it likes about progress; it says that the recovery is carried out. */
inline caught_up(replica) {
  d_step {
    state_of(made[replica]) == RECOVERING && recovery[replica] == recovery_of(made[replica]) ->
    enter(replica, PROBATION);
  }
}

/* Membership::matched, of a report on the newest view. */
inline promote(replica) {
  d_step {
    is_observed(made[replica]) && matched[replica] && hears_comparator && is_same(held, made) ->
    enter(replica, VOTING);
  }
}

/* Law 13 at the floor (DistributorCore::replace_silent_voter): a ballot stands still without this voter's vote. */
#define is_silent_on(silent, matching, sequence) \
  (is_open(sequence) && cast_by(silent, sequence) == no_vote && cast_by(matching, sequence) != no_vote)
#if ORDERS == 2
#define stands_still(silent, matching) (is_silent_on(silent, matching, 1) || is_silent_on(silent, matching, 2))
#else
#define stands_still(silent, matching) \
  (is_silent_on(silent, matching, 1) || is_silent_on(silent, matching, 2) || is_silent_on(silent, matching, 3))
#endif

inline replace(silent, matching) {
  d_step {
    !quiet && voters_in(made) == MAJORITY && is_voter(made[silent]) && is_observed(made[matching]) &&
      matched[matching] && hears_comparator && is_same(held, made) && may_evict_by_bounds(silent) &&
      stands_still(silent, matching) ->
    evict(silent);
    enter(matching, VOTING);
#ifdef WITNESS_REPLACEMENT
    assert(witness);
#endif
    assert(property_4 || voters_in(made) >= MAJORITY);
  }
}

/* What is closed can be decided no more (law 15): the comparator's votes on it mean nothing. */
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

/* A process dies, with what it had not synced, or some of it, or none; the next one begins a term. */
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
      stable = last; /* law 4: the recovered tail is synced anew */
      before = term;
      term = term_synced + 1;
#ifndef BUG_TERM_BEFORE_SYNC
      term_synced = term; /* law 3: before anybody hears of it */
#endif
      assert(property_7 || term > before);
      before = 0;
#ifdef READS
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
    :: d_step { /* or was not */
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
        assert(property_7 || held[q] <= made[q] && recovery[q] <= recovery_of(made[q]));
      }
      q = 0;
    }
  }
}

/* What the journal has is told: a view that waits for its sync is not. */
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
#define is_any_open (is_undecided(1) || is_undecided(2) || is_undecided(3) || is_undecided(4))

/* Orders are plenty in life and few here. So, when it is quiet, only such are made as help somebody through probation:
   the empty ones of an idle group (law 22). */
#define waits_for_order(replica) (is_observed(held[replica]) && !matched[replica])
#ifdef BUG_NO_EMPTY_ORDERS
#define may_order (!quiet && last < ORDERS - EXTRA)
#else
#define may_order \
  (!quiet && last < ORDERS - EXTRA || \
   quiet && last < ORDERS && !is_any_open && late_vote == no_vote && hears_comparator && judging && \
     is_same(held, made) && (waits_for_order(0) || waits_for_order(1) || waits_for_order(2)))
#endif
#else
#define may_order (last < ORDERS)
#endif

/* What was decided in an earlier term may have been a read that the journal lost (law 6). */
#ifdef BUG_AGREED_OF_LOST_ORDER
#define is_of_this_journal true
#else
#define is_of_this_journal (decided_newest_term == term)
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
  :: replace(0, 1)
  :: replace(0, 2)
  :: replace(1, 0)
  :: replace(1, 2)
  :: replace(2, 0)
  :: replace(2, 1)
  :: restart_distributor()
  od
}
