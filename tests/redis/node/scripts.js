// SPDX-License-Identifier: Apache-2.0
// Prints what each rate limiter's scripts are, as JSON: [{package, name, text}]. Usage: scripts.js
//
// The limiters get a client that only notes what it is sent.
'use strict';

const found = [];

function note(name, text) {
  if (!found.some((script) => script.package === note.package && script.text === text)) {
    found.push({ package: note.package, name, text });
  }
}

async function storeOfExpress(name) {
  const module = require(name);
  const { RedisStore = module.default ?? module } = module;
  note.package = name;
  const sendCommand = async (word, second, text) => {
    if (word === 'SCRIPT' && second === 'LOAD') {
      note(/incr/i.test(text) ? 'increment' : 'get', text);
      return 'sha';
    }
    return [1, 1000];
  };
  const store = new RedisStore({ sendCommand });
  await store.init({ windowMs: 1000 });
  await store.increment('x');
  if (store.get) await store.get('x');
}

function flexible(name, limiter) {
  note.package = name;
  const client = { defineCommand: (command, { lua }) => note(command, lua) };
  new (require(name)[limiter])({ storeClient: client, points: 1, duration: 1 });
}

async function main() {
  for (const name of ['rate-limit-redis-3', 'rate-limit-redis-4', 'rate-limit-redis']) {
    await storeOfExpress(name);
  }
  for (const name of ['rate-limiter-flexible-2', 'rate-limiter-flexible']) {
    flexible(name, 'RateLimiterRedis');
  }
  flexible('rate-limiter-flexible', 'RateLimiterValkey');
  console.log(JSON.stringify(found));
}

main().catch((error) => { console.error(error); process.exit(1); });
