// SPDX-License-Identifier: Apache-2.0
// toml++, with exceptions in place of its assertions: some of those in version 3.3 fail for what a
// file says, for example "[.". Whoever parses catches std::runtime_error, of which
// toml::parse_error is one.
#pragma once

#include <stdexcept>

#define TOML_ASSERT(expression) (static_cast<bool>(expression) ? void(0) : throw std::runtime_error("this is not TOML"))

#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wterminate"  // some of them stand in functions that do not throw
#endif
#include <toml++/toml.h>
#pragma GCC diagnostic pop
