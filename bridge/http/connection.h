// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.0 or 1.1 connection. It reads a request, has it answered, writes the answer, and reads
// the next request.
//
// Requests are served one at a time and in order; what a client pipelines waits in the buffer.
// Everything that a request needs lives here and is used again, so that a request like the one
// before allocates next to nothing. Every wait has a deadline, which Server's sweep enforces by
// overdue().
//
// It has more functions and members than other classes, because it is one state machine: each
// function is a step of it, and nearly all of them change the stage, the deadline and what is
// pending together.
//
// Lifetime: whoever may still call back holds it, that is, the pending read or write and the
// question to the group. When nothing is pending, it is gone. Thread: the io_context's.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>

#include "bridge/http/answers.h"
#include "bridge/http/request_parser.h"
#include "bridge/http/shared.h"
#include "bridge/listener.h"

namespace tally::bridge::http {

class Connection final : public Asker, public ListAsker, public std::enable_shared_from_this<Connection> {
 public:
  // A connection of the reserve is for one question after the bridge's health; anything else is
  // answered with 503.
  Connection(Socket socket, const IpAddress& peer, Place place, Shared& shared);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  // Serves what is under way, and closes soon.
  void drain();
  // Closes at once.
  void close();
  // Closes at once, and does not wait for an answer of the group either, because the io_context
  // does not run any more.
  void abandon();
  // The sweep has found that its deadline has passed.
  void overdue();
  Instant deadline() const { return deadline_; }
  // The process has stood still for so long.
  void forgive(Duration pause) {
    if (deadline_ != Instant::never()) deadline_ = deadline_ + pause;
  }

  void answered(std::span<const Answer> answers) override;
  void turn_has_come() override { ask_group(); }

 private:
  using error_code = boost::system::error_code;
  enum class Stage { idle, reading_head, reading_body, waiting_its_turn, waiting, writing, lingering, closed };

  // Those that return bool return true if the connection can go on at once, and false if it waits
  // for something or is closed.
  void advance();
  bool take_request();
  bool serve();
  bool serve_task();
  Source source_of_request() const;
  void refuse_list();
  void give_up();
  void explained(const Answer& answer);
  bool may_spend_key(const OwnedOperation& operation);
  bool refuse_key();
  bool reply_problem(const Problem& problem);
  void put_reply();
  bool send_reply();
  bool end_request();

  bool watch();
  void ask_group();
  void ask_cluster();
  void ask_metrics();
  bool reply_metrics();
  void ask_admin(AdminCommand command);
  void read_more();
  void on_read(error_code error, std::size_t bytes);
  void end_unparsed(const Problem& problem);
  bool ask_for_body();
  void linger();
  void read_and_drop();
  void enter(Stage stage, Duration limit);
  void stop_waiting();
  std::shared_ptr<Connection> take_hold();

  Socket socket_;
  const IpAddress peer_;
  const Place place_;
  Shared& shared_;
  Site& site_;               // of shared_
  bool is_admitted_ = true;  // counted in shared_.admission
  Stage stage_ = Stage::idle;
  Instant deadline_ = Instant::never();
  boost::beast::flat_buffer buffer_;
  HttpRequest request_;
  std::optional<RequestParser> parser_;
  Task task_;
  Reply reply_;
  std::string out_;
  bool keep_alive_ = false;    // after the answer under way
  bool more_to_come_ = false;  // the client may still be sending what nobody will read
  bool timed_out_ = false;     // the pending read was cancelled by the sweep
  std::size_t dropped_bytes_ = 0;
  std::shared_ptr<Connection> hold_;  // while the group is asked
};

}  // namespace tally::bridge::http
