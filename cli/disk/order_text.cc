// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/order_text.h"

#include <vector>

#include "cli/quoted.h"
#include "protocol/operation_codec.h"
#include "protocol/operations.h"

namespace tally::cli {
namespace {

constexpr std::size_t name_bytes = 100;  // of a name, as it is written

std::string number(std::uint64_t value) { return std::to_string(value); }

// `for_so_long`: with add, an expiry is a window.
std::string text_of(const Expiry& expiry, const char* for_so_long = " for ") {
  switch (expiry.kind) {
    case ExpiryKind::after: return for_so_long + std::to_string(expiry.milliseconds) + " ms";
    case ExpiryKind::at: return " until " + std::to_string(expiry.milliseconds) + " ms since 1970";
    case ExpiryKind::keep: return " as long as before";
    default: return {};
  }
}

std::string text_of(const Operation& operation) {
  const std::string name = ' ' + quoted(operation.name, name_bytes);
  switch (operation.kind) {
    case OperationKind::add:
      return "add" + name + " by " + std::to_string(operation.value) + text_of(operation.expiry, " within ");
    case OperationKind::get: return "get" + name;
    case OperationKind::set: return "set" + name + " to " + std::to_string(operation.value) + text_of(operation.expiry);
    case OperationKind::remove: return "delete" + name;
    case OperationKind::list: return "list" + name;
    case OperationKind::list_sessions: return "list sessions";
    case OperationKind::close_session: return "close session" + name;
    case OperationKind::list_limits: return "list limits";
    case OperationKind::set_limit: return "set limit" + name + " to " + std::to_string(operation.value);
    case OperationKind::clear: return "clear";
    case OperationKind::expire:
      return "expire" + name + (operation.expiry.kind == ExpiryKind::none ? " never" : text_of(operation.expiry));
    case OperationKind::check: return "check" + name;
    case OperationKind::scan: return "scan";
    case OperationKind::count: return "count";
    case OperationKind::unspecified: break;
  }
  return "unknown" + name;
}

// Parts with commas between them, as many as fit.
class Parts {
 public:
  explicit Parts(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  void add(const std::string& part) {
    if (left_out_ > 0 || text_.size() + part.size() + 2 > most_bytes_) {
      left_out_ += 1;
      return;
    }
    text_ += (text_.empty() ? "" : ", ") + part;
  }
  std::string text() const {
    return left_out_ == 0 ? text_ : text_ + (text_.empty() ? "" : ", ") + "and " + number(left_out_) + " more";
  }

 private:
  std::size_t most_bytes_;
  std::string text_;
  std::uint64_t left_out_ = 0;
};

void add_request(const Request& request, Parts& parts) {
  if (request.kind == RequestKind::open_session) return parts.add("open a session");
  if (request.kind == RequestKind::close_session) return parts.add("close its session");
  std::vector<Operation> operations;
  if (!decode_operations(request.operations, operations)) return parts.add("malformed");
  for (const Operation& operation : operations) parts.add(text_of(operation));
}

std::string text_of(ReplicaId id, const JournaledMember& member) {
  return number(id.value) + ' ' + std::string(to_string(member.state)) + (member.held ? ", held by an operator" : "");
}

}  // namespace

std::string text_of(const Order& order, std::size_t bytes) {
  Parts parts(operations_text_bytes);
  for (const Request& request : order.requests) add_request(request, parts);
  const std::string kind = order.changes_state() ? "changes" : order.requests.empty() ? "empty" : "reads-only";
  const std::string operations = parts.text();
  return "order " + number(order.id.sequence.value) + " term " + number(order.id.term.value) + ' ' +
         rfc3339(order.calendar) + " requests " + number(order.requests.size()) + ' ' + kind + " bytes " +
         number(bytes) + (operations.empty() ? "" : ' ' + operations);
}

std::string text_of(const JournaledView& view) {
  std::string text = "number " + number(view.number.value) + " replicas";
  for (std::size_t place = 0; place < view.members.size(); ++place)
    text += (place == 0 ? " " : ", ") + text_of(ReplicaId(place + 1), view.members[place]);
  if (view.rollback.undecided.value != 0) {
    const auto stage = view.rollback.stage;
    const std::string now = stage == GroupRollback::Stage::halted ? "halted"
                            : stage == GroupRollback::Stage::none ? "decided again"
                                                                  : "rolls back";
    text += "; no majority on order " + number(view.rollback.undecided.value) + ": " + now;
  }
  Parts voided(operations_text_bytes);
  for (const Sequence sequence : view.voided) voided.add(number(sequence.value));
  return view.voided.empty() ? text : text + "; voided orders " + voided.text();
}

std::string text_of(const OrderState& agreed) {
  return "order " + number(agreed.order.sequence.value) + " of term " + number(agreed.order.term.value) + ", state " +
         to_hex(agreed.state);
}

}  // namespace tally::cli
