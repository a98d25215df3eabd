// SPDX-License-Identifier: Apache-2.0
// What each command does. All of them have the shape of commands.h's Handler: they write their reply
// at once, or add operations to the session's question and say how the answers become the reply.
// Before that, arity and rights were checked.
#pragma once

#include "bridge/resp/commands.h"

namespace tally::bridge::resp {

// counter_commands.cc: values.
void increment(Session& session, Arguments arguments);
void increment_by(Session& session, Arguments arguments);
void decrement(Session& session, Arguments arguments);
void decrement_by(Session& session, Arguments arguments);
void increment_once(Session& session, Arguments arguments);  // TALLY.INCRBY
void get(Session& session, Arguments arguments);
void set(Session& session, Arguments arguments);
void set_if_missing(Session& session, Arguments arguments);  // SETNX
void set_for_seconds(Session& session, Arguments arguments);
void set_for_milliseconds(Session& session, Arguments arguments);
void get_and_set(Session& session, Arguments arguments);
void get_and_remove(Session& session, Arguments arguments);
void get_and_expire(Session& session, Arguments arguments);  // GETEX
void get_many(Session& session, Arguments arguments);
void set_many(Session& session, Arguments arguments);
void set_many_if_missing(Session& session, Arguments arguments);
void remove(Session& session, Arguments arguments);
void exists(Session& session, Arguments arguments);  // TOUCH does the same
void type(Session& session, Arguments arguments);
void length(Session& session, Arguments arguments);
void encoding(Session& session, Arguments arguments);  // OBJECT ENCODING

// expiry_commands.cc
void expire(Session& session, Arguments arguments);
void expire_milliseconds(Session& session, Arguments arguments);
void expire_at(Session& session, Arguments arguments);
void expire_at_milliseconds(Session& session, Arguments arguments);
void time_left(Session& session, Arguments arguments);
void milliseconds_left(Session& session, Arguments arguments);
void expiry_time(Session& session, Arguments arguments);
void expiry_time_milliseconds(Session& session, Arguments arguments);
void persist(Session& session, Arguments arguments);

// name_commands.cc: all counters.
void count_names(Session& session, Arguments arguments);
void list_names(Session& session, Arguments arguments);  // KEYS
void scan(Session& session, Arguments arguments);
void random_name(Session& session, Arguments arguments);
void flush(Session& session, Arguments arguments);

// transaction_commands.cc
void multi(Session& session, Arguments arguments);
void exec(Session& session, Arguments arguments);
void discard(Session& session, Arguments arguments);
void watch(Session& session, Arguments arguments);
void unwatch(Session& session, Arguments arguments);

// script_commands.cc
void evaluate(Session& session, Arguments arguments);
void evaluate_known(Session& session, Arguments arguments);  // EVALSHA
void load_script(Session& session, Arguments arguments);
void has_scripts(Session& session, Arguments arguments);
void flush_scripts(Session& session, Arguments arguments);

// connection_commands.cc
void ping(Session& session, Arguments arguments);
void echo(Session& session, Arguments arguments);
void quit(Session& session, Arguments arguments);
void reset(Session& session, Arguments arguments);
void hello(Session& session, Arguments arguments);
void authenticate(Session& session, Arguments arguments);
void select(Session& session, Arguments arguments);
void client_id(Session& session, Arguments arguments);
void client_line(Session& session, Arguments arguments);  // CLIENT INFO
void client_list(Session& session, Arguments arguments);
void client_set_name(Session& session, Arguments arguments);
void client_get_name(Session& session, Arguments arguments);
void client_set_info(Session& session, Arguments arguments);
void client_on_or_off(Session& session, Arguments arguments);  // NO-EVICT and NO-TOUCH
void client_kill(Session& session, Arguments arguments);
void client_reply(Session& session, Arguments arguments);

// server_commands.cc
void information(Session& session, Arguments arguments);  // INFO
void configuration(Session& session, Arguments arguments);
void time_of_day(Session& session, Arguments arguments);
void wait(Session& session, Arguments arguments);
void flush_functions(Session& session, Arguments arguments);
void no_cluster(Session& session, Arguments arguments);
void command_table(Session& session, Arguments arguments);
void command_count(Session& session, Arguments arguments);
void command_documents(Session& session, Arguments arguments);
void command_information(Session& session, Arguments arguments);
void command_list(Session& session, Arguments arguments);
void command_names_of_counters(Session& session, Arguments arguments);  // GETKEYS

}  // namespace tally::bridge::resp
