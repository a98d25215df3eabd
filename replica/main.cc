// SPDX-License-Identifier: Apache-2.0
// tally-replica: see replica/core.h.
#include "replica/shell.h"
#include "replica/stores/make_store.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

int main(int argc, char** argv) {
  using namespace tally;
  const DaemonKind replica{.role = "replica", .count = &Config::replicas, .memory_bytes = limits::replica_memory_bytes};
  return run_daemon(argc, argv, replica, [](const DaemonArguments& arguments) {
    const ReplicaId id(arguments.id);
    const std::string directory = arguments.config.replica_directory(id);
    auto own = ReplicaDirectory::open(directory, id);
    if (!own) {
      log_event(Event("refused_to_start", Severity::error).with("reason", own.error()));
      return exit_usage;
    }
    const std::string& engine = arguments.config.store;
    auto checkpoints =
        std::make_unique<CheckpointPair>(make_store(engine, directory + "/a"), make_store(engine, directory + "/b"));
    ReplicaShell shell(arguments.config, id, std::move(checkpoints), std::move(*own));
    const int code = shell.run();
    log_event(Event("stopped"));
    return code;
  });
}
