#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The programs are built hardened (law 31). Usage: hardening_test.py BIN_DIR"""

import pathlib
import platform
import re
import subprocess
import sys
import unittest

BIN_DIR = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else 'build/release/bin')
PROGRAMS = ['tally', 'tally-distributor', 'tally-replica', 'tally-comparator', 'tally-bridge']
ENDBR64 = b'\xf3\x0f\x1e\xfa'  # marks where an indirect call or jump may go


def readelf(program, *options):
    return subprocess.run(['readelf', '--wide', *options, BIN_DIR / program], check=True, capture_output=True,
                          text=True).stdout


class Hardened(unittest.TestCase):
    def each(self):
        for program in PROGRAMS:
            with self.subTest(program):
                yield program

    def test_the_programs_are_loaded_anywhere(self):
        for program in self.each():
            self.assertRegex(readelf(program, '--file-header'), r'Type:\s+DYN')
            self.assertRegex(readelf(program, '--dynamic'), r'\(FLAGS_1\).*\bPIE\b')

    def test_what_the_linker_fills_in_is_read_only_afterwards(self):
        for program in self.each():
            self.assertIn('GNU_RELRO', readelf(program, '--program-headers'))
            self.assertRegex(readelf(program, '--dynamic'), r'\bBIND_NOW\b|\(FLAGS_1\).*\bNOW\b')

    def test_neither_stack_nor_data_is_executable(self):
        for program in self.each():
            headers = readelf(program, '--program-headers')
            self.assertRegex(headers, r'GNU_STACK\s+(0x\S+\s+){5}RW\s')
            self.assertNotRegex(headers, r'LOAD\s+(0x\S+\s+){5}RWE')

    def test_functions_guard_their_stack_buffers_and_the_library_its_containers(self):
        for program in self.each():
            symbols = readelf(program, '--dyn-syms')
            self.assertIn('__stack_chk_fail', symbols)
            self.assertRegex(symbols, r'__\w+_chk@GLIBC', 'FORTIFY_SOURCE')
            self.assertIn('__glibcxx_assert_fail', symbols)

    @unittest.skipUnless(platform.machine() == 'x86_64', 'an instruction of x86')
    def test_indirect_jumps_have_marked_ends(self):
        for program in self.each():
            code = (BIN_DIR / program).read_bytes()
            self.assertGreater(len(re.findall(re.escape(ENDBR64), code)), 500)


if __name__ == '__main__':
    unittest.main(verbosity=2)
