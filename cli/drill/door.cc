// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/door.h"

#include <algorithm>
#include <arpa/inet.h>
#include <boost/json.hpp>
#include <charconv>
#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <utility>

#include "runtime/descriptor.h"

namespace tally::cli {
namespace {

using Outcome = Increment::Outcome;

// A bridge answers after two seconds, whatever the group does.
constexpr std::chrono::seconds patience{3};
constexpr int http_ok = 200;

class ClientDoor : public CounterDoor {
 public:
  explicit ClientDoor(Client& client) : client_(client) {}

  DoorAnswer increment(const std::string& counter, const std::string& key) override {
    OwnedOperation operation;
    operation.kind = OperationKind::add;
    operation.name = counter;
    operation.value = 1;
    operation.idempotency_key = key;
    const Answer answer = client_.call(std::move(operation), patience);
    switch (answer.outcome) {
      case CallOutcome::done: return {Outcome::answered, answer.result.value, answer.sequence, {}};
      case CallOutcome::refused: return {Outcome::not_applied, 0, {}, "refused by the group"};
      case CallOutcome::not_applied: return {Outcome::not_applied, 0, {}, std::string(to_string(answer.error))};
      case CallOutcome::unknown: break;
    }
    return {Outcome::unknown, 0, {}, std::string(to_string(answer.error))};
  }

 private:
  Client& client_;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  bool closes = false;
};

class HttpDoor : public CounterDoor {
 public:
  explicit HttpDoor(std::function<std::uint16_t()> port) : port_(std::move(port)) {}

  DoorAnswer increment(const std::string& counter, const std::string& key) override {
    if (!connection_ && !connect()) return {Outcome::not_applied, 0, {}, "nobody listens"};
    std::string request = "POST /v1/counters/" + counter + "/increment HTTP/1.1\r\nHost: localhost\r\n";
    if (!key.empty()) request += "Idempotency-Key: " + key + "\r\n";
    const auto answer = exchange(request + "Content-Length: 0\r\n\r\n");
    if (!answer || answer->closes) connection_ = Descriptor();
    if (!answer) return {Outcome::unknown, 0, {}, "the connection ended"};
    return read(*answer);
  }

 private:
  bool connect() {
    const std::uint16_t port = port_();
    Descriptor fresh(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (port == 0 || !fresh) return false;
    const timeval limit{patience.count(), 0};
    setsockopt(fresh.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fresh.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fresh.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
    connection_ = std::move(fresh);
    return true;
  }

  // Nothing: the answer did not come, or not completely.
  std::optional<HttpAnswer> exchange(const std::string& request) {
    if (send(connection_.get(), request.data(), request.size(), MSG_NOSIGNAL) != std::ssize(request))
      return std::nullopt;
    std::string text;
    std::size_t body = std::string::npos;
    std::size_t whole = 0;
    while (body == std::string::npos || text.size() < whole) {
      char part[2048];
      const ssize_t size = recv(connection_.get(), part, sizeof part, 0);
      if (size <= 0) return std::nullopt;
      text.append(part, static_cast<std::size_t>(size));
      if (body != std::string::npos || (body = text.find("\r\n\r\n")) == std::string::npos) continue;
      body += 4;
      std::size_t length = 0;
      const std::string number = header(text.substr(0, body), "content-length");
      std::from_chars(number.data(), number.data() + number.size(), length);
      whole = body + length;
    }
    HttpAnswer answer;
    if (std::sscanf(text.c_str(), "HTTP/%*d.%*d %d", &answer.status) != 1) return std::nullopt;
    answer.closes = header(text.substr(0, body), "connection") == "close";
    answer.body = text.substr(body);
    return answer;
  }

  // The value of a header; empty if there is none.
  static std::string header(std::string head, const std::string& name) {
    std::ranges::transform(head, head.begin(), [](unsigned char letter) { return std::tolower(letter); });
    const std::size_t line = head.find("\r\n" + name + ": ");
    if (line == std::string::npos) return {};
    const std::size_t begin = line + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }

  static DoorAnswer read(const HttpAnswer& answer) {
    boost::json::error_code error;
    const boost::json::value body = boost::json::parse(answer.body, error);
    const auto* members = error ? nullptr : body.if_object();
    const std::string why = "HTTP " + std::to_string(answer.status);
    if (!members) return {Outcome::unknown, 0, {}, why};
    const auto number = [&](const char* name) -> std::optional<std::int64_t> {
      const auto* found = members->if_contains(name);
      return found && found->is_int64() ? std::optional(found->as_int64()) : std::nullopt;
    };
    const auto value = number("value");
    const auto sequence = number("sequence");
    if (answer.status == http_ok && value && sequence)
      return {Outcome::answered, *value, Sequence(static_cast<std::uint64_t>(*sequence)), {}};
    const auto* applied = members->if_contains("applied");
    const bool is_refused = applied && applied->is_string() && applied->as_string() == "no";
    return {is_refused ? Outcome::not_applied : Outcome::unknown, 0, {}, why};
  }

  std::function<std::uint16_t()> port_;
  Descriptor connection_;
};

}  // namespace

std::unique_ptr<CounterDoor> client_door(Client& client) { return std::make_unique<ClientDoor>(client); }

std::unique_ptr<CounterDoor> http_door(std::function<std::uint16_t()> port) {
  return std::make_unique<HttpDoor>(std::move(port));
}

}  // namespace tally::cli
