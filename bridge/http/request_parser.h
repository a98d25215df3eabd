// SPDX-License-Identifier: Apache-2.0
// Beast's HTTP/1 parser, which stores only what HttpRequest holds, into a request that is used
// again and again.
//
// It is stricter than Beast where a proxy in front of us might read the same bytes differently:
//   - HTTP/1.1 needs exactly one Host field;
//   - no transfer coding but chunked is understood, and none in HTTP/1.0 (RFC 9112, section 6.1);
//   - no field may go on in the next line (RFC 9112, section 5.2);
//   - every byte of the head counts against the limit, also those of empty lines before it, which
//     are passed over (RFC 9112, section 2.2).
// Fields in the trailer of a chunked body are dropped.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "bridge/http/problem.h"
#include "bridge/http/request.h"

namespace tally::bridge::http {

class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  using error_code = boost::beast::error_code;
  using Base = boost::beast::http::basic_parser<true>;

  // A parser is for one request. `request` is clear, and outlives the parser.
  explicit RequestParser(HttpRequest& request);

  // Takes what it can of the bytes that have come and have not been taken yet, and returns how many
  // that were. With `need_more` it asks for those that are left together with the next ones, as
  // basic_parser::put does.
  std::size_t put(boost::asio::const_buffer bytes, error_code& error);
  using Base::got_some;
  using Base::is_done;
  using Base::is_header_done;
  using Base::keep_alive;

  // Why put() failed with this error.
  Problem problem_of(error_code error) const;

 private:
  using text = boost::beast::string_view;
  using verb = boost::beast::http::verb;
  using field = boost::beast::http::field;

  void on_request_impl(verb method, text method_text, text target, int version, error_code& error) override;
  void on_response_impl(int, text, int, error_code&) override {}
  void on_field_impl(field name, text name_text, text value, error_code& error) override;
  void on_header_impl(error_code& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(text body, error_code& error) override;
  void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t remain, text body, error_code& error) override;
  void on_finish_impl(error_code&) override {}

  void refuse(ProblemKind kind, std::string_view detail, error_code& error);
  std::size_t skip_empty_lines(text bytes);
  void look_at_lines(text bytes, error_code& error);
  void store_once(std::string& stored, bool& has, text value, error_code& error);

  HttpRequest& request_;
  std::size_t head_bytes_ = 0;     // of whole lines that were looked at
  std::size_t ahead_ = 0;          // of these, not taken by Beast yet
  bool head_ended_ = false;        // Beast has seen its end
  bool lines_ended_ = false;       // look_at_lines has
  bool is_other_version_ = false;  // it ends in HTTP/2.0, say
  std::optional<Problem> refusal_;
};

}  // namespace tally::bridge::http
