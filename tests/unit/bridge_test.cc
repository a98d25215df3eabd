// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <vector>

#include "bridge/http/bodies.h"
#include "bridge/http/request_parser.h"
#include "bridge/http/routes.h"
#include "bridge/http/task.h"
#include "protocol/limits.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::http;

namespace {

const Rules rules{"s3cret", 3, true};

int status_of(const Problem& problem) { return row_of(problem.kind).status; }

// 200, or the problem's status.
template <class Expected>
int status_of(const Expected& expected) {
  return expected ? 200 : status_of(expected.error());
}

int route_status(Method method, std::string_view target) { return status_of(find_route(method, target)); }

HttpRequest request_of(Method method, std::string target, std::string body = "") {
  HttpRequest request;
  request.method = method;
  request.target = std::move(target);
  request.has_body = !body.empty();
  request.body = std::move(body);
  return request;
}

HttpRequest with_token(HttpRequest request, const std::string& token = "s3cret") {
  request.has_authorization = true;
  request.authorization = "Bearer " + token;
  return request;
}

HttpRequest typed(const std::string& type, const std::string& body) {
  HttpRequest request = request_of(Method::post, "/v1/counters/home/increment", body);
  request.has_content_type = true;
  request.content_type = type;
  return request;
}

HttpRequest asked_for(std::string host, std::string target = "/v1/counters/a") {
  HttpRequest request = request_of(Method::get, std::move(target));
  request.is_http_1_1 = true;
  request.hosts = 1;
  request.host = std::move(host);
  return request;
}

const Rules rules_for_browsers{"s3cret", 3, true, {"Counter.example", "127.0.0.1.nip.io"}, {"https://page.example"}};

HttpRequest of_page(HttpRequest request, const std::string& origin, const std::string& site) {
  request.host = "localhost:8080";
  request.hosts = 1;
  request.has_origin = !origin.empty();
  request.origin = origin;
  request.has_fetch_site = !site.empty();
  request.fetch_site = site;
  return request;
}

const OwnedOperation& operation_of(const tl::expected<Task, Problem>& task) {
  BOOST_REQUIRE(task.has_value());
  return std::get<OwnedOperation>(task->work);
}

// Parses bytes that come in pieces of `piece` bytes. Returns 200 once the request is whole, 0 if it
// never is.
int parse_status(std::string_view bytes, std::size_t piece, HttpRequest& request) {
  request.clear();
  RequestParser parser(request);
  std::string waiting;
  while (!bytes.empty() && !parser.is_done()) {
    waiting += bytes.substr(0, piece);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    boost::beast::error_code error;
    waiting.erase(0, parser.put(boost::asio::buffer(waiting), error));
    if (error && error != boost::beast::http::error::need_more) return status_of(parser.problem_of(error));
  }
  return parser.is_done() ? 200 : 0;
}

int parse_status(const std::string& bytes) {
  HttpRequest request;
  return parse_status(bytes, bytes.size(), request);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bridge_routes)

BOOST_AUTO_TEST_CASE(a_name_is_percent_decoded_out_of_its_path) {
  const auto route = find_route(Method::get, "/v1/counters/K%C3%A4se%2Fpage%201+x");
  BOOST_REQUIRE(route.has_value());
  BOOST_TEST((route->action() == Action::read));
  BOOST_TEST(route->name == "Käse/page 1+x");
}

BOOST_AUTO_TEST_CASE(every_route_of_the_contract_is_found) {
  const std::vector<std::tuple<Method, std::string, Action>> all = {
      {Method::post, "/v1/counters/a/increment", Action::increment},
      {Method::get, "/v1/counters/a", Action::read},
      {Method::head, "/v1/counters/a", Action::read},
      {Method::put, "/v1/counters/a", Action::set},
      {Method::remove, "/v1/counters/a", Action::remove},
      {Method::get, "/v1/counters", Action::list},
      {Method::get, "/hit/a?", Action::hit},
      {Method::head, "/hit/a", Action::look_at_hit},
      {Method::get, "/v1/cluster", Action::cluster},
      {Method::post, "/v1/cluster/replicas/2/evict", Action::evict},
      {Method::post, "/v1/cluster/replicas/2/readmit", Action::readmit},
      {Method::post, "/v1/cluster/replicas/2/fault", Action::fault},
      {Method::post, "/v1/cluster/distributor/fault", Action::fault},
      {Method::post, "/v1/cluster/comparator/fault", Action::fault},
      {Method::head, "/livez", Action::livez},
      {Method::get, "/", Action::page},
      {Method::get, "/dashboard/index.html", Action::page_file},
      {Method::get, "/events", Action::events},
      {Method::get, "http://example.org/readyz", Action::readyz}};
  for (const auto& [method, target, action] : all) {
    const auto route = find_route(method, target);
    BOOST_TEST_CONTEXT(target) {
      BOOST_REQUIRE(route.has_value());
      BOOST_TEST((route->action() == action));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_changes_something_by_its_method_is_not_for_strangers_pages) {
  for (const RouteRow& row : route_rows()) BOOST_TEST_CONTEXT(word_of(row.method) << ' ' << row.path) {
      const bool is_safe = row.method == Method::get || row.method == Method::head;
      // Events change nothing, but a connection that stays is not for strangers' pages to spend.
      BOOST_TEST((row.pages == Pages::all) == (is_safe && row.action != Action::events));
      BOOST_TEST((row.body == Body::ignored) == is_safe);
      BOOST_TEST(row.changes == (!is_safe || row.action == Action::hit));
      BOOST_TEST((row.key == Key::ignored || row.changes));
    }
}

BOOST_AUTO_TEST_CASE(the_methods_of_a_path_stand_together_in_the_table) {
  std::set<std::string_view> seen;
  std::string_view last;
  for (const RouteRow& row : route_rows()) {
    if (row.path != last) BOOST_TEST(seen.insert(row.path).second, row.path);
    last = row.path;
  }
}

BOOST_AUTO_TEST_CASE(another_method_is_told_which_ones_there_are) {
  const auto route = find_route(Method::post, "/v1/counters/a");
  BOOST_REQUIRE(!route.has_value());
  BOOST_TEST(status_of(route) == 405);
  BOOST_TEST(route.error().allow == "GET, HEAD, PUT, DELETE");
  BOOST_TEST(route_status(Method::other, "/hit/a") == 405);
  BOOST_TEST(route_status(Method::other, "/nothing") == 404);
}

BOOST_AUTO_TEST_CASE(options_tells_what_a_path_takes) {
  const auto allow = [](std::string_view target) {
    const auto route = find_route(Method::options, target);
    return route ? route->allow : std::string("refused");
  };
  BOOST_TEST(allow("/v1/counters/a") == "GET, HEAD, PUT, DELETE, OPTIONS");
  BOOST_TEST(allow("/v1/counters/a/increment?x=1") == "POST, OPTIONS");
  BOOST_TEST(allow("http://localhost/livez") == "GET, HEAD, OPTIONS");
  BOOST_TEST(allow("*") == "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  BOOST_TEST(route_status(Method::options, "/nothing") == 404);
  BOOST_TEST(route_status(Method::get, "*") == 400);
}

BOOST_AUTO_TEST_CASE(hostile_targets_are_refused) {
  const std::vector<std::string> malformed = {"/hit/",
                                              "/hit/%00",
                                              "/hit/a%0Ab",
                                              "/hit/%ff",
                                              "/hit/%c0%af",
                                              "/hit/%ed%a0%80",
                                              "/hit/%zz",
                                              "/hit/%4",
                                              "/hit/\xff",
                                              "/hit/a b",
                                              "/hit/%7f",
                                              "*",
                                              "x",
                                              "",
                                              "/v1/counters/",
                                              "/v1/counters?limit=0",
                                              "/v1/counters?limit=1001",
                                              "/v1/counters?limit=-1",
                                              "/v1/counters?limit=1e1",
                                              "/v1/counters?limit=",
                                              "/v1/counters?limit=99999999999",
                                              "/v1/counters?prefix=%00",
                                              "/v1/counters?after=%ff",
                                              "/v1/counters/a?consistency=any"};
  for (const std::string& target : malformed) BOOST_TEST(route_status(Method::get, target) == 400, target);
  BOOST_TEST(route_status(Method::post, "/v1/counters//increment") == 400);
  BOOST_TEST(route_status(Method::get, "/hit/" + std::string(257, 'a')) == 400);
  BOOST_TEST(route_status(Method::get, "/hit/" + std::string(256, 'a')) == 200);
  BOOST_TEST(route_status(Method::get, "/hit/" + std::string(5000, 'a')) == 414);
  BOOST_TEST(route_status(Method::get, "/") == 200);
  for (const std::string target : {"//", "/hit", "/hit/a/b", "/hit/a/", "/a/b/c/d/e/f/g", "/../hit/a", "/metrics/",
                                   "/v1/counters/a/decrement", "example.org:80", "http://"})
    BOOST_TEST(route_status(Method::get, target) == 404, target);
  for (const std::string id : {"0", "x", "-1", "1x", "99999999999999999999", "%31x", ""})
    BOOST_TEST(route_status(Method::post, "/v1/cluster/replicas/" + id + "/evict") == 404, id);
}

BOOST_AUTO_TEST_CASE(a_list_takes_prefix_limit_and_after) {
  const auto route = find_route(Method::get, "/v1/counters?prefix=p%26&limit=7&after=a+b");
  BOOST_REQUIRE(route.has_value());
  BOOST_TEST(route->name == "p&");
  BOOST_TEST(route->limit == 7u);
  BOOST_TEST(route->after == "a b");
}

BOOST_AUTO_TEST_CASE(a_parameter_that_is_not_known_is_refused_by_name) {
  const std::vector<std::tuple<Method, std::string, std::string>> all = {
      {Method::post, "/v1/counters/a/increment?by=5", "by"},
      {Method::get, "/hit/a?nocache=1", "nocache"},
      {Method::get, "/v1/counters?limit=3&Prefix=x", "Prefix"},
      {Method::get, "/v1/counters/a?limit=3", "limit"},
      {Method::get, "/livez?b%22%0a=1", "b%22%0a"},
      {Method::get, "/livez?=1", ""},
      {Method::get, "/livez?&", ""},
      {Method::get, "/v1/cluster?%ff", "%ff"},
      {Method::get, "/readyz?" + std::string(1000, 'x'), std::string(http_limits::shown_bytes, 'x')}};
  for (const auto& [method, target, name] : all) {
    const auto route = find_route(method, target);
    BOOST_TEST_CONTEXT(target) {
      BOOST_REQUIRE(!route.has_value());
      BOOST_TEST(status_of(route) == 400);
      BOOST_TEST(route.error().detail == "the query parameter \"" + name + "\" is not known here");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_parameter_that_comes_twice_is_refused_by_name) {
  for (const std::string target : {"/v1/counters?limit=1&limit=2", "/v1/counters?limit=1&prefix=a&%6cimit=1"}) {
    const auto route = find_route(Method::get, target);
    BOOST_REQUIRE(!route.has_value());
    BOOST_TEST(status_of(route) == 400);
    BOOST_TEST(route.error().detail.find("imit\" comes twice") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bridge_requests)

BOOST_AUTO_TEST_CASE(by_is_a_signed_64_bit_integer) {
  const auto by = [](std::string_view body) { return parse_increment(body).value().value; };
  BOOST_TEST(by("") == 1);
  BOOST_TEST(by("{}") == 1);
  BOOST_TEST(by(R"({"by":-5})") == -5);
  BOOST_TEST(by(R"({"by":9223372036854775807})") == INT64_MAX);
  BOOST_TEST(by(R"({"by":-9223372036854775808})") == INT64_MIN);
  for (const std::string body : {R"({"by":1.5})",
                                 R"({"by":1e3})",
                                 R"({"by":5.0})",
                                 R"({"by":"5"})",
                                 R"({"by":9223372036854775808})",
                                 R"({"by":-9223372036854775809})",
                                 R"({"by":null})",
                                 R"({"by":true})",
                                 R"({"by":[5]})",
                                 R"({"by":})",
                                 "{",
                                 "[]",
                                 "5",
                                 "null",
                                 " ",
                                 R"({"by":5}x)",
                                 R"({"By":5})",
                                 R"({"by":5,"x":1})",
                                 R"({"by":1,"by":2})",
                                 R"({"by":1,"\u0062y":1})",
                                 "{\"by\":\xff}",
                                 "\xef\xbb\xbf{}"})
    BOOST_TEST(status_of(parse_increment(body)) == 400, body);
  std::string deep;
  for (int level = 0; level < 10'000; ++level) deep += R"({"by":)";
  BOOST_TEST(status_of(parse_increment(deep)) == 400);
}

BOOST_AUTO_TEST_CASE(a_value_must_be_given) {
  BOOST_TEST(parse_value(R"({"value":1000})").value().value == 1000);
  for (const std::string body :
       {"", "{}", R"({"by":1})", R"({"value":"1"})", R"({"expires_in_ms":5})", R"({"value":1,"window_ms":5})"})
    BOOST_TEST(status_of(parse_value(body)) == 400, body);
}

BOOST_AUTO_TEST_CASE(a_window_and_an_expiry_are_whole_milliseconds_from_1_to_2_to_the_53) {
  const auto window = [](const std::string& ms) { return parse_increment(R"({"by":2,"window_ms":)" + ms + '}'); };
  const auto expiry = [](const std::string& ms) { return parse_value(R"({"expires_in_ms":)" + ms + R"(,"value":2})"); };
  for (const std::int64_t ms : {std::int64_t{1}, std::int64_t{60'000}, std::int64_t{9007199254740991}}) {
    for (const auto& change : {window(std::to_string(ms)), expiry(std::to_string(ms))}) {
      BOOST_REQUIRE(change.has_value());
      BOOST_TEST(change->value == 2);
      BOOST_TEST((change->expiry == Expiry{ExpiryKind::after, ms}));
    }
  }
  for (const std::string ms : {"0", "-1", "9007199254740992", "9223372036854775808", "1.5", "6e4", "60000.0",
                               R"("60000")", "null", "true", "[1]"}) {
    for (const auto& change : {window(ms), expiry(ms)}) {
      BOOST_TEST(status_of(change) == 400, ms);
      if (!change)
        BOOST_TEST(change.error().detail.ends_with("is not a whole number of milliseconds from 1 to 9007199254740991"));
    }
  }
  BOOST_TEST(window("0").error().detail.starts_with("\"window_ms\" "));
  BOOST_TEST(expiry("0").error().detail.starts_with("\"expires_in_ms\" "));
  BOOST_TEST((parse_increment("").value().expiry == Expiry()));
  BOOST_TEST((parse_value(R"({"value":1})").value().expiry == Expiry()));
  BOOST_TEST(parse_increment(R"({"window_ms":5})").value().value == 1);
  for (const std::string body : {R"({"window_ms":5,"window_ms":5})", R"({"window_ms":5,"by":"1"})",
                                 R"({"by":1,"window":5})", R"({"by":1,"expires_in_ms":5})"})
    BOOST_TEST(status_of(parse_increment(body)) == 400, body);
}

BOOST_AUTO_TEST_CASE(a_fault_has_a_kind_a_time_and_a_probability) {
  const auto fault = parse_fault(R"({"kind":"wrong-value","for_seconds":1.5,"probability":0.5})");
  BOOST_REQUIRE(fault.has_value());
  BOOST_TEST((*fault == Fault{FaultKind::wrong_value, milliseconds(1500), 0.5}));
  BOOST_TEST((parse_fault(R"({"kind":"clear"})").value() == Fault{FaultKind::none, {}, 1.0}));
  for (const std::string body :
       {"", R"({"kind":"none"})", R"({"kind":"evil"})", R"({"kind":5})", R"({"kind":"hang","for_seconds":-1})",
        R"({"kind":"hang","for_seconds":1e300})", R"({"kind":"hang","for_seconds":1e-10})",
        R"({"kind":"hang","for_seconds":0})", R"({"kind":"hang","probability":1.1})",
        R"({"kind":"hang","probability":"1"})", R"({"kind":"hang","seconds":1})"})
    BOOST_TEST(status_of(parse_fault(body)) == 400, body);
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_distributor_or_the_comparator_is_a_crash_or_a_hang) {
  BOOST_TEST(
      (parse_role_fault(R"({"kind":"hang","for_seconds":1.5})").value() == Fault{FaultKind::hang, milliseconds(1500)}));
  BOOST_TEST((parse_role_fault(R"({"kind":"crash"})").value() == Fault{FaultKind::crash, {}}));
  BOOST_TEST((parse_role_fault(R"({"kind":"clear"})").value() == Fault{}));
  for (const std::string body : {"", R"({"kind":"wrong-value"})", R"({"kind":"silent"})", R"({"kind":"none"})",
                                 R"({"kind":"hang","for_seconds":-1})", R"({"kind":"crash","probability":1})"})
    BOOST_TEST(status_of(parse_role_fault(body)) == 400, body);
}

BOOST_AUTO_TEST_CASE(an_increment_is_one_add_with_its_key) {
  HttpRequest request = request_of(Method::post, "/v1/counters/home/increment", R"({"by":5})");
  request.has_idempotency_key = true;
  request.idempotency_key = "k-1";
  const auto task = understand(request, rules);
  const OwnedOperation& operation = operation_of(task);
  BOOST_TEST((operation.kind == OperationKind::add));
  BOOST_TEST(operation.name == "home");
  BOOST_TEST(operation.value == 5);
  BOOST_TEST(operation.idempotency_key == "k-1");
  BOOST_TEST((operation.expiry == Expiry()));
  BOOST_TEST(!operation.detail);
  BOOST_TEST(task->changes());
}

BOOST_AUTO_TEST_CASE(how_long_a_counter_lasts_is_asked_for_by_reads_and_by_changes_that_say_it) {
  const auto with_body = [](Method method, std::string target, std::string body) {
    return understand(with_token(request_of(method, std::move(target), std::move(body))), rules);
  };
  const auto window = with_body(Method::post, "/v1/counters/a/increment", R"({"window_ms":60000})");
  BOOST_TEST((operation_of(window).expiry == Expiry{ExpiryKind::after, 60'000}));
  BOOST_TEST(operation_of(window).detail);
  const auto set = with_body(Method::put, "/v1/counters/a", R"({"value":5,"expires_in_ms":7})");
  BOOST_TEST((operation_of(set).expiry == Expiry{ExpiryKind::after, 7}));
  BOOST_TEST(operation_of(set).detail);
  BOOST_TEST(operation_of(with_body(Method::get, "/v1/counters/a", "")).detail);
  for (const auto& other :
       {with_body(Method::put, "/v1/counters/a", R"({"value":5})"), with_body(Method::remove, "/v1/counters/a", ""),
        with_body(Method::get, "/hit/a", ""), with_body(Method::head, "/hit/a", "")}) {
    BOOST_TEST((operation_of(other).expiry == Expiry()));
    BOOST_TEST(!operation_of(other).detail);
  }
}

BOOST_AUTO_TEST_CASE(a_head_request_for_a_hit_looks_and_does_not_count) {
  const auto task = understand(request_of(Method::head, "/hit/home"), rules);
  BOOST_TEST((operation_of(task).kind == OperationKind::get));
  BOOST_TEST((operation_of(understand(request_of(Method::get, "/hit/home"), rules)).kind == OperationKind::add));
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_is_1_to_256_visible_characters) {
  HttpRequest request = request_of(Method::post, "/v1/counters/home/increment");
  request.has_idempotency_key = true;
  for (const std::string& key : {std::string(), std::string("a b"), std::string("\t"), std::string("k\xc3\xa4"),
                                 std::string("\x7f"), std::string(257, 'k')}) {
    request.idempotency_key = key;
    BOOST_TEST(status_of(understand(request, rules)) == 400, key);
  }
  request.idempotency_key = std::string(256, '~');
  BOOST_TEST(status_of(understand(request, rules)) == 200);
}

BOOST_AUTO_TEST_CASE(a_body_is_json_or_says_at_least_nothing_else) {
  const std::string body = R"({"by":5})";
  for (const std::string type :
       {"application/json", "Application/JSON ; charset=utf-8", "application/x-www-form-urlencoded"})
    BOOST_TEST(status_of(understand(typed(type, body), rules)) == 200, type);
  for (const std::string type : {"text/plain", "application/jsonx", "", ";", "application/xml"})
    BOOST_TEST(status_of(understand(typed(type, body), rules)) == 415, type);
  BOOST_TEST(status_of(understand(typed("application/x-www-form-urlencoded", "by=5"), rules)) == 415);
  BOOST_TEST(status_of(understand(typed("application/x-www-form-urlencoded", R"({"by":"5"})"), rules)) == 400);
  BOOST_TEST(status_of(understand(typed("text/plain", ""), rules)) == 200);
}

BOOST_AUTO_TEST_CASE(a_host_is_an_address_localhost_or_listed) {
  for (const std::string host : {"127.0.0.1", "10.1.2.3:8080", "[::1]", "[2001:db8::1]:80", "localhost", "LOCALHOST:99",
                                 "counter.example", "COUNTER.example:8080", "127.0.0.1.nip.io:80"})
    BOOST_TEST(status_of(understand(asked_for(host), rules_for_browsers)) == 200, host);
  for (const std::string host : {"", "evil.example", "127.0.0.1.evil.example", "127.1", "localhost.evil.example",
                                 "localhost.", "counter.example.", "xcounter.example", ":80"}) {
    const auto refused = understand(asked_for(host), rules_for_browsers);
    BOOST_TEST(status_of(refused) == 421, host);
    if (!refused) BOOST_TEST(refused.error().detail.find("http_hosts") != std::string::npos);
  }
  for (const std::string host : {"a b", "localhost:x", "localhost@evil.example", "a@localhost", "[::1", "[::1]x",
                                 "[127.0.0.1]", "[v1.x]", "a/b", "a%2eb", "\xff"})
    BOOST_TEST(status_of(understand(asked_for(host), rules_for_browsers)) == 400, host);
  for (const std::string target : {"/livez", "/nothing", "/hit/a", "/v1/cluster", "*"})
    BOOST_TEST(status_of(understand(asked_for("evil.example", target), rules_for_browsers)) == 421, target);
}

BOOST_AUTO_TEST_CASE(the_host_of_an_absolute_target_counts_more_than_the_field) {
  BOOST_TEST(status_of(understand(asked_for("evil.example", "http://localhost/livez"), rules)) == 200);
  BOOST_TEST(status_of(understand(asked_for("localhost", "http://evil.example/livez"), rules)) == 421);
  BOOST_TEST(status_of(understand(asked_for("localhost", "http://evil.example?limit=1"), rules)) == 421);
  BOOST_TEST(status_of(understand(asked_for("localhost", "http://localhost@evil.example/livez"), rules)) == 400);
  BOOST_TEST(status_of(understand(asked_for("localhost", "http:///livez"), rules)) == 421);
}

BOOST_AUTO_TEST_CASE(a_page_of_another_origin_changes_nothing) {
  const std::vector<HttpRequest> changes = {request_of(Method::post, "/v1/counters/a/increment"),
                                            with_token(request_of(Method::remove, "/v1/counters/a")),
                                            with_token(request_of(Method::post, "/v1/cluster/replicas/1/evict"))};
  const auto status = [&](const std::string& origin, const std::string& site) {
    std::vector<int> statuses;
    for (const HttpRequest& change : changes)
      statuses.push_back(status_of(understand(of_page(change, origin, site), rules_for_browsers)));
    BOOST_TEST((statuses[0] == statuses[1] && statuses[1] == statuses[2]));
    return statuses[0];
  };
  BOOST_TEST(status("", "") == 200);
  BOOST_TEST(status("", "none") == 200);
  BOOST_TEST(status("http://localhost:8080", "same-origin") == 200);
  BOOST_TEST(status("HTTP://LocalHost:8080", "") == 200);
  BOOST_TEST(status("https://page.example", "") == 200);
  BOOST_TEST(status("https://page.example", "cross-site") == 200);
  for (const std::string origin :
       {"null", "http://localhost", "http://localhost:8081", "https://localhost:8080", "x", "http://127.0.0.1:8080",
        "http://page.example", "https://page.example:444", "http://"})
    BOOST_TEST(status(origin, "") == 403, origin);
  for (const std::string site : {"cross-site", "same-site", "other"}) {
    BOOST_TEST(status("", site) == 403, site);
    BOOST_TEST(status("http://localhost:8080", site) == 403, site);
  }
}

BOOST_AUTO_TEST_CASE(a_port_that_the_scheme_has_anyway_makes_no_other_origin) {
  HttpRequest request = of_page(request_of(Method::post, "/v1/counters/a/increment"), "http://localhost", "");
  request.host = "localhost:80";
  BOOST_TEST(status_of(understand(request, rules)) == 200);
  request.host = "localhost";
  request.origin = "http://localhost:80";
  BOOST_TEST(status_of(understand(request, rules)) == 200);
}

BOOST_AUTO_TEST_CASE(every_page_reads_and_hits) {
  for (const std::string target : {"/hit/a", "/v1/counters/a", "/v1/cluster"})
    BOOST_TEST(status_of(understand(of_page(request_of(Method::get, target), "null", "cross-site"), rules)) == 200,
               target);
}

BOOST_AUTO_TEST_CASE(the_body_of_a_page_is_json_by_its_type) {
  const auto status = [](const std::string& type, const std::string& origin, const std::string& site) {
    HttpRequest request = of_page(typed(type, R"({"by":5})"), origin, site);
    request.has_content_type = !type.empty();
    return status_of(understand(request, rules));
  };
  for (const auto& [origin, site] : {std::pair("http://localhost:8080", ""), std::pair("", "same-origin")}) {
    BOOST_TEST(status("application/json", origin, site) == 200);
    BOOST_TEST(status("application/x-www-form-urlencoded", origin, site) == 415);
    BOOST_TEST(status("text/plain", origin, site) == 415);
    BOOST_TEST(status("", origin, site) == 415);
  }
}

BOOST_AUTO_TEST_CASE(a_prefetch_is_not_counted) {
  for (const std::string field :
       {"Sec-Purpose: prefetch", "sec-purpose: prefetch;prerender", "Purpose: prefetch", "X-Moz: Prefetch"}) {
    HttpRequest request;
    BOOST_REQUIRE(parse_status("GET /hit/a HTTP/1.1\r\nHost: localhost\r\n" + field + "\r\n\r\n", 4096, request) ==
                  200);
    const auto refused = understand(request, rules);
    BOOST_TEST(status_of(refused) == 503, field);
    if (!refused) BOOST_TEST((refused.error().applied == Applied::no));
    request.target = "/v1/counters/a";
    BOOST_TEST(status_of(understand(request, rules)) == 200);
  }
  HttpRequest request;
  BOOST_REQUIRE(parse_status("GET /hit/a HTTP/1.1\r\nHost: localhost\r\nPurpose: x\r\n\r\n", 4096, request) == 200);
  BOOST_TEST(status_of(understand(request, rules)) == 200);
}

BOOST_AUTO_TEST_CASE(a_body_is_utf8_and_as_it_is) {
  const auto refusal = [](const HttpRequest& request) {
    const auto task = understand(request, rules);
    BOOST_TEST(status_of(task) == 415);
    return task ? "" : task.error().detail;
  };
  const std::string body = R"({"by":5})";
  for (const std::string type :
       {"application/json;charset=UTF-8", "application/json; a=b ; charset = \"utf8\";", "application/json;charset"})
    BOOST_TEST(status_of(understand(typed(type, body), rules)) == (type.ends_with("charset") ? 415 : 200), type);
  for (const std::string type :
       {"application/json; charset=utf-16", "application/json;charset=utf-8;CHARSET=\"utf-16\"",
        "application/x-www-form-urlencoded; charset=utf-16"})
    BOOST_TEST(refusal(typed(type, body)) == "the body's charset must be utf-8, not utf-16", type);
  HttpRequest coded = typed("application/json", body);
  coded.has_content_encoding = true;
  coded.content_encoding = "gzip\x01\xff" + std::string(1000, 'x');
  BOOST_TEST(refusal(coded).starts_with("the body's Content-Encoding must be identity, not gzip??xxx"));
  BOOST_TEST(refusal(coded).size() < 200u);
  coded.content_encoding = "Identity";
  BOOST_TEST(status_of(understand(coded, rules)) == 200);
}

BOOST_AUTO_TEST_CASE(set_and_delete_need_the_admin_token) {
  const HttpRequest set = request_of(Method::put, "/v1/counters/home", R"({"value":7})");
  BOOST_TEST(status_of(understand(set, rules)) == 401);
  BOOST_TEST(status_of(understand(with_token(set, "s3creT"), rules)) == 403);
  BOOST_TEST(status_of(understand(with_token(set, ""), rules)) == 403);
  BOOST_TEST(status_of(understand(with_token(set), Rules{"", 3, true})) == 403);
  const auto task = understand(with_token(set), rules);
  BOOST_TEST((operation_of(task).kind == OperationKind::set));
  BOOST_TEST(operation_of(task).value == 7);
  const auto gone = understand(with_token(request_of(Method::remove, "/v1/counters/home")), rules);
  BOOST_TEST((operation_of(gone).kind == OperationKind::remove));
}

BOOST_AUTO_TEST_CASE(a_delete_has_no_body_or_an_empty_object) {
  const auto status = [](const std::string& body, const std::string& type) {
    HttpRequest request = with_token(request_of(Method::remove, "/v1/counters/home", body));
    request.has_content_type = true;
    request.content_type = type;
    return status_of(understand(request, rules));
  };
  BOOST_TEST(status("", "text/plain") == 200);
  BOOST_TEST(status("{}", "application/json") == 200);
  BOOST_TEST(status("{}", "text/plain") == 415);
  BOOST_TEST(status(R"({"value":1})", "application/json") == 400);
}

BOOST_AUTO_TEST_CASE(the_scheme_of_a_token_has_no_case_and_the_token_has) {
  BOOST_TEST(is_bearer_of("bearer s3cret", "s3cret"));
  for (const std::string text :
       {"Bearer S3CRET", "Bearer  s3cret", "Basic s3cret", "s3cret", "Bearer", "", "Bearer s3cretx"})
    BOOST_TEST(!is_bearer_of(text, "s3cret"), text);
}

BOOST_AUTO_TEST_CASE(an_operators_command_names_a_replica_of_the_group) {
  const auto evict = [](const std::string& id, const std::string& body) {
    return understand(with_token(request_of(Method::post, "/v1/cluster/replicas/" + id + "/evict", body)), rules);
  };
  BOOST_TEST(status_of(evict("4", "")) == 404);
  BOOST_TEST(status_of(evict("2", R"({"x":1})")) == 400);
  const auto task = evict("2", "{}");
  BOOST_REQUIRE(task.has_value());
  const auto& command = std::get<AdminCommand>(task->work);
  BOOST_TEST((command.action == AdminAction::evict));
  BOOST_TEST(command.replica.value == 2u);
  BOOST_TEST(command.token == "s3cret");
}

BOOST_AUTO_TEST_CASE(a_fault_names_whom_it_strikes) {
  const auto command_at = [](const std::string& whom, const std::string& body) {
    const auto task = understand(with_token(request_of(Method::post, "/v1/cluster/" + whom + "/fault", body)), rules);
    BOOST_REQUIRE(task.has_value());
    return std::get<AdminCommand>(task->work);
  };
  BOOST_TEST((command_at("replicas/2", R"({"kind":"hang"})").target == AdminTarget::replica));
  const AdminCommand crash = command_at("distributor", R"({"kind":"crash"})");
  BOOST_TEST((crash.action == AdminAction::fault));
  BOOST_TEST((crash.target == AdminTarget::distributor));
  BOOST_TEST((crash.fault == Fault{FaultKind::crash, {}}));
  const AdminCommand hang = command_at("comparator", R"({"kind":"hang","for_seconds":3})");
  BOOST_TEST((hang.target == AdminTarget::comparator));
  BOOST_TEST((hang.fault == Fault{FaultKind::hang, seconds(3)}));
  BOOST_TEST(status_of(understand(request_of(Method::post, "/v1/cluster/comparator/fault", R"({"kind":"crash"})"),
                                  rules)) == 401);
}

BOOST_AUTO_TEST_CASE(processes_are_shown_to_who_has_the_token) {
  const HttpRequest request = request_of(Method::get, "/v1/cluster");
  BOOST_TEST(!understand(request, rules)->is_operators);
  BOOST_TEST(!understand(with_token(request, "wrong"), rules)->is_operators);
  BOOST_TEST(!understand(with_token(request, ""), Rules{"", 3, true})->is_operators);
  BOOST_TEST(understand(with_token(request), rules)->is_operators);
}

BOOST_AUTO_TEST_CASE(a_list_asks_for_one_more_than_it_shows) {
  BOOST_TEST(operation_of(understand(request_of(Method::get, "/v1/counters?limit=7"), rules)).limit == 8u);
  BOOST_TEST(operation_of(understand(request_of(Method::get, "/v1/counters?limit=1000"), rules)).limit ==
             limits::list_entries);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(bridge_parser)

BOOST_AUTO_TEST_CASE(a_request_is_the_same_in_whatever_pieces_it_comes) {
  const std::string bytes =
      "POST /v1/counters/home/increment HTTP/1.1\r\nHost: x\r\nidempotency-key: k\r\nAuthorization: Bearer t\r\n"
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\n{\"by\r\n4\r\n\":5}\r\n0\r\n"
      "Authorization: Bearer trailer\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    HttpRequest request;
    BOOST_TEST(parse_status(bytes, piece, request) == 200);
    BOOST_TEST(request.body == R"({"by":5})");
    BOOST_TEST(request.idempotency_key == "k");
    BOOST_TEST(request.authorization == "Bearer t");
    BOOST_TEST((request.method == Method::post));
  }
}

BOOST_AUTO_TEST_CASE(empty_lines_before_a_request_are_passed_over) {
  const std::string bytes = "\r\n\r\nGET /hit/a HTTP/1.1\r\nHost: x\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    HttpRequest request;
    BOOST_TEST(parse_status(bytes, piece, request) == 200);
    BOOST_TEST(request.target == "/hit/a");
  }
  BOOST_TEST(parse_status("\r\n") == 0);
  BOOST_TEST(parse_status("\r") == 0);
  BOOST_TEST(parse_status("\n" + bytes) == 400);
  BOOST_TEST(parse_status("\r" + bytes) == 400);
  std::string endless;
  while (endless.size() < 20'000) endless += "\r\n";
  BOOST_TEST(parse_status(endless) == 431);
}

BOOST_AUTO_TEST_CASE(a_field_that_goes_on_in_the_next_line_is_refused) {
  const std::string start = "GET /hit/a HTTP/1.1\r\nHost: x\r\n";
  for (const std::string rest :
       {"X: a\r\n b\r\n\r\n", "X: a\r\n\tb\r\n\r\n", "X:\r\n a\r\n\r\n", " X: a\r\n\r\n", " \r\n\r\n"})
    for (std::size_t piece = 1; piece <= start.size() + rest.size(); ++piece) {
      HttpRequest request;
      BOOST_TEST(parse_status(start + rest, piece, request) == 400);
    }
}

BOOST_AUTO_TEST_CASE(requests_that_two_readers_could_read_differently_are_refused) {
  const std::string start = "POST /hit/a HTTP/1.1\r\nHost: x\r\n";
  for (const std::string rest :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "Content-Length: -1\r\n\r\n", "Content-Length: 3x\r\n\r\n", "Transfer-Encoding: gzip\r\n\r\n",
        "Transfer-Encoding: chunked, gzip\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "Host: y\r\n\r\n",
        "Bad Name: x\r\n\r\n", "X: a\x01\r\n\r\n", "Authorization: a\r\nAuthorization: b\r\n\r\n",
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n", "Origin: a\r\nOrigin: b\r\n\r\n",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n\r\n"})
    BOOST_TEST(parse_status(start + rest) == 400, rest);
  for (const std::string bytes :
       {"GET /hit/a HTTP/1.1\r\n\r\n", "GET /hit/a HTTP/2\r\n\r\n", "GET /hit/a\r\n\r\n",
        "GET  /hit/a HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02", "GET /hit/a HTTP/1.1\nHost: x\n\n"})
    BOOST_TEST(parse_status(bytes) == 400, bytes);
  BOOST_TEST(parse_status("GET /hit/a HTTP/1.0\r\n\r\n") == 200);
  BOOST_TEST(parse_status("GET /hit/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
  const std::string other_version = "GET /hit/a HTTP/2.0\r\nHost: x\r\n\r\n";
  for (std::size_t piece = 1; piece <= other_version.size(); ++piece) {
    HttpRequest request;
    BOOST_TEST(parse_status(other_version, piece, request) == 505);
  }
}

BOOST_AUTO_TEST_CASE(what_no_body_could_help_is_refused_by_its_head) {
  HttpRequest request = request_of(Method::put, "/v1/counters/home");
  request.has_body = true;
  BOOST_TEST((understand_head(request, rules).error().kind == ProblemKind::unauthorized));
  BOOST_TEST(understand_head(with_token(request), rules).has_value());
  BOOST_TEST(status_of(understand(with_token(request), rules)) == 400);  // it lacks the value
  request.has_content_type = true;
  request.content_type = "text/plain";
  BOOST_TEST((understand_head(with_token(request), rules).error().kind == ProblemKind::unsupported_type));
}

BOOST_AUTO_TEST_CASE(what_proxies_say_in_several_fields_is_one_list_and_its_end_is_kept) {
  HttpRequest request;
  const std::string start = "GET /hit/a HTTP/1.1\r\nHost: x\r\n";
  parse_status(start + "X-Forwarded-For: a, b\r\nx-forwarded-for: c\r\nForwarded: for=d\r\n\r\n", 4096, request);
  BOOST_TEST(request.forwarded_for == "a, b,c");
  BOOST_TEST(request.forwarded == "for=d");
  std::string long_list;
  while (long_list.size() < 3000) long_list += "1.2.3.4,";
  parse_status(start + "X-Forwarded-For: " + long_list + "5.6.7.8\r\n\r\n", 4096, request);
  BOOST_TEST(request.forwarded_for.size() <= http_limits::forwarded_bytes);
  BOOST_TEST(request.forwarded_for.starts_with("1.2.3.4,"));
  BOOST_TEST(request.forwarded_for.ends_with(",5.6.7.8"));
  parse_status(start + "X-Forwarded-For: " + std::string(3000, '1') + "\r\n\r\n", 4096, request);
  BOOST_TEST(request.forwarded_for.empty());
}

BOOST_AUTO_TEST_CASE(heads_targets_and_bodies_have_limits) {
  const std::string start = "POST /hit/a HTTP/1.1\r\nHost: x\r\n";
  BOOST_TEST(parse_status(start + "X: " + std::string(17'000, 'y') + "\r\n\r\n") == 431);
  std::string many = start;
  while (many.size() < 40'000) many += "X-Field: value of the field\r\n";
  for (const std::size_t piece : {1u, 28u, 29u, 4096u, 40'000u}) {
    HttpRequest request;
    BOOST_TEST(parse_status(many + "\r\n", piece, request) == 431);
  }
  // Short lines are bytes too: what is around names and values counts.
  std::string short_lines = start;
  while (short_lines.size() < 32'000) short_lines += "a:\r\n";
  for (const std::size_t piece : {1u, 5u, 4096u, 40'000u}) {
    HttpRequest request;
    BOOST_TEST(parse_status(short_lines + "\r\n", piece, request) == 431);
  }
  BOOST_TEST(parse_status(start + "X:" + std::string(17'000, ' ') + "y\r\n\r\n") == 431);
  const std::string longest =
      start + "X: " + std::string(http_limits::header_bytes - start.size() - 7, 'y') + "\r\n\r\n";
  for (const std::size_t piece : {1u, 1000u, 40'000u}) {
    HttpRequest request;
    BOOST_TEST(parse_status(longest, piece, request) == 200);
    BOOST_TEST(parse_status("\r\n" + longest, piece, request) == 431);
  }
  BOOST_TEST(parse_status("GET /" + std::string(5'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n") == 414);
  BOOST_TEST(parse_status(start + "Content-Length: 65537\r\n\r\n") == 413);
  BOOST_TEST(parse_status(start + "Content-Length: 65536\r\n\r\n" + std::string(65'536, ' ')) == 200);
  BOOST_TEST(parse_status(start + "Transfer-Encoding: chunked\r\n\r\n10001\r\n") == 413);
}

BOOST_AUTO_TEST_SUITE_END()
