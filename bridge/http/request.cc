// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/request.h"

namespace tally::bridge::http {

std::string_view word_of(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::remove: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: break;
  }
  return "none of these";
}

void HttpRequest::clear() {
  method = Method::other;
  is_http_1_1 = expects_continue = has_content_type = has_content_encoding = false;
  has_authorization = has_idempotency_key = has_origin = has_fetch_site = has_body = is_prefetch = false;
  hosts = 0;
  for (std::string* text : {&target, &host, &origin, &fetch_site, &forwarded_for, &forwarded, &content_type,
                            &content_encoding, &authorization, &idempotency_key, &last_event_id, &body})
    text->clear();
}

}  // namespace tally::bridge::http
