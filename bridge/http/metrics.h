// SPDX-License-Identifier: Apache-2.0
// What the bridge and the group have counted, in the text format that Prometheus scrapes.
//
// Names and labels are a contract with dashboards (docs/metrics.md): nothing is renamed. A label's value is always one
// of a few that are known here, never what a client sent. Pure; any thread.
//
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ ; the serializer is prometheus-cpp's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bridge/counts.h"
#include "bridge/http/problem.h"
#include "client/table_fill.h"
#include "protocol/messages.h"

namespace tally::bridge::http {

// The requests that were answered by a problem since the bridge was started, by its kind.
using RefusalCounts = std::array<std::uint64_t, static_cast<std::size_t>(ProblemKind::outcome_unknown) + 1>;

struct BridgeFigures {
  DoorCounts http;
  RefusalCounts refusals{};
  std::size_t open_connections = 0;
  OperationCounts operations{};
  std::string version;  // of tally
};

std::string bridge_metrics(const BridgeFigures& figures);

// `status`: nothing if the distributor did not say. `tables`: none if the group did not answer.
std::string group_metrics(const std::optional<ClusterStatus>& status, const std::vector<TableFill>& tables);

}  // namespace tally::bridge::http
