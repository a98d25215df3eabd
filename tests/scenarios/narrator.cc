// SPDX-License-Identifier: Apache-2.0
#include "scenarios/narrator.h"

#include <algorithm>

#include "simulation/liar.h"
#include "simulation/node.h"

namespace tally::scenarios {
namespace {

constexpr Duration worth_telling = milliseconds(10);
constexpr std::string_view replica_prefix = "replica";

bool is_replica(const std::string& name) { return name.starts_with(replica_prefix); }

}  // namespace

std::string display_name(const std::string& node) {
  return is_replica(node) ? "replica " + node.substr(replica_prefix.size()) : node;
}

// ---- lines

std::vector<std::string> Narrator::take() {
  flush();
  last_line_ = world_.agenda.now();
  return std::exchange(lines_, {});
}

void Narrator::write(const std::string& text) {
  flush();
  line(world_.agenda.now(), text);
}

void Narrator::line(Instant at, std::string text) {
  if (muted_) return;
  const Duration passed = at - last_line_;
  if (passed >= worth_telling) lines_.push_back("(" + tally::scenarios::text(passed) + " later)");
  last_line_ = at;
  lines_.push_back(std::move(text));
}

void Narrator::say(const Way& way, std::string text) {
  if (muted_) return;
  if (pending_ && pending_->text == text) {
    const bool same_sender = pending_->from.size() == 1 && pending_->from.front() == way.first;
    const bool same_receiver = pending_->to.size() == 1 && pending_->to.front() == way.second;
    if (same_sender && !same_receiver) return pending_->to.push_back(way.second);
    if (same_receiver && !same_sender) return pending_->from.push_back(way.first);
  }
  flush();
  pending_ = Pending{{way.first}, {way.second}, std::move(text), world_.agenda.now()};
}

void Narrator::flush() {
  if (!pending_) return;
  const Pending said = *std::exchange(pending_, std::nullopt);
  line(said.at, together(said.from) + " → " + together(said.to) + ": " + said.text);
}

// "replicas 1 2 3", or names.
std::string Narrator::together(const std::vector<std::string>& nodes) const {
  if (nodes.size() == 1) return display_name(nodes.front());
  const bool replicas = std::ranges::all_of(nodes, is_replica);
  std::string text = replicas ? "replicas" : "";
  for (const std::string& node : nodes)
    text += replicas ? " " + node.substr(replica_prefix.size()) : (text.empty() ? "" : ", ") + node;
  return text;
}

// ---- what happens

void Narrator::happened(const simulation::Node& node, const Event& event) {
  const std::string text = wording_.text(event);
  seen_.push_back(text);
  if (all_ || News::is_news(event)) write("event " + display_name(node.name()) + " " + text);
}

bool Narrator::has_seen(const std::string& words) const {
  return std::ranges::any_of(
      seen_, [&](const std::string& event) { return event == words || event.starts_with(words + " "); });
}

void Narrator::process(const simulation::Node& node, bool started) {
  if (!expected_) write(display_name(node.name()) + (started ? ": process started" : ": process ended"));
}

void Narrator::journaled(const JournalRecord& record) {
  std::string what;
  if (const auto* order = std::get_if<Order>(&record)) {
    wording_.made(*order);
    if (all_ || !order->requests.empty()) what = "order " + std::to_string(order->id.sequence.value);
  }
  if (const auto* view = std::get_if<JournaledView>(&record)) what = "view " + std::to_string(view->number.value);
  if (const auto* agreed = std::get_if<OrderState>(&record); agreed && all_)
    what = "state agreed on after order " + std::to_string(agreed->order.sequence.value);
  if (what.empty()) return;
  write("journal: " + what + " appended");
  unsynced_ = true;
}

void Narrator::synced() {
  if (std::exchange(unsynced_, false)) write("journal: synced");
}

// ---- messages

void Narrator::learn(const Way& way, const Message& message) {
  if (const auto* request = std::get_if<ClientRequest>(&message)) wording_.sent(way.first, *request);
}

simulation::Parcel Narrator::sending(simulation::Link& link, bool up, simulation::Parcel message) {
  const std::string& connector = link.connector->name();
  const std::string& binder = link.binder->name();
  const Way way = up ? Way(connector, binder) : Way(binder, connector);
  learn(way, *message);
  const auto forgery = forgers_.find(way.first);
  if (forgery != forgers_.end() && std::holds_alternative<StateChunk>(*message)) {
    StateChunk chunk = std::get<StateChunk>(*message);
    simulation::Liar::forge_counter(chunk);
    if (forgery->second == Forgery::as_of_last_order)
      chunk.header.applied = world_.referee.order(world_.referee.last())->id;
    message = simulation::parcel(std::move(chunk));
  }
  const bool lost = cut_.contains(way);
  const bool shown = news_.is_news(way.first + ">" + way.second, *message, lost) || all_;
  const bool held = !releasing_ && held_ways_.contains(way);
  if (shown) say(way, wording_.text(*message) + (lost ? " (lost)" : held ? " (held)" : ""));
  if (held) held_[way].push_back({&link, up, message});
  return lost || held ? nullptr : message;
}

void Narrator::mend(const std::string& from, const std::string& to) {
  const Way way{from, to};
  cut_.erase(way);
  held_ways_.erase(way);
  releasing_ = true;
  for (Held& held : std::exchange(held_[way], {})) {
    if (held.up)
      world_.network.send_up(*held.link, std::move(held.message));
    else
      world_.network.send_down(*held.link, held.link->connector->life(), std::move(held.message));
  }
  releasing_ = false;
}

}  // namespace tally::scenarios
