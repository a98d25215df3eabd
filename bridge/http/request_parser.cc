// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/request_parser.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include "bridge/http/limits.h"
#include "bridge/http/live/limits.h"

namespace tally::bridge::http {
namespace {

namespace beast = boost::beast::http;

Method method_of(beast::verb verb) {
  switch (verb) {
    case beast::verb::get: return Method::get;
    case beast::verb::head: return Method::head;
    case beast::verb::post: return Method::post;
    case beast::verb::put: return Method::put;
    case beast::verb::delete_: return Method::remove;
    case beast::verb::options: return Method::options;
    default: return Method::other;
  }
}

// Sec-Purpose is what the standard says (Fetch); browsers sent the others before there was one.
bool is_purpose(std::string_view name) {
  return boost::beast::iequals(name, "Sec-Purpose") || boost::beast::iequals(name, "Purpose") ||
         boost::beast::iequals(name, "X-Moz");
}

// True of "prefetch", also with something behind it, like "prefetch;prerender".
bool names_prefetch(std::string_view value) {
  constexpr std::string_view word = "prefetch";
  return boost::beast::iequals(value.substr(0, word.size()), word);
}

// True of "GET / HTTP/2.0", for example (RFC 9112, section 2.3).
bool ends_in_version(std::string_view line) {
  constexpr std::string_view form = " HTTP/0.0";
  if (line.size() < form.size()) return false;
  line.remove_prefix(line.size() - form.size());
  const auto fits = [](char wanted, char byte) { return wanted == '0' ? byte >= '0' && byte <= '9' : byte == wanted; };
  return std::ranges::equal(form, line, fits);
}

// A list that comes in several fields is one list (RFC 9110, section 5.3). If it is too long, its
// first elements are dropped, as whole elements.
void append_end(std::string& list, std::string_view value) {
  if (!list.empty()) list += ',';
  list += value;
  if (list.size() <= http_limits::forwarded_bytes) return;
  list.erase(0, list.size() - http_limits::forwarded_bytes);
  list.erase(0, std::min(list.find(','), list.size() - 1) + 1);
}

}  // namespace

RequestParser::RequestParser(HttpRequest& request) : request_(request) {
  header_limit(http_limits::header_bytes);
  body_limit(http_limits::body_bytes);
  eager(true);
}

Problem RequestParser::problem_of(error_code error) const {
  if (refusal_) return *refusal_;
  if (error == beast::error::header_limit)
    return {ProblemKind::header_too_large,
            "the request's head is longer than " + std::to_string(http_limits::header_bytes) + " bytes"};
  if (error == beast::error::body_limit)
    return {ProblemKind::body_too_large,
            "the body is longer than " + std::to_string(http_limits::body_bytes) + " bytes"};
  if (error == beast::error::bad_version && is_other_version_)
    return {ProblemKind::other_version, "HTTP/1.1 and HTTP/1.0 are understood"};
  return {ProblemKind::malformed, "this is not an HTTP/1.1 request: " + error.message()};
}

std::size_t RequestParser::put(boost::asio::const_buffer buffer, error_code& error) {
  text bytes(static_cast<const char*>(buffer.data()), buffer.size());
  error = {};
  const std::size_t skipped = got_some() ? 0 : skip_empty_lines(bytes);
  bytes.remove_prefix(skipped);
  if (!lines_ended_) look_at_lines(bytes, error);
  if (!error && bytes.empty()) error = beast::error::need_more;
  // A carriage return alone may yet become an empty line.
  if (!error && !got_some() && bytes == "\r") error = beast::error::need_more;
  if (error) return skipped;
  const std::size_t taken = Base::put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  ahead_ -= std::min(ahead_, taken);
  if (error == beast::error::bad_version) is_other_version_ = ends_in_version(bytes.substr(0, bytes.find('\r')));
  return skipped + taken;
}

std::size_t RequestParser::skip_empty_lines(text bytes) {
  std::size_t skipped = 0;
  while (bytes.substr(skipped).starts_with("\r\n")) skipped += 2;
  head_bytes_ += skipped;
  return skipped;
}

// Looks at each line of the head once, when it is whole, and leaves what it means to Beast.
void RequestParser::look_at_lines(text bytes, error_code& error) {
  while (!lines_ended_ && !error) {
    const text rest = bytes.substr(ahead_);
    const std::size_t end = rest.find('\n');
    if (head_bytes_ + std::min(end, rest.size()) >= http_limits::header_bytes) error = beast::error::header_limit;
    if (end == text::npos) return;
    if (rest.front() == ' ' || rest.front() == '\t')
      return refuse(ProblemKind::malformed, "a header field that goes on in the next line is not understood", error);
    lines_ended_ = rest.starts_with("\r\n");
    head_bytes_ += end + 1;
    ahead_ += end + 1;
  }
}

void RequestParser::on_request_impl(verb method, text, text target, int version, error_code& error) {
  if (target.size() > http_limits::target_bytes)
    return refuse(ProblemKind::target_too_long, "the request target is too long", error);
  request_.method = method_of(method);
  request_.is_http_1_1 = version >= 11;
  request_.target.assign(target.data(), target.size());
}

void RequestParser::on_field_impl(field name, text name_text, text value, error_code& error) {
  if (head_ended_) return;
  switch (name) {
    case field::host:
      ++request_.hosts;
      request_.host.assign(value.data(), value.size());
      return;
    case field::origin: return store_once(request_.origin, request_.has_origin, value, error);
    case field::forwarded: return append_end(request_.forwarded, value);
    case field::sec_fetch_site: return store_once(request_.fetch_site, request_.has_fetch_site, value, error);
    case field::content_type: return store_once(request_.content_type, request_.has_content_type, value, error);
    case field::content_encoding:
      return store_once(request_.content_encoding, request_.has_content_encoding, value, error);
    case field::authorization:
      if (value.size() > http_limits::authorization_bytes) value = value.substr(0, http_limits::authorization_bytes);
      return store_once(request_.authorization, request_.has_authorization, value, error);
    case field::expect: request_.expects_continue = boost::beast::iequals(value, "100-continue"); return;
    case field::transfer_encoding:
      if (!boost::beast::iequals(value, "chunked") || !request_.is_http_1_1)
        refuse(ProblemKind::malformed, "no transfer coding but chunked is understood, and none in HTTP/1.0", error);
      return;
    case field::unknown:
      if (boost::beast::iequals(name_text, "Idempotency-Key"))
        return store_once(request_.idempotency_key, request_.has_idempotency_key, value, error);
      if (boost::beast::iequals(name_text, "X-Forwarded-For")) return append_end(request_.forwarded_for, value);
      if (boost::beast::iequals(name_text, "Last-Event-ID")) {
        request_.last_event_id.assign(value.data(), std::min(value.size(), live_limits::event_id_bytes));
        return;
      }
      if (is_purpose(name_text) && names_prefetch(value)) request_.is_prefetch = true;
      return;
    default: return;
  }
}

void RequestParser::on_header_impl(error_code& error) {
  head_ended_ = true;
  if (request_.hosts > 1 || (request_.hosts == 0 && request_.is_http_1_1))
    refuse(ProblemKind::malformed, "an HTTP/1.1 request has exactly one Host field", error);
  request_.has_body = chunked() || content_length().value_or(0) > 0;
}

std::size_t RequestParser::on_body_impl(text body, error_code&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, text body, error_code& error) {
  return on_body_impl(body, error);
}

// Beast has no errors for what is refused here, so the problem is kept beside its error.
void RequestParser::refuse(ProblemKind kind, std::string_view detail, error_code& error) {
  refusal_ = Problem{kind, std::string(detail)};
  error = beast::error::bad_value;
}

void RequestParser::store_once(std::string& stored, bool& has, text value, error_code& error) {
  if (has) return refuse(ProblemKind::malformed, "a field that can come once came twice", error);
  has = true;
  stored.assign(value.data(), value.size());
}

}  // namespace tally::bridge::http
