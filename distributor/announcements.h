// SPDX-License-Identifier: Apache-2.0
// What the distributor says of the group to each replica, to the comparator and to people, put
// together from the parts of its core. Pure functions; nothing here decides anything.
#pragma once

#include "distributor/agreement.h"
#include "distributor/comparator_link.h"
#include "distributor/decision_progress.h"
#include "distributor/group_condition.h"
#include "distributor/journal_progress.h"
#include "distributor/journal_retention.h"
#include "distributor/membership.h"
#include "distributor/order_chain.h"
#include "distributor/replica_stream.h"
#include "distributor/sealing.h"
#include "protocol/messages.h"

namespace tally {

struct DistributorParts {
  GroupId group;
  bool is_ending_term = false;
  const OrderChain& chain;
  const DecisionProgress& decisions;
  const JournalProgress& progress;
  const JournalRetention& retention;
  const Membership& membership;
  const Agreement& agreement;
  const Sealing& sealing;
  const PerReplica<ReplicaStream>& streams;
  const ComparatorLink& comparator;
};

ReplicaStanding standing_of(ReplicaId replica, const DistributorParts& parts);
View view_of(const DistributorParts& parts);
GroupCondition condition_of(const DistributorParts& parts, Instant now);
// All but what is the distributor's own: its pid and state, and the number of the question.
ClusterStatus status_of(const DistributorParts& parts, const Moment& at);

}  // namespace tally
