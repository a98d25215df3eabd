// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>
#include <vector>

#include "bridge/http/forwarded.h"
#include "bridge/http/limits.h"
#include "bridge/http/live/feed.h"
#include "bridge/limits.h"
#include "client/status_json.h"
#include "protocol/check.h"

namespace tally::bridge::http {

namespace net = boost::asio;
namespace beast = boost::beast::http;

namespace {

bool is_about_health(const Task& task) { return task.action() == Action::livez || task.action() == Action::readyz; }

}  // namespace

Connection::Connection(Socket socket, const IpAddress& peer, Place place, Shared& shared)
    : socket_(std::move(socket)),
      peer_(peer),
      place_(place),
      shared_(shared),
      site_(shared.site),
      buffer_(http_limits::buffer_bytes) {
  shared_.connections.insert(this);
  shared_.admission.enter(source_of(peer_), place_);
  parser_.emplace(request_);
}

Connection::~Connection() {
  close();
  shared_.connections.erase(this);
}

void Connection::start() {
  error_code error;
  socket_.non_blocking(true, error);
  if (error) return close();
  enter(Stage::idle, shared_.keep_alive_timeout);
  read_more();
}

void Connection::drain() {
  // It is not closed at once, because a request may be on its way, and would be lost without an
  // answer.
  if (stage_ == Stage::idle) deadline_ = std::min(deadline_, site_.now + http_limits::drain_grace);
}

void Connection::close() {
  if (std::exchange(is_admitted_, false)) shared_.admission.leave(source_of(peer_), place_);
  stop_waiting();
  stage_ = Stage::closed;
  deadline_ = Instant::never();
  error_code ignored;
  socket_.close(ignored);
  // What is pending lets go of this connection now, or when the group answers.
}

void Connection::abandon() {
  close();
  const auto self = std::move(hold_);
}

void Connection::overdue() {
  if (stage_ == Stage::waiting_its_turn) return refuse_list();
  if (stage_ == Stage::waiting) return give_up();
  if (stage_ != Stage::reading_head && stage_ != Stage::reading_body) return close();
  timed_out_ = true;
  deadline_ = Instant::never();
  error_code ignored;
  socket_.cancel(ignored);  // on_read answers 408
}

void Connection::enter(Stage stage, Duration limit) {
  const bool is_reserve = place_ == Place::reserve;
  stage_ = stage;
  deadline_ = site_.now + (is_reserve ? std::min(limit, http_limits::reserve_timeout) : limit);
  stop_waiting();
  if (stage == Stage::idle && !is_reserve) shared_.idle.push_back(*this);
}

void Connection::stop_waiting() {
  if (is_linked()) unlink();
}

// ---- reading

void Connection::advance() {
  while (take_request() && serve()) {
  }
}

bool Connection::take_request() {
  if (buffer_.size() > 0) {
    error_code error;
    buffer_.consume(parser_->put(buffer_.cdata(), error));
    if (error && error != beast::error::need_more) {
      end_unparsed(parser_->problem_of(error));
      return false;
    }
    if (parser_->is_done()) return true;
  }
  if (parser_->is_header_done() && stage_ != Stage::reading_body) {
    enter(Stage::reading_body, http_limits::body_timeout);
    if (request_.expects_continue && request_.is_http_1_1 && request_.body.empty() && !ask_for_body()) return false;
  } else if (parser_->got_some() && stage_ == Stage::idle) {
    enter(Stage::reading_head, http_limits::head_timeout);
  }
  if (stage_ != Stage::closed) read_more();
  return false;
}

void Connection::read_more() {
  const std::size_t room = buffer_.max_size() - buffer_.size();
  if (room == 0) return end_unparsed({ProblemKind::malformed, "a line of the chunked body is too long"});
  socket_.async_read_some(
      buffer_.prepare(std::min(http_limits::read_bytes, room)),
      [self = shared_from_this()](error_code error, std::size_t bytes) { self->on_read(error, bytes); });
}

void Connection::on_read(error_code error, std::size_t bytes) {
  if (stage_ == Stage::closed) return;
  const bool timed_out = std::exchange(timed_out_, false);
  if (error && timed_out) return end_unparsed({ProblemKind::request_timeout, "the rest of the request did not come"});
  if (error) return close();
  buffer_.commit(bytes);
  advance();
}

// What came is no request that can be answered, and where the next one would begin is not known.
void Connection::end_unparsed(const Problem& problem) {
  more_to_come_ = true;
  reply_problem(problem);
}

// The client waits for a word before it sends its body (RFC 9110, section 10.1.1). Returns false if
// that word was a refusal.
bool Connection::ask_for_body() {
  if (const auto task = understand_head(request_, shared_.rules); !task) {
    end_unparsed(task.error());
    return false;
  }
  // So little always fits into the socket's buffer, because every earlier answer has left.
  constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code error;
  if (socket_.write_some(net::buffer(text), error) != text.size()) close();
  return true;
}

// ---- serving

bool Connection::serve() {
  auto task = understand(request_, shared_.rules);
  keep_alive_ = parser_->keep_alive() && !site_.draining && place_ == Place::served;
  if (place_ == Place::reserve && !(task && is_about_health(*task)))
    return reply_problem({ProblemKind::overloaded, "no more connections are served, of this address or of all"});
  if (!task) return reply_problem(task.error());
  task_ = std::move(*task);
  return serve_task();
}

Source Connection::source_of_request() const { return source_of(client_of(peer_, request_, site_.proxies)); }

bool Connection::may_spend_key(const OwnedOperation& operation) {
  return operation.idempotency_key.empty() || site_.key_shares.take(source_of_request(), site_.now);
}

bool Connection::refuse_key() {
  const auto seconds_left = static_cast<std::uint32_t>(door_limits::key_step.milliseconds() / 1000);
  write_problem({ProblemKind::too_many_keys, "too many requests with an Idempotency-Key came from this address"},
                {seconds_left + shared_.retry_after_seconds()}, reply_);
  return send_reply();
}

bool Connection::serve_task() {
  if (auto* operation = std::get_if<OwnedOperation>(&task_.work)) {
    if (!may_spend_key(*operation)) return refuse_key();
    stop_waiting();
    if (operation->kind == OperationKind::list && !site_.list_turns.begin(source_of_request(), *this)) {
      hold_ = shared_from_this();
      stage_ = Stage::waiting_its_turn;
      deadline_ = site_.now + door_limits::list_turn_timeout;
    } else {
      ask_group();
    }
    return false;
  }
  if (auto* command = std::get_if<AdminCommand>(&task_.work)) {
    ask_admin(std::move(*command));
    return false;
  }
  switch (task_.action()) {
    case Action::cluster: ask_cluster(); return false;
    case Action::metrics:
      if (shared_.figures->are_fresh(site_.now)) return reply_metrics();
      ask_metrics();
      return false;
    case Action::events: return watch();
    case Action::page: write_page(*find_page_file("index.html"), reply_); return send_reply();
    case Action::page_file: write_page(*task_.route.file, reply_); return send_reply();
    case Action::options: write_allow(task_.route.allow, reply_); return send_reply();
    case Action::livez: write_json(R"({"status":"alive"})", reply_); return send_reply();
    case Action::readyz:
      if (site_.draining) return reply_problem({ProblemKind::draining, "this bridge is shutting down"});
      if (!site_.is_ready())
        return reply_problem({ProblemKind::unavailable, "the group does not decide, as far as this bridge has heard"});
      write_json(R"({"status":"ready"})", reply_);
      return send_reply();
    default: return reply_problem({ProblemKind::broken, "a route without a task"});
  }
}

// Waits until the group answers, which the client library promises within its timeout.
std::shared_ptr<Connection> Connection::take_hold() {
  enter(Stage::waiting, site_.exchange->timeout() + http_limits::answer_grace);
  return shared_from_this();
}

// From here on the socket is a viewer's, and this connection is over.
bool Connection::watch() {
  if (site_.draining) return reply_problem({ProblemKind::draining, "this bridge is shutting down"});
  if (!shared_.feed->has_room(source_of(peer_), is_in(peer_, site_.proxies), shared_.admission))
    return reply_problem({ProblemKind::overloaded, "too many watch this bridge"});
  keep_alive_ = false;
  write_events(reply_);
  if (request_.method == Method::head) return send_reply();
  ++shared_.counts.requests;
  put_reply();
  auto viewer = std::make_shared<Viewer>(std::move(socket_), peer_, place_, shared_);
  close();
  viewer->start(out_);
  shared_.feed->add(viewer, request_.last_event_id);
  return false;
}

void Connection::ask_group() {
  hold_ = take_hold();
  site_.exchange->submit(std::move(std::get<OwnedOperation>(task_.work)), *this);
}

// The answer is long due. This process has stood still, and nothing is known of what became of the
// request.
void Connection::give_up() {
  keep_alive_ = false;  // an answer that comes later could not be told from that to another request
  reply_problem(unanswered(!task_.changes()));
}

// The list's turn did not come in time.
void Connection::refuse_list() {
  const auto self = std::move(hold_);
  stop_waiting();
  if (reply_problem({ProblemKind::overloaded, "too many lists of counters are asked for"})) advance();
}

void Connection::answered(std::span<const Answer> answers) {
  const auto self = std::move(hold_);
  if (task_.action() == Action::list)
    if (ListAsker* next = site_.list_turns.ended()) next->turn_has_come();
  if (stage_ != Stage::waiting) return;  // closed, or given up
  write_answer(task_, answers.front(), shared_.circumstances(), reply_);
  if (reply_.problem && is_the_groups_affair(*reply_.problem) && site_.group->reason().empty()) {
    hold_ = self;
    return site_.group->ask_why([this, answer = answers.front()] { explained(answer); });
  }
  if (send_reply()) advance();
}

// The newest status is later than the answer, which is a problem.
void Connection::explained(const Answer& answer) {
  const auto self = std::move(hold_);
  if (stage_ != Stage::waiting) return;
  write_answer(task_, answer, shared_.circumstances(), reply_);
  if (send_reply()) advance();
}

void Connection::ask_cluster() {
  site_.exchange->status(site_.exchange->timeout(), [self = take_hold()](const std::optional<ClusterStatus>& status) {
    if (self->stage_ != Stage::waiting) return;
    const Processes processes = self->task_.is_operators ? Processes::shown : Processes::hidden;
    if (status) write_json(status_json(*status, processes), self->reply_);
    const bool goes_on =
        status ? self->send_reply()
               : self->reply_problem({ProblemKind::unavailable, "the distributor did not answer in time"});
    if (goes_on) self->advance();
  });
}

void Connection::ask_metrics() {
  shared_.figures->gather(site_.now, [self = take_hold()] {
    if (self->stage_ == Stage::waiting && self->reply_metrics()) self->advance();
  });
}

bool Connection::reply_metrics() {
  std::vector<DoorFigures> doors;
  for (const Door* door : site_.doors) doors.push_back(door->figures());
  write_metrics(bridge_metrics({std::move(doors), shared_.refusals, site_.exchange->answered(), TALLY_VERSION}) +
                    shared_.figures->text(),
                reply_);
  return send_reply();
}

void Connection::ask_admin(AdminCommand command) {
  const auto asked = command;
  site_.exchange->admin(std::move(command), [self = take_hold(), asked](const std::optional<AdminReply>& answer) {
    if (self->stage_ != Stage::waiting) return;
    write_admin_reply(asked, answer, self->shared_.rules, self->shared_.circumstances(), self->reply_);
    if (self->send_reply()) self->advance();
  });
}

bool Connection::reply_problem(const Problem& problem) {
  write_problem(problem, shared_.circumstances(), reply_);
  return send_reply();
}

// ---- writing

// The whole answer, in place of the one before.
void Connection::put_reply() {
  out_.clear();
  append_response(
      out_, reply_,
      {keep_alive_, shared_.keep_alive_timeout.milliseconds() / 1000, request_.method == Method::head, shared_.date});
}

bool Connection::send_reply() {
  if (site_.draining || more_to_come_) keep_alive_ = false;
  ++shared_.counts.requests;
  if (reply_.problem) ++shared_.refusals[static_cast<std::size_t>(*reply_.problem)];
  put_reply();
  // Nearly always the kernel takes all of it, and no turn of the event loop is needed.
  error_code error;
  const std::size_t sent = socket_.write_some(net::buffer(out_), error);
  if (error && error != net::error::would_block) {
    close();
    return false;
  }
  if (sent == out_.size()) return end_request();
  enter(Stage::writing, http_limits::write_timeout);
  net::async_write(socket_, net::buffer(out_) + sent, [self = shared_from_this()](error_code failure, std::size_t) {
    if (self->stage_ == Stage::closed) return;
    if (failure) return self->close();
    if (self->end_request()) self->advance();
  });
  return false;
}

bool Connection::end_request() {
  if (!keep_alive_) {
    linger();
    return false;
  }
  request_.clear();
  parser_.emplace(request_);
  enter(Stage::idle, site_.draining ? http_limits::drain_grace : shared_.keep_alive_timeout);
  return true;
}

// If a socket is closed with unread bytes in it, or gets some later, like a line end behind a body,
// it resets the connection, and the client may lose the answer. So the client is told that nothing
// more comes, and what it sends is dropped until it has understood.
void Connection::linger() {
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) return close();
  buffer_.clear();
  enter(Stage::lingering, http_limits::linger_timeout);
  read_and_drop();
}

void Connection::read_and_drop() {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(http_limits::read_bytes),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            if (self->stage_ == Stage::closed) return;
                            self->dropped_bytes_ += bytes;
                            if (error || self->dropped_bytes_ > http_limits::linger_bytes) return self->close();
                            self->read_and_drop();
                          });
}

}  // namespace tally::bridge::http
