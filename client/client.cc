// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <atomic>
#include <future>
#include <mutex>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

#include "client/session.h"
#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "protocol/turn.h"
#include "runtime/channel.h"
#include "runtime/clock.h"
#include "runtime/silence.h"
#include "runtime/waiter.h"

namespace tally {
namespace {

constexpr Duration query_retry = milliseconds(250);
constexpr Duration connection_retry = milliseconds(5);
constexpr Duration closing_time = milliseconds(250);
constexpr Duration quiet_time = seconds(1);  // then a peer is asked for a word
constexpr ChannelLimits distributor_limits{limits::client_queue_messages, limits::message_bytes,
                                           wire::kinds<DistributorWelcome, Refusal, ClusterStatus, AdminReply>()};
constexpr ChannelLimits comparator_limits{limits::client_queue_messages, limits::message_bytes,
                                          wire::kinds<ComparatorWelcome, Decisions>()};

template <class Answer>
std::optional<Answer> taken_as(const std::optional<Message>& message) {
  const Answer* answer = message ? std::get_if<Answer>(&*message) : nullptr;
  return answer ? std::optional(*answer) : std::nullopt;
}

}  // namespace

// Everything but the inbox belongs to the I/O thread.
class Client::Shell {
 public:
  explicit Shell(ClientOptions options)
      : routing_id_(random_bytes(16)),
        incarnation_(random_number()),
        distributor_{Channel::connect(context_, options.distributor_endpoint, distributor_limits, routing_id_,
                                      Unconnected::refuse)},
        comparator_{Channel::connect(context_, options.comparator_endpoint, comparator_limits, routing_id_,
                                     Unconnected::refuse)},
        wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        core_(
            {incarnation_, options.requests_in_flight, encode_operations, options.opens_session_at_once, random_number},
            monotonic_now()) {
    CHECK(wake_fd_ >= 0);
    waiter_.watch(distributor_.channel);
    waiter_.watch(comparator_.channel);
    waiter_.watch(wake_fd_);
    thread_ = std::thread([this] { run(); });
  }

  ~Shell() {
    stopping_ = true;
    wake();
    thread_.join();
    close(wake_fd_);
  }

  struct Submitted {
    std::vector<OwnedOperation> operations;
    Instant deadline;
    Completion completion;
  };
  // A question to the distributor that is asked again until it is answered.
  struct Query {
    Message message;  // StatusQuery or AdminCommand
    Instant deadline;
    Instant retry;
    std::function<void(std::optional<Message>)> completion;
  };

  void submit(Submitted submitted) {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(submitted));
    wake_if_asleep();
  }

  void ask(Query query) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(query));
    wake_if_asleep();
  }

  bool available() const { return available_; }

 private:
  // The distributor or the comparator. A peer that was quiet is asked for a word, which both answer with a welcome; one
  // that does not answer is connected to anew (law 23).
  struct Link {
    Channel channel;
    Instant heard = {};
    Silence silence = {};
  };

  void wake() {
    const std::uint64_t one = 1;
    CHECK(write(wake_fd_, &one, sizeof one) == sizeof one);
  }

  // Under the lock. The I/O thread looks into the inbox once more before it sleeps.
  void wake_if_asleep() {
    if (std::exchange(asleep_, false)) wake();
  }

  void run() {
    Instant give_up = Instant::never();
    for (;;) {
      const Instant now = monotonic_now();
      if (stopping_ && give_up == Instant::never()) {
        take_inbox(now);
        core_.close(now);
        give_up = now + closing_time;
      }
      SessionOutput output = turn(core_, now, [&](SessionCore&) { receive_all(now); });
      available_ = core_.available();
      carry_out(std::move(output));
      retry_queries(now);
      look_after(distributor_, now);
      look_after(comparator_, now);
      if (core_.closed() || give_up <= now) break;
      rest(std::min(give_up, next_deadline()));
    }
    take_inbox(monotonic_now());  // what a callback submitted last is told so
    carry_out(core_.take_output());
    for (auto& [number, query] : queries_) query.completion(std::nullopt);
  }

  void rest(Instant deadline) {
    {
      const std::lock_guard lock(mutex_);
      if (!inbox_.empty() || !asked_.empty()) return;
      asleep_ = true;
    }
    waiter_.wait(deadline);
    std::uint64_t count = 0;
    if (waiter_.is_ready(wake_fd_)) CHECK(read(wake_fd_, &count, sizeof count) == sizeof count);
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }

  Instant next_deadline() const {
    Instant next = core_.next_deadline();
    for (const auto& [number, query] : queries_) next = std::min({next, query.retry, query.deadline});
    return next;
  }

  void take_inbox(Instant now) {
    std::vector<Submitted> inbox;
    std::vector<Query> asked;
    {
      const std::lock_guard lock(mutex_);
      inbox.swap(inbox_);
      asked.swap(asked_);
    }
    for (Submitted& call : inbox) {
      const CallId id{++calls_made_};
      completions_.emplace(id.value, std::move(call.completion));
      core_.submit(id, call.operations, call.deadline);
    }
    for (Query& query : asked) {
      const std::uint64_t number = ++queries_made_;
      if (auto* status = std::get_if<StatusQuery>(&query.message)) status->number = number;
      if (auto* command = std::get_if<AdminCommand>(&query.message)) command->number = number;
      query.retry = now;
      queries_.emplace(number, std::move(query));
    }
  }

  void receive_all(Instant now) {
    take_inbox(now);
    receive_from(comparator_, now);
    receive_from(distributor_, now);
  }

  void look_after(Link& link, Instant now) {
    if (link.silence.is_over(now)) {
      waiter_.reconnect(link.channel, routing_id_);
      link.heard = now;
    }
    if (now - link.heard < quiet_time || link.silence.expects()) return;
    link.silence.expect(now);
    link.channel.send({}, ClientHello{incarnation_});  // if it does not leave, there is no answer either
  }

  void receive_from(Link& link, Instant now) {
    Channel::Share share;
    while (auto incoming = link.channel.receive(share)) {
      link.heard = now;
      link.silence.heard();
      if (incoming->message) receive(*incoming->message, now);
    }
  }

  void receive(Message& message, Instant now) {
    core_.receive(message, now);
    if (const auto* status = std::get_if<ClusterStatus>(&message)) return answer(status->number, message);
    if (const auto* reply = std::get_if<AdminReply>(&message)) return answer(reply->number, message);
  }

  void answer(std::uint64_t number, const Message& message) {
    const auto found = queries_.find(number);
    if (found == queries_.end()) return;
    const auto completion = std::move(found->second.completion);
    queries_.erase(found);
    completion(message);
  }

  // A status is asked for again; a command is sent once, for it may not be harmless twice.
  void retry_queries(Instant now) {
    std::vector<std::function<void(std::optional<Message>)>> expired;
    std::erase_if(queries_, [&](auto& entry) {
      if (entry.second.deadline > now) return false;
      expired.push_back(std::move(entry.second.completion));
      return true;
    });
    for (const auto& completion : expired) completion(std::nullopt);
    for (auto& [number, query] : queries_) {
      if (query.retry > now) continue;
      const bool sent = distributor_.channel.send({}, query.message) == SendResult::sent;
      const bool is_command = std::holds_alternative<AdminCommand>(query.message);
      query.retry = !sent ? now + connection_retry : is_command ? Instant::never() : now + query_retry;
    }
  }

  void carry_out(SessionOutput output) {
    for (const Message& message : output.to_distributor)
      if (distributor_.channel.send({}, message) != SendResult::sent)
        if (const auto* request = std::get_if<ClientRequest>(&message))
          core_.not_sent(request->request, monotonic_now());
    for (const Message& message : output.to_comparator) comparator_.channel.send({}, message);
    for (SessionOutput::Completed& completed : output.completed) {
      const auto found = completions_.find(completed.call.value);
      CHECK(found != completions_.end());
      const Completion completion = std::move(found->second);
      completions_.erase(found);
      completion(std::move(completed.answers));
    }
  }

  std::string routing_id_;
  Incarnation incarnation_;
  zmq::context_t context_;
  Link distributor_;
  Link comparator_;
  int wake_fd_;
  Waiter waiter_;
  SessionCore core_;
  std::unordered_map<std::uint64_t, Completion> completions_;
  std::unordered_map<std::uint64_t, Query> queries_;
  std::uint64_t calls_made_ = 0;
  std::uint64_t queries_made_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> available_ = true;

  std::mutex mutex_;  // guards what follows
  std::vector<Submitted> inbox_;
  std::vector<Query> asked_;
  bool asleep_ = false;

  std::thread thread_;
};

Client::Client(ClientOptions options) : shell_(std::make_unique<Shell>(std::move(options))) {}
Client::~Client() = default;

void Client::submit(std::vector<OwnedOperation> operations, Duration timeout, Completion completion) {
  shell_->submit({std::move(operations), monotonic_now() + timeout, std::move(completion)});
}

bool Client::available() const { return shell_->available(); }

std::vector<Answer> Client::call(std::vector<OwnedOperation> operations, Duration timeout) {
  std::promise<std::vector<Answer>> promise;
  submit(std::move(operations), timeout, [&](std::vector<Answer> answers) { promise.set_value(std::move(answers)); });
  return promise.get_future().get();
}

void Client::status(Duration timeout, std::function<void(std::optional<ClusterStatus>)> completion) {
  shell_->ask({StatusQuery{}, monotonic_now() + timeout, {}, [completion](std::optional<Message> message) {
                 completion(taken_as<ClusterStatus>(message));
               }});
}

std::optional<ClusterStatus> Client::status(Duration timeout) {
  std::promise<std::optional<ClusterStatus>> promise;
  status(timeout, [&](std::optional<ClusterStatus> found) { promise.set_value(std::move(found)); });
  return promise.get_future().get();
}

void Client::admin(AdminCommand command, Duration timeout, std::function<void(std::optional<AdminReply>)> completion) {
  shell_->ask({std::move(command), monotonic_now() + timeout, {}, [completion](std::optional<Message> message) {
                 completion(taken_as<AdminReply>(message));
               }});
}

std::optional<AdminReply> Client::admin(AdminCommand command, Duration timeout) {
  std::promise<std::optional<AdminReply>> promise;
  admin(std::move(command), timeout, [&](std::optional<AdminReply> reply) { promise.set_value(std::move(reply)); });
  return promise.get_future().get();
}

}  // namespace tally
