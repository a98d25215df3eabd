// SPDX-License-Identifier: Apache-2.0
#include "cli/up/up.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <unistd.h>
#include <vector>

#include "cli/disk/new_group.h"
#include "cli/disk/run_directory.h"
#include "cli/effective_config.h"
#include "cli/files.h"
#include "cli/group.h"
#include "cli/report.h"
#include "cli/up/listener.h"
#include "cli/up/readiness.h"
#include "cli/up/supervisor.h"
#include "protocol/hex.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/endpoints.h"
#include "runtime/json_text.h"
#include "runtime/log.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::int64_t replica_watchdogs = 20;

// Bridges drain first, while there is still a group behind them; replicas go last.
struct StopRound {
  int number;
  Duration patience;
};
constexpr StopRound stop_bridges{0, seconds(10)};
constexpr StopRound stop_distributor{1, seconds(5)};
constexpr StopRound stop_comparator{2, seconds(5)};
constexpr StopRound stop_replicas{3, seconds(5)};

Failure usage(const std::string& what) { return {ExitCode::usage, what}; }

std::string absolute(const std::string& path) {
  std::string text = std::filesystem::absolute(path).lexically_normal();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

// The configuration with an absolute data directory, because daemons and endpoints are told paths
// in it.
tl::expected<Config, Failure> group_config(const UpOptions& options) {
  std::map<std::string, std::string> flags = options.flags;
  auto config = load_config(config_file(options.config), flags);
  if (!config) return tl::unexpected(usage(config.error().text()));
  flags["data"] = absolute(config->data);
  config = load_config(config_file(options.config), flags);
  if (!config) return tl::unexpected(usage(config.error().text()));
  return *config;
}

// Moves the endpoints that were not configured to where their names are short enough.
void move_endpoints(Config& config, const std::string& directory) {
  const std::string from = "ipc://" + config.run_directory();
  for (const EndpointKey& key : endpoint_keys)
    if (config.sources.at(key.key) == "default") (config.*key.endpoint).replace(0, from.size(), "ipc://" + directory);
}

tl::expected<std::vector<BridgeListeners>, Failure> listen_for_bridges(const Config& config) {
  const auto port_of = [](std::int64_t first, std::int64_t bridge) { return first == 0 ? 0 : first + bridge; };
  std::vector<BridgeListeners> bridges;
  for (std::int64_t bridge = 0; bridge < config.bridges; ++bridge) {
    auto http = listen_on({config.http_address, port_of(config.http_port, bridge), "--http", "http_port"});
    if (!http) return tl::unexpected(http.error());
    auto resp = listen_on({config.http_address, port_of(config.resp_port, bridge), "--resp", "resp_port"});
    if (!resp) return tl::unexpected(resp.error());
    bridges.push_back({std::move(*http), std::move(*resp)});
  }
  return bridges;
}

std::string endpoints_json(const Config& config, const std::vector<BridgeListeners>& bridges) {
  std::string text;
  JsonText json(text);
  const auto add_doors = [&json](const BridgeListeners& bridge) {
    json.member("http", bridge.url()).member("resp", bridge.resp.authority());
  };
  json.begin_object();
  add_doors(bridges.front());
  json.name("bridges").begin_array();
  for (const BridgeListeners& bridge : bridges) {
    json.begin_object();
    add_doors(bridge);
    json.end_object();
  }
  json.end_array();
  const auto add_pair = [&](const char* name, const std::string& distributor, const std::string& comparator) {
    json.name(name).begin_object().member("distributor", distributor).member("comparator", comparator).end_object();
  };
  add_pair("native", config.distributor_client_endpoint, config.comparator_client_endpoint);
  add_pair("bridge", config.distributor_bridge_endpoint, config.comparator_bridge_endpoint);
  json.member("data", config.data).end_object();
  return text + '\n';
}

// Writes what daemons and commands of the same user read.
std::optional<Failure> write_run_files(const Config& config, const std::vector<BridgeListeners>& bridges,
                                       RunDirectory& run) {
  auto error = run.keep("tally.toml", to_toml(config));
  if (!error && config.admin_token.empty()) error = run.keep("admin.token", to_hex(random_bytes(token_bytes)) + '\n');
  if (!error) error = run.keep("endpoints.json", endpoints_json(config, bridges));
  return error ? std::optional(usage(*error)) : std::nullopt;
}

// The paths of the endpoints that are Unix sockets.
std::vector<std::string> socket_paths(const std::vector<std::string>& endpoints) {
  constexpr std::string_view scheme = "ipc://";
  std::vector<std::string> paths;
  for (const std::string& endpoint : endpoints)
    if (endpoint.starts_with(scheme)) paths.push_back(endpoint.substr(scheme.size()));
  return paths;
}

class Plans {
 public:
  Plans(std::filesystem::path programs, std::string file) : programs_(std::move(programs)), file_(std::move(file)) {}

  void add(const std::string& program, const std::string& role, StopRound round) {
    const std::string path = programs_ / ("tally-" + program);
    if (access(path.c_str(), X_OK) != 0) missing_ = path;
    ChildPlan& child = all_.emplace_back();
    child.role = role;
    child.command = {path, "--config", file_};
    child.stop_round = round.number;
    child.stop_patience = round.patience;
  }
  void add(const std::string& program, const std::string& role, StopRound round, std::size_t id) {
    add(program, role, round);
    all_.back().command.insert(all_.back().command.end(), {"--id", std::to_string(id)});
  }
  // A replica may fail. One that hangs is evicted for its silence and masked, so there is no hurry
  // to kill it: it may wake up, and go on with what it has.
  void may_fail() {
    all_.back().watchdogs = replica_watchdogs;
    all_.back().may_fail = true;
    start_later();
  }
  void start_later() { all_.back().starts_later = true; }
  void binds(const std::vector<std::string>& endpoints) { all_.back().sockets = socket_paths(endpoints); }
  void hand_over(const BridgeListeners& bridge) {
    all_.back().listening_sockets = {{"http", bridge.http.socket.get()}, {"resp", bridge.resp.socket.get()}};
  }

  const std::optional<std::string>& missing() const { return missing_; }
  std::vector<ChildPlan> take() { return std::move(all_); }

 private:
  std::filesystem::path programs_;
  std::string file_;
  std::vector<ChildPlan> all_;
  std::optional<std::string> missing_;
};

tl::expected<std::vector<ChildPlan>, Failure> plan(const Config& config, const std::vector<BridgeListeners>& bridges) {
  Plans plans(std::filesystem::read_symlink("/proc/self/exe").parent_path(), config.run_directory() + "/tally.toml");
  plans.add("distributor", "distributor", stop_distributor);
  plans.binds(endpoints_of(config, Binder::distributor));
  plans.add("comparator", "comparator", stop_comparator);
  plans.binds(endpoints_of(config, Binder::comparator));
  for (const ReplicaId replica : config.replica_ids()) {
    plans.add("replica", "replica-" + std::to_string(replica.value), stop_replicas, replica.value);
    plans.binds(endpoints_of(config, Binder::replica, replica));
    plans.may_fail();
  }
  for (std::size_t id = 1; id <= bridges.size(); ++id) {
    plans.add("bridge", id == 1 ? "bridge" : "bridge-" + std::to_string(id), stop_bridges, id);
    plans.hand_over(bridges[id - 1]);
    plans.start_later();
  }
  if (plans.missing()) return tl::unexpected(usage(*plans.missing() + " is not there; build all of tally"));
  return plans.take();
}

// How a Redis client on this machine is told where to go.
std::string redis_cli(const Listener& listener) {
  const std::string host = listener.host();
  return "redis-cli" + (host == "127.0.0.1" ? "" : " -h " + host) + " -p " + std::to_string(listener.port());
}

// Whoever may inject faults is given the token for the buttons of the dashboard. A browser sends no
// fragment to any server, so the token gets into no server's log.
std::string token_fragment(const Config& config) {
  if (!config.fault_injection) return {};
  return "#token=" + admin_token({{}, config}).value_or("");
}

void announce(const Config& config, const std::vector<BridgeListeners>& bridges, const std::string& ready_file) {
  const std::string url = bridges.front().url();
  if (!ready_file.empty())
    if (const auto error = write_file(ready_file, url + '\n', public_file)) fail(ExitCode::failed, *error);
  std::printf("tally is ready: %s (%lld replicas, data in %s)\n", url.c_str(), static_cast<long long>(config.replicas),
              config.data.c_str());
  for (const BridgeListeners& bridge : bridges)
    if (&bridge != &bridges.front())
      std::printf("another bridge: %s, %s\n", bridge.url().c_str(), redis_cli(bridge.resp).c_str());
  std::printf("try: curl -X POST %s/v1/counters/home/increment\n", url.c_str());
  std::printf("or:  %s incr home\n", redis_cli(bridges.front().resp).c_str());
  std::printf("watch: %s/%s\n", url.c_str(), token_fragment(config).c_str());
  std::fflush(stdout);
}

// Runs the group until it is stopped, or returns why it cannot run.
std::optional<std::string> supervise(const Config& config, RunDirectory& run, std::vector<BridgeListeners>& bridges,
                                     std::vector<ChildPlan> plans, const Descriptor& signals,
                                     const std::string& ready_file) {
  Supervisor supervisor({run.path(), config.data + "/log", [&run] { return run.look_after(); }},
                        milliseconds(config.watchdog_ms), std::move(plans));
  ClientOptions group;
  group.distributor_endpoint = config.distributor_bridge_endpoint;
  group.comparator_endpoint = config.comparator_bridge_endpoint;
  Readiness readiness(group, bridges, [&] { announce(config, bridges, ready_file); });
  auto why = supervisor.run(signals);
  log_event(Event("stopping"));
  // New connections are refused from now on.
  for (BridgeListeners& bridge : bridges) {
    bridge.http.socket = Descriptor();
    bridge.resp.socket = Descriptor();
  }
  supervisor.stop(signals);
  readiness.cancel();
  log_event(Event("stopped"));
  return why;
}

// Descriptors 0, 1 and 2 must not become a child's log or socket.
void fill_standard_descriptors() {
  while (true) {
    const int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (descriptor < 0 || descriptor > STDERR_FILENO) {
      close(descriptor);
      return;
    }
  }
}

}  // namespace

ExitCode run_up(const UpOptions& options) {
  prepare_process();
  fill_standard_descriptors();
  if (const auto complaint = limit_too_small()) return fail(ExitCode::usage, *complaint);
  const Descriptor signals = open_signals();
  auto config = group_config(options);
  if (!config) return fail(config.error());
  start_logging("up", config->log_format, config->log_level);
  const auto run = RunDirectory::claim(config->data);
  if (!run) return fail(run.error());
  if (!options.ready_file.empty()) unlink(options.ready_file.c_str());
  const auto sockets = (*run)->path_for_sockets();
  if (!sockets) return fail(sockets.error());
  move_endpoints(*config, *sockets);
  auto bridges = listen_for_bridges(*config);
  if (!bridges) return fail(bridges.error());
  if (!traces_of_a_group(*config))
    if (const auto failure = make_directories(*config)) return fail(*failure);
  auto plans = plan(*config, *bridges);
  if (!plans) return fail(plans.error());
  if (const auto failure = write_run_files(*config, *bridges, **run)) return fail(*failure);
  const auto why = supervise(*config, **run, *bridges, std::move(*plans), signals, options.ready_file);
  if (!options.ready_file.empty()) unlink(options.ready_file.c_str());
  std::clearerr(stdout);  // that nobody reads it any more is no failure
  return why ? fail(ExitCode::usage, *why) : ExitCode::done;
}

}  // namespace tally::cli
