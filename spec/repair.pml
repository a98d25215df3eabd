/* SPDX-License-Identifier: Apache-2.0 */
/* Property 8: whatever happened, once there are no more faults the group gets back to three
   voters. Property 9, with BROKEN: whatever happened, once two replicas are whole the group
   decides, whatever the third one does.

   At any moment the faults end: nothing crashes, lies, is late or is lost any more. With BROKEN
   the fault of one replica stays: from then on it does nothing at all, or (not with NO_LIES) it
   gives a right vote, a wrong one or none on each order. All other steps are steps of repair,
   and none of them can be repeated without end; so every run comes to a standstill. There,
   three replicas must vote; or, with BROKEN, one more order must be decided without any further
   expiry. */

proctype Quiet() {
#ifdef BROKEN
  atomic {
    quiet = true;
    if
    :: broken = 0
    :: broken = 1
    :: broken = 2
    fi;
    if
    :: dead = true
#ifndef NO_LIES
    :: true
#endif
    fi
  };
#else
  quiet = true;
#endif
  do
  :: atomic {
    timeout ->
    if
#ifndef BUG_NO_EXPIRY
    :: is_any_open -> /* expire_ballots (law 15), after a long time in which nothing moved */
      close_through(last)
    :: else -> break
#else
    :: break
#endif
    fi
  }
  od;
#ifdef BROKEN
  skip;
  d_step {
    last++;
    order_term[last] = term
  };
  timeout;
  assert(property_9 || decided[last])
#else
  assert(property_8 || voters_in(made) == REPLICAS && is_same(made, synced) && is_same(made, held))
#endif
}
