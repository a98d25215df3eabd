// SPDX-License-Identifier: Apache-2.0
#include "client/client.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <future>
#include <mutex>
#include <stdexcept>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <utility>

#include "client/questions.h"
#include "client/session.h"
#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/turn.h"
#include "runtime/channel.h"
#include "runtime/clock.h"
#include "runtime/descriptor.h"
#include "runtime/silence.h"
#include "runtime/waiter.h"

namespace tally {
namespace {

constexpr Duration closing_time = milliseconds(250);
constexpr Duration quiet_time = seconds(1);  // then a peer is asked for a word
constexpr ChannelLimits distributor_limits{limits::client_queue_messages, limits::message_bytes,
                                           wire::kinds<DistributorWelcome, Refusal, ClusterStatus, AdminReply>()};
constexpr ChannelLimits comparator_limits{limits::client_queue_messages, limits::message_bytes,
                                          wire::kinds<ComparatorWelcome, Decisions, Observation>()};

template <class Reply>
std::optional<Reply> taken_as(const std::optional<Message>& message) {
  const Reply* reply = message ? std::get_if<Reply>(&*message) : nullptr;
  return reply ? std::optional(*reply) : std::nullopt;
}

CallError misuse_of(std::chrono::nanoseconds timeout, bool has_completion) {
  if (timeout <= timeout.zero() || timeout > Client::longest_timeout) return CallError::timeout_out_of_range;
  return has_completion ? CallError::none : CallError::no_completion;
}

Instant deadline_in(std::chrono::nanoseconds timeout) { return monotonic_now() + Duration{timeout.count()}; }

// `option` says which of the endpoints it is, for the exception.
Channel connected(zmq::context_t& context, const char* option, const std::string& endpoint, ChannelLimits limits,
                  const std::string& routing_id) {
  try {
    return Channel::connect(context, endpoint, limits, routing_id, Unconnected::refuse);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(std::string(option) + " \"" + endpoint + "\": " + error.what());
  }
}

}  // namespace

// Everything but the inbox belongs to the I/O thread.
class Client::Shell {
 public:
  // Throws a std::exception when there is an endpoint that ZeroMQ does not take, or no more files
  // or threads.
  explicit Shell(const ClientOptions& options)
      : routing_id_(random_bytes(16)),
        incarnation_(random_number()),
        distributor_{
            connected(context_, "distributor_endpoint", options.distributor_endpoint, distributor_limits, routing_id_)},
        comparator_{
            connected(context_, "comparator_endpoint", options.comparator_endpoint, comparator_limits, routing_id_)},
        wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        core_({incarnation_, options.requests_in_flight, options.opens_session_at_once, random_number},
              monotonic_now()) {
    if (wake_fd_.get() < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    waiter_.watch(distributor_.channel);
    waiter_.watch(comparator_.channel);
    waiter_.watch(wake_fd_.get());
    thread_ = std::thread([this] { run(); });
  }

  ~Shell() {
    CHECK(!is_inside_completion());
    stopping_ = true;
    wake();
    thread_.join();
  }

  struct Submitted {
    std::vector<OwnedOperation> operations;
    Instant deadline;
    Completion completion;
  };

  // Both: CallError::closed once the Client is being destroyed, when only completions can call.
  CallError submit(Submitted submitted) { return hand_over(inbox_, std::move(submitted)); }
  CallError ask(Questions::Question question) { return hand_over(asked_, std::move(question)); }

  bool available() const { return available_; }
  // Whether the caller is the I/O thread, which runs nothing of others but completions.
  bool is_inside_completion() const { return std::this_thread::get_id() == thread_.get_id(); }
  std::uint64_t completions_that_threw() const { return completions_that_threw_; }

 private:
  // The distributor or the comparator. A peer that was quiet is asked for a word, which both answer
  // with a welcome; one that does not answer is connected to anew (law 23).
  struct Link {
    Channel channel;
    Instant heard = {};
    Silence silence = {};
  };

  void wake() {
    const std::uint64_t one = 1;
    CHECK(write(wake_fd_.get(), &one, sizeof one) == sizeof one);
  }

  // The I/O thread looks into the inbox once more before it sleeps.
  template <class Item>
  CallError hand_over(std::vector<Item>& inbox, Item item) {
    const std::lock_guard lock(mutex_);
    if (takes_no_more_) return CallError::closed;
    inbox.push_back(std::move(item));
    if (std::exchange(asleep_, false)) wake();
    return CallError::none;
  }

  void run() {
    Instant give_up = Instant::never();
    for (;;) {
      const Instant now = monotonic_now();
      if (stopping_ && give_up == Instant::never()) {
        stop_taking();
        take_inbox(now);
        core_.close(now);
        give_up = now + closing_time;
      }
      SessionOutput output = turn(core_, now, [&](SessionCore&) { receive_all(now); });
      available_ = core_.available();
      carry_out(std::move(output));
      tend_questions(now);
      look_after(distributor_, now);
      look_after(comparator_, now);
      if (core_.closed() || give_up <= now) break;
      rest(std::min({give_up, core_.next_deadline(), questions_.next_deadline()}));
    }
    for (const auto& completion : questions_.take_expired(Instant::never())) complete(completion, std::nullopt);
  }

  void stop_taking() {
    const std::lock_guard lock(mutex_);
    takes_no_more_ = true;
  }

  void rest(Instant deadline) {
    {
      const std::lock_guard lock(mutex_);
      if (!inbox_.empty() || !asked_.empty()) return;
      asleep_ = true;
    }
    waiter_.wait(deadline);
    std::uint64_t count = 0;
    if (waiter_.is_ready(wake_fd_.get())) CHECK(read(wake_fd_.get(), &count, sizeof count) == sizeof count);
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }

  void take_inbox(Instant now) {
    std::vector<Submitted> inbox;
    std::vector<Questions::Question> asked;
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
    for (Questions::Question& question : asked) questions_.ask(std::move(question), now);
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
    // If it does not leave, there is no answer either.
    link.channel.send({}, ClientHello{incarnation_});
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
    if (const auto completion = questions_.take_answered(message)) complete(completion, message);
  }

  void tend_questions(Instant now) {
    for (const auto& completion : questions_.take_expired(now)) complete(completion, std::nullopt);
    questions_.send_due(now, [this](const Message& message) {
      Link& link = std::holds_alternative<ObservationQuery>(message) ? comparator_ : distributor_;
      return link.channel.send({}, message) == SendResult::sent;
    });
  }

  void carry_out(SessionOutput output) {
    for (const Message& message : output.to_distributor)
      if (distributor_.channel.send({}, message) != SendResult::sent)
        if (const auto* request = std::get_if<ClientRequest>(&message))
          core_.not_sent(request->request, monotonic_now());
    for (const Message& message : output.to_comparator) comparator_.channel.send({}, message);
    for (CompletedCall& completed : output.completed) {
      const auto found = completions_.find(completed.call.value);
      CHECK(found != completions_.end());
      const Completion completion = std::move(found->second);
      completions_.erase(found);
      complete(completion, std::move(completed.answers));
    }
  }

  // The caller's code runs here, and what it throws must not end the loop that all other calls
  // depend on.
  template <class Completed, class Result>
  void complete(const Completed& completion, Result&& result) {
    try {
      completion(std::forward<Result>(result));
    } catch (const std::exception& error) {
      count_exception(error.what());
    } catch (...) {
      count_exception("no std::exception");
    }
  }

  // They may be many, so only the first is told.
  void count_exception(const char* what) {
    if (completions_that_threw_++ == 0) std::fprintf(stderr, "tally client: a completion threw: %s\n", what);
  }

  std::string routing_id_;
  Incarnation incarnation_;
  zmq::context_t context_;
  Link distributor_;
  Link comparator_;
  Descriptor wake_fd_;
  Waiter waiter_;
  SessionCore core_;
  std::unordered_map<std::uint64_t, Completion> completions_;
  Questions questions_;
  std::uint64_t calls_made_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> available_ = true;
  std::atomic<std::uint64_t> completions_that_threw_ = 0;

  std::mutex mutex_;  // guards what follows
  std::vector<Submitted> inbox_;
  std::vector<Questions::Question> asked_;
  bool asleep_ = false;
  bool takes_no_more_ = false;

  std::thread thread_;
};

Client::Client(std::unique_ptr<Shell> shell) : shell_(std::move(shell)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

tl::expected<Client, std::string> Client::connect(const ClientOptions& options) {
  if (options.requests_in_flight < 1 || options.requests_in_flight > limits::session_window)
    return tl::unexpected("requests_in_flight must be from 1 to " + std::to_string(limits::session_window));
  try {
    return Client(std::make_unique<Shell>(options));
  } catch (const std::exception& error) {
    return tl::unexpected(std::string(error.what()));
  }
}

bool Client::available() const { return shell_->available(); }
std::uint64_t Client::completions_that_threw() const { return shell_->completions_that_threw(); }

// ---- calls

CallError Client::submit(std::vector<OwnedOperation> operations, std::chrono::nanoseconds timeout,
                         Completion completion) {
  if (operations.empty()) return CallError::no_operations;
  if (operations.size() > limits::request_operations) return CallError::too_many_operations;
  const CallError misuse = misuse_of(timeout, static_cast<bool>(completion));
  if (misuse != CallError::none) return misuse;
  return shell_->submit({std::move(operations), deadline_in(timeout), std::move(completion)});
}

std::vector<Answer> Client::call(std::vector<OwnedOperation> operations, std::chrono::nanoseconds timeout) {
  const std::size_t count = std::max<std::size_t>(operations.size(), 1);
  std::promise<std::vector<Answer>> promise;
  CallError misuse = CallError::inside_completion;
  if (!shell_->is_inside_completion())
    misuse = submit(std::move(operations), timeout,
                    [&](std::vector<Answer> answers) { promise.set_value(std::move(answers)); });
  if (misuse != CallError::none) return failed_answers(count, CallOutcome::not_applied, misuse);
  return promise.get_future().get();
}

Answer Client::call(OwnedOperation operation, std::chrono::nanoseconds timeout) {
  std::vector<OwnedOperation> operations;
  operations.push_back(std::move(operation));
  return std::move(call(std::move(operations), timeout).front());
}

// ---- questions

namespace {

// `ask` takes a completion.
template <class Reply, class Ask>
tl::expected<Reply, CallError> reply_to(const Ask& ask) {
  std::promise<std::optional<Reply>> promise;
  const CallError misuse = ask([&](std::optional<Reply> reply) { promise.set_value(std::move(reply)); });
  if (misuse != CallError::none) return tl::unexpected(misuse);
  std::optional<Reply> reply = promise.get_future().get();
  if (!reply) return tl::unexpected(CallError::timed_out);
  return std::move(*reply);
}

}  // namespace

CallError Client::status(std::chrono::nanoseconds timeout,
                         std::function<void(std::optional<ClusterStatus>)> completion) {
  const CallError misuse = misuse_of(timeout, static_cast<bool>(completion));
  if (misuse != CallError::none) return misuse;
  return shell_->ask({StatusQuery{}, deadline_in(timeout), [completion](const std::optional<Message>& message) {
                        completion(taken_as<ClusterStatus>(message));
                      }});
}

tl::expected<ClusterStatus, CallError> Client::status(std::chrono::nanoseconds timeout) {
  if (shell_->is_inside_completion()) return tl::unexpected(CallError::inside_completion);
  return reply_to<ClusterStatus>([&](auto completion) { return status(timeout, std::move(completion)); });
}

CallError Client::admin(AdminCommand command, std::chrono::nanoseconds timeout,
                        std::function<void(std::optional<AdminReply>)> completion) {
  const CallError misuse = misuse_of(timeout, static_cast<bool>(completion));
  if (misuse != CallError::none) return misuse;
  return shell_->ask({std::move(command), deadline_in(timeout), [completion](const std::optional<Message>& message) {
                        completion(taken_as<AdminReply>(message));
                      }});
}

tl::expected<AdminReply, CallError> Client::admin(AdminCommand command, std::chrono::nanoseconds timeout) {
  if (shell_->is_inside_completion()) return tl::unexpected(CallError::inside_completion);
  return reply_to<AdminReply>(
      [&](auto completion) { return admin(std::move(command), timeout, std::move(completion)); });
}

CallError Client::observe(std::uint64_t after_record, std::chrono::nanoseconds timeout,
                          std::function<void(std::optional<Observation>)> completion) {
  const CallError misuse = misuse_of(timeout, static_cast<bool>(completion));
  if (misuse != CallError::none) return misuse;
  return shell_->ask(
      {ObservationQuery{0, after_record}, deadline_in(timeout),
       [completion](const std::optional<Message>& message) { completion(taken_as<Observation>(message)); }});
}

tl::expected<Observation, CallError> Client::observe(std::uint64_t after_record, std::chrono::nanoseconds timeout) {
  if (shell_->is_inside_completion()) return tl::unexpected(CallError::inside_completion);
  return reply_to<Observation>([&](auto completion) { return observe(after_record, timeout, std::move(completion)); });
}

}  // namespace tally
