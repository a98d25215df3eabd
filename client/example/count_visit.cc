// SPDX-License-Identifier: Apache-2.0
// Counts one visit, and says how many there were.
#include <chrono>
#include <cstdio>
#include <string>

#include "client/client.h"

using namespace std::chrono_literals;

namespace {

int failed(int code, const std::string& what) {
  std::fprintf(stderr, "count_visit: %s\n", what.c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return failed(2, "usage: count_visit DISTRIBUTOR_ENDPOINT COMPARATOR_ENDPOINT");
  tally::ClientOptions options;
  options.distributor_endpoint = argv[1];
  options.comparator_endpoint = argv[2];
  auto client = tally::Client::connect(options);
  if (!client) return failed(2, client.error());

  tally::OwnedOperation visit;
  visit.kind = tally::OperationKind::add;
  visit.name = "visits";
  visit.value = 1;
  const tally::Answer answer = client->call(visit, 2s);
  if (answer) {
    std::printf("visit number %lld\n", static_cast<long long>(*answer.value()));
    return 0;
  }
  const std::string why(to_string(answer.error));
  switch (answer.outcome) {
    case tally::CallOutcome::refused: return failed(1, "the group refuses to count it");
    case tally::CallOutcome::not_applied: return failed(3, "not counted, try again: " + why);
    default: return failed(4, "counted or not: " + why);
  }
}
