// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <string_view>
#include <utility>

#include "bridge/limits.h"
#include "bridge/resp/limits.h"

namespace tally::bridge::resp {

namespace net = boost::asio;

namespace {

// Redis's words for the same, shortened to what can be done here.
constexpr std::string_view denied =
    "-DENIED tally serves clients of other machines only after resp_password or resp_users is set, so that nobody "
    "counts whom you do not know.\r\n";
constexpr std::string_view too_much = "-ERR the bridge holds too much for all its clients; send less at a time\r\n";

Peer describe(Socket& socket, const IpAddress& peer, std::uint64_t id) {
  boost::system::error_code ignored;
  const auto text = [](const net::ip::tcp::endpoint& endpoint) {
    return endpoint.address().to_string() + ':' + std::to_string(endpoint.port());
  };
  const auto remote = socket.remote_endpoint(ignored);
  const auto local = socket.local_endpoint(ignored);
  return {id, text(remote), text(local), source_of(peer), peer.is_loopback()};
}

}  // namespace

Connection::Connection(Socket socket, const IpAddress& peer, Shared& shared)
    : socket_(std::move(socket)),
      peer_(peer),
      shared_(shared),
      stranger_until_(shared.site.now + resp_limits::authentication_timeout),
      buffer_(resp_limits::unparsed_bytes + resp_limits::read_bytes),
      session_(shared, describe(socket_, peer, ++shared.newest_id)) {
  shared_.connections.insert(this);
  shared_.admission.enter(source_of(peer_), Place::served);
}

Connection::~Connection() {
  close();
  shared_.held_bytes -= held_bytes_;
  shared_.connections.erase(this);
}

void Connection::start() {
  error_code error;
  socket_.non_blocking(true, error);
  if (error) return close();
  socket_.set_option(net::ip::tcp::no_delay(true), error);
  if (!session_.peer().is_loopback && !shared_.rules().wants_authentication()) {
    session_.output() = denied;
    session_.end();
  }
  advance();
}

void Connection::drain() {
  if (stage_ == Stage::reading) enter(Stage::reading, shared_.site.now + resp_limits::drain_grace);
}

void Connection::close() {
  if (std::exchange(is_admitted_, false)) shared_.admission.leave(source_of(peer_), Place::served);
  if (is_linked()) unlink();
  enter(Stage::closed, Instant::never());
  error_code ignored;
  socket_.close(ignored);
  // What is pending lets go of this connection now, or when the group answers.
}

void Connection::abandon() {
  close();
  const auto self = std::move(hold_);
}

// In Stage::waiting the answer is long due: this process has stood still, and nothing is known of
// what became of the question.
void Connection::overdue() {
  if (stage_ == Stage::waiting_its_turn) return give_up(CallOutcome::not_applied, CallError::overloaded);
  close();
}

void Connection::enter(Stage stage, Instant deadline) {
  stage_ = stage;
  deadline_ = deadline;
}

// ---- one turn: what has come is taken, what is to be said is sent, what is to be known is asked

void Connection::advance() {
  for (;;) {
    const std::string_view input(static_cast<const char*>(buffer_.cdata().data()), buffer_.size());
    const std::size_t done = session_.receive(input);
    buffer_.consume(done);
    if (done > 0) deadline_ = Instant::never();  // another command begins
    if (session_.ends_silently() || !account()) return close();
    if (session_.asks()) return ask_group();
    const bool has_said_something = !session_.output().empty();
    if (!write()) return;
    if (session_.ends()) return linger();
    if (shared_.site.draining && buffer_.size() == 0) return linger();
    if (!has_said_something) return read_more();
    // A session that has much to say leaves commands in the buffer, also where an answer of the group
    // was so long that it has taken none. First it is the others' turn.
    if (buffer_.size() > 0) return go_on_later();
  }
}

void Connection::go_on_later() {
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->stage_ != Stage::closed) self->advance();
  });
}

// Keeps the count of what this connection holds. False: all of them hold too much, and this one is
// told so and has to go.
bool Connection::account() {
  if (buffer_.size() == 0 && buffer_.capacity() > resp_limits::free_bytes) buffer_.shrink_to_fit();
  const std::size_t holds = buffer_.capacity() + session_.held_bytes() + out_.capacity();
  shared_.held_bytes += holds - held_bytes_;
  held_bytes_ = holds;
  if (holds <= resp_limits::free_bytes || shared_.held_bytes <= resp_limits::held_bytes) return true;
  error_code ignored;
  socket_.write_some(net::buffer(too_much), ignored);
  return false;
}

// ---- the group

void Connection::ask_group() {
  has_list_ = session_.question().has_list();
  hold_ = shared_from_this();
  if (has_list_ && !shared_.site.list_turns.begin(session_.peer().source, *this))
    enter(Stage::waiting_its_turn, shared_.site.now + door_limits::list_turn_timeout);
  else
    submit();
}

void Connection::submit() {
  Exchange& exchange = *shared_.site.exchange;
  enter(Stage::waiting, shared_.site.now + exchange.timeout() + resp_limits::answer_grace);
  exchange.submit(session_.question().operations(), *this);
}

void Connection::give_up(CallOutcome outcome, CallError error) {
  const auto self = std::move(hold_);
  if (is_linked()) unlink();
  has_list_ = false;
  session_.answered(failed_answers(session_.question().operations().size(), outcome, error));
  enter(Stage::reading, Instant::never());
  advance();
}

void Connection::answered(std::span<const Answer> answers) {
  const auto self = std::move(hold_);
  if (std::exchange(has_list_, false))
    if (ListAsker* next = shared_.site.list_turns.ended()) next->turn_has_come();
  if (stage_ != Stage::waiting) return;  // closed
  session_.answered(answers);
  enter(Stage::reading, Instant::never());
  advance();
}

// ---- the socket

// False: the rest of the output waits for the client, or the connection is closed.
bool Connection::write() {
  if (session_.output().empty()) return true;
  // Nearly always the kernel takes all of it, and no turn of the event loop is needed.
  error_code error;
  const std::size_t sent = socket_.write_some(net::buffer(session_.output()), error);
  if (error && error != net::error::would_block) {
    close();
    return false;
  }
  if (sent == session_.output().size()) {
    session_.output().clear();
    if (session_.output().capacity() > resp_limits::kept_text_bytes) session_.output().shrink_to_fit();
    return true;
  }
  out_ = std::exchange(session_.output(), {});
  enter(Stage::writing, shared_.site.now + resp_limits::write_timeout);
  net::async_write(socket_, net::buffer(out_) + sent, [self = shared_from_this()](error_code failure, std::size_t) {
    if (self->stage_ == Stage::closed) return;
    if (failure) return self->close();
    std::string().swap(self->out_);  // an assignment would keep the memory
    self->enter(Stage::reading, Instant::never());
    if (self->session_.ends()) return self->linger();
    self->advance();
  });
  return false;
}

void Connection::read_more() {
  Instant deadline = Instant::never();
  if (buffer_.size() > 0) deadline = shared_.site.now + resp_limits::command_timeout;
  if (session_.is_stranger()) deadline = std::min(deadline, stranger_until_);
  if (shared_.site.draining) deadline = shared_.site.now + resp_limits::drain_grace;
  // The rest of a command has its time from the command's beginning.
  if (stage_ == Stage::reading) deadline = std::min(deadline, deadline_);
  enter(Stage::reading, deadline);
  socket_.async_read_some(buffer_.prepare(resp_limits::read_bytes),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            if (self->stage_ == Stage::closed) return;
                            if (error) return self->close();
                            self->buffer_.commit(bytes);
                            self->advance();
                          });
}

// If a socket is closed with unread bytes in it, it resets the connection, and the client may lose
// the last reply. So the client is told that nothing more comes, and what it sends is dropped until
// it has understood.
void Connection::linger() {
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) return close();
  buffer_.clear();
  enter(Stage::lingering, shared_.site.now + resp_limits::linger_timeout);
  read_and_drop();
}

void Connection::read_and_drop() {
  buffer_.clear();
  socket_.async_read_some(buffer_.prepare(resp_limits::read_bytes),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            if (self->stage_ == Stage::closed) return;
                            self->dropped_bytes_ += bytes;
                            if (error || self->dropped_bytes_ > resp_limits::linger_bytes) return self->close();
                            self->read_and_drop();
                          });
}

}  // namespace tally::bridge::resp
