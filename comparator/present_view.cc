// SPDX-License-Identifier: Apache-2.0
#include "comparator/present_view.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"

namespace tally {

bool PresentView::believes(const View& view, std::vector<Event>& events) {
  if (view.comparator != comparator_) return false;  // it was said to an earlier comparator
  if (view.term < term_ || view.term == Term()) return false;
  if (is_current() && view.term == term_ && view.number < view_->number) return false;
  const ReplicaIds ids(replicas_);
  const bool is_complete = view.members.size() == replicas_ && std::equal(ids.begin(), ids.end(), view.members.begin(),
                                                                          [](ReplicaId replica, const Member& member) {
                                                                            return member.replica == replica;
                                                                          });
  if (is_complete && (group_ == GroupId() || view.group == group_)) {
    complained_ = false;
    return true;
  }
  if (std::exchange(complained_, true)) return false;
  events.push_back(Event(is_complete ? "group_mismatched" : "view_malformed", Severity::error)
                       .with("group", group_)
                       .with("view_group", view.group)
                       .with("view", view.number));
  return false;
}

bool PresentView::raise_term(Term term) {
  if (term <= term_) return false;
  term_ = term;
  return true;
}

void PresentView::adopt(const View& view) {
  CHECK(view.term == term_);
  view_ = view;
  group_ = view.group;
  voters_ = {};
  participants_ = {};
  for (const Member& member : view.members) {
    if (member.role == MemberRole::voter) voters_.insert(member.replica);
    if (member.role != MemberRole::none) participants_.insert(member.replica);
  }
}

}  // namespace tally
