// SPDX-License-Identifier: Apache-2.0
// MULTI, EXEC, DISCARD, WATCH and UNWATCH. The group executes a request as a whole, between all
// others, so the commands of a transaction only have to travel in one.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bridge/resp/handlers.h"
#include "bridge/resp/session.h"

namespace tally::bridge::resp {
namespace {

using Part = Question::Part;

// Its own operations are the conditions. `number`: how many commands there are.
void exec_reply(const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
  for (const Answer& answer : answers)
    if (!answer) return writer.null_array();
  writer.array(static_cast<std::size_t>(part.number));
}

}  // namespace

void multi(Session& session, Arguments /*arguments*/) {
  if (session.transaction().is_open()) return session.error("ERR MULTI calls can not be nested");
  session.transaction().open();
  session.ok();
}

void discard(Session& session, Arguments /*arguments*/) {
  if (!session.transaction().is_open()) return session.error("ERR DISCARD without MULTI");
  session.transaction().close();
  session.ok();
}

void exec(Session& session, Arguments /*arguments*/) {
  Transaction& transaction = session.transaction();
  if (!transaction.is_open()) return session.error("ERR EXEC without MULTI");
  const Transaction taken = transaction.close();
  if (taken.is_spoilt()) return session.error("EXECABORT Transaction discarded because of previous errors.");

  Question& question = session.question();
  const std::size_t first = question.operations().size();
  for (const auto& [name, last_change] : taken.watched()) {
    OwnedOperation& check = question.add(OperationKind::check, name);
    check.conditions = *last_change == 0 ? condition::missing : condition::unchanged;
    check.value = static_cast<std::int64_t>(*last_change);
  }
  Part& begun = session.ask(exec_reply);
  begun.is_transaction = true;
  begun.number = static_cast<std::int64_t>(taken.commands().size());
  const std::size_t place = question.parts() - 1;
  session.execute(taken.commands());
  Part& part = question.part(place);
  part.parts_inside = question.parts() - place - 1;
  part.text_end = question.text().size();
  // Each condition that does not hold passes over all that is behind it.
  const auto operations = question.operations();
  for (std::size_t check = first; check < first + part.count; ++check)
    operations[check].limit = static_cast<std::uint32_t>(operations.size() - check - 1);
}

void watch(Session& session, Arguments arguments) {
  if (session.transaction().is_open()) return session.error("ERR WATCH inside MULTI is not allowed");
  if (arguments.size() - 1 > session.transaction().room_to_watch()) {
    session.transaction().lose_watch();
    return session.error("ERR too many watched counters");
  }
  for (const std::string_view name : arguments.subspan(1)) {
    if (!is_valid_name(name)) continue;  // it is missing, and stays so
    session.transaction().begin_watching(name);
    session.question().add(OperationKind::get, name).detail = true;
  }
  session
      .ask([](const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
        for (const Answer& answer : answers)
          if (write_refusal(answer, writer)) return;
        writer.simple_string("OK");
      })
      .is_watch = true;
}

void unwatch(Session& session, Arguments /*arguments*/) {
  session.transaction().forget_watched();
  session.ok();
}

}  // namespace tally::bridge::resp
