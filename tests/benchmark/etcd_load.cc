// SPDX-License-Identifier: Apache-2.0
// Puts load on an etcd cluster in a closed loop, over gRPC.
//
//   etcd_load --port N [--count 0|1] [--clients N] [--counters N] [--seconds S]
//
// With --count 0 these are blind puts. With --count 1 they count, by compare-and-swap. etcd gets
// the best case: it is told the revision that this program saw last, so mostly the first try
// succeeds, and a try that fails brings the new value along. The output is that of raw_topology.
#include <algorithm>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "etcd.grpc.pb.h"
#include "tests/benchmark/closed_loop.h"

namespace {

using tally::benchmark::Flags;
using tally::benchmark::Measurement;
using tally::benchmark::now_ns;

constexpr std::size_t most_channels = 8;
constexpr int call_timeout_seconds = 10;

struct Counter {
  std::string key;
  std::int64_t value = 0;
  std::int64_t revision = 0;  // zero: the key does not exist
};

// Makes one call at a time. The completion queue returns the client as the call's tag.
class LoadClient {
 public:
  LoadClient(etcdserverpb::KV::Stub& stub, grpc::CompletionQueue& queue) : stub_(stub), queue_(queue) {}
  virtual ~LoadClient() = default;

  void begin(Counter& counter, std::int64_t now) {
    counter_ = &counter;
    begun_at_ = now;
    send();
  }
  // The last call has ended. Returns false if it was in vain, in which case the next one is on its
  // way.
  bool end() {
    if (!status_.ok()) throw std::runtime_error(status_.error_message());
    if (succeeded()) return true;
    send();
    return false;
  }
  std::int64_t begun_at() const { return begun_at_; }

 protected:
  virtual void send() = 0;
  virtual bool succeeded() = 0;

  grpc::ClientContext& fresh_context() {
    context_.emplace();
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(call_timeout_seconds));
    return *context_;
  }

  etcdserverpb::KV::Stub& stub_;
  grpc::CompletionQueue& queue_;
  Counter* counter_ = nullptr;
  grpc::Status status_;

 private:
  std::optional<grpc::ClientContext> context_;
  std::int64_t begun_at_ = 0;
};

class PuttingClient final : public LoadClient {
 public:
  using LoadClient::LoadClient;

 private:
  void send() override {
    etcdserverpb::PutRequest request;
    request.set_key(counter_->key);
    request.set_value("1");
    call_ = stub_.AsyncPut(&fresh_context(), request, &queue_);
    call_->Finish(&response_, &status_, static_cast<LoadClient*>(this));
  }
  bool succeeded() override { return true; }

  etcdserverpb::PutResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::PutResponse>> call_;
};

class CountingClient final : public LoadClient {
 public:
  using LoadClient::LoadClient;

 private:
  void send() override {
    etcdserverpb::TxnRequest request;
    etcdserverpb::Compare& compare = *request.add_compare();
    compare.set_target(etcdserverpb::Compare::MOD);
    compare.set_key(counter_->key);
    compare.set_mod_revision(counter_->revision);
    wanted_ = counter_->value + 1;
    etcdserverpb::PutRequest& put = *request.add_success()->mutable_request_put();
    put.set_key(counter_->key);
    put.set_value(std::to_string(wanted_));
    request.add_failure()->mutable_request_range()->set_key(counter_->key);
    call_ = stub_.AsyncTxn(&fresh_context(), request, &queue_);
    call_->Finish(&response_, &status_, static_cast<LoadClient*>(this));
  }

  bool succeeded() override {
    std::int64_t value = wanted_;
    std::int64_t revision = response_.header().revision();
    if (!response_.succeeded()) {
      const auto& found = response_.responses(0).response_range().kvs(0);
      value = std::stoll(found.value());
      revision = found.mod_revision();
    }
    if (revision > counter_->revision) {
      counter_->value = value;
      counter_->revision = revision;
    }
    return response_.succeeded();
  }

  std::int64_t wanted_ = 0;
  etcdserverpb::TxnResponse response_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::TxnResponse>> call_;
};

std::vector<std::unique_ptr<etcdserverpb::KV::Stub>> connect(std::size_t port, std::size_t channels) {
  std::vector<std::unique_ptr<etcdserverpb::KV::Stub>> stubs;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    grpc::ChannelArguments arguments;
    // Each channel gets a connection of its own.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs.push_back(etcdserverpb::KV::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments)));
  }
  return stubs;
}

int run(const Flags& flags) {
  std::vector<Counter> counters(flags.count("--counters"));
  for (std::size_t place = 0; place < counters.size(); ++place) counters[place].key = "bench-" + std::to_string(place);
  std::minstd_rand random(1);
  const auto any_counter = [&]() -> Counter& { return counters[random() % counters.size()]; };

  const std::size_t size = flags.count("--clients");
  const auto stubs = connect(flags.count("--port"), std::min(size, most_channels));
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<LoadClient>> clients;
  for (std::size_t client = 0; client < size; ++client) {
    etcdserverpb::KV::Stub& stub = *stubs[client % stubs.size()];
    if (flags.count("--count") > 0)
      clients.push_back(std::make_unique<CountingClient>(stub, queue));
    else
      clients.push_back(std::make_unique<PuttingClient>(stub, queue));
  }
  Measurement measurement(flags["--seconds"]);
  for (const auto& client : clients) client->begin(any_counter(), now_ns());
  std::size_t running = clients.size();
  bool good = false;
  for (void* tag = nullptr; running > 0 && queue.Next(&tag, &good);) {
    LoadClient& client = *static_cast<LoadClient*>(tag);
    if (!client.end()) continue;
    const std::int64_t now = now_ns();
    measurement.answered(client.begun_at(), now, 1);
    if (measurement.over(now))
      --running;
    else
      client.begin(any_counter(), now);
  }
  return measurement.print();
}

}  // namespace

int main(int argc, char** argv) {
  const Flags flags(argc, argv,
                    {{"--port", 2379}, {"--count", 0}, {"--clients", 1}, {"--counters", 1000}, {"--seconds", 2}});
  try {
    return run(flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "etcd_load: %s\n", error.what());
    return 1;
  }
}
