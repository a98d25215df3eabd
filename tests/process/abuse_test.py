#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may reach a door uses it up: the disk that logs are on. Usage: abuse_test.py BIN_DIR"""

import pathlib
import struct
import sys
import time
import unittest

import zmq

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'contract'))

from group import Group, wait_until  # pylint: disable=wrong-import-position
from native_client import pb  # pylint: disable=wrong-import-position

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
LOG_BYTES_A_MINUTE = 1_000_000
REPORTS = 200_000


class Logs(unittest.TestCase):
    def test_a_peer_that_reports_as_a_new_process_each_time_fills_no_disk(self):
        with Group(BIN_DIR) as group:
            log = group.data / 'log' / 'distributor.log'
            before, began = log.stat().st_size, time.monotonic()
            with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
                dealer.linger = 0
                dealer.connect(f'ipc://{group.data}/run/orders.sock-1')
                header = struct.pack('<4sHHQ', b'TLY1', pb.MESSAGE_TYPE_REPLICA_REPORT, 0, 0)
                for number in range(1, REPORTS):
                    dealer.send_multipart([header, pb.ReplicaReport(incarnation=number).SerializeToString()])
                    if time.monotonic() > began + 20:
                        break
            wait_until(lambda: 'events_suppressed event=replica_connected replica=1 count=' in log.read_text(),
                       'what was held back is told')
            minutes = max(1, (time.monotonic() - began) / 60)
            print(f'{number} reports, {log.stat().st_size - before} bytes of log')
            self.assertLess(log.stat().st_size - before, LOG_BYTES_A_MINUTE * minutes)
            wait_until(lambda: group.run('incr', 'after').returncode == 0, 'the group answers')


if __name__ == '__main__':
    unittest.main(verbosity=2)
