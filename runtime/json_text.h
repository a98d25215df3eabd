// SPDX-License-Identifier: Apache-2.0
// JSON as text, appended to a string member by member: what commands print with --json and what
// the bridge answers. There is no document in between, so that the counting routes of the bridge,
// which are its hot path, allocate nothing for it.
//
// Two other places write JSON, and each has a reason. A line of a log (runtime/log_line.h) has a
// bound, and its texts are escaped for terminals too. A record of the audit log
// (comparator/audit_json.h) is sealed by its bytes, which must not change with this writer.
//
// The caller sees to it that what is begun is ended, and that a member of an object has a name.
// One thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally {

// The largest whole number up to which all are exact for every reader of JSON, also for one that
// knows no numbers but doubles (RFC 8259, section 6).
inline constexpr std::int64_t largest_exact_in_json = (std::int64_t{1} << 53) - 1;

// A number with so many digits after its point.
struct Decimal {
  double value = 0;
  int digits = 0;
};

class JsonText {
 public:
  // Appends to `out`, which outlives this.
  explicit JsonText(std::string& out) : out_(out) {}

  JsonText& begin_object() { return begin('{'); }
  JsonText& end_object() { return end('}'); }
  JsonText& begin_array() { return begin('['); }
  JsonText& end_array() { return end(']'); }

  // The name of a member, whose value comes next. It is written as it is, so it must need no
  // escape.
  JsonText& name(std::string_view name);

  // One value. A text must be UTF-8.
  JsonText& value(std::string_view text);
  JsonText& value(const char* text) { return value(std::string_view(text)); }
  JsonText& value(std::nullptr_t) { return plain("null"); }
  JsonText& value(std::same_as<bool> auto flag) { return plain(flag ? "true" : "false"); }
  JsonText& value(std::signed_integral auto number) { return whole(static_cast<std::int64_t>(number)); }
  JsonText& value(std::unsigned_integral auto number) requires(!std::same_as<decltype(number), bool>) {
    return whole(static_cast<std::uint64_t>(number));
  }
  JsonText& value(Decimal number);
  // Nothing is null.
  template <class Value>
  JsonText& value(const std::optional<Value>& may_be) {
    return may_be ? value(*may_be) : value(nullptr);
  }

  // A member with its value.
  template <class Value>
  JsonText& member(std::string_view its_name, const Value& its_value) {
    return name(its_name).value(its_value);
  }

 private:
  JsonText& begin(char bracket);
  JsonText& end(char bracket);
  JsonText& plain(std::string_view text);
  JsonText& whole(std::int64_t number);
  JsonText& whole(std::uint64_t number);
  void separate();

  std::string& out_;
  bool comma_is_due_ = false;  // a value was written in the innermost object or array
};

// One text as JSON, with its quotation marks.
std::string json_string(std::string_view text);

}  // namespace tally
