// SPDX-License-Identifier: Apache-2.0
// Sends INCR to a Redis server in a closed loop, with WAIT after each batch, which redis-benchmark
// cannot do: an answer counts only once so many replicas have the increment too.
//
//   redis_load --port N [--clients N] [--pipeline N] [--wait REPLICAS] [--counters N] [--seconds S]
//
// Each client has one connection. It sends `pipeline` INCR and one WAIT together, and sends the
// next batch when all of them are answered. The output is that of raw_topology. The exit code is 1
// if the server answers anything but numbers, or if WAIT reports fewer replicas.
#include <arpa/inet.h>
#include <cstring>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "tests/benchmark/closed_loop.h"

namespace {

using tally::benchmark::Flags;
using tally::benchmark::Measurement;
using tally::benchmark::now_ns;

constexpr std::size_t read_bytes = 64 * 1024;
constexpr int wait_timeout_ms = 2000;

int connect_to(std::uint16_t port) {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  const int on = 1;
  setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return file;
}

std::string command(std::initializer_list<std::string> words) {
  std::string text = '*' + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) text += '$' + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return text;
}

struct Workload {
  std::size_t pipeline = 1;
  std::size_t wait = 0;  // how many replicas to wait for
  std::string wait_command;
  std::vector<std::string> increments;  // one for each counter
};

class Connection {
 public:
  Connection(std::uint16_t port, const Workload& workload, std::size_t first)
      : workload_(workload), file_(connect_to(port)), next_(first) {}

  int file() const { return file_; }
  std::int64_t sent_at() const { return sent_at_; }

  void send_batch(std::int64_t now) {
    std::string batch;
    for (std::size_t count = 0; count < workload_.pipeline; ++count) batch += next_increment();
    if (workload_.wait > 0) batch += workload_.wait_command;
    awaited_ = workload_.pipeline + (workload_.wait > 0 ? 1 : 0);
    sent_at_ = now;
    if (::send(file_, batch.data(), batch.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(batch.size()))
      throw std::runtime_error("the server took less than a batch");
  }

  // Returns true when the whole batch is answered.
  bool receive() {
    char bytes[read_bytes];
    const ssize_t size = recv(file_, bytes, sizeof bytes, 0);
    if (size <= 0) throw std::runtime_error("the server closed a connection");
    received_.append(bytes, static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (std::size_t end; (end = received_.find("\r\n", begin)) != std::string::npos; begin = end + 2)
      judge(std::string_view(received_).substr(begin, end - begin));
    received_.erase(0, begin);
    return awaited_ == 0;
  }

 private:
  // The increment of a counter at random (xorshift64, Marsaglia 2003).
  const std::string& next_increment() {
    next_ ^= next_ << 13;
    next_ ^= next_ >> 7;
    next_ ^= next_ << 17;
    return workload_.increments[next_ % workload_.increments.size()];
  }

  void judge(std::string_view line) {
    if (line.empty() || line.front() != ':') throw std::runtime_error("the server said " + std::string(line));
    --awaited_;
    const bool is_wait = workload_.wait > 0 && awaited_ == 0;
    if (is_wait && std::stoul(std::string(line.substr(1))) < workload_.wait)
      throw std::runtime_error("too few replicas in time: " + std::string(line));
  }

  const Workload& workload_;
  int file_;
  std::uint64_t next_;
  std::size_t awaited_ = 0;
  std::int64_t sent_at_ = 0;
  std::string received_;
};

int run(const Flags& flags) {
  Workload workload;
  workload.pipeline = flags.count("--pipeline");
  workload.wait = flags.count("--wait");
  workload.wait_command = command({"WAIT", std::to_string(workload.wait), std::to_string(wait_timeout_ms)});
  for (std::size_t counter = 0; counter < flags.count("--counters"); ++counter)
    workload.increments.push_back(command({"INCR", "bench-" + std::to_string(counter)}));

  const int poll = epoll_create1(0);
  std::vector<Connection> connections;
  connections.reserve(flags.count("--clients"));
  for (std::size_t client = 0; client < flags.count("--clients"); ++client) {
    connections.emplace_back(static_cast<std::uint16_t>(flags.count("--port")), workload, 88172645463325252u + client);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = client;
    epoll_ctl(poll, EPOLL_CTL_ADD, connections.back().file(), &event);
  }
  Measurement measurement(flags["--seconds"]);
  for (Connection& connection : connections) connection.send_batch(now_ns());
  std::int64_t now = 0;
  while (!measurement.over(now)) {
    epoll_event events[256];
    const int ready = epoll_wait(poll, events, 256, 2 * wait_timeout_ms);
    if (ready <= 0) throw std::runtime_error("the server does not answer");
    for (int place = 0; place < ready; ++place) {
      Connection& connection = connections[events[place].data.u64];
      if (!connection.receive()) continue;
      now = now_ns();
      measurement.answered(connection.sent_at(), now, workload.pipeline);
      connection.send_batch(now);
    }
  }
  return measurement.print();
}

}  // namespace

int main(int argc, char** argv) {
  const Flags flags(
      argc, argv,
      {{"--port", 6379}, {"--clients", 1}, {"--pipeline", 1}, {"--wait", 0}, {"--counters", 1000}, {"--seconds", 2}});
  try {
    return run(flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "redis_load: %s\n", error.what());
    return 1;
  }
}
