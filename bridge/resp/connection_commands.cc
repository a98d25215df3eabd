// SPDX-License-Identifier: Apache-2.0
// Commands that concern this connection alone.
#include <cstdint>
#include <string>

#include "bridge/resp/handlers.h"
#include "bridge/resp/limits.h"
#include "bridge/resp/words.h"

namespace tally::bridge::resp {
namespace {

constexpr std::string_view server_name = "redis";
constexpr std::string_view served_version = "7.0.15";  // whose answers these are

constexpr std::string_view wrong_password = "WRONGPASS invalid username-password pair or user is disabled.";
constexpr std::string_view no_password_wanted =
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
    "configuration is correct?";

// A name that CLIENT LIST can show in one line.
bool is_client_name(std::string_view name) {
  return name.size() <= resp_limits::client_name_bytes &&
         std::ranges::all_of(name, [](char letter) { return letter >= '!' && letter <= '~'; });
}

bool set_name(Session& session, std::string_view name) {
  if (!is_client_name(name)) {
    session.error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  session.client().name = name;
  return true;
}

// What HELLO says behind the version.
struct HelloOptions {
  bool authenticates = false;
  std::string_view user;
  std::string_view password;
  bool has_name = false;
  std::string_view name;
};

bool read_options(Session& session, Arguments options, HelloOptions& read) {
  while (!options.empty()) {
    if (is_word(options[0], "auth") && options.size() >= 3) {
      read.authenticates = true;
      read.user = options[1];
      read.password = options[2];
      options = options.subspan(3);
    } else if (is_word(options[0], "setname") && options.size() >= 2) {
      read.has_name = true;
      read.name = options[1];
      options = options.subspan(2);
    } else {
      session.error("ERR Syntax error in HELLO option '" + std::string(options[0]) + "'");
      return false;
    }
  }
  return true;
}

void greet(Session& session) {
  ReplyWriter writer = session.reply();
  writer.map(7);
  writer.bulk_string("server");
  writer.bulk_string(server_name);
  writer.bulk_string("version");
  writer.bulk_string(served_version);
  writer.bulk_string("proto");
  writer.integer(static_cast<std::int64_t>(session.protocol()));
  writer.bulk_string("id");
  writer.integer(static_cast<std::int64_t>(session.peer().id));
  writer.bulk_string("mode");
  writer.bulk_string("standalone");
  writer.bulk_string("role");
  writer.bulk_string("master");
  writer.bulk_string("modules");
  writer.array(0);
}

std::string line_of(Session& session) {
  const ClientFacts& client = session.client();
  const Instant now = session.host().now();
  const auto seconds_since = [&](Instant then) { return std::to_string((now - then).milliseconds() / 1000); };
  const bool is_queueing = session.transaction().is_open();
  std::string line = "id=" + std::to_string(session.peer().id) + " addr=" + session.peer().address +
                     " laddr=" + session.peer().own_address + " fd=0 name=" + client.name +
                     " age=" + seconds_since(client.since) + " idle=" + seconds_since(client.last_active) +
                     " flags=" + (is_queueing ? "x" : "N") + " db=0 sub=0 psub=0 ssub=0 multi=" +
                     (is_queueing ? std::to_string(session.transaction().commands().size()) : "-1") +
                     " qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r" +
                     " cmd=" + client.last_command + " user=" + session.authentication().user() +
                     " redir=-1 resp=" + std::to_string(static_cast<int>(session.protocol()));
  if (!client.library.empty()) line += " lib-name=" + client.library + " lib-ver=" + client.library_version;
  return line + '\n';
}

}  // namespace

void ping(Session& session, Arguments arguments) {
  if (arguments.size() > 2) return session.error("ERR wrong number of arguments for 'ping' command");
  if (arguments.size() == 2)
    session.reply().bulk_string(arguments[1]);
  else
    session.reply().simple_string("PONG");
}

void echo(Session& session, Arguments arguments) { session.reply().bulk_string(arguments[1]); }

void quit(Session& session, Arguments /*arguments*/) {
  session.ok();
  session.end();
}

void reset(Session& session, Arguments /*arguments*/) {
  session.reset();
  session.reply().simple_string("RESET");
}

// ---- who the client is

void hello(Session& session, Arguments arguments) {
  Protocol protocol = session.protocol();
  HelloOptions options;
  if (arguments.size() > 1) {
    const auto version = parse_integer(arguments[1]);
    if (!version) return session.error("ERR Protocol version is not an integer or out of range");
    if (*version != 2 && *version != 3) return session.error("NOPROTO unsupported protocol version");
    protocol = *version == 3 ? Protocol::resp3 : Protocol::resp2;
    if (!read_options(session, arguments.subspan(2), options)) return;
  }
  if (options.authenticates && !session.authentication().authenticate(options.user, options.password))
    return session.error(wrong_password);
  if (!session.authentication().is_done())
    return session.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  if (options.has_name && !set_name(session, options.name)) return;
  session.set_protocol(protocol);
  greet(session);
}

void authenticate(Session& session, Arguments arguments) {
  if (arguments.size() > 3) return syntax_error(session);
  const bool names_user = arguments.size() == 3;
  if (!names_user && !session.host().rules().wants_authentication()) return session.error(no_password_wanted);
  const std::string_view user = names_user ? arguments[1] : "default";
  if (!session.authentication().authenticate(user, arguments.back())) return session.error(wrong_password);
  session.ok();
}

void select(Session& session, Arguments arguments) {
  const auto number = integer_of(session, arguments[1]);
  if (!number) return;
  if (*number != static_cast<std::int32_t>(*number))
    return session.error("ERR value is out of range, value must between -2147483648 and 2147483647");
  if (*number != 0) return session.error("ERR DB index is out of range");
  session.ok();
}

// ---- CLIENT

void client_id(Session& session, Arguments /*arguments*/) {
  session.reply().integer(static_cast<std::int64_t>(session.peer().id));
}

void client_line(Session& session, Arguments /*arguments*/) { session.reply().verbatim_string(line_of(session)); }

// CLIENT LIST [TYPE type] [ID number …]. Other clients are none of this one's business, so the list
// has one line, or none where this client is not meant.
void client_list(Session& session, Arguments arguments) {
  const Arguments options = arguments.subspan(2);
  bool is_meant = options.empty();
  if (options.size() == 2 && is_word(options[0], "type")) {
    const std::string_view type = options[1];
    is_meant = is_word(type, "normal");
    const bool is_known = is_meant || is_word(type, "master") || is_word(type, "slave") || is_word(type, "replica") ||
                          is_word(type, "pubsub");
    if (!is_known) return session.error("ERR Unknown client type '" + std::string(type) + "'");
  } else if (options.size() >= 2 && is_word(options[0], "id")) {
    for (const std::string_view text : options.subspan(1)) {
      const auto id = parse_integer(text);
      if (!id) return session.error("ERR Invalid client ID");
      is_meant |= static_cast<std::uint64_t>(*id) == session.peer().id;
    }
  } else if (!options.empty()) {
    return syntax_error(session);
  }
  session.reply().verbatim_string(is_meant ? line_of(session) : std::string());
}

void client_set_name(Session& session, Arguments arguments) {
  if (set_name(session, arguments[2])) session.ok();
}

void client_get_name(Session& session, Arguments /*arguments*/) {
  if (session.client().name.empty())
    session.reply().null();
  else
    session.reply().bulk_string(session.client().name);
}

void client_set_info(Session& session, Arguments arguments) {
  const bool is_name = is_word(arguments[2], "lib-name");
  if (!is_name && !is_word(arguments[2], "lib-ver"))
    return session.error("ERR Unrecognized option '" + std::string(arguments[2]) + "'");
  if (!is_client_name(arguments[3]))
    return session.error("ERR " + std::string(is_name ? "lib-name" : "lib-ver") +
                         " cannot contain spaces, newlines or special characters.");
  (is_name ? session.client().library : session.client().library_version) = arguments[3];
  session.ok();
}

void client_on_or_off(Session& session, Arguments arguments) {
  if (!is_word(arguments[2], "on") && !is_word(arguments[2], "off")) return syntax_error(session);
  session.ok();
}

// CLIENT KILL addr, or with filters: ID number, ADDR addr, LADDR addr, SKIPME yes|no. Only this
// connection can be meant.
void client_kill(Session& session, Arguments arguments) {
  const std::string& own = session.peer().address;
  if (arguments.size() == 3) {
    if (arguments[2] != own) return session.error("ERR No such client");
    session.ok();
    return session.end();
  }
  bool is_meant = true;
  bool skips_own = true;
  const Arguments filters = arguments.subspan(2);
  if (filters.size() % 2 != 0) return syntax_error(session);
  for (std::size_t place = 0; place < filters.size(); place += 2) {
    const std::string_view value = filters[place + 1];
    if (is_word(filters[place], "id")) {
      const auto id = parse_integer(value);
      if (!id || *id <= 0) return session.error("ERR client-id should be greater than 0");
      is_meant &= static_cast<std::uint64_t>(*id) == session.peer().id;
    } else if (is_word(filters[place], "addr")) {
      is_meant &= value == own;
    } else if (is_word(filters[place], "laddr")) {
      is_meant &= value == session.peer().own_address;
    } else if (is_word(filters[place], "skipme") && (is_word(value, "yes") || is_word(value, "no"))) {
      skips_own = is_word(value, "yes");
    } else {
      return syntax_error(session);
    }
  }
  is_meant &= !skips_own;
  session.reply().integer(is_meant ? 1 : 0);
  if (is_meant) session.end();
}

void client_reply(Session& session, Arguments arguments) {
  Replies& replies = session.client().replies;
  if (is_word(arguments[2], "on")) {
    replies = Replies::on;
    session.ok();
  } else if (is_word(arguments[2], "off")) {
    replies = Replies::off;
  } else if (is_word(arguments[2], "skip")) {
    if (replies != Replies::off) replies = Replies::skip_next;
  } else {
    syntax_error(session);
  }
}

}  // namespace tally::bridge::resp
