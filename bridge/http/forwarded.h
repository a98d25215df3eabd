// SPDX-License-Identifier: Apache-2.0
// Whose request it is that comes by way of a proxy. Pure.
#pragma once

#include <vector>

#include "bridge/http/request.h"
#include "runtime/network.h"

namespace tally::bridge::http {

// The address of the client whose request came from `peer`. If `peer` is a trusted proxy, what it
// says is believed: the client is the last address in X-Forwarded-For, or, where there is no such
// field, in Forwarded (RFC 7239), that is not itself a trusted proxy's. Whatever stands before that
// address may have been written by anybody. If the proxy says nothing that can be read, the request
// counts as the proxy's own.
IpAddress client_of(const IpAddress& peer, const HttpRequest& request, const std::vector<AddressBlock>& proxies);

}  // namespace tally::bridge::http
