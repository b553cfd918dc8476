"""Serves the app by waitress on the socket whose number is given.

Waitress waits with `select` alone. Gunicorn was tried first: its arbiter calls `time.sleep`, which
fails with EINVAL in Python 3.11 when libfaketime moves only the wall clock.
"""

import logging
import socket
import sys

from waitress import serve

from app import app

THREADS = 8
# Idle connections are timed by the wall clock, which jumps by months here.
IDLE_LIMIT_SECONDS = 10 * 365 * 86_400
CONNECTIONS_LIMIT = 1_000

# It warns of every request that waits for a thread: under load, of nearly all.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)

serve(
    app,
    sockets=[socket.socket(fileno=int(sys.argv[1]))],
    threads=THREADS,
    channel_timeout=IDLE_LIMIT_SECONDS,
    connection_limit=CONNECTIONS_LIMIT,
)
