// SPDX-License-Identifier: Apache-2.0
// A web application with rate-limiter-flexible, whose counters are in Redis.
// Usage: rate_limiter_flexible.js HOST PORT PACKAGE CLIENT-PACKAGE LIMIT WINDOW-MS
//
// It prints its own port, and ends with its standard input. The client of a request is what its
// header X-Client says. GET /count tells how often it was served or refused, DELETE / forgets it,
// PUT /penalty counts one more, and PUT /block refuses it for a window.
'use strict';

const http = require('node:http');

const [host, port, name, clientPackage, limit, windowMs] = process.argv.slice(2);
const { RateLimiterRedis } = require(name);

async function connected() {
  if (clientPackage === 'ioredis') {
    const Redis = require('ioredis');
    const client = new Redis({ host, port: Number(port) });
    await client.ping();
    return { storeClient: client };
  }
  const { createClient } = require(clientPackage);
  const client = createClient({ socket: { host, port: Number(port) } });
  await client.connect();
  return { storeClient: client, useRedisPackage: true };
}

async function main() {
  const limiter = new RateLimiterRedis({
    ...await connected(), points: Number(limit), duration: Number(windowMs) / 1000,
  });
  const actions = {
    'GET /': (client) => limiter.consume(client),
    'GET /count': (client) => limiter.get(client),
    'DELETE /': (client) => limiter.delete(client),
    'PUT /penalty': (client) => limiter.penalty(client, 1),
    'PUT /block': (client) => limiter.block(client, Number(windowMs) / 1000),
  };
  const server = http.createServer((request, response) => {
    actions[`${request.method} ${request.url}`](request.headers['x-client']).then(
      (result) => response.end(JSON.stringify(result?.consumedPoints ?? result)),
      (refusal) => {
        response.statusCode = refusal instanceof Error ? 500 : 429;
        response.setHeader('Retry-After', Math.ceil((refusal.msBeforeNext ?? 0) / 1000));
        response.end(String(refusal));
      });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.resume().on('end', () => process.exit(0));
}

main().catch((error) => { console.error(error); process.exit(1); });
