// SPDX-License-Identifier: Apache-2.0
#include "runtime/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace tally {
namespace {

bool as_json = false;

spdlog::level::level_enum level_of(Severity severity) {
  switch (severity) {
    case Severity::debug: return spdlog::level::debug;
    case Severity::info: return spdlog::level::info;
    case Severity::warning: return spdlog::level::warn;
    case Severity::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Text for the inside of a JSON string.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    if (static_cast<unsigned char>(letter) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<int>(letter));
    else
      out += letter;
  }
  return out;
}

std::string as_text(const Event& event) {
  std::string line = event.name;
  for (const auto& [key, value] : event.fields) {
    const bool plain = !value.empty() && value.find_first_of(" \"\\\n\t=") == std::string::npos;
    line += ' ' + key + '=' + (plain ? value : '"' + escaped(value) + '"');
  }
  return line;
}

std::string as_json_fields(const Event& event) {
  std::string line = fmt::format("\"event\":\"{}\"", escaped(event.name));
  for (const auto& [key, value] : event.fields) line += fmt::format(",\"{}\":\"{}\"", escaped(key), escaped(value));
  return line;
}

}  // namespace

void start_logging(const std::string& role, const std::string& format, const std::string& level) {
  as_json = format == "json";
  auto logger = spdlog::stderr_logger_mt("tally");
  const auto utc = spdlog::pattern_time_type::utc;
  logger->set_pattern(as_json ? R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","role":")" + escaped(role) + R"(",%v})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %l " + role + " %v",
                      utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(logger);
}

void log_event(const Event& event) {
  const auto level = level_of(event.severity);
  if (!spdlog::should_log(level)) return;
  spdlog::default_logger_raw()->log(level, spdlog::string_view_t(as_json ? as_json_fields(event) : as_text(event)));
}

}  // namespace tally
