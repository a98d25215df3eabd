// SPDX-License-Identifier: Apache-2.0
#include "distributor/agreement.h"

namespace tally {
namespace {

constexpr Duration period = seconds(1);

}  // namespace

void Agreement::learn(const OrderState& agreed, const OrderIdentity& last) {
  const bool was_made = agreed.order.term == last.term && agreed.order.sequence <= last.sequence;
  if (was_made && agreed.order.sequence > newest_.order.sequence) newest_ = agreed;
}

void Agreement::journaled(std::uint64_t position, Instant now) {
  journaled_ = newest_;
  position_ = position;
  next_ = now + period;
}

bool Agreement::tell(const JournalProgress& progress) {
  if (!progress.is_synced(position_) || told_ == journaled_) return false;
  told_ = journaled_;
  return true;
}

}  // namespace tally
