// SPDX-License-Identifier: Apache-2.0
// The hash chain of the audit log. Each line is a JSON object that ends in the SHA-256 of
// everything else in it, and that includes the hash of the line before. So a line that was changed,
// removed or moved is found. A tail that was cut off leaves a good chain, and is found by
// comparison with a head that is known from elsewhere (law 16).
//
// The chain protects against accidents and clumsy hands, and not against somebody who rewrites the
// whole file.
//
// Any thread. Whatever bytes a file has, it is verified or found wrong.
#pragma once

#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "comparator/audit.h"
#include "comparator/audit_tail.h"

namespace tally {

// The first line has no predecessor, and names 64 zeros as its hash.
std::string no_previous_hash();

struct SealedLine {
  std::string line;  // without the newline
  std::string hash;
};
// Precondition: `content` is a JSON object with at least one member, as text.
SealedLine seal(std::string_view content);

struct AuditFile {
  AuditHead head;  // head.number is the number of records
  GroupId group;   // zero: there are no records
  std::uint64_t good_bytes = 0;
  std::vector<std::string> given_up;  // heads, as text, whose loss an operator accepted, in order
  // The record of a missing end that nobody gave up; empty: none.
  std::string cut;
  AuditTail tail;
  // A last line without its newline, after good_bytes: it is being written, or was torn by a crash.
  std::uint64_t torn_bytes = 0;
};

struct AuditFault {
  std::uint64_t line = 0;  // the first bad one; 0: the file cannot be read
  std::string why;
};

// `known` is a head that the log must contain unless it was given up, such as the one that the
// distributor journaled.
tl::expected<AuditFile, AuditFault> verify_audit(std::istream& text, const std::optional<AuditHead>& known = {});
tl::expected<AuditFile, AuditFault> verify_audit_file(const std::filesystem::path& path,
                                                      const std::optional<AuditHead>& known = {});

}  // namespace tally
