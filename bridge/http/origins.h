// SPDX-License-Identifier: Apache-2.0
// Law 30: the door is for browsers too, and so for strangers' pages. A page may only ask for a name
// that is ours, so that a stranger's name that is made to lead here (DNS rebinding) gets nothing.
// And no page of another origin may change anything. Pure.
//
// Sources: Fetch Metadata Request Headers (W3C), RFC 6454 (Origin), RFC 9112, section 3.2.
#pragma once

#include <optional>
#include <string_view>

#include "bridge/http/problem.h"
#include "bridge/http/request.h"
#include "bridge/http/task.h"

namespace tally::bridge::http {

// The host and port that the request asks for. They are those of its target if that is absolute,
// whatever Host says, and those of Host otherwise.
std::string_view authority_of(const HttpRequest& request);

// Checks that they are an address, localhost, or a name in `rules.http_hosts`, with any port. A
// request of HTTP/1.0 may have none, because no browser sends such requests.
std::optional<Problem> check_host(const HttpRequest& request, const Rules& rules);

// Checks of a request that changes something that it comes from no page, from a page of the
// bridge's own, or from one whose origin is in `rules.http_origins`.
std::optional<Problem> check_page(const HttpRequest& request, const Rules& rules);

}  // namespace tally::bridge::http
