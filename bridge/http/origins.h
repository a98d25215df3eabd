// SPDX-License-Identifier: Apache-2.0
// Law 30: the door is for browsers too, and so for strangers' pages. A page may only ask for a name
// that is ours, so that a stranger's name that is made to lead here (DNS rebinding) gets nothing;
// and no page of another origin changes anything. Pure.
//
// Sources: Fetch Metadata Request Headers (W3C), RFC 6454 (Origin), RFC 9112, section 3.2.
#pragma once

#include <optional>
#include <string_view>

#include "bridge/http/problem.h"
#include "bridge/http/request.h"
#include "bridge/http/task.h"

namespace tally::bridge::http {

// Host and port that the request asks for: of its target if that is absolute, whatever Host says,
// else of Host.
std::string_view authority_of(const HttpRequest& request);

// That it is an address, localhost, or listed in `rules.http_hosts`, with any port. A request of
// HTTP/1.0 may have none: no browser sends such ones.
std::optional<Problem> check_host(const HttpRequest& request, const Rules& rules);

// For a request that changes something: that it is of no page, of a page of the bridge's own, or of
// one whose origin is listed in `rules.http_origins`.
std::optional<Problem> check_page(const HttpRequest& request, const Rules& rules);

}  // namespace tally::bridge::http
