// SPDX-License-Identifier: Apache-2.0
// A web application with express-rate-limit, whose counters are in Redis.
// Usage: express_rate_limit.js HOST PORT STORE-PACKAGE CLIENT-PACKAGE LIMIT WINDOW-MS
//
// It prints its own port, and ends with its standard input. The client of a request is what its
// header X-Client says. DELETE / forgets a client.
'use strict';

const express = require('express');
const { rateLimit } = require('express-rate-limit');

const [host, port, storePackage, clientPackage, limit, windowMs] = process.argv.slice(2);
const module_ = require(storePackage);
const { RedisStore = module_.default ?? module_ } = module_;

async function commands() {
  if (clientPackage === 'ioredis') {
    const Redis = require('ioredis');
    const client = new Redis({ host, port: Number(port) });
    return (...words) => client.call(...words);
  }
  const { createClient } = require(clientPackage);
  const client = createClient({ socket: { host, port: Number(port) } });
  await client.connect();
  return (...words) => client.sendCommand(words);
}

async function main() {
  const client = (request) => request.get('x-client');
  const limiter = rateLimit({
    windowMs: Number(windowMs), limit: Number(limit), keyGenerator: client,
    standardHeaders: 'draft-7', legacyHeaders: false, validate: false,
    store: new RedisStore({ sendCommand: await commands() }),
  });
  const application = express();
  application.get('/', limiter, (request, response) => response.send('served\n'));
  application.get('/count', async (request, response) => {
    response.json(await limiter.getKey(client(request)) ?? null);
  });
  application.delete('/', async (request, response) => {
    await limiter.resetKey(client(request));
    response.send('forgotten\n');
  });
  const server = application.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.resume().on('end', () => process.exit(0));
}

main().catch((error) => { console.error(error); process.exit(1); });
