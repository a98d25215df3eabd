// SPDX-License-Identifier: Apache-2.0
// What a C or C++ application does with hiredis. Usage: hiredis_client HOST PORT
#include <cstdio>
#include <cstdlib>
#include <hiredis/hiredis.h>
#include <initializer_list>
#include <memory>
#include <string>

namespace {

constexpr int increments = 10'000;
constexpr int pipelined = 100;

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "hiredis: %s\n", what);
  std::exit(1);
}

Reply call(redisContext* redis, const char* command) {
  return {static_cast<redisReply*>(redisCommand(redis, command)), &freeReplyObject};
}

bool is_type(const Reply& reply, int type) { return reply && reply->type == type; }

bool is(const Reply& reply, int type, const std::string& text) {
  return is_type(reply, type) && std::string(reply->str, reply->len) == text;
}

bool is_integer(const Reply& reply, long long value) {
  return is_type(reply, REDIS_REPLY_INTEGER) && reply->integer == value;
}

void count_in_pipelines(redisContext* redis) {
  long long value = 0;
  for (int sent = 0; sent < increments; sent += pipelined) {
    for (int i = 0; i < pipelined; ++i) redisAppendCommand(redis, "INCR hiredis:count");
    for (int i = 0; i < pipelined; ++i) {
      void* next = nullptr;
      expect(redisGetReply(redis, &next) == REDIS_OK, "a pipeline is answered");
      const Reply reply{static_cast<redisReply*>(next), &freeReplyObject};
      expect(is_integer(reply, ++value), "a pipeline counts");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const timeval patience{10, 0};
  redisContext* redis = redisConnectWithTimeout(argv[1], std::atoi(argv[2]), patience);
  if (redis == nullptr) return 1;
  expect(redis->err == 0, "the connection");
  redisSetTimeout(redis, patience);

  count_in_pipelines(redis);
  const std::string counted = std::to_string(increments);
  expect(is(call(redis, "GET hiredis:count"), REDIS_REPLY_STRING, counted), "GET");
  expect(is_type(call(redis, "GET hiredis:missing"), REDIS_REPLY_NIL), "a missing counter");
  const char* refusal = "ERR value is not an integer or out of range";
  expect(is(call(redis, "INCRBY hiredis:count x"), REDIS_REPLY_ERROR, refusal), "an error");

  for (const char* command : {"MULTI", "INCRBY hiredis:count 5", "EXPIRE hiredis:count 7200"}) {
    expect(is_type(call(redis, command), REDIS_REPLY_STATUS), command);
  }
  const Reply results = call(redis, "EXEC");
  expect(is_type(results, REDIS_REPLY_ARRAY) && results->elements == 2, "EXEC");
  expect(results->element[0]->integer == increments + 5, "INCRBY in a transaction");
  expect(results->element[1]->integer == 1, "EXPIRE in a transaction");
  expect(is_integer(call(redis, "DEL hiredis:count"), 1), "DEL");
  redisFree(redis);
  std::printf("%d increments\n", increments);
}
