"""Serves the site on the listening socket whose descriptor is the argument: one process, a bounded number of threads.

Waitress and not gunicorn: the master of the latter sleeps by `time.sleep`, which fails while only the wall clock is moved.
"""

import socket
import sys

import waitress
from django.core.wsgi import get_wsgi_application

THREADS = 8
CONNECTIONS = 1_000
# Waitress ends idle connections by the wall clock, and a clock moved by 91 days must not end all of them at once.
IDLE_SECONDS = 400 * 24 * 3600


def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    waitress.serve(
        get_wsgi_application(),
        sockets=[listener],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        # `select` knows no descriptor above 1,023.
        asyncore_use_poll=True,
    )


if __name__ == "__main__":
    main()
