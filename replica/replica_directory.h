// SPDX-License-Identifier: Apache-2.0
// A replica's own directory: whose it is (files/identity.h), what the replica remembers (replica/witness.h), and its
// two checkpoints, which the stores look after themselves.
//
// An empty directory is a new replica's, also where there was another one: what it held can be had from the order and
// from other replicas, of whom f+1 have to agree (docs/decisions/0017-what-is-lost-stays-lost.md). One that holds
// something and no identity, or somebody else's, is refused, and nothing is written to it.
//
// open() belongs to the start; keep() to the thread that writes checkpoints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "replica/witness.h"

namespace tally {

class ReplicaDirectory {
 public:
  // The error is a sentence for the operator.
  static tl::expected<ReplicaDirectory, std::string> open(std::string path, ReplicaId id);
  // What is there, without a change to it: for those who ask about a replica that does not run.
  static tl::expected<ReplicaDirectory, std::string> look_at(std::string path, ReplicaId id);

  const std::string& path() const { return path_; }
  GroupId group() const { return group_; }  // zero: not known yet
  const Witness& witness() const { return slot_.witness; }

  // Makes what is missing of a directory that was taken away meanwhile. Synced where a state was added; the rest is in
  // the page cache, so that the end of a process loses nothing and no commit waits for it. The error is a sentence.
  std::optional<std::string> keep(GroupId group, const Witness& witness);

 private:
  ReplicaDirectory(std::string path, ReplicaId id) : path_(std::move(path)) { slot_.replica = id; }
  std::optional<std::string> read();
  std::string role() const;

  std::string path_;
  GroupId group_;
  WitnessSlot slot_;
};

}  // namespace tally
