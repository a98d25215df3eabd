// SPDX-License-Identifier: Apache-2.0
#include "replica/sessions.h"

#include <algorithm>
#include <cstring>

#include "protocol/bytes.h"
#include "protocol/session.h"

namespace tally {
namespace {

std::string session_key(const SessionId& id, char type = entry_type::session) {
  std::string key(1, type);
  key.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  return key;
}

std::string result_key(const SessionId& id, RequestNumber number) {
  std::string key = session_key(id, entry_type::stored_result);
  append_number(key, number.value);
  return key;
}

SessionId read_session_id(ByteReader& reader) {
  SessionId id;
  const std::string_view bytes = reader.take(id.bytes.size());
  if (reader.ok()) std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

// What a result answers. A number that comes again with other content is not the same request (law
// 24).
Digest content_digest(const Request& request) {
  const char read_only = request.read_only ? 1 : 0;
  return digest_of_parts({{&read_only, 1}, request.operations});
}

std::string result_value(const Digest& content, std::string_view result) {
  std::string value;
  append_digest(value, content);
  value.append(result);
  return value;
}

}  // namespace

std::string Sessions::session_value(const Session& session) {
  std::string value;
  append_number(value, session.acknowledged.value);
  append_number(value, session.last_activity.nanoseconds);
  append_number(value, static_cast<std::uint16_t>(session.principal));
  append_number(value, static_cast<std::uint8_t>(session.used));
  return value;
}

ServedTime Sessions::expiry_of(const Session& session) const {
  return session.last_activity + (session.used ? limits_.session_lifetime : limits_.unused_session_lifetime);
}

void Sessions::expire(ServedTime now) {
  constexpr int most = 1'000;  // in one order: part of the semantics
  for (int count = 0; count < most && !by_expiry_.empty() && by_expiry_.begin()->first <= now; ++count)
    drop(sessions_.find(by_expiry_.begin()->second));
}

bool Sessions::open(const Request& request, ServedTime now) {
  const SessionId& id = request.session;
  if (sessions_.contains(id)) return true;
  Account& account = accounts_[request.principal];
  if (account.sessions >= limits_.of(request.principal).sessions) return false;  // law 18
  account.sessions += 1;
  Session session;
  session.last_activity = now;
  session.principal = request.principal;
  session.announced = true;
  session.digest = entry_digest(session_key(id), session_value(session));
  digest_ += session.digest;
  by_expiry_.emplace(expiry_of(session), id);
  sessions_.emplace(id, std::move(session));
  dirty_.insert(id);
  return true;
}

bool Sessions::close(SessionId id) {
  const auto place = sessions_.find(id);
  if (place == sessions_.end()) return false;
  drop(place);
  return true;
}

Sessions::Admission Sessions::admit(const Request& request, ServedTime now) {
  const auto place = sessions_.find(request.session);
  if (place == sessions_.end()) return {RequestOutcome::session_expired};
  if (request.acknowledged >= request.number) return {RequestOutcome::malformed};
  Entry& entry = *place;
  acknowledge(entry, request.acknowledged);
  touch(entry, std::max(entry.second.acknowledged, request.acknowledged), now);

  const Session& session = entry.second;
  if (request.number <= session.acknowledged) return {RequestOutcome::stale};
  const Digest content = content_digest(request);
  if (const auto stored = session.results.find(request.number); stored != session.results.end()) {
    if (stored->second.content != content) return {RequestOutcome::malformed};
    return {RequestOutcome::executed, stored->second.bytes};
  }
  if (request.number.value - session.acknowledged.value > limits_.session_window)
    return {RequestOutcome::beyond_window};
  return {RequestOutcome::executed, {}, &entry, content};
}

// Results up to `through` have been seen.
void Sessions::acknowledge(Entry& entry, RequestNumber through) {
  auto& results = entry.second.results;
  for (auto place = results.begin(); place != results.end() && place->first <= through;)
    place = drop_result(entry, place);
}

// Activity is noted in steps, so that it rarely changes the digest.
void Sessions::touch(Entry& entry, RequestNumber acknowledged, ServedTime now) {
  auto& [id, session] = entry;
  const bool moved = !session.used || now - session.last_activity >= limits_.session_lifetime / 16;
  if (acknowledged == session.acknowledged && !moved) return;
  session.acknowledged = acknowledged;
  if (moved) {
    by_expiry_.erase({expiry_of(session), id});
    session.last_activity = now;
    session.used = true;
    by_expiry_.emplace(expiry_of(session), id);
  }
  digest_ -= session.digest;
  session.digest = entry_digest(session_key(id), session_value(session));
  digest_ += session.digest;
  dirty_.insert(id);
}

bool Sessions::has_room_for(const Admission& admission, std::size_t result_bytes) const {
  const Session& session = admission.session->second;
  const std::size_t taken = accounts_.at(session.principal).result_bytes;
  const std::size_t most = limits_.of(session.principal).result_bytes;
  return session.bytes + result_bytes <= limits_.session_result_bytes && taken + result_bytes <= most;
}

void Sessions::store(const Admission& admission, RequestNumber number, std::string_view result) {
  auto& [id, session] = *admission.session;
  const Digest digest = entry_digest(result_key(id, number), result_value(admission.content, result));
  session.results.emplace(number, StoredResult{std::string(result), admission.content, digest});
  session.bytes += result.size();
  accounts_[session.principal].result_bytes += result.size();
  digest_ += digest;
  dirty_.insert(id);
}

std::map<RequestNumber, Sessions::StoredResult>::iterator Sessions::drop_result(
    Entry& entry, std::map<RequestNumber, StoredResult>::iterator place) {
  const StoredResult& result = place->second;
  digest_ -= result.digest;
  entry.second.bytes -= result.bytes.size();
  accounts_[entry.second.principal].result_bytes -= result.bytes.size();
  if (result.captured) removed_.emplace_back(entry.first, place->first);
  return entry.second.results.erase(place);
}

void Sessions::drop(std::map<SessionId, Session>::iterator place) {
  const auto& [id, session] = *place;
  acknowledge(*place, RequestNumber(UINT64_MAX));
  digest_ -= session.digest;
  if (session.captured) removed_.emplace_back(id, RequestNumber());
  by_expiry_.erase({expiry_of(session), id});
  accounts_[session.principal].sessions -= 1;
  dirty_.erase(id);
  sessions_.erase(place);
}

Digest Sessions::recomputed_digest() const {
  Digest sum;
  for (const auto& [id, session] : sessions_) {
    sum += entry_digest(session_key(id), session_value(session));
    for (const auto& [number, result] : session.results)
      sum += entry_digest(result_key(id, number), result_value(result.content, result.bytes));
  }
  return sum;
}

// Replaces a digest that was kept by that of the data. True: they are equal.
bool Sessions::adopt(Digest& kept, const Digest& recomputed) {
  if (kept == recomputed) return true;
  digest_ -= kept;
  digest_ += recomputed;
  kept = recomputed;
  return false;
}

Sessions::Scrubbed Sessions::scrub(ScrubPlace& place, std::size_t most) {
  constexpr std::size_t bytes_per_work = 256;
  Scrubbed scrubbed;
  auto entry = place.begun ? sessions_.lower_bound(place.session) : sessions_.begin();
  for (; entry != sessions_.end() && scrubbed.work < most; ++entry) {
    auto& [id, session] = *entry;
    if (!place.begun || id != place.session) {
      place = {id, RequestNumber(), true};
      scrubbed.right &= adopt(session.digest, entry_digest(session_key(id), session_value(session)));
      ++scrubbed.work;
    }
    for (auto result = session.results.upper_bound(place.result); result != session.results.end(); ++result) {
      if (scrubbed.work >= most) return scrubbed;
      auto& [number, stored] = *result;
      const std::string value = result_value(stored.content, stored.bytes);
      scrubbed.right &= adopt(stored.digest, entry_digest(result_key(id, number), value));
      scrubbed.work += 1 + stored.bytes.size() / bytes_per_work;
      place.result = number;
    }
  }
  scrubbed.end = entry == sessions_.end();
  return scrubbed;
}

// ---- capture and restore
// Whoever has a session's secret may open it again after it was closed. Then its entries are
// changed, and not gone.

bool Sessions::has(const SessionId& id, RequestNumber number) const {
  const auto place = sessions_.find(id);
  return place != sessions_.end() && (number == RequestNumber() || place->second.results.contains(number));
}

void Sessions::begin_capture(bool full) {
  captured_through_.reset();
  if (!full) return;
  removed_.clear();
  for (auto& [id, session] : sessions_) {
    dirty_.insert(dirty_.end(), id);
    for (auto& [number, result] : session.results) result.captured = false;
  }
}

void Sessions::capture(Entry& entry, EntryChanges& changes) {
  auto& [id, session] = entry;
  changes.push_back({session_key(id), session_value(session)});
  session.captured = true;
  for (auto& [number, result] : session.results) {
    if (result.captured) continue;
    changes.push_back({result_key(id, number), result_value(result.content, result.bytes)});
    result.captured = true;
  }
}

std::size_t Sessions::capture_some(std::size_t most, EntryChanges& changes) {
  auto place = captured_through_ ? dirty_.upper_bound(*captured_through_) : dirty_.begin();
  const std::size_t end = changes.size() + most;
  while (place != dirty_.end() && changes.size() < end) {
    captured_through_ = *place;
    capture(*sessions_.find(*place), changes);
    place = dirty_.erase(place);
  }
  // From the first one again: some may have changed again.
  if (place == dirty_.end()) captured_through_.reset();
  return dirty_.size();
}

void Sessions::end_capture(EntryChanges& changes) {
  while (capture_some(SIZE_MAX - changes.size(), changes) > 0) continue;
  for (const auto& [id, number] : removed_)
    if (!has(id, number))
      changes.push_back({number == RequestNumber() ? session_key(id) : result_key(id, number), std::nullopt});
  removed_.clear();
}

bool Sessions::restore(std::string_view key, std::string_view value) {
  ByteReader key_reader(key);
  const SessionId id = read_session_id(key_reader);
  ByteReader reader(value);
  const RequestNumber acknowledged(reader.number<std::uint64_t>());
  const ServedTime last_activity{reader.number<std::int64_t>()};
  const auto principal = static_cast<Principal>(reader.number<std::uint16_t>());
  const auto used = reader.number<std::uint8_t>();
  if (!key_reader.at_end() || !reader.at_end()) return false;
  if (last_activity < ServedTime() || principal == Principal{} || used > 1) return false;

  Session& session = sessions_[id];
  if (session.announced) return false;
  session.acknowledged = acknowledged;
  session.last_activity = last_activity;
  session.principal = principal;
  session.used = used != 0;
  session.announced = session.captured = true;
  by_expiry_.emplace(expiry_of(session), id);
  session.digest = entry_digest(session_key(id), value);
  digest_ += session.digest;
  return true;
}

bool Sessions::restore_result(std::string_view key, std::string_view value) {
  ByteReader key_reader(key);
  const SessionId id = read_session_id(key_reader);
  const RequestNumber number(key_reader.number<std::uint64_t>());
  ByteReader reader(value);
  const Digest content = read_digest(reader);
  const std::string_view result = reader.rest();
  if (!key_reader.at_end() || !reader.ok() || result.size() < results::header_bytes) return false;
  const Digest digest = entry_digest(result_key(id, number), value);
  Session& session = sessions_[id];
  if (!session.results.emplace(number, StoredResult{std::string(result), content, digest, true}).second) return false;
  session.bytes += result.size();
  digest_ += digest;
  return true;
}

bool Sessions::finish_restore() {
  for (const auto& [id, session] : sessions_) {
    Account& account = accounts_[session.principal];
    account.sessions += 1;
    account.result_bytes += session.bytes;
    if (!session.announced || session.bytes > limits_.session_result_bytes) return false;
    if (session.results.empty()) continue;
    if (session.results.begin()->first <= session.acknowledged) return false;
    if (session.results.rbegin()->first.value - session.acknowledged.value > limits_.session_window) return false;
  }
  return true;
}

// ---- for operators

Sessions::Account Sessions::account_of(Principal principal) const {
  const auto account = accounts_.find(principal);
  return account == accounts_.end() ? Account{} : account->second;
}

std::uint32_t Sessions::list(std::string_view after, std::uint32_t most, ServedTime now, std::string& bytes) const {
  std::uint32_t count = 0;
  const auto behind = session_from_hex(after.substr(0, after.find(' ')));
  auto place = behind ? sessions_.upper_bound(*behind) : sessions_.begin();
  for (; place != sessions_.end() && count < most; ++place) {
    const auto& [id, session] = *place;
    const std::int64_t idle = (now - session.last_activity).milliseconds() / 1000;
    const std::string text = to_hex(id) + (session.principal == Principal::bridges ? " bridges " : " clients ") +
                             (session.used ? "used " : "unused ") + std::to_string(idle) + " " +
                             std::to_string(session.acknowledged.value) + " " + std::to_string(session.results.size());
    append_number(bytes, static_cast<std::uint16_t>(text.size()));
    bytes.append(text);
    append_number(bytes, static_cast<std::int64_t>(session.bytes));
    ++count;
  }
  return count;
}

std::size_t Sessions::bytes_of(SessionId id) const {
  const auto place = sessions_.find(id);
  return place == sessions_.end() ? 0 : place->second.bytes;
}

}  // namespace tally
