// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/fresh_group.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <signal.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "cli/files.h"
#include "cli/group.h"
#include "cli/up/listener.h"
#include "cli/up/spawn.h"
#include "runtime/descriptor.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

constexpr Duration ready_patience = seconds(60);
constexpr Duration stop_patience = seconds(40);
constexpr Duration death_patience = seconds(10);
constexpr std::chrono::milliseconds status_patience{200};
constexpr std::chrono::seconds command_patience{2};
constexpr std::size_t told_lines = 3;
constexpr int http_ok = 200;

std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

GroupOptions options_of(const std::string& data) {
  GroupOptions options;
  options.connect = data;
  return options;
}

// Daemons may still be dying, and make files while these are removed.
void remove_all(const std::string& directory) {
  const Instant deadline = monotonic_now() + death_patience;
  std::error_code error;
  do {
    fs::remove_all(directory, error);
  } while (fs::exists(directory, error) && monotonic_now() < deadline);
}

}  // namespace

bool is_alive(pid_t process) {
  if (process <= 0) return false;
  // A process that has died stays there until its parent asks for it: Z, behind the name.
  const std::string text = read_text("/proc/" + std::to_string(process) + "/stat");
  const std::size_t end = text.rfind(") ");
  return end != std::string::npos && text[end + 2] != 'Z' && text[end + 2] != 'X';
}

FreshGroup::FreshGroup(std::string directory, const Drill& drill, const Patience& patience)
    : directory_(std::move(directory)), replicas_(drill.replicas), patience_(patience) {}

tl::expected<std::unique_ptr<FreshGroup>, Failure> FreshGroup::start(const Drill& drill, const Patience& patience) {
  std::error_code error;
  std::string directory = fs::temp_directory_path(error) / "tally-drill-XXXXXX";
  if (error || !mkdtemp(directory.data()))
    return tl::unexpected(Failure{ExitCode::failed, directory + ": " + std::strerror(errno)});
  std::unique_ptr<FreshGroup> group(new FreshGroup(directory, drill, patience));
  std::string config;
  for (const auto& [key, value] : drill.config) {
    Config whole = *load_config("", {{key, value}});  // it was checked when the drill was read
    config += key + " = " + config_value(whole, key) + '\n';
  }
  if (const auto problem = write_file(directory + "/group.toml", config, private_file))
    return tl::unexpected(Failure{ExitCode::failed, *problem});
  if (const auto problem = group->start_again()) return tl::unexpected(Failure{ExitCode::failed, *problem});
  return group;
}

FreshGroup::~FreshGroup() {
  client_.reset();
  stop();
  if (!kept_) remove_all(directory_);
}

std::optional<std::string> FreshGroup::launch() {
  unlink(ready_file().c_str());
  const Descriptor output(open(up_log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!output) return up_log() + ": " + std::strerror(errno);
  SpawnRequest request;
  request.command = {fs::read_symlink("/proc/self/exe"),
                     "up",
                     "--config",
                     directory_ + "/group.toml",
                     "--data",
                     data(),
                     "--http",
                     "0",
                     "--resp",
                     "0",
                     "--replicas",
                     std::to_string(replicas_),
                     "--fault-injection",
                     "--ready-file",
                     ready_file()};
  request.output = output.get();
  const pid_t process = spawn(request);
  if (process < 0) return std::string("`tally up` cannot be started: ") + std::strerror(errno);
  up_ = process;
  return std::nullopt;
}

std::optional<std::string> FreshGroup::start_again() {
  client_.reset();
  if (auto problem = launch()) return problem;
  const bool is_settled = patience_.wait(ready_patience, [&] { return has_ended() || fs::exists(ready_file()); });
  if (!is_settled || up_ == 0)
    return std::string("the group did not start: `tally up` ") +
           (is_settled ? "ended" : "was not ready within " + std::to_string(ready_patience.milliseconds()) + " ms") +
           "; it said last: " + last_lines(up_log(), told_lines);
  const auto found = find_group(options_of(data()));
  if (!found) return found.error().message;
  endpoints_ = found->client;
  auto client = connect_to(*found);
  if (!client) return client.error().message;
  client_.emplace(std::move(*client));
  return std::nullopt;
}

bool FreshGroup::has_ended() {
  if (up_ != 0 && waitpid(up_, nullptr, WNOHANG) == up_) up_ = 0;
  return up_ == 0;
}

void FreshGroup::stop() {
  if (has_ended()) return;
  kill(up_, SIGTERM);
  const Instant deadline = monotonic_now() + stop_patience;
  // Also after a Ctrl-C, so this does not wait by `patience_`.
  while (!has_ended() && monotonic_now() < deadline) usleep(10'000);
  if (has_ended()) return;
  kill(up_, SIGKILL);
  waitpid(up_, nullptr, 0);
  up_ = 0;
}

void FreshGroup::kill_all() {
  std::vector<pid_t> processes;
  for (const std::string& role : roles()) processes.push_back(process(role));
  if (up_ != 0) kill(up_, SIGKILL);
  for (const pid_t process : processes)
    if (process > 0) kill(process, SIGKILL);
  if (up_ != 0) waitpid(up_, nullptr, 0);
  up_ = 0;
  patience_.wait(death_patience, [&] { return std::ranges::none_of(processes, is_alive); });
}

// ---- what it is

std::vector<std::string> FreshGroup::roles() const {
  std::vector<std::string> all;
  for (std::int64_t number = 1; number <= replicas_; ++number) all.push_back("replica-" + std::to_string(number));
  all.insert(all.end(), {"distributor", "comparator", "bridge"});
  return all;
}

pid_t FreshGroup::process(const std::string& role) const {
  std::ifstream file(data() + "/run/" + role + ".pid");
  pid_t process = 0;
  file >> process;
  return process;
}

std::uint16_t FreshGroup::http_port() const {
  // It holds http://127.0.0.1:PORT; there is none while the group starts.
  const std::string url = read_text(ready_file());
  const std::size_t colon = url.rfind(':');
  return colon == std::string::npos ? std::uint16_t{0}
                                    : static_cast<std::uint16_t>(std::strtoul(url.c_str() + colon + 1, nullptr, 10));
}

bool FreshGroup::bridge_is_ready() const {
  Listener bridge;
  auto* address = reinterpret_cast<sockaddr_in*>(&bridge.address);
  address->sin_family = AF_INET;
  address->sin_port = htons(http_port());
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bridge.address_size = sizeof *address;
  return http_status(bridge, "/readyz") == http_ok;
}

std::string FreshGroup::log(const std::string& role) const { return read_text(data() + "/log/" + role + ".log"); }

std::map<std::string, int> FreshGroup::deaths() const {
  std::map<std::string, int> found;
  std::istringstream lines(read_text(up_log()));
  for (std::string line; std::getline(lines, line);) {
    char role[64];
    char how[64];
    const std::size_t place = line.find(" child_exited role=");
    if (place != std::string::npos &&
        std::sscanf(line.c_str() + place, " child_exited role=%63s status=\"%63[^\"]\"", role, how) == 2)
      ++found[std::string(role) + ": " + how];
  }
  return found;
}

// ---- what it does

std::optional<ClusterStatus> FreshGroup::status() {
  if (!client_) return std::nullopt;
  auto status = client_->status(status_patience);
  return status ? std::optional(std::move(*status)) : std::nullopt;
}

std::optional<std::string> FreshGroup::command(AdminCommand command) {
  const auto group = find_group(options_of(data()));
  if (!group || !client_) return "there is no group";
  const auto token = admin_token(*group);
  if (!token) return token.error().message;
  command.token = *token;
  const auto reply = client_->admin(command, command_patience);
  if (!reply) return "no answer from the distributor in time";
  return reply->outcome == AdminOutcome::done ? std::nullopt : std::optional("refused: " + reply->detail);
}

std::optional<std::string> FreshGroup::wipe(const std::string& role) {
  std::error_code error;
  fs::remove_all(data() + '/' + role, error);
  return error ? std::optional(data() + '/' + role + ": " + error.message()) : std::nullopt;
}

}  // namespace tally::cli
