// SPDX-License-Identifier: Apache-2.0
#include "comparator/release.h"

#include <map>
#include <string>
#include <utility>

#include "protocol/bytes.h"
#include "protocol/operations.h"

namespace tally {
namespace {

// The number of operations that a request's result answers; protocol/operations.h has its layout.
std::uint32_t operations_in(std::string_view result) {
  ByteReader reader(result);
  reader.take(results::header_bytes - sizeof(std::uint32_t));
  return reader.number<std::uint32_t>();
}

bool splits_into(std::string_view results, std::size_t parts) {
  ByteReader reader(results);
  for (std::size_t part = 0; part < parts; ++part) reader.sized();
  return reader.at_end();
}

}  // namespace

std::optional<std::uint64_t> release(const OrderIdentity& order, std::vector<BallotEntry>&& requests,
                                     std::string_view results, std::uint32_t votes,
                                     std::vector<AddressedDecisions>& messages) {
  if (!splits_into(results, requests.size())) return std::nullopt;
  std::uint64_t operations = 0;
  std::map<ClientId, std::size_t> places;  // where each client's message is
  ByteReader reader(results);
  std::size_t last = messages.size();
  for (BallotEntry& request : requests) {
    const bool same_as_before = last < messages.size() && messages[last].client == request.client;
    if (!same_as_before) {
      const auto [place, is_new] = places.try_emplace(request.client, messages.size());
      last = place->second;
      if (is_new) messages.push_back({std::move(request.client), {order.term, order.sequence, {}}});
    }
    const std::string_view result = reader.sized();
    operations += operations_in(result);
    messages[last].decisions.decisions.push_back({request.session, request.number, votes, std::string(result)});
  }
  return operations;
}

}  // namespace tally
