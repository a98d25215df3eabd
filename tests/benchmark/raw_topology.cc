// SPDX-License-Identifier: Apache-2.0
// The limit that the transport sets: tally's topology in bare ZeroMQ with nothing in it. A client sends numbered
// messages to a distributor, which sends each to three replicas, which pass it on to a comparator, which answers the
// client at the second copy. One process a role, ipc, no encoding, no journal, no vote.
//
//   raw_topology [--outstanding N] [--bytes N] [--seconds S]
//
// Prints: messages a second, p50 and p99 of the round trip in microseconds.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

namespace {

constexpr int replicas = 3;

struct Options {
  std::size_t outstanding = 1;
  std::size_t bytes = 64;
  double seconds = 2;
};

struct Stamp {
  std::uint64_t number;
  std::int64_t sent_ns;
};

std::int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

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

std::vector<std::int64_t> run_client(const std::string& directory, const Options& options) {
  zmq::context_t context;
  zmq::socket_t requests(context, zmq::socket_type::push);
  requests.connect(endpoint(directory, "requests"));
  zmq::socket_t answers(context, zmq::socket_type::pull);
  answers.connect(endpoint(directory, "answers"));
  std::string body(std::max(options.bytes, sizeof(Stamp)), 'x');
  std::uint64_t number = 0;
  const auto send = [&] {
    const Stamp stamp{++number, now_ns()};
    std::memcpy(body.data(), &stamp, sizeof stamp);
    requests.send(zmq::buffer(body), zmq::send_flags::none);
  };
  std::vector<std::int64_t> round_trips;
  const std::int64_t begin = now_ns() + 500'000'000;  // after a warm-up
  const std::int64_t end = begin + static_cast<std::int64_t>(options.seconds * 1e9);
  for (std::size_t count = 0; count < options.outstanding; ++count) send();
  for (zmq::message_t message; now_ns() < end;) {
    if (!answers.recv(message)) continue;
    const std::int64_t now = now_ns();
    if (now >= begin) round_trips.push_back(now - message.data<Stamp>()->sent_ns);
    send();
  }
  return round_trips;
}

pid_t start(const std::function<void()>& role) {
  const pid_t child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  role();
  _exit(1);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int place = 1; place + 1 < argc; place += 2) {
    const std::string_view flag = argv[place];
    if (flag == "--outstanding") options.outstanding = std::strtoul(argv[place + 1], nullptr, 10);
    if (flag == "--bytes") options.bytes = std::strtoul(argv[place + 1], nullptr, 10);
    if (flag == "--seconds") options.seconds = std::strtod(argv[place + 1], nullptr);
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  char directory[] = "/tmp/raw-topology-XXXXXX";
  if (!mkdtemp(directory)) return 1;
  std::vector<pid_t> children;
  children.push_back(start([&] { run_distributor(directory); }));
  children.push_back(start([&] { run_comparator(directory); }));
  for (int replica = 0; replica < replicas; ++replica)
    children.push_back(start([&, replica] { run_replica(directory, replica); }));

  std::vector<std::int64_t> round_trips = run_client(directory, options);
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  for (const char* name : {"requests", "votes", "answers", "orders-0", "orders-1", "orders-2"})
    unlink((std::string(directory) + '/' + name).c_str());
  rmdir(directory);

  if (round_trips.empty()) return 1;
  std::ranges::sort(round_trips);
  const auto microseconds = [&](double share) {
    return static_cast<double>(
               round_trips[static_cast<std::size_t>(share * static_cast<double>(round_trips.size() - 1))]) /
           1e3;
  };
  std::printf("{\"outstanding\":%zu,\"bytes\":%zu,\"messages_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
              options.outstanding, options.bytes, static_cast<double>(round_trips.size()) / options.seconds,
              microseconds(0.5), microseconds(0.99));
}
