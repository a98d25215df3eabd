// SPDX-License-Identifier: Apache-2.0
// What an application does with ioredis. Usage: ioredis.js HOST PORT
'use strict';

const assert = require('node:assert/strict');
const Redis = require('ioredis');

const [host, port] = process.argv.slice(2);
const connections = 4;
const increments = 500; // of each connection
const transactions = 50;

function connect(options) {
  const client = new Redis({ host, port: Number(port), retryStrategy: null, ...options });
  client.on('error', (error) => { throw error; });
  return client;
}

async function countsWithWatch(client, key) {
  for (let done = 0; done < transactions;) {
    await client.watch(key);
    const value = Number(await client.get(key));
    if (await client.multi().set(key, value + 1).exec() !== null) done += 1;
  }
}

async function main() {
  const clients = Array.from({ length: connections }, (_, at) =>
    connect({ enableAutoPipelining: at % 2 === 0 }));
  const [client] = clients;
  await Promise.all(clients.flatMap((each) =>
    Array.from({ length: increments }, () => each.incr('ioredis:count'))));
  assert.equal(await client.get('ioredis:count'), String(connections * increments));

  const pipeline = client.pipeline();
  for (let number = 0; number < increments; number += 1) pipeline.incrby('ioredis:pipeline', 2);
  const answers = await pipeline.exec();
  assert.deepEqual(answers.at(-1), [null, 2 * increments]);

  assert.deepEqual(
    await client.multi().set('ioredis:t', 5).incr('ioredis:t').incrby('ioredis:t', 'x').exec()
      .then((results) => results.map(([error, value]) => error?.message ?? value)),
    ['OK', 6, 'ERR value is not an integer or out of range']);
  assert.equal(await client.get('ioredis:missing'), null);
  assert.equal(await client.set('ioredis:nx', 1, 'EX', 7200, 'NX'), 'OK');
  assert.equal(await client.set('ioredis:nx', 2, 'NX'), null);
  assert.ok(await client.pttl('ioredis:nx') > 7000000);

  await Promise.all(clients.filter((each) => !each.options.enableAutoPipelining)
    .map((each) => countsWithWatch(each, 'ioredis:watched')));
  assert.equal(await client.get('ioredis:watched'), String(2 * transactions));

  const found = new Set();
  for await (const keys of client.scanStream({ match: 'ioredis:*', count: 2 })) {
    for (const key of keys) found.add(key);
  }
  assert.equal(await client.del(...found), 5);
  await Promise.all(clients.map((each) => each.quit()));
  console.log(`${connections * increments} increments, ${2 * transactions} by WATCH`);
}

main().catch((error) => { console.error(error); process.exit(1); });
