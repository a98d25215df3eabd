// SPDX-License-Identifier: Apache-2.0
// The limit that the transport sets: tally's topology in bare ZeroMQ, with nothing in it. A client
// sends numbered messages to a distributor. It sends each message to three replicas, which pass it
// on to a comparator, which answers the client at the second copy. Each role is one process; they
// talk by ipc; nothing is encoded, journaled or compared.
//
//   raw_topology [--outstanding N] [--operations N] [--seconds S]
//
// A message is as large as N operations of tally (23 bytes each) with a header. The output is one
// JSON object: operations per second, and p50 and p99 of the round trip in microseconds.
#include <cstdint>
#include <cstring>
#include <functional>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "tests/benchmark/closed_loop.h"

namespace {

using tally::benchmark::Flags;
using tally::benchmark::Measurement;
using tally::benchmark::now_ns;

constexpr int replicas = 3;
constexpr std::size_t header_bytes = 41;
constexpr std::size_t operation_bytes = 23;

struct Stamp {
  std::uint64_t number;
  std::int64_t sent_ns;
};

std::string endpoint(const std::string& directory, std::string_view name) {
  return "ipc://" + directory + '/' + std::string(name);
}

void run_distributor(const std::string& directory) {
  zmq::context_t context;
  zmq::socket_t requests(context, zmq::socket_type::pull);
  requests.bind(endpoint(directory, "requests"));
  std::vector<zmq::socket_t> orders;
  for (int replica = 0; replica < replicas; ++replica) {
    orders.emplace_back(context, zmq::socket_type::push);
    orders.back().bind(endpoint(directory, "orders-" + std::to_string(replica)));
  }
  for (zmq::message_t message;;) {
    if (!requests.recv(message)) continue;
    for (zmq::socket_t& replica : orders) {
      zmq::message_t copy;
      copy.copy(message);
      replica.send(copy, zmq::send_flags::none);
    }
  }
}

void run_replica(const std::string& directory, int replica) {
  zmq::context_t context;
  zmq::socket_t orders(context, zmq::socket_type::pull);
  orders.connect(endpoint(directory, "orders-" + std::to_string(replica)));
  zmq::socket_t votes(context, zmq::socket_type::push);
  votes.connect(endpoint(directory, "votes"));
  for (zmq::message_t message;;)
    if (orders.recv(message)) votes.send(message, zmq::send_flags::none);
}

void run_comparator(const std::string& directory) {
  zmq::context_t context;
  zmq::socket_t votes(context, zmq::socket_type::pull);
  votes.bind(endpoint(directory, "votes"));
  zmq::socket_t answers(context, zmq::socket_type::push);
  answers.bind(endpoint(directory, "answers"));
  std::unordered_map<std::uint64_t, int> copies;
  for (zmq::message_t message;;) {
    if (!votes.recv(message)) continue;
    const std::uint64_t number = message.data<Stamp>()->number;
    const int copy = ++copies[number];
    if (copy == replicas) copies.erase(number);
    if (copy == replicas / 2 + 1) answers.send(message, zmq::send_flags::none);
  }
}

int run_client(const std::string& directory, const Flags& flags) {
  zmq::context_t context;
  zmq::socket_t requests(context, zmq::socket_type::push);
  requests.connect(endpoint(directory, "requests"));
  zmq::socket_t answers(context, zmq::socket_type::pull);
  answers.connect(endpoint(directory, "answers"));
  const std::size_t operations = flags.count("--operations");
  std::string body(header_bytes + operations * operation_bytes, 'x');
  std::uint64_t number = 0;
  const auto send = [&](std::int64_t now) {
    const Stamp stamp{++number, now};
    std::memcpy(body.data(), &stamp, sizeof stamp);
    requests.send(zmq::buffer(body), zmq::send_flags::none);
  };
  Measurement measurement(flags["--seconds"]);
  for (std::size_t count = 0; count < flags.count("--outstanding"); ++count) send(now_ns());
  std::int64_t now = 0;
  for (zmq::message_t message; !measurement.over(now);) {
    if (!answers.recv(message)) continue;
    now = now_ns();
    measurement.answered(message.data<Stamp>()->sent_ns, now, operations);
    send(now);
  }
  return measurement.print();
}

pid_t start(const std::function<void()>& role) {
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  role();
  _exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  const Flags flags(argc, argv, {{"--outstanding", 1}, {"--operations", 1}, {"--seconds", 2}});
  char directory[] = "/tmp/raw-topology-XXXXXX";
  if (!mkdtemp(directory)) return 1;
  std::vector<pid_t> children;
  children.push_back(start([&] { run_distributor(directory); }));
  children.push_back(start([&] { run_comparator(directory); }));
  for (int replica = 0; replica < replicas; ++replica)
    children.push_back(start([&, replica] { run_replica(directory, replica); }));

  const int exit_code = run_client(directory, flags);
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  for (const char* name : {"requests", "votes", "answers", "orders-0", "orders-1", "orders-2"})
    unlink((std::string(directory) + '/' + name).c_str());
  rmdir(directory);
  return exit_code;
}
