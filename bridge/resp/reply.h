// SPDX-License-Identifier: Apache-2.0
// Appends replies to the text that a connection sends to a Redis client, in the version of the
// protocol that the client has chosen. Pure.
//
// Source: https://redis.io/docs/reference/protocol-spec, and Redis 7.0.15 for what becomes of a
// type that RESP2 does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tally::bridge::resp {

enum class Protocol : std::uint8_t { resp2 = 2, resp3 = 3 };

class Host;

// Takes no memory of its own. `out` and `host` outlive it.
class ReplyWriter {
 public:
  // `host` counts the errors, if there is one.
  ReplyWriter(std::string& out, Protocol protocol, Host* host = nullptr)
      : out_(out), protocol_(protocol), host_(host) {}

  // One line. A CR or LF in it becomes a blank, so whatever the text is, it is one reply.
  void simple_string(std::string_view text);
  // The same, from its code on: "ERR syntax error". The code tells what it is counted as.
  void error(std::string_view text);

  void integer(std::int64_t number);
  // Any bytes.
  void bulk_string(std::string_view bytes);
  // A number as a bulk string, as GET has it.
  void bulk_integer(std::int64_t number);
  // In RESP2 a bulk string.
  void double_number(double number);
  // In RESP2 the integer 1 or 0.
  void boolean(bool value);
  // Text for people, as INFO has it. In RESP2 a bulk string.
  void verbatim_string(std::string_view text);

  // RESP2 has two: one in place of a bulk string, and one in place of an array.
  void null();
  void null_array();

  // The elements follow, as replies.
  void array(std::size_t elements);
  // Each pair is two replies. In RESP2 an array of all of them.
  void map(std::size_t pairs);
  // In RESP2 an array.
  void set(std::size_t elements);
  // Something that is no command's reply. In RESP2 an array.
  void push(std::size_t elements);

 private:
  bool is_resp3() const { return protocol_ == Protocol::resp3; }
  void line(char type, std::string_view text);
  void number(char type, std::int64_t value);

  std::string& out_;
  Protocol protocol_;
  Host* host_;
};

}  // namespace tally::bridge::resp
