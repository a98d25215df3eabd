// SPDX-License-Identifier: Apache-2.0
// What the bridge and the group have counted, in the text format that Prometheus scrapes.
//
// Names and labels are a contract with dashboards (docs/metrics.md), so nothing is renamed. The
// value of a label is always one of a few that are known here, and never what a client has sent.
// Pure; any thread.
//
// Source: https://prometheus.io/docs/instrumenting/exposition_formats/ ; the serializer is
// prometheus-cpp's.
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
  std::vector<DoorFigures> doors;
  RefusalCounts refusals{};
  OperationCounts operations{};
  std::string version;  // of tally
};

std::string bridge_metrics(const BridgeFigures& figures);

// `status` is nothing if the distributor did not answer, and `tables` is empty if the group did
// not.
std::string group_metrics(const std::optional<ClusterStatus>& status, const std::vector<TableFill>& tables);

}  // namespace tally::bridge::http
