// SPDX-License-Identifier: Apache-2.0
// A replica's own directory: whose it is (files/identity.h), what the replica remembers
// (replica/witness.h), and its two checkpoints, which the stores look after themselves.
//
// An empty directory is a new replica's, even where there was another one before: what that held
// can be had from the order and from other replicas, of whom f+1 have to agree
// (docs/decisions/0017-what-is-lost-stays-lost.md). A directory that holds something but no
// identity, or somebody else's, is refused, and nothing is written to it.
//
// open() belongs to the start of the process, and keep() to the thread that writes checkpoints.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "replica/witness.h"

namespace tally {

class ReplicaDirectory {
 public:
  // The error is a sentence for the operator.
  static tl::expected<ReplicaDirectory, std::string> open(std::string path, ReplicaId id);
  // Reads what is there and changes nothing: for those who ask about a replica that does not run.
  static tl::expected<ReplicaDirectory, std::string> look_at(std::string path, ReplicaId id);

  const std::string& path() const { return path_; }
  GroupId group() const { return group_; }  // zero: not known yet
  const Witness& witness() const { return slot_.witness; }

  // Writes what the replica remembers, and makes anew what is missing of a directory that was taken
  // away meanwhile. It syncs if a state was added. Otherwise the page cache has it, so that the end
  // of the process loses nothing, and no commit waits for the disk. The error is a sentence for the
  // operator.
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
