// SPDX-License-Identifier: Apache-2.0
#include "client/waiting_calls.h"

#include <algorithm>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"

namespace tally {
namespace {

CompletedCall not_applied(CallId call, std::size_t operations, CallError error) {
  return {call, failed_answers(operations, CallOutcome::not_applied, error)};
}

// Behind the last operation of a call stand those of another call, which no check of this one may
// pass over.
bool checks_stay_within(const std::vector<OwnedOperation>& operations) {
  for (std::size_t place = 0; place < operations.size(); ++place) {
    const std::size_t following = operations.size() - place - 1;
    if (operations[place].kind == OperationKind::check && operations[place].limit > following) return false;
  }
  return true;
}

}  // namespace

CallError WaitingCalls::add(CallId call, const std::vector<OwnedOperation>& operations, Instant deadline) {
  const std::size_t count = operations.size();
  if (count == 0 || count > limits::request_operations || !checks_stay_within(operations)) return CallError::malformed;
  std::vector<Operation> views;
  views.reserve(count);
  for (const OwnedOperation& operation : operations) views.push_back(operation.view());
  const std::size_t with_header = worst_result_bytes(views);
  if (with_header > limits::request_result_bytes) return CallError::malformed;
  std::string encoded = encode_operations(views);
  if (encoded.size() > limits::request_bytes) return CallError::malformed;
  if (operations_ + count > limits::client_waiting_operations) return CallError::overloaded;
  const bool read_only = std::ranges::all_of(views, is_read, &Operation::kind);
  calls_.push_back({call, std::move(encoded), count, with_header - results::header_bytes, read_only, deadline});
  operations_ += count;
  earliest_deadline_ = std::min(earliest_deadline_, deadline);
  return CallError::none;
}

Batch WaitingCalls::take_batch() {
  CHECK(!calls_.empty());
  Batch batch;
  std::size_t operations = 0;
  std::size_t result_bytes = results::header_bytes;
  const auto fits = [&](const Call& call) {
    return operations + call.operations <= limits::request_operations &&
           batch.operations.size() + call.encoded.size() <= limits::request_bytes &&
           result_bytes + call.result_bytes <= limits::request_result_bytes;
  };
  for (; !calls_.empty() && fits(calls_.front()); calls_.pop_front()) {
    Call& call = calls_.front();
    operations += call.operations;
    result_bytes += call.result_bytes;
    batch.read_only = batch.read_only && call.read_only;
    if (batch.operations.empty())
      batch.operations = std::move(call.encoded);
    else
      batch.operations += call.encoded;
    batch.parts.push_back({call.id, call.operations, call.deadline});
  }
  batch.result_limit = static_cast<std::uint32_t>(result_bytes);
  operations_ -= operations;
  if (calls_.empty()) earliest_deadline_ = Instant::never();
  return batch;
}

bool WaitingCalls::any_expired(Instant now) const {
  const auto is_expired = [now](const Call& call) { return call.deadline <= now; };
  return earliest_deadline_ <= now && std::ranges::any_of(calls_, is_expired);
}

void WaitingCalls::expire(Instant now, std::vector<CompletedCall>& completed) {
  if (earliest_deadline_ > now) return;
  earliest_deadline_ = Instant::never();
  std::erase_if(calls_, [&](const Call& call) {
    if (call.deadline > now) {
      earliest_deadline_ = std::min(earliest_deadline_, call.deadline);
      return false;
    }
    operations_ -= call.operations;
    completed.push_back(not_applied(call.id, call.operations, CallError::timed_out));
    return true;
  });
}

void WaitingCalls::fail_all(CallError error, std::vector<CompletedCall>& completed) {
  for (const Call& call : calls_) completed.push_back(not_applied(call.id, call.operations, error));
  calls_.clear();
  operations_ = 0;
  earliest_deadline_ = Instant::never();
}

}  // namespace tally
