// SPDX-License-Identifier: Apache-2.0
// The term and the view that the comparator goes by, and which views it believes.
//
// Only the distributor raises the term, and lower terms are dropped (law 3). A view is believed if
// it echoes the comparator's own incarnation, so that it was said to this process and closes what
// was before it; if it is not older than the present one; and if it is of the right group and names
// every configured replica. Between a higher term and its first view nothing is known of which
// ballots are closed, so nothing may be decided or compared.
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <optional>
#include <vector>

#include "comparator/quorum.h"
#include "protocol/event.h"
#include "protocol/messages.h"

namespace tally {

class PresentView {
 public:
  // `group`: zero means the group of the first view.
  PresentView(Incarnation comparator, std::size_t replicas, GroupId group)
      : comparator_(comparator), replicas_(replicas), group_(group) {}

  Term term() const { return term_; }
  GroupId group() const { return group_; }
  // A view has come, if only of an earlier term.
  bool is_known() const { return view_.has_value(); }
  ViewNumber number() const { return view_ ? view_->number : ViewNumber(); }
  // A view of the present term has come.
  bool is_current() const { return view_ && view_->term == term_; }
  ReplicaSet voters() const { return voters_; }
  // The replicas with a role: voters, and those on probation.
  ReplicaSet participants() const { return participants_; }
  // One for each configured replica, by id. Precondition: a view has come.
  const std::vector<Member>& members() const { return view_->members; }

  // An event tells why a view is not believed, unless it is merely old; once until another one is
  // believed.
  bool believes(const View& view, std::vector<Event>& events);
  // It is not the one that was adopted last, which the distributor repeats.
  bool is_news(const View& view) const { return is_first_of_term(view) || view_->number != view.number; }
  bool is_first_of_term(const View& view) const { return !view_ || view_->term != view.term; }

  // Returns true if this term is higher than the present one, and is the present one from now on.
  bool raise_term(Term term);
  // Precondition: the view is believed, and its term is the present one.
  void adopt(const View& view);

 private:
  Incarnation comparator_;
  std::size_t replicas_;
  GroupId group_;
  Term term_;
  std::optional<View> view_;  // the newest, perhaps of an earlier term
  ReplicaSet voters_;
  ReplicaSet participants_;
  bool complained_ = false;
};

}  // namespace tally
