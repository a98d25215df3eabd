// SPDX-License-Identifier: Apache-2.0
#include "runtime/config.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <set>

#include "runtime/endpoints.h"
#include "runtime/whole_number.h"

using namespace tally;

namespace {

Config config_with(const std::map<std::string, std::string>& flags) {
  const auto config = load_config("", flags);
  BOOST_REQUIRE(config.has_value());
  return *config;
}

std::string refusal(const std::map<std::string, std::string>& flags) {
  const auto config = load_config("", flags);
  return config ? "" : config.error().text();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(whole_numbers)

BOOST_AUTO_TEST_CASE(a_number_is_the_whole_text) {
  BOOST_TEST(whole_number<std::int64_t>("-42").value() == -42);
  BOOST_TEST(whole_number<std::uint64_t>("010").value() == 10u);
  for (const std::string text : {"", " 1", "1 ", "+1", "1.0", "1e3", "0x10", "one"})
    BOOST_TEST((whole_number<std::int64_t>(text).error() == std::errc::invalid_argument), text);
  BOOST_TEST((whole_number<std::uint32_t>("-1").error() == std::errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(a_number_that_does_not_fit_is_told_apart) {
  BOOST_TEST((whole_number<std::uint16_t>("65536").error() == std::errc::result_out_of_range));
  BOOST_TEST((whole_number<std::int64_t>("9223372036854775808").error() == std::errc::result_out_of_range));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(configuration)

BOOST_AUTO_TEST_CASE(every_endpoint_is_bound_by_one_role) {
  const Config config = config_with({{"replicas", "3"}});
  std::vector<std::string> all;
  const auto add = [&](const std::vector<std::string>& endpoints) {
    all.insert(all.end(), endpoints.begin(), endpoints.end());
  };
  add(endpoints_of(config, Binder::distributor));
  add(endpoints_of(config, Binder::comparator));
  for (std::uint64_t id = 1; id <= 3; ++id) add(endpoints_of(config, Binder::replica, ReplicaId(id)));
  BOOST_TEST(all.size() == 5u + 3u * 3u);
  BOOST_TEST(std::set<std::string>(all.begin(), all.end()).size() == all.size());
  BOOST_TEST(std::ranges::count(all, config.endpoint_for_distributor(ReplicaId(3))) == 1);
  BOOST_TEST(std::ranges::count(all, config.endpoint_for_comparator(ReplicaId(1))) == 1);
  BOOST_TEST(std::ranges::count(all, config.endpoint_for_transfer(ReplicaId(2))) == 1);
}

BOOST_AUTO_TEST_CASE(an_endpoint_that_was_not_configured_is_a_socket_of_the_run_directory) {
  const Config config = config_with({{"data", "/d"}, {"comparator_client_endpoint", "tcp://10.0.0.1:7000"}});
  BOOST_TEST(config.distributor_client_endpoint == "ipc:///d/run/distributor.sock");
  BOOST_TEST(config.comparator_client_endpoint == "tcp://10.0.0.1:7000");
}

BOOST_AUTO_TEST_CASE(two_keys_must_not_name_one_endpoint) {
  BOOST_TEST(refusal({{"distributor_client_endpoint", "tcp://a:1"}, {"comparator_client_endpoint", "tcp://a:1"}}) ==
             "comparator_client_endpoint is the same as distributor_client_endpoint: tcp://a:1");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_prefix_is_said_once) {
  BOOST_TEST(refusal({{"replica_transfer_endpoint", "udp://a:1"}}) ==
             "replica_transfer_endpoint must be ipc://PATH or tcp://HOST:PORT: udp://a:11");
}

BOOST_AUTO_TEST_CASE(a_key_that_there_is_not_is_refused_whatever_it_was_once) {
  for (const std::string key : {"resp_port", "consistency", "x"})
    BOOST_TEST(refusal({{key, "1"}}) == key + " is not a known key");
}

BOOST_AUTO_TEST_CASE(hosts_and_origins_are_judged_by_one_rule) {
  for (const std::string host : {"localhost", "a_b.example.org", "10.0.0.1"}) {
    BOOST_TEST(refusal({{"http_address", host}}) == "");
    BOOST_TEST(refusal({{"http_hosts", host}}) == "");
    BOOST_TEST(refusal({{"http_origins", "https://" + host}}) == "");
    BOOST_TEST(refusal({{"http_origins", "http://" + host + ":8080"}}) == "");
    BOOST_TEST(refusal({{"distributor_client_endpoint", "tcp://" + host + ":7000"}}) == "");
  }
  for (const std::string host : {"300.1.1.1", "a b", "a/b", "", "-.-"}) {
    BOOST_TEST(refusal({{"http_address", host}}) != "", host);
    BOOST_TEST(refusal({{"http_origins", "https://" + host}}) != "", host);
    BOOST_TEST(refusal({{"distributor_client_endpoint", "tcp://" + host + ":7000"}}) != "", host);
  }
  for (const std::string origin : {"ftp://a", "https://a/", "a", "https://a:b", "https://a:99999"})
    BOOST_TEST(refusal({{"http_origins", origin}}) != "", origin);
}

BOOST_AUTO_TEST_SUITE_END()
