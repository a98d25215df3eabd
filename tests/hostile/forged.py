# SPDX-License-Identifier: Apache-2.0
"""Counters that hide a lie from the state's digest.

The digest is a sum, modulo 2^128, of a public digest of each entry. So whoever wants to change the
counter `bank` from 1 to 1000001 looks for other counters to add, whose digests sum up to the
difference. The search takes one of 32,768 candidates from each of 256 lists, and merges the lists
by 15 bits at a time (Wagner 2002, "A generalized birthday problem"). That takes one core five
seconds. forged.txt is what it found: the number at place L, from 0, gives the counter
forged-L-NUMBER, with the value 1, made by a native client.
"""

import pathlib

BANK, TRUE_VALUE, FORGED_VALUE = b'bank', 1, 1000001


def counters():
    """Returns {name: value}."""
    numbers = pathlib.Path(__file__).with_name('forged.txt').read_text('ascii').split()
    forged = {b'forged-%02x-%05d' % (place, int(number)): 1 for place, number in enumerate(numbers)}
    return {BANK: FORGED_VALUE, **forged}
