// SPDX-License-Identifier: Apache-2.0
#include "runtime/config.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

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
  for (const std::string key : {"resp_tls", "consistency", "x"})
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

BOOST_AUTO_TEST_CASE(the_redis_door_has_a_port_and_lets_everybody_in_unless_told_otherwise) {
  const Config config = config_with({});
  BOOST_TEST(config.resp_port == 6380);
  BOOST_TEST(config.resp_password == "");
  BOOST_TEST(config.resp_users.empty());
  BOOST_TEST(!config.resp_flush);
}

BOOST_AUTO_TEST_CASE(keys_of_the_redis_door_are_read_from_texts) {
  const Config config = config_with({{"resp_port", "0"},
                                     {"resp_password", "a:b,c"},
                                     {"resp_users", "web:secret:read+add,ops:a:b:admin"},
                                     {"resp_flush", "true"}});
  BOOST_TEST(config.resp_port == 0);
  BOOST_TEST(config.resp_password == "a:b,c");
  BOOST_TEST(config.resp_users == (std::vector<std::string>{"web:secret:read+add", "ops:a:b:admin"}),
             boost::test_tools::per_element());
  BOOST_TEST(config.resp_flush);
}

BOOST_AUTO_TEST_CASE(no_two_doors_have_a_port_in_common) {
  const auto ports = [](const std::string& http, const std::string& resp, const std::string& bridges) {
    return refusal({{"http_port", http}, {"resp_port", resp}, {"bridges", bridges}});
  };
  BOOST_TEST(ports("7000", "7000", "1") ==
             "resp_port must differ from http_port, which is 7000, by at least 1, the number of bridges");
  BOOST_TEST(ports("7000", "7002", "3") ==
             "resp_port must differ from http_port, which is 7000, by at least 3, the number of bridges");
  BOOST_TEST(ports("7002", "7000", "3") != "");
  BOOST_TEST(refusal({{"http_port", "6380"}}) ==
             "http_port must differ from resp_port, which is 6380, by at least 1, the number of bridges");
  BOOST_TEST(ports("7000", "7003", "3") == "");
  BOOST_TEST(ports("0", "7000", "16") == "");
  BOOST_TEST(ports("7000", "0", "16") == "");
  BOOST_TEST(ports("0", "0", "16") == "");
  BOOST_TEST(ports("7000", "65535", "2") == "resp_port leaves no room for 2 bridges: the last port is 65535");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_user_is_said_without_the_password) {
  for (const std::string entry : {"a:hidden:all", "hidden", "a:hidden", ":hidden:read", "default:hidden:read",
                                  "a:hid\nden:read", "a:hidden:read,a:hidden:add"}) {
    const std::string said = refusal({{"resp_users", entry}});
    BOOST_TEST(said.starts_with("resp_users must "), said);
    BOOST_TEST(said.find("hid") == std::string::npos, said);
  }
  BOOST_TEST(refusal({{"resp_users", "default:b:read"}}) ==
             "resp_users must not have the user default, whose password is resp_password");
  BOOST_TEST(refusal({{"resp_users", "a:b:read,a:c:add"}}) == "resp_users must not have two users of one name");
  BOOST_TEST(refusal({{"resp_users", "a:b:read,A:b:add"}}) == "");
}

BOOST_AUTO_TEST_CASE(secrets_are_read_back_as_they_are) {
  Config config = config_with({});
  config.resp_password = R"('"\#)";
  config.resp_users = {R"(web:it's "\:#,:read)", "ops:b:admin"};
  const int file = memfd_create("config", MFD_CLOEXEC);
  const std::string text = to_toml(config);
  BOOST_REQUIRE(write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  const auto again = load_config("/proc/self/fd/" + std::to_string(file), {});
  close(file);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(again->resp_password == config.resp_password);
  BOOST_TEST(again->resp_users == config.resp_users, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_secret_is_marked_so) {
  std::set<std::string> secret;
  for (const ConfigKey& key : config_keys())
    if (key.is_secret) secret.emplace(key.name);
  BOOST_TEST(secret == (std::set<std::string>{"admin_token", "resp_password", "resp_users"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
