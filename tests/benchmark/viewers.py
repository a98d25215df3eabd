# SPDX-License-Identifier: Apache-2.0
"""Measures what those who watch the dashboard cost: HTTP increments with viewers of /events and
without, in turns, and the bridge's memory while they stay."""

import contextlib
import selectors
import socket
import sys
import threading
import time
import urllib.parse

from loads import HTTP_LOADS
from servers import Tally  # this also finds tests/process

from processes import memory_bytes

NUMBER = 200
SAMPLE_SECONDS = 5
REQUEST = b'GET /events HTTP/1.1\r\nHost: %b\r\n\r\n'


class Viewers:
    """So many connections to /events, in one thread that reads whatever comes."""

    def __init__(self, url, number):
        self.place = urllib.parse.urlsplit(url)
        self.number = number
        self.bytes = 0
        self.lost = 0
        self.is_open = True
        self.selector = selectors.DefaultSelector()
        self.thread = threading.Thread(target=self.read)

    def __enter__(self):
        for _ in range(self.number):
            viewer = socket.create_connection((self.place.hostname, self.place.port), 5)
            viewer.sendall(REQUEST % self.place.netloc.encode())
            viewer.setblocking(False)
            self.selector.register(viewer, selectors.EVENT_READ)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_open = False
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def read(self):
        while self.is_open:
            for key, _ in self.selector.select(0.2):
                received = key.fileobj.recv(1 << 18)
                self.bytes += len(received)
                if not received:
                    self.lost += 1
                    self.selector.unregister(key.fileobj)
                    key.fileobj.close()


def measure(bin_dir, seconds, turns):
    """Each turn is one load without viewers and one with them, in `seconds` altogether; then they
    stay for as long again."""
    load = HTTP_LOADS['wrk POST']
    rounds, samples = [], []
    with Tally(bin_dir) as group:
        def pair(watched):
            with Viewers(group.http, NUMBER) if watched else contextlib.nullcontext() as viewers:
                figure = load.run(bin_dir, group, seconds / turns / 2)
            return {'per_second': figure['per_second'], 'p50_us': figure['p50_us'], 'p99_us': figure['p99_us'],
                    'lost': viewers.lost if watched else 0}

        for turn in range(1, turns + 1):
            print(f'viewers: turn {turn} of {turns}', file=sys.stderr, flush=True)
            # Whoever is second finds the machine as the first one left it, so they change places.
            order = (False, True) if turn % 2 else (True, False)
            figures = {watched: pair(watched) for watched in order}
            rounds.append({'none': figures[False], 'watched': figures[True]})
        print(f'viewers: they stay for {seconds} s', file=sys.stderr, flush=True)
        with Viewers(group.http, NUMBER) as viewers:
            begun = time.monotonic()
            while time.monotonic() < begun + seconds:
                load.run(bin_dir, group, SAMPLE_SECONDS)
                samples.append({'second': time.monotonic() - begun, 'bytes': memory_bytes(group.pid('bridge'))})
        return {'number': NUMBER, 'rounds': rounds, 'samples': samples, 'lost': viewers.lost,
                'read_bytes': viewers.bytes}
