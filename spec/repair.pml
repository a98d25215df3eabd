/* SPDX-License-Identifier: Apache-2.0 */
/* Property 8: whatever happened, once there are no more faults the group gets back to three voters.

   At any moment the faults end: nothing crashes, lies, is late or is lost any more. From then on every step is a step
   of repair, and none can be repeated without end; so every run comes to a stand. There, three must vote. */

proctype Quiet() {
  quiet = true;
  do
  :: atomic {
    timeout ->
    if
#ifndef BUG_NO_EXPIRY
    :: is_any_open -> /* expire_ballots (law 15): a long time in which nothing moved */
      close_through(last)
    :: else -> break
#else
    :: break
#endif
    fi
  }
  od;
  assert(property_8 || voters_in(made) == REPLICAS && is_same(made, synced) && is_same(made, held))
}
