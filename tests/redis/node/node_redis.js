// SPDX-License-Identifier: Apache-2.0
// What an application does with node-redis. Usage: node_redis.js HOST PORT PACKAGE RESP
'use strict';

const assert = require('node:assert/strict');

const [host, port, name, resp] = process.argv.slice(2);
const { createClient } = require(name);
const counters = 5;
const connections = 4;
const increments = 500; // of each connection
const transactions = 50;

async function connect() {
  const options = { socket: { host, port: Number(port), reconnectStrategy: false } };
  if (resp === '3') options.RESP = 3;
  const client = createClient(options);
  client.on('error', (error) => { throw error; });
  await client.connect();
  return client;
}

async function counts(clients) {
  const key = (number) => `node-redis:${number % counters}`;
  await Promise.all(clients.flatMap((client) =>
    Array.from({ length: increments }, (_, number) => client.incr(key(number)))));
  const values = await clients[0].mGet(Array.from({ length: counters }, (_, at) => key(at)));
  assert.equal(values.reduce((sum, value) => sum + Number(value), 0), connections * increments);
}

async function countsWithWatch(client, key) {
  for (let done = 0; done < transactions;) {
    await client.watch(key);
    const value = Number(await client.get(key));
    try {
      await client.multi().set(key, String(value + 1)).exec();
      done += 1;
    } catch (error) {
      assert.equal(error.constructor.name, 'WatchError');
    }
  }
}

async function main() {
  const clients = await Promise.all(Array.from({ length: connections }, connect));
  const [client] = clients;
  await counts(clients);

  assert.deepEqual(
    await client.multi().incrBy('node-redis:t', 5).expire('node-redis:t', 7200)
      .decr('node-redis:t').exec(),
    [5, resp === '3' || name === 'redis' ? 1 : true, 4]);
  assert.ok(await client.ttl('node-redis:t') > 7000);
  assert.equal(await client.get('node-redis:missing'), null);
  assert.equal(await client.set('node-redis:nx', '1', { NX: true, EX: 7200 }), 'OK');
  assert.equal(await client.set('node-redis:nx', '2', { NX: true }), null);
  await assert.rejects(client.incrBy('node-redis:nx', 'x'), /ERR value is not an integer/);

  await Promise.all(clients.map((each) => countsWithWatch(each, 'node-redis:watched')));
  assert.equal(await client.get('node-redis:watched'), String(connections * transactions));

  const found = new Set();
  for await (const keys of client.scanIterator({ MATCH: 'node-redis:*', COUNT: 3 })) {
    for (const key of [keys].flat()) found.add(key);
  }
  assert.equal(found.size, counters + 3);
  assert.equal(await client.del([...found]), counters + 3);
  await Promise.all(clients.map((each) => (each.close ? each.close() : each.quit())));
  console.log(`${connections * increments} increments, ${connections * transactions} by WATCH`);
}

main().catch((error) => { console.error(error); process.exit(1); });
