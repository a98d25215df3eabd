# SPDX-License-Identifier: Apache-2.0
"""`pb` is the module that protoc makes of wire/tally.proto."""

import importlib
import pathlib
import subprocess
import sys
import tempfile

PROTO = pathlib.Path(__file__).resolve().parents[2] / 'wire' / 'tally.proto'


def load_proto():
    """Loads the module from a directory that is removed again afterwards."""
    with tempfile.TemporaryDirectory(prefix='tally-proto-') as directory:
        subprocess.run(['protoc', f'--proto_path={PROTO.parent}', f'--python_out={directory}', PROTO.name], check=True)
        sys.path.insert(0, directory)
        try:
            return importlib.import_module('tally_pb2')
        finally:
            sys.path.remove(directory)


pb = load_proto()
