// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/steps.h"

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <utility>

#include "runtime/config_table.h"
#include "runtime/toml.h"
#include "runtime/whole_number.h"

namespace tally::cli {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::array<std::string_view, 12> action_words = {
    "kill", "pause", "continue", "fault", "clear", "evict", "readmit", "wipe", "storm", "busy-disk", "wait", "expect"};
constexpr std::array<std::string_view, 6> expectation_keys = {"state", "reason",  "event",
                                                              "group", "answers", "refusals"};
constexpr std::int64_t longest_ms = 3'600'000;
constexpr std::size_t most_steps = 1000;
constexpr std::size_t longest_name = 64;
constexpr std::int64_t default_within_ms = 10'000;
constexpr std::int64_t default_storm_period_ms = 300;

// The group is the drill's own: where it is and who may enter is not for a file to say, nor what is
// logged, since the drill reads that.
bool is_own_key(std::string_view key) {
  static const std::set<std::string_view> own = {"admin_token", "bridges", "data", "fault_injection", "replicas"};
  const auto begins = [key](std::string_view words) { return key.starts_with(words); };
  return own.contains(key) || begins("http_") || begins("resp_") || begins("log_") || key.ends_with("_endpoint");
}

std::string listed(const Words& words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

// What is wrong, with its place in the file.
class Errors {
 public:
  explicit Errors(std::string file) : file_(std::move(file)) {}

  void add(const toml::source_region& place, std::string what) {
    all_.push_back({file_, place.begin.line, place.begin.column, std::move(what)});
  }
  void add(std::string what) { all_.push_back({file_, 0, 0, std::move(what)}); }

  bool empty() const { return all_.empty(); }
  ConfigErrors take() {
    std::ranges::stable_sort(all_, {}, [](const ConfigError& error) { return std::pair(error.line, error.column); });
    return {std::move(all_)};
  }

 private:
  std::string file_;
  std::vector<ConfigError> all_;
};

// Takes one key after the other out of a table. What nobody has taken is an error.
class Keys {
 public:
  Keys(const toml::table& table, Errors& errors) : table_(table), errors_(errors) {}

  const toml::node* take(std::string_view key) {
    taken_.insert(key);
    return table_.get(key);
  }
  bool has(std::string_view key) const { return table_.contains(key); }

  std::string text(std::string_view key, const Words& words = {}) {
    const toml::node* node = take(key);
    if (!node) return {};
    const auto* text = node->as_string();
    if (!text)
      refuse(*node, key, "must be a text");
    else if (text->get().empty())
      refuse(*node, key, "must not be empty");
    else if (!words.empty() && std::ranges::find(words, text->get()) == words.end())
      refuse(*node, key, "must be one of: " + listed(words));
    return text ? text->get() : std::string();
  }

  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most, std::int64_t otherwise) {
    const toml::node* node = take(key);
    return node ? number(*node, key, least, most, otherwise) : otherwise;
  }

  Duration time(std::string_view key, std::int64_t otherwise_ms) {
    return milliseconds(number(key, 1, longest_ms, otherwise_ms));
  }

  // One number, or two between which one is drawn.
  std::pair<Duration, Duration> span(std::string_view key) {
    const toml::node* node = take(key);
    if (!node) return {};
    const auto* both = node->as_array();
    if (!both) {
      const Duration exactly = milliseconds(number(*node, key, 0, longest_ms, 0));
      return {exactly, exactly};
    }
    if (both->size() != 2) {
      refuse(*node, key, "must be a number, or a list of two");
      return {};
    }
    const auto end = [&](std::size_t place) { return milliseconds(number(*both->get(place), key, 0, longest_ms, 0)); };
    const std::pair<Duration, Duration> ends(end(0), end(1));
    if (ends.first > ends.second) refuse(*node, key, "must be a list of two, the smaller one first");
    return ends;
  }

  bool flag(std::string_view key) {
    const toml::node* node = take(key);
    if (!node) return false;
    const auto* flag = node->as_boolean();
    if (!flag) refuse(*node, key, "must be true or false");
    return flag && flag->get();
  }

  void refuse(const toml::node& node, std::string_view key, const std::string& why) {
    errors_.add(node.source(), std::string(key) + ' ' + why);
  }
  // Something is wrong with the table as a whole.
  void refuse(std::string why) { errors_.add(table_.source(), std::move(why)); }

  void finish(const std::string& why) {
    for (const auto& [key, node] : table_)
      if (!taken_.contains(key.str())) errors_.add(key.source(), std::string(key.str()) + ' ' + why);
  }

 private:
  std::int64_t number(const toml::node& node, std::string_view key, std::int64_t least, std::int64_t most,
                      std::int64_t otherwise) {
    const auto* number = node.as_integer();
    if (number && number->get() >= least && number->get() <= most) return number->get();
    refuse(node, key,
           number ? "must be from " + std::to_string(least) + " to " + std::to_string(most)
                  : std::string("must be a whole number"));
    return otherwise;
  }

  const toml::table& table_;
  Errors& errors_;
  std::set<std::string_view> taken_;
};

// ---- targets

constexpr std::string_view replica_prefix = "replica-";

// 0 for a, 1 for b …; nothing if the target names no replica by letter.
std::optional<std::size_t> letter_place(std::string_view target) {
  if (!target.starts_with(replica_prefix) || target.size() != replica_prefix.size() + 1) return std::nullopt;
  const char letter = target.back();
  return letter >= 'a' && letter <= 'z' ? std::optional(static_cast<std::size_t>(letter - 'a')) : std::nullopt;
}

bool is_replica(std::string_view target, std::int64_t replicas) {
  const auto most = static_cast<std::uint64_t>(replicas);
  if (const auto place = letter_place(target)) return *place < most;
  const auto number = replica_number(target);
  return number && *number >= 1 && *number <= most;
}

enum class Targets : std::uint8_t { none, replicas, roles, roles_or_all };

Targets targets_of(Action action, const Expectation& expected) {
  switch (action) {
    case Action::kill: return Targets::roles_or_all;
    case Action::pause:
    case Action::resume: return Targets::roles;
    case Action::fault:
    case Action::clear:
    case Action::evict:
    case Action::readmit:
    case Action::wipe: return Targets::replicas;
    case Action::storm:
    case Action::busy_disk:
    case Action::wait: return Targets::none;
    case Action::expect: break;
  }
  if (!expected.reason.empty()) return Targets::replicas;
  return expected.state.empty() && expected.event.empty() ? Targets::none : Targets::roles;
}

void read_target(Keys& keys, Step& step, std::int64_t replicas) {
  const Targets allowed = targets_of(step.action, step.expected);
  if (allowed == Targets::none) return;
  const toml::node* node = keys.has("target") ? keys.take("target") : nullptr;
  if (!node) return keys.refuse("this step lacks a target");
  step.target = keys.text("target");
  if (step.target.empty() || is_replica(step.target, replicas)) return;
  const bool is_role = step.target == "distributor" || step.target == "comparator" || step.target == "bridge";
  if (allowed != Targets::replicas && is_role) return;
  if (allowed == Targets::roles_or_all && step.target == "all") return;
  const std::string last = std::to_string(replicas);
  const char last_letter = static_cast<char>('a' + replicas - 1);
  std::string words = "must be replica-1 to replica-" + last + ", or replica-a to replica-" + last_letter;
  if (allowed != Targets::replicas) words += ", distributor, comparator, bridge";
  if (allowed == Targets::roles_or_all) words += ", all";
  keys.refuse(*node, "target", words);
}

// ---- steps

void read_expectation(Keys& keys, Step& step) {
  Expectation& expected = step.expected;
  const auto given = std::ranges::count_if(expectation_keys, [&](std::string_view key) { return keys.has(key); });
  if (given != 1)
    keys.refuse("an expect has exactly one of: " + listed(Words(expectation_keys.begin(), expectation_keys.end())));
  expected.state =
      keys.text("state", {"voting", "evicted", "recovering", "probation", "quarantined", "down", "running"});
  expected.reason = keys.text("reason", {"dissent", "silence"});
  expected.event = keys.text("event");
  expected.group = keys.text("group", {"ok", "degraded", "unavailable", "halted"});
  if (!expected.group.empty()) expected.why = keys.text("why");
  expected.answers = keys.number("answers", 1, 1'000'000, 0);
  expected.refusals = keys.number("refusals", 1, 1'000'000, 0);
  step.within = keys.time("within_ms", default_within_ms);
}

// That a replica is not `running` but `voting`, and another role the other way round.
void check_state(Keys& keys, const Step& step) {
  if (step.expected.state.empty() || step.target.empty()) return;
  const bool is_running = step.expected.state == "running";
  if (is_running == step.target.starts_with(replica_prefix))
    keys.refuse(*keys.take("state"), "state",
                is_running ? "must be one of a replica: voting, evicted, recovering, probation, quarantined, down"
                           : "must be running, since the target is no replica");
}

std::optional<Step> read_step(const toml::table& table, std::int64_t replicas, Errors& errors) {
  Keys keys(table, errors);
  if (!keys.has("do")) {
    keys.refuse("this step lacks do");
    return std::nullopt;
  }
  const std::string word = keys.text("do", Words(action_words.begin(), action_words.end()));
  const auto found = std::ranges::find(action_words, word);
  if (found == action_words.end()) return std::nullopt;
  Step step;
  step.action = static_cast<Action>(found - action_words.begin());
  std::tie(step.after_least, step.after_most) = keys.span("after_ms");
  switch (step.action) {
    case Action::fault: {
      const toml::node* node = keys.take("fault");
      const auto kind = fault_kind_from(keys.text("fault"));
      if (!node)
        keys.refuse("this step lacks fault");
      else if (!kind)
        keys.refuse(*node, "fault", "must be a kind of `tally fault inject`");
      else
        step.fault = *kind;
      break;
    }
    case Action::storm: step.every = keys.time("every_ms", default_storm_period_ms); [[fallthrough]];
    case Action::busy_disk:
      if (!keys.has("for_ms")) keys.refuse("this step lacks for_ms");
      step.lasts = keys.time("for_ms", 1);
      break;
    case Action::wait:
      if (!keys.has("after_ms")) keys.refuse("this step lacks after_ms");
      break;
    case Action::expect: read_expectation(keys, step); break;
    default: break;
  }
  read_target(keys, step, replicas);
  check_state(keys, step);
  keys.finish("is not a key of do = \"" + word + '"');
  return step;
}

void read_steps(Keys& keys, Drill& drill, Errors& errors) {
  const toml::node* node = keys.take("step");
  if (!node) return errors.add("there is no [[step]]");
  const auto* steps = node->as_array();
  if (!steps || !steps->is_homogeneous(toml::node_type::table))
    return keys.refuse(*node, "step", "must be written as [[step]]");
  if (steps->size() > most_steps)
    return keys.refuse(*node, "step", "must not come more than " + std::to_string(most_steps) + " times");
  for (const toml::node& step : *steps)
    if (auto read = read_step(*step.as_table(), drill.replicas, errors)) drill.steps.push_back(std::move(*read));
}

// ---- the rest

void read_config(Keys& keys, Drill& drill, Errors& errors) {
  const toml::node* node = keys.take("config");
  if (!node) return;
  const auto* table = node->as_table();
  if (!table) return keys.refuse(*node, "config", "must be a table");
  for (const auto& [name, value] : *table) {
    const std::string key(name.str());
    if (is_own_key(key) || !find_row(key)) {
      errors.add(name.source(), key + (find_row(key) ? " is not for a drill to set" : " is not a known key"));
      continue;
    }
    std::ostringstream text;
    if (const auto* words = value.as_string())
      text << words->get();
    else if (value.is_number() || value.is_boolean())
      value.visit([&text](const auto& one) {
        if constexpr (toml::is_number<decltype(one)> || toml::is_boolean<decltype(one)>) text << std::boolalpha << *one;
      });
    else
      errors.add(value.source(), key + " must be a text, a number, true or false");
    const auto checked = load_config("", {{key, text.str()}});
    if (!checked) errors.add(value.source(), checked.error().all.front().message);
    drill.config[key] = text.str();
  }
}

void read_name(Keys& keys, Drill& drill) {
  const toml::node* node = keys.take("name");
  drill.name = keys.text("name");
  const bool is_plain = std::ranges::all_of(drill.name, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
  });
  if (node && (!is_plain || drill.name.size() > longest_name))
    keys.refuse(*node, "name", "must be of at most 64 small letters, digits and hyphens");
}

Drill read_drill(const toml::table& table, Errors& errors) {
  Keys keys(table, errors);
  Drill drill;
  if (!keys.has("name")) errors.add("there is no name");
  read_name(keys, drill);
  drill.about = keys.text("about");
  drill.replicas = keys.number("replicas", 3, 7, 3);
  if (drill.replicas % 2 == 0) {
    keys.refuse(*keys.take("replicas"), "replicas", "must be odd: 3, 5 or 7");
    drill.replicas = 3;
  }
  drill.clients = keys.number("clients", 1, 64, 8);
  drill.repeat = keys.number("repeat", 1, 10'000, 1);
  drill.door = keys.text("door", {"client", "http"}) == "http" ? Door::http : Door::client;
  drill.fails_safe = keys.flag("fails_safe");
  if (keys.has("longest_gap_ms")) drill.longest_gap = keys.time("longest_gap_ms", 1);
  drill.healed_within = keys.time("healed_within_ms", 30'000);
  read_config(keys, drill, errors);
  read_steps(keys, drill, errors);
  keys.finish("is not a known key");
  return drill;
}

}  // namespace

tl::expected<Drill, ConfigErrors> parse_drill(std::string_view text, const std::string& file) {
  Errors errors(file);
  Drill drill;
  try {
    const toml::table table = toml::parse(text, file);
    drill = read_drill(table, errors);
  } catch (const toml::parse_error& error) {
    errors.add(error.source(), std::string(error.description()));
  } catch (const std::runtime_error& error) {
    errors.add(error.what());
  }
  if (!errors.empty()) return tl::unexpected(errors.take());
  return drill;
}

std::string role_of(const std::string& target, const std::vector<std::uint64_t>& order) {
  const auto place = letter_place(target);
  return place ? std::string(replica_prefix) + std::to_string(order.at(*place)) : target;
}

std::optional<std::uint64_t> replica_number(std::string_view role) {
  if (!role.starts_with(replica_prefix)) return std::nullopt;
  const auto number = whole_number<std::uint64_t>(role.substr(replica_prefix.size()));
  return number ? std::optional(*number) : std::nullopt;
}

std::string text_of(const Step& step, const std::string& role) {
  std::string text(action_words.at(static_cast<std::size_t>(step.action)));
  if (!role.empty()) text += ' ' + role;
  if (step.action == Action::fault) text += ' ' + std::string(to_string(step.fault));
  const Expectation& expected = step.expected;
  if (!expected.state.empty()) text += ' ' + expected.state;
  if (!expected.reason.empty()) text += " convicted of " + expected.reason;
  if (!expected.event.empty()) text += " to say " + expected.event;
  if (!expected.group.empty()) text += " the group " + expected.group;
  if (!expected.why.empty()) text += ", since " + expected.why;
  if (expected.answers > 0) text += ' ' + std::to_string(expected.answers) + " answers";
  if (expected.refusals > 0) text += ' ' + std::to_string(expected.refusals) + " refusals";
  return text;
}

}  // namespace tally::cli
