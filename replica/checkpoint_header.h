// SPDX-License-Identifier: Apache-2.0
// A checkpoint's header as a store keeps it: of fixed layout, little-endian (protocol/bytes.h), and
// with a checksum of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/messages.h"

namespace tally {

std::string encode_header(const CheckpointHeader& header);
// Takes any bytes. Nothing: they are damaged, or of another format.
std::optional<CheckpointHeader> decode_header(std::string_view bytes);

}  // namespace tally
