<?php
// SPDX-License-Identifier: Apache-2.0
// What a PHP application does with php-redis. Usage: php php_client.php HOST PORT

function expect($expected, $value, string $what): void
{
    if ($expected !== $value) {
        fwrite(STDERR, "$what: not " . json_encode($expected) . ' but ' . json_encode($value));
        exit(1);
    }
}

[, $host, $port] = $argv;
$redis = new Redis();
$redis->connect($host, (int) $port, 10.0, null, 0, 10.0);
$increments = 1000;
for ($number = 0; $number < $increments; $number++) {
    $redis->incr('php:count');
}
expect((string) $increments, $redis->get('php:count'), 'a counter');

$pipeline = $redis->multi(Redis::PIPELINE);
for ($number = 0; $number < $increments; $number++) {
    $pipeline->incrBy('php:count', 2);
}
expect(3 * $increments, array_slice($pipeline->exec(), -1)[0], 'a pipeline');

expect(true, $redis->setex('php:short', 7200, '5'), 'SETEX');
expect([6, true, 7200], $redis->multi()->incr('php:short')->expire('php:short', 7200)
    ->ttl('php:short')->exec(), 'a transaction');
expect(false, $redis->get('php:missing'), 'a missing counter');
expect(true, $redis->set('php:lock', '1', ['nx', 'ex' => 7200]), 'SET NX');
expect(false, $redis->set('php:lock', '2', ['nx', 'ex' => 7200]), 'SET NX of what is there');
expect(true, $redis->set('php:seven', '7'), 'SET');
expect(['7', false], $redis->mget(['php:seven', 'php:missing']), 'MGET');

$other = new Redis();
$other->connect($host, (int) $port, 10.0);
$redis->watch('php:short');
$other->incr('php:short');
expect(false, $redis->multi()->incr('php:short')->exec(), 'a transaction whose counter changed');

$redis->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
$found = [];
$cursor = null;
while (($keys = $redis->scan($cursor, 'php:*', 2)) !== false) {
    $found = array_merge($found, $keys);
}
$found = array_unique($found);
sort($found);
expect(['php:count', 'php:lock', 'php:seven', 'php:short'], $found, 'SCAN');
expect(4, $redis->del($found), 'DEL');
echo 2 * $increments, " increments\n";
