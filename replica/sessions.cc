// SPDX-License-Identifier: Apache-2.0
#include "replica/sessions.h"

#include <algorithm>

#include "protocol/bytes.h"

namespace tally {
namespace {

std::string session_key(const SessionId& id, char type = entry_type::session) {
  std::string key(1, type);
  append_number(key, id.opened.value);
  append_number(key, id.index);
  return key;
}

std::string result_key(const SessionId& id, RequestNumber number) {
  std::string key = session_key(id, entry_type::stored_result);
  append_number(key, number.value);
  return key;
}

std::string session_value(RequestNumber acknowledged, ServedTime last_activity) {
  std::string value;
  append_number(value, acknowledged.value);
  append_number(value, last_activity.nanoseconds);
  return value;
}

SessionId read_session_id(ByteReader& reader) {
  const Sequence opened(reader.number<std::uint64_t>());
  return {opened, reader.number<std::uint32_t>()};
}

}  // namespace

void Sessions::expire(ServedTime now) {
  while (!by_activity_.empty() && now - by_activity_.begin()->first >= limits_.session_lifetime)
    drop(sessions_.find(by_activity_.begin()->second));
}

bool Sessions::open(SessionId id, ServedTime now) {
  if (sessions_.size() >= limits_.sessions) return false;  // law 18
  Session session;
  session.last_activity = now;
  session.announced = true;
  session.digest = entry_digest(session_key(id), session_value(RequestNumber(), now));
  digest_ += session.digest;
  sessions_.emplace(id, std::move(session));
  by_activity_.emplace(now, id);
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
  if (place == sessions_.end()) return {RequestOutcome::session_expired, {}, nullptr};
  Entry& entry = *place;
  acknowledge(entry, request.acknowledged);
  touch(entry, std::max(entry.second.acknowledged, request.acknowledged), now);

  const Session& session = entry.second;
  if (request.number <= session.acknowledged) return {RequestOutcome::stale, {}, nullptr};
  if (const auto stored = session.results.find(request.number); stored != session.results.end())
    return {RequestOutcome::executed, stored->second.bytes, nullptr};
  if (request.number.value - session.acknowledged.value > limits_.session_window)
    return {RequestOutcome::beyond_window, {}, nullptr};
  return {RequestOutcome::executed, {}, &entry};
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
  const bool moved = now - session.last_activity >= limits_.session_lifetime / 16;
  if (acknowledged == session.acknowledged && !moved) return;
  session.acknowledged = acknowledged;
  if (moved) {
    by_activity_.erase({session.last_activity, id});
    session.last_activity = now;
    by_activity_.emplace(now, id);
  }
  digest_ -= session.digest;
  session.digest = entry_digest(session_key(id), session_value(session.acknowledged, session.last_activity));
  digest_ += session.digest;
  dirty_.insert(id);
}

void Sessions::store(const Admission& admission, RequestNumber number, std::string_view result) {
  auto& [id, session] = *admission.session;
  const Digest digest = entry_digest(result_key(id, number), result);
  session.results.emplace(number, StoredResult{std::string(result), digest});
  stored_bytes_ += result.size();
  digest_ += digest;
  dirty_.insert(id);
}

std::map<RequestNumber, Sessions::StoredResult>::iterator Sessions::drop_result(
    Entry& entry, std::map<RequestNumber, StoredResult>::iterator place) {
  const StoredResult& result = place->second;
  digest_ -= result.digest;
  stored_bytes_ -= result.bytes.size();
  if (result.captured) removed_.push_back(result_key(entry.first, place->first));
  return entry.second.results.erase(place);
}

void Sessions::drop(std::map<SessionId, Session>::iterator place) {
  const auto& [id, session] = *place;
  acknowledge(*place, RequestNumber(UINT64_MAX));
  digest_ -= session.digest;
  if (session.captured) removed_.push_back(session_key(id));
  by_activity_.erase({session.last_activity, id});
  dirty_.erase(id);
  sessions_.erase(place);
}

Digest Sessions::recomputed_digest() const {
  Digest sum;
  for (const auto& [id, session] : sessions_) {
    sum += entry_digest(session_key(id), session_value(session.acknowledged, session.last_activity));
    for (const auto& [number, result] : session.results) sum += entry_digest(result_key(id, number), result.bytes);
  }
  return sum;
}

// True: they are equal.
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
      const std::string value = session_value(session.acknowledged, session.last_activity);
      scrubbed.right &= adopt(session.digest, entry_digest(session_key(id), value));
      ++scrubbed.work;
    }
    for (auto result = session.results.upper_bound(place.result); result != session.results.end(); ++result) {
      if (scrubbed.work >= most) return scrubbed;
      auto& [number, stored] = *result;
      scrubbed.right &= adopt(stored.digest, entry_digest(result_key(id, number), stored.bytes));
      scrubbed.work += 1 + stored.bytes.size() / bytes_per_work;
      place.result = number;
    }
  }
  scrubbed.end = entry == sessions_.end();
  return scrubbed;
}

// ---- capture and restore. Neither a session's id nor a result's number ever comes again, so no key is both removed
// and changed.

void Sessions::begin_capture(bool full) {
  captured_through_ = {};
  if (!full) return;
  removed_.clear();
  for (auto& [id, session] : sessions_) {
    dirty_.insert(dirty_.end(), id);
    for (auto& [number, result] : session.results) result.captured = false;
  }
}

void Sessions::capture(Entry& entry, EntryChanges& changes) {
  auto& [id, session] = entry;
  changes.push_back({session_key(id), session_value(session.acknowledged, session.last_activity)});
  session.captured = true;
  for (auto& [number, result] : session.results) {
    if (result.captured) continue;
    changes.push_back({result_key(id, number), result.bytes});
    result.captured = true;
  }
}

std::size_t Sessions::capture_some(std::size_t most, EntryChanges& changes) {
  auto place = dirty_.upper_bound(captured_through_);
  const std::size_t end = changes.size() + most;
  while (place != dirty_.end() && changes.size() < end) {
    captured_through_ = *place;
    capture(*sessions_.find(*place), changes);
    place = dirty_.erase(place);
  }
  if (place == dirty_.end()) captured_through_ = {};  // once more from the first, if it changed again
  return dirty_.size();
}

void Sessions::end_capture(EntryChanges& changes) {
  while (capture_some(SIZE_MAX - changes.size(), changes) > 0) continue;
  for (std::string& key : removed_) changes.push_back({std::move(key), std::nullopt});
  removed_.clear();
}

bool Sessions::restore(std::string_view key, std::string_view value) {
  ByteReader key_reader(key);
  const SessionId id = read_session_id(key_reader);
  ByteReader reader(value);
  const RequestNumber acknowledged(reader.number<std::uint64_t>());
  const ServedTime last_activity{reader.number<std::int64_t>()};
  if (!key_reader.at_end() || !reader.at_end()) return false;
  if (id.opened == Sequence() || last_activity < ServedTime()) return false;

  Session& session = sessions_[id];
  if (session.announced || sessions_.size() > limits_.sessions) return false;
  session.acknowledged = acknowledged;
  session.last_activity = last_activity;
  session.announced = session.captured = true;
  by_activity_.emplace(last_activity, id);
  session.digest = entry_digest(session_key(id), value);
  digest_ += session.digest;
  return true;
}

bool Sessions::restore_result(std::string_view key, std::string_view value) {
  ByteReader key_reader(key);
  const SessionId id = read_session_id(key_reader);
  const RequestNumber number(key_reader.number<std::uint64_t>());
  if (!key_reader.at_end() || value.size() < results::header_bytes || !has_room_for(value.size())) return false;
  if (id.opened == Sequence()) return false;
  const Digest digest = entry_digest(result_key(id, number), value);
  if (!sessions_[id].results.emplace(number, StoredResult{std::string(value), digest, true}).second) return false;
  stored_bytes_ += value.size();
  digest_ += digest;
  return sessions_.size() <= limits_.sessions;
}

bool Sessions::finish_restore() const {
  return std::ranges::all_of(sessions_, [&](const Entry& entry) {
    const Session& session = entry.second;
    if (!session.announced) return false;
    if (session.results.empty()) return true;
    return session.results.begin()->first > session.acknowledged &&
           session.results.rbegin()->first.value - session.acknowledged.value <= limits_.session_window;
  });
}

}  // namespace tally
