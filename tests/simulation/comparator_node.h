// SPDX-License-Identifier: Apache-2.0
// The comparator's shell in the simulation: its core, its audit log and its sockets
// (comparator/shell.cc).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "comparator/core.h"
#include "simulation/node.h"

namespace tally::simulation {

class ComparatorNode : public Node {
 public:
  explicit ComparatorNode(World& world);

  static constexpr std::size_t distributor_channel = 0;
  static std::size_t replica_channel(ReplicaId replica) { return replica.value; }
  std::size_t client_channel() const;
  void set_distributor(Link& link) { distributor_ = &link; }
  void add_client(const std::string& name, Link& link) { clients_.emplace(name, &link); }

 private:
  void begin() override;
  void end() override;
  Instant turn() override;
  void receive_all(ComparatorCore& core, Instant now);
  void carry_out(ComparatorOutput output);
  void send_to_client(const ClientId& client, Message message);
  void write_audit(const std::vector<AuditRecord>& records);

  Link* distributor_ = nullptr;
  std::map<std::string, Link*> clients_;
  AuditHead audit_head_;  // of the log on the disk
  GroupId group_;         // of the records in that log
  std::vector<Verdict> on_record_;

  // These belong to the present process.
  std::unique_ptr<ComparatorCore> core_;
  Incarnation incarnation_;
  Instant audit_free_;  // when the jobs that write records will be done
};

}  // namespace tally::simulation
