// SPDX-License-Identifier: Apache-2.0
// The hash chain of the audit log: each line is a JSON object that ends in the SHA-256 of everything else in it, which
// includes the hash of the line before. So a changed, removed or moved line shows; that the tail was cut shows against
// a head known from elsewhere (law 16).
//
// Integrity against accidents and clumsy hands, not against somebody who rewrites the whole file.
// Any thread. Total: any bytes are verified or found wrong.
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

namespace tally {

// What the first line names as its predecessor's hash: 64 zeros.
std::string no_previous_hash();

struct SealedLine {
  std::string line;  // without the newline
  std::string hash;
};
// `content`: a JSON object with at least one member, as text.
SealedLine seal(std::string_view content);

struct AuditFile {
  AuditHead head;  // head.number is the number of records
  GroupId group;   // zero: no records
  std::uint64_t good_bytes = 0;
  std::vector<std::string> given_up;  // heads, as text, whose loss an operator accepted, in order
  std::string cut;                    // the newest record of a missing end that nobody has accepted; empty: none
  std::uint64_t torn_bytes = 0;  // after good_bytes: a last line without its newline, being written or torn by a crash
};

struct AuditFault {
  std::uint64_t line = 0;  // the first bad one; 0: the file cannot be read
  std::string why;
};

// `known`: a head that the log must contain, e.g. the one that the distributor journaled, unless it was given up.
tl::expected<AuditFile, AuditFault> verify_audit(std::istream& text, const std::optional<AuditHead>& known = {});
tl::expected<AuditFile, AuditFault> verify_audit_file(const std::filesystem::path& path,
                                                      const std::optional<AuditHead>& known = {});

}  // namespace tally
