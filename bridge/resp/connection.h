// SPDX-License-Identifier: Apache-2.0
// One connection of a Redis client: its socket, around the session that says what is to be done.
//
// It reads, hands the bytes to the session, writes what that has to say, and asks the group what
// that wants to know. While the group is asked, or the client does not take its replies, nothing is
// read: so what one client can make the bridge hold is bounded, and a client that never reads only
// stops itself. What all of them hold together is bounded by Shared::held_bytes.
//
// An idle connection is never closed: clients keep pools of them, and a client that finds its
// connection gone sends its last command again, which may count twice. TCP's keep-alive finds those
// whose client has gone. Whoever has not said who it is, or stopped in the middle of a command or of
// a reply, has a deadline, which Server's sweep enforces by overdue().
//
// Lifetime: whoever may still call back holds it, that is, the pending read or write and the
// question to the group. When nothing is pending, it is gone. Thread: the io_context's.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <span>
#include <string>

#include "bridge/listener.h"
#include "bridge/resp/session.h"
#include "bridge/resp/shared.h"

namespace tally::bridge::resp {

class Connection final : public Asker, public ListAsker, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, const IpAddress& peer, Shared& shared);
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
  void turn_has_come() override { submit(); }

 private:
  using error_code = boost::system::error_code;
  enum class Stage { reading, waiting_its_turn, waiting, writing, lingering, closed };

  void advance();
  void ask_group();
  void submit();
  void give_up(CallOutcome outcome, CallError error);
  bool write();
  void read_more();
  void linger();
  void read_and_drop();
  void go_on_later();
  bool account();
  void enter(Stage stage, Instant deadline);

  Socket socket_;
  const IpAddress peer_;
  Shared& shared_;
  bool is_admitted_ = true;  // counted in shared_.admission
  Stage stage_ = Stage::reading;
  Instant deadline_ = Instant::never();
  const Instant stranger_until_;  // whoever has not authenticated itself by then is closed
  boost::beast::flat_buffer buffer_;
  Session session_;
  std::string out_;        // that is being written
  bool has_list_ = false;  // in the question that is with the group
  std::size_t held_bytes_ = 0;
  std::size_t dropped_bytes_ = 0;
  std::shared_ptr<Connection> hold_;  // while the group is asked
};

}  // namespace tally::bridge::resp
