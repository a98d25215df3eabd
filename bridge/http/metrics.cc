// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/metrics.h"

#include <algorithm>
#include <limits>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <span>
#include <string_view>
#include <utility>

namespace tally::bridge::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// A family of metrics of one type, with all its series.
class Family {
 public:
  Family(std::string name, std::string help, MetricType type) : family_{std::move(name), std::move(help), type, {}} {}

  Family& add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family_.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family_.metric.push_back(std::move(metric));
    return *this;
  }
  Family& add(std::uint64_t value, Labels labels = {}) { return add(static_cast<double>(value), std::move(labels)); }

  // `unit`: how many of the histogram's units are one unit of the metric.
  Family& add(const Histogram& histogram, std::span<const std::uint64_t> bounds, double unit) {
    if (histogram.counts.size() != bounds.size() + 1) return *this;  // nothing was observed
    ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t place = 0; place <= bounds.size(); ++place) {
      count += histogram.counts[place];
      const double bound =
          place < bounds.size() ? static_cast<double>(bounds[place]) / unit : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({count, bound});
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = static_cast<double>(histogram.sum) / unit;
    family_.metric.push_back(std::move(metric));
    return *this;
  }

  MetricFamily take() { return std::move(family_); }

 private:
  MetricFamily family_;
};

Family counter(std::string name, std::string help) { return {std::move(name), std::move(help), MetricType::Counter}; }
Family gauge(std::string name, std::string help) { return {std::move(name), std::move(help), MetricType::Gauge}; }
Family histogram(std::string name, std::string help) {
  return {std::move(name), std::move(help), MetricType::Histogram};
}

constexpr double microseconds_per_second = 1e6;

constexpr std::pair<OperationKind, std::string_view> counted_kinds[] = {{OperationKind::add, "add"},
                                                                        {OperationKind::get, "get"},
                                                                        {OperationKind::set, "set"},
                                                                        {OperationKind::remove, "delete"},
                                                                        {OperationKind::list, "list"}};
constexpr std::pair<ErrorReply, std::string_view> error_replies[] = {{ErrorReply::protocol, "protocol"},
                                                                     {ErrorReply::auth, "auth"},
                                                                     {ErrorReply::unavailable, "unavailable"},
                                                                     {ErrorReply::unknown, "unknown"},
                                                                     {ErrorReply::other, "other"}};
constexpr GroupState group_states[] = {GroupState::ok, GroupState::degraded, GroupState::unavailable,
                                       GroupState::halted};
constexpr ReplicaState replica_states[] = {ReplicaState::voting,    ReplicaState::evicted,     ReplicaState::recovering,
                                           ReplicaState::probation, ReplicaState::quarantined, ReplicaState::down};

std::string text(std::string_view word) { return std::string(word); }

// ---- the bridge's own

void add_doors(const std::vector<DoorFigures>& doors, std::vector<MetricFamily>& out) {
  Family open = gauge("tally_connections", "Connections of clients that are open.");
  Family accepted = counter("tally_connections_total", "Connections of clients that were accepted.");
  Family refused =
      counter("tally_connections_refused_total",
              "Connections that were closed at once, since too many were open, of that address or of all.");
  Family requests = counter("tally_requests_total", "Requests of clients, whatever became of them.");
  Family errors = counter("tally_resp_errors_total", "Error replies to Redis clients, by what they are about.");
  for (const DoorFigures& figures : doors) {
    const Labels door = {{"door", text(figures.door)}};
    open.add(std::uint64_t{figures.open_connections}, door);
    accepted.add(figures.counts.connections, door);
    refused.add(figures.counts.connections_refused, door);
    requests.add(figures.counts.requests, door);
    if (!figures.error_replies) continue;
    for (const auto& [kind, word] : error_replies)
      errors.add((*figures.error_replies)[static_cast<std::size_t>(kind)], {{"kind", text(word)}});
  }
  for (Family* family : {&open, &accepted, &refused, &requests, &errors}) out.push_back(family->take());
}

void add_bridge(const BridgeFigures& figures, std::vector<MetricFamily>& out) {
  out.push_back(gauge("tally_build_info", "The version of this bridge; always 1.")
                    .add(std::uint64_t{1}, {{"version", figures.version}})
                    .take());
  add_doors(figures.doors, out);
  Family operations =
      counter("tally_operations_total", "Operations that the group answered to clients of this bridge.");
  for (const auto& [kind, word] : counted_kinds)
    operations.add(figures.operations[static_cast<std::size_t>(kind)], {{"kind", text(word)}});
  out.push_back(operations.take());
  Family refusals =
      counter("tally_refusals_total", "Requests that were answered by a problem, by the end of its type.");
  for (std::size_t kind = 0; kind < figures.refusals.size(); ++kind)
    refusals.add(figures.refusals[kind], {{"reason", text(row_of(static_cast<ProblemKind>(kind)).word)}});
  out.push_back(refusals.take());
}

// ---- the group's

void add_state(GroupState current, std::vector<MetricFamily>& out) {
  Family states = gauge("tally_group_state", "1 for the state that the group is in, 0 for the others.");
  for (const GroupState state : group_states)
    states.add(std::uint64_t{state == current}, {{"state", text(to_string(state))}});
  out.push_back(states.take());
}

void add_replicas(const ClusterStatus& group, std::vector<MetricFamily>& out) {
  Family votes =
      counter("tally_votes_total", "Votes that were compared with the decision; since the comparator started.");
  Family verdicts = counter("tally_verdicts_total", "What the comparator found against a replica; since it started.");
  Family states = gauge("tally_replica_state", "1 for the state that the replica is in, 0 for the others.");
  Family lags = gauge("tally_replica_lag_orders", "Orders that the replica has yet to execute, by its last report.");
  Family checkpoints = gauge("tally_replica_checkpoint_order", "The order of the replica's newest checkpoint.");
  Family ages = gauge("tally_replica_report_age_seconds", "How old the replica's last report is.");
  std::uint64_t evictions = 0;
  std::uint64_t readmissions = 0;
  // What was not reported yet is left out, because a counter that falls to zero for a moment would
  // seem to count everything again when it comes back.
  const bool comparator_was_heard = group.comparator_heard_ms.has_value();
  for (const ReplicaStatus& replica : group.replicas) {
    const auto labels = [id = std::to_string(replica.id.value)](std::string name, std::string_view value) {
      return Labels{{"replica", id}, {std::move(name), text(value)}};
    };
    const Labels alone = {{"replica", std::to_string(replica.id.value)}};
    if (comparator_was_heard) {
      votes.add(replica.votes - std::min(replica.votes, replica.dissents), labels("outcome", "match"));
      votes.add(replica.dissents, labels("outcome", "dissent"));
      verdicts.add(replica.dissent_verdicts, labels("reason", to_string(VerdictReason::dissent)));
      verdicts.add(replica.silences, labels("reason", to_string(VerdictReason::silence)));
    }
    for (const ReplicaState state : replica_states)
      states.add(std::uint64_t{state == replica.state}, labels("state", to_string(state)));
    if (replica.heard_ms) {
      lags.add(replica.lag, alone);
      checkpoints.add(replica.checkpoint.value, alone);
      ages.add(static_cast<double>(*replica.heard_ms) / 1000, alone);
    }
    evictions += replica.evictions;
    readmissions += replica.readmissions;
  }
  for (Family* family : {&votes, &verdicts, &states, &lags, &checkpoints, &ages}) out.push_back(family->take());
  out.push_back(counter("tally_evictions_total", "Replicas that were evicted.").add(evictions).take());
  out.push_back(counter("tally_readmissions_total", "Replicas that vote again.").add(readmissions).take());
}

void add_group(const ClusterStatus& group, std::vector<MetricFamily>& out) {
  out.push_back(
      gauge("tally_term", "The term, which grows with each start of the distributor.").add(group.term.value).take());
  out.push_back(gauge("tally_view", "The number of the view: who votes.").add(group.view.value).take());
  out.push_back(gauge("tally_order", "The newest order that has come so far.")
                    .add(group.sequence.value, {{"stage", "made"}})
                    .add(group.stable.value, {{"stage", "stable"}})
                    .add(group.decided.value, {{"stage", "decided"}})
                    .take());
  out.push_back(gauge("tally_journal_first_order", "The first order that the journal still has.")
                    .add(group.journal_first.value)
                    .take());
  out.push_back(counter("tally_orders_total", "Orders that were made; since the term began.").add(group.orders).take());
  out.push_back(counter("tally_ordered_requests_total", "Requests that were put into them; likewise.")
                    .add(group.requests)
                    .take());
  out.push_back(counter("tally_journal_syncs_total", "Syncs of the journal; since the term began.")
                    .add(group.journal_syncs)
                    .take());
  out.push_back(
      histogram("tally_decision_seconds", "From the first that the comparator hears of an order until it is decided.")
          .add(group.decision, histograms::duration_bounds, microseconds_per_second)
          .take());
  out.push_back(histogram("tally_journal_sync_seconds", "From an append that must be on disk until it is.")
                    .add(group.journal_sync, histograms::duration_bounds, microseconds_per_second)
                    .take());
  out.push_back(histogram("tally_order_operations", "Operations in each order that was decided, of all doors.")
                    .add(group.order_operations, histograms::size_bounds, 1)
                    .take());
  add_replicas(group, out);
}

void add_tables(const std::vector<TableFill>& tables, std::vector<MetricFamily>& out) {
  Family limits = gauge("tally_table_limit", "How much the table of the group's state takes at most.");
  Family used = gauge("tally_table_used", "How much of it is used.");
  for (const TableFill& table : tables) {
    const std::size_t dot = std::min(table.name.find('.'), table.name.size());
    const Labels labels = {{"account", table.name.substr(0, dot)},
                           {"table", table.name.substr(std::min(dot + 1, table.name.size()))}};
    limits.add(static_cast<double>(table.limit), labels);
    used.add(static_cast<double>(table.used), labels);
  }
  out.push_back(limits.take());
  out.push_back(used.take());
}

void drop_empty(std::vector<MetricFamily>& families) {
  std::erase_if(families, [](const MetricFamily& family) { return family.metric.empty(); });
}

}  // namespace

std::string bridge_metrics(const BridgeFigures& figures) {
  std::vector<MetricFamily> families;
  add_bridge(figures, families);
  drop_empty(families);
  return prometheus::TextSerializer().Serialize(families);
}

std::string group_metrics(const std::optional<ClusterStatus>& status, const std::vector<TableFill>& tables) {
  std::vector<MetricFamily> families;
  add_state(status ? status->state : GroupState::unavailable, families);
  if (status) add_group(*status, families);
  add_tables(tables, families);
  drop_empty(families);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace tally::bridge::http
