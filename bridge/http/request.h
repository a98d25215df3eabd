// SPDX-License-Identifier: Apache-2.0
// What of an HTTP request matters to this bridge.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tally::bridge::http {

enum class Method : std::uint8_t { get, head, post, put, remove, options, other };

// As the request line and Allow spell it.
std::string_view word_of(Method method);

// One lives in each connection and is used again, so that a request that is like the one before
// allocates nothing.
struct HttpRequest {
  Method method = Method::other;
  bool is_http_1_1 = false;
  bool expects_continue = false;
  bool has_content_type = false;
  bool has_content_encoding = false;
  bool has_authorization = false;
  bool has_idempotency_key = false;
  bool has_origin = false;
  bool has_fetch_site = false;
  bool has_body = false;     // its framing says that there is one, or that one is to come
  bool is_prefetch = false;  // a browser asks for it before anybody sees the page
  std::uint32_t hosts = 0;   // how many Host fields there are
  std::string target;
  std::string host;           // the last Host field
  std::string origin;         // the origin of the page that asks (RFC 6454)
  std::string fetch_site;     // Sec-Fetch-Site: how that page is related to this host
  std::string forwarded_for;  // the end of X-Forwarded-For, whatever it says
  std::string forwarded;      // the end of Forwarded, likewise
  std::string content_type;
  std::string content_encoding;
  std::string authorization;
  std::string idempotency_key;
  std::string last_event_id;  // the beginning of it
  std::string body;

  void clear();
};

}  // namespace tally::bridge::http
