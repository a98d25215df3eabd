// SPDX-License-Identifier: Apache-2.0
// Lets each user do something twice a minute, and says when to come again.
#include <chrono>
#include <cstdio>
#include <string>

#include "client/client.h"

using namespace std::chrono_literals;

namespace {

constexpr long long most = 2;
constexpr std::chrono::milliseconds window = 1min;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: keep_quota DISTRIBUTOR_ENDPOINT COMPARATOR_ENDPOINT USER\n");
    return 2;
  }
  tally::ClientOptions options;
  options.distributor_endpoint = argv[1];
  options.comparator_endpoint = argv[2];
  auto client = tally::Client::connect(options);
  if (!client) {
    std::fprintf(stderr, "keep_quota: %s\n", client.error().c_str());
    return 2;
  }

  tally::OwnedOperation attempt;
  attempt.kind = tally::OperationKind::add;
  attempt.name = std::string("quota/") + argv[3];
  attempt.value = 1;
  attempt.expiry = {tally::ExpiryKind::after, window.count()};
  attempt.detail = true;
  const tally::Answer answer = client->call(attempt, 2s);
  if (!answer) {
    std::fprintf(stderr, "keep_quota: nobody can say how often %s came\n", argv[3]);
    return 3;
  }
  const long long count = *answer.value();
  if (count <= most)
    std::printf("%lld of %lld\n", count, most);
  else
    std::printf("come again in %lld ms\n", static_cast<long long>(answer.expires_in_ms().value_or(0)));
  return 0;
}
