/* SPDX-License-Identifier: Apache-2.0 */
/* One group: a distributor, a comparator and three replicas, for exhaustive search by Spin.
   README.md says what is modelled and what is not. Law numbers are those of docs/architecture.md.

   Every link repeats its cumulative state (law 22). So the receiver reads the sender's state at
   any later time, or never, and that stands for a message that is late or lost. Only votes are
   never repeated: each is a message of its own that may be late or lost.

   The (sequence, term) of its newest order stands for a chain: a term only appends, so they
   determine everything before that order. */

#define REPLICAS 3
#define MAJORITY 2 /* f+1 */

/* Bounds of the search. */
#ifndef ORDERS
#define ORDERS 2 /* places in the total order */
#endif
#ifndef TERMS
#define TERMS 2 /* the distributor restarts TERMS - 1 times */
#endif
#ifndef INCARNATIONS
#define INCARNATIONS 2 /* the comparator restarts INCARNATIONS - 1 times */
#endif
#ifndef EVICTIONS
#define EVICTIONS 1 /* of all replicas together, at most 2 */
#endif
#define RECOVERIES (EVICTIONS + 1)
#ifdef BROKEN
#define PROBES 1 /* the last place is kept for the order that must be decided */
#else
#define PROBES 0
#endif

/* ---- a member: its recovery and its state, in the order in which they come
   (distributor/membership.h) */

#define RECOVERING 0
#define PROBATION 1
#define VOTING 2
#define EVICTED 3
#define member(recovery, state) ((recovery) * 4 + (state))
#define recovery_of(member) ((member) / 4)
#define state_of(member) ((member) % 4)
#define is_voter(member) (state_of(member) == VOTING && (member) != 0)
#define is_observed(member) (state_of(member) == PROBATION && (member) != 0)
#define has_role(member) (is_voter(member) || is_observed(member))
#define takes_part(member) (state_of(member) != EVICTED)
#define first_life member(1, VOTING)

/* ---- a vote: on what, of which life, and whether it is wrong. All wrong votes on an order are
   equal, which is the worst case */

#define no_vote 0
#define vote_on(sequence, term, recovery, wrong) ((sequence) * 64 + (term) * 16 + (recovery) * 4 + (wrong) * 2 + 1)
#define vote_sequence(vote) ((vote) / 64)
#define vote_term(vote) ((vote) / 16 % 4)
#define vote_recovery(vote) ((vote) / 4 % 4)
#define is_wrong(vote) ((vote) % 4 == 3)
#define is_right(vote) ((vote) % 4 == 1)

/* ---- the distributor and its journal */

byte term = 1;
byte term_synced = 1;
byte last;                      /* the last order in the journal */
byte stable;                    /* the last stable order (law 4) */
byte order_term[ORDERS + 1];    /* the term of each order in the journal */
#ifdef READS
bool is_read[ORDERS + 1];       /* an order without changes (law 6) */
#endif
#if defined(READS) || defined(IMPORTS) && defined(EXECUTION)
byte agreed;                    /* the newest order that it takes for decided (agreement.h) */
#endif
byte closed;                    /* ballots up to this one are closed */
byte known_comparator;          /* its incarnation; zero: no comparator has reported in this term */
byte made[REPLICAS];            /* the newest view */
byte synced[REPLICAS];          /* the newest view in the journal, which everybody is told */

/* ---- the comparator */

byte incarnation = 1;
byte held_term;                 /* the term that it knows; zero: it has just started */
bool judging;                   /* it has a view of this term */
byte held[REPLICAS];            /* the view that it has */
byte cast[REPLICAS * (ORDERS + 1)];
bool decided[ORDERS + 1];
bool verdict[REPLICAS];         /* a verdict stands on the life it knows (standing_verdicts.h) */
bool matched[REPLICAS];         /* enough votes in a row matched, on probation */
#ifdef READS
byte decided_newest;
byte decided_newest_term;
#endif

#define cast_by(replica, sequence) cast[(replica) * (ORDERS + 1) + (sequence)]

/* ---- the replicas */

byte recovery[REPLICAS];        /* the newest that it has carried out */
#ifdef EXECUTION
byte applied[REPLICAS];         /* the last order in the state, and its term */
byte applied_term[REPLICAS];
#endif
#ifdef IMPORTS
byte imported[REPLICAS];        /* whether its state is another replica's word, see replica.pml */
byte imports;                   /* how many there were so far, at most IMPORTS */
#endif
byte late_from;                 /* who gave the vote that is late */
short late_vote;                /* that vote */
#ifdef BUG_RENUMBER_AFTER_RESTART
bool astray[REPLICAS];          /* its state is not that of its chain */
#endif

/* ---- what only the properties look at */

/* Always false. They make an assertion that fails name its property. README.md lists them. */
hidden byte property_1, property_2, property_3, property_4, property_5, property_6, property_7;
hidden byte property_8, property_9, property_10;
hidden byte witness; /* always false too; the search has to reach an assertion that names it */

byte answered[ORDERS + 1];      /* the term of the order that was answered at this place */
bool blamed[REPLICAS];          /* it was evicted by a verdict */
byte evictions;                 /* how many there were so far */
byte evicted;                   /* how many replicas these were. Replicas are alike; the first is 0 */
bool quiet;                     /* there are no more faults: see repair.pml */
#ifdef BROKEN
byte broken = REPLICAS;         /* except for the fault of this replica, which stays */
bool dead;                      /* it does nothing at all any more */
#define is_broken(replica) (broken == (replica))
#define is_dead(replica) (dead && broken == (replica))
#else
#define is_broken(replica) false
#define is_dead(replica) false
#endif
#ifdef WITNESS_PROVEN_IMPORT
bool is_proven[REPLICAS];
#endif
#ifdef WITNESS_SUCCESSION_AGAINST_LIE
byte succession;                /* the ballot of the newest succession */
#endif

hidden byte q;
hidden byte n;
hidden byte count_right;
hidden byte before;

#define voters_in(view) (is_voter(view[0]) + is_voter(view[1]) + is_voter(view[2]))
#define is_same(one, other) (one[0] == other[0] && one[1] == other[1] && one[2] == other[2])
#if ORDERS == 2
#define any_order(of, replica) (of(replica, 1) || of(replica, 2))
#elif ORDERS == 3
#define any_order(of, replica) (of(replica, 1) || of(replica, 2) || of(replica, 3))
#else
#define any_order(of, replica) \
  (of(replica, 1) || of(replica, 2) || of(replica, 3) || of(replica, 4) || of(replica, ORDERS))
#endif
#define next_of(replica) (((replica) + 1) % REPLICAS)
#define after_next_of(replica) (((replica) + 2) % REPLICAS)

/* The ballot is at the comparator, or may be. It is sent when every change up to its order is
   stable (laws 4 and 6). */
#if defined(BUG_BALLOT_BEFORE_STABLE)
#define is_released(sequence) ((sequence) <= last)
#elif defined(READS)
#define is_unsynced_change(sequence) ((sequence) > stable && !is_read[sequence])
#define is_released(sequence) \
  ((sequence) <= last && !is_unsynced_change(sequence) && ((sequence) < 2 || !is_unsynced_change((sequence) - 1)) && \
   ((sequence) < 3 || !is_unsynced_change((sequence) - 2)))
#else
#define is_released(sequence) ((sequence) <= stable)
#endif
#define is_open(sequence) \
  ((sequence) > closed && is_released(sequence) && order_term[sequence] == term && !decided[sequence])

/* Equal votes on an order are all its right votes, or all its wrong votes. */
#define right_mark 1
#define wrong_mark 3
#define gave(replica, sequence, mark) (cast_by(replica, sequence) % 4 == (mark))

#include "distributor.pml"
#include "comparator.pml"
#include "replica.pml"
#ifdef REPAIR
#include "repair.pml"
#endif

init {
  d_step {
    for (q : 0 .. REPLICAS - 1) {
      made[q] = first_life;
      synced[q] = first_life;
      recovery[q] = 1;
    }
    q = 0;
  }
  atomic {
    run Distributor();
    run Comparator();
    run Replica(0);
    run Replica(1);
    run Replica(2);
#ifdef REPAIR
    run Quiet();
#endif
  }
}
