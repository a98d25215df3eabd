// SPDX-License-Identifier: Apache-2.0
// One Redis client's conversation with the bridge: its commands come in, replies and questions for
// the group go out.
//
//   bytes ──receive()──▶ parser ──▶ command ──▶ output()      what needs no answer of the group
//                                           └─▶ question()    what does; answered() makes its replies
//
// While a question is open, nothing more is taken: so a connection has at most one request in
// flight, its commands are executed in their order, and whatever else the client sends waits in its
// own machine. A command that needs the answers to those before it waits in the same way.
//
// What the commands do is in the files *_commands.cc, a function each; commands.h has their table.
// Source: Redis 7.0.15, whose answers are right wherever it has one; docs/redis.md says where this
// door differs. Pure: no socket, no clock, no randomness but what Host says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bridge/resp/authentication.h"
#include "bridge/resp/client_facts.h"
#include "bridge/resp/commands.h"
#include "bridge/resp/host.h"
#include "bridge/resp/parser.h"
#include "bridge/resp/question.h"
#include "bridge/resp/reply.h"
#include "bridge/resp/transaction.h"
#include "bridge/resp/walk.h"

namespace tally::bridge::resp {

class Session {
 public:
  // `host` outlives this.
  Session(Host& host, Peer peer);

  // Takes commands from what the client has sent and nobody has taken yet. Returns how many bytes
  // of it are done with. It stops where a question is to be asked first, or the output is long, or
  // the connection ends.
  std::size_t receive(std::string_view input);

  // Whether there is a question for the group; then nothing is received before it is answered.
  bool asks() const { return question_.has_operations(); }
  Question& question() { return question_; }
  void answered(std::span<const Answer> answers);

  // What is to be sent to the client.
  std::string& output() { return output_; }
  // Whether the connection ends; `silently` drops also what is not sent yet.
  bool ends() const { return ends_; }
  bool ends_silently() const { return ends_silently_; }
  // About how much memory it holds of what the client has sent and not taken.
  std::size_t held_bytes() const;
  // Whether the client still has to authenticate itself.
  bool is_stranger() const { return !authentication_.is_done(); }

  // ---- for the commands

  Host& host() { return host_; }
  const Peer& peer() const { return peer_; }
  Authentication& authentication() { return authentication_; }
  Transaction& transaction() { return transaction_; }
  ClientFacts& client() { return client_; }
  Protocol protocol() const { return protocol_; }
  void set_protocol(Protocol protocol) { protocol_ = protocol; }

  // Writes a reply, behind those of the commands before.
  ReplyWriter reply() { return {reply_text(), protocol_, &host_}; }
  void ok() { reply().simple_string("OK"); }
  void error(std::string_view text) { reply().error(text); }
  // Ends the part of the question that this command has added operations to.
  Question::Part& ask(Question::Format format);
  // Takes over until the walk has ended; in a transaction the walk has one step, with the rest of the
  // transaction.
  void begin(std::unique_ptr<Walk> walk);
  // Executes commands of a transaction, or says why not.
  void execute(const Transaction::Commands& commands);
  bool is_executing() const { return is_executing_; }
  // Whether a name may be a counter's; tells the client if not.
  bool check_name(std::string_view name);
  // Adds an operation that makes no counter. What has no counter's name is missing, as it would be in
  // Redis: the operation has no name then, and its answer is `malformed`.
  OwnedOperation& add_of_present(OperationKind kind, std::string_view name);
  void end() { ends_ = true; }
  void reset();

 private:
  bool take(Arguments arguments);
  const Command* admit(Arguments arguments);
  bool carry_out(const Command& command, Arguments arguments);
  bool must_wait(const Command& command, Arguments arguments) const;
  std::string& reply_text();
  void settle();
  void decide_stake(std::span<const Answer> answers);
  void note_watched(std::span<const Answer> answers);

  Host& host_;
  Peer peer_;
  Parser parser_;
  Protocol protocol_ = Protocol::resp2;
  Authentication authentication_;
  Transaction transaction_;
  ClientFacts client_;
  Question question_;
  std::unique_ptr<Walk> walk_;
  bool walk_is_silent_ = false;
  bool is_executing_ = false;  // a transaction
  // What a transaction has changed of the connection, as it was before. If the group does not execute
  // the transaction, it becomes that again; until then nothing more is taken.
  struct Stake {
    Protocol protocol{};
    Authentication::Client client;
    ClientFacts facts;
    bool operator==(const Stake&) const = default;
  };
  std::optional<Stake> at_stake_;
  std::string output_;
  std::string unheard_;  // replies that the client wants none of
  bool ends_ = false;
  bool ends_silently_ = false;
};

}  // namespace tally::bridge::resp
