// SPDX-License-Identifier: Apache-2.0
#include "runtime/log.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "runtime/clock.h"
#include "runtime/event_limiter.h"
#include "runtime/log_file.h"
#include "runtime/log_line.h"

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

// Guards what follows.
std::mutex limiter_mutex;
EventLimiter limiter;
std::optional<LogFile> log_file;
std::atomic<std::int64_t> suppressed_due =
    Instant::never().nanoseconds;  // when the limiter's is due, to be read without the lock

void write(const Event& event) {
  const auto level = level_of(event.severity);
  spdlog::default_logger_raw()->log(level, spdlog::string_view_t(as_json ? as_json_fields(event) : as_text(event)));
  if (log_file) log_file->look();
}

// To be called under the lock.
void write_suppressed(Instant now) {
  for (const Event& event : limiter.take_suppressed(now)) write(event);
}

}  // namespace

void start_logging(const std::string& role, const std::string& format, const std::string& level,
                   const std::string& file) {
  if (!file.empty()) log_file.emplace(file);
  as_json = format == "json";
  auto logger = spdlog::stderr_logger_mt("tally");
  const auto utc = spdlog::pattern_time_type::utc;
  logger->set_pattern(as_json ? R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","role":")" +
                                    escaped(role, log_line_value_bytes) + R"(",%v})"
                              : "%Y-%m-%dT%H:%M:%S.%eZ %l " + role + " %v",
                      utc);
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(logger);
}

void log_event(const Event& event) {
  if (!spdlog::should_log(level_of(event.severity))) return;
  const Instant now = monotonic_now();
  const std::lock_guard lock(limiter_mutex);
  write_suppressed(now);
  if (limiter.admits(event, now)) write(event);
  suppressed_due = limiter.suppressed_due().nanoseconds;
}

void tell_suppressed_events() {
  const std::int64_t due = suppressed_due.load(std::memory_order_relaxed);
  if (due == Instant::never().nanoseconds) return;
  const Instant now = monotonic_now();
  if (now.nanoseconds < due) return;
  const std::lock_guard lock(limiter_mutex);
  write_suppressed(now);
  suppressed_due = limiter.suppressed_due().nanoseconds;
}

}  // namespace tally
