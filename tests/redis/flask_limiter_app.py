#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A web application with Flask-Limiter, whose counters are in Redis.

    flask_limiter_app.py HOST PORT LIMIT WINDOW-SECONDS

It prints its own port, and ends with its standard input. The client of a request is what its header
X-Client says."""

import logging
import sys
import threading

import flask
import flask_limiter
from werkzeug.serving import make_server

HOST, PORT, LIMIT, WINDOW_SECONDS = sys.argv[1:]

logging.getLogger('werkzeug').setLevel(logging.ERROR)  # not a line a request
application = flask.Flask(__name__)
limiter = flask_limiter.Limiter(
    lambda: flask.request.headers['X-Client'], app=application,
    storage_uri=f'redis://{HOST}:{PORT}', strategy='fixed-window', headers_enabled=True)


@application.get('/')
@limiter.limit(f'{LIMIT} per {WINDOW_SECONDS} seconds')
def index():
    return 'served\n'


server = make_server('127.0.0.1', 0, application, threaded=True)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
