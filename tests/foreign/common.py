"""What every foreign system's `start` needs: an environment, a moved clock, a port, and an end.

Nothing in here knows a system. A `start` script says which requirements it has, how its accounts
are made and which program answers; this file does the rest, and leaves no process behind.
"""

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
OLDEST_PYTHON = (3, 11)
INSTALL_LIMIT_SECONDS = 600
SEED_LIMIT_SECONDS = 600
READY_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 10
ACCOUNTS_LIMIT = 99_999
PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """A person's mistake or a missing means, with what to do about it."""

    def __init__(self, message, hint):
        super().__init__(message)
        self.hint = hint


def arguments(system, description):
    """The command line that all foreign systems share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--folder", required=True, type=pathlib.Path,
                        help="where its database and log go; made if missing")
    parser.add_argument("--port", default=0, type=int, help="0: any free one (printed)")
    parser.add_argument("--smtp", required=True, type=host_and_port, metavar="HOST:PORT",
                        help="where it sends its mail")
    parser.add_argument("--clock", required=True, type=pathlib.Path,
                        help="file that holds the offset of its clock, such as `+31m`; "
                             "made with `+0` if missing; replace it by rename")
    parser.add_argument("--accounts", default=10, type=account_count, help="how many accounts")
    parser.add_argument("--venv", default=REPOSITORY / "target" / "foreign" / system,
                        type=pathlib.Path, help="cache of the installed packages")
    return parser.parse_args()


def host_and_port(text):
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isascii() or not port.isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is not HOST:PORT")
    return host, int(port)


def account_count(text):
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= ACCOUNTS_LIMIT:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1 to {ACCOUNTS_LIMIT}")
    return int(text)


def installed(venv, requirements):
    """The interpreter of an environment that holds exactly `requirements`.

    A stamp names the requirements and the Python it was made from, so that a later start installs
    nothing; a lock lets several tests start at once.
    """
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        raise StartError(f"this is Python {sys.version.split()[0]}",
                         f"install Python {oldest} or newer as `python3`")
    venv.parent.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()
    stamp = venv / "requirements.sha256"
    python = venv / "bin" / "python"
    with open(venv.parent / f"{venv.name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return python
        refuse_foreign_folder(venv)
        print(f"installing {requirements.parent.name} into {venv}", file=sys.stderr)
        run_to_end([sys.executable, "-m", "venv", "--clear", venv], INSTALL_LIMIT_SECONDS,
                   hint="install the Debian package `python3-venv`")
        run_to_end([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--no-deps", "--require-hashes", "--requirement", requirements],
                   INSTALL_LIMIT_SECONDS,
                   hint="installing needs a package index that can be reached")
        stamp.write_text(wanted, encoding="utf-8")
    return python


def refuse_foreign_folder(venv):
    """`venv --clear` empties the folder: only one that was made for this may be emptied."""
    if venv.exists() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").is_file():
        raise StartError(f"`{venv}` is no environment of Python's, and would be emptied",
                         "give an empty folder with --venv")


def run_to_end(command, limit_seconds, environment=None, hint="see above"):
    """Runs a program that must succeed in time; what it prints is progress, not data."""
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                              stdout=sys.stderr, check=False, timeout=limit_seconds)
    except subprocess.TimeoutExpired as reason:
        raise StartError(f"{reason}", hint) from reason
    if done.returncode != 0:
        shown = " ".join(map(str, command[:3]))
        raise StartError(f"`{shown} …` ended with {done.returncode}", hint)


def moved_clock(clock):
    """The environment under which a program's wall clock follows the file `clock`."""
    if not clock.exists():
        clock.parent.mkdir(parents=True, exist_ok=True)
        draft = clock.with_name(clock.name + ".new")
        draft.write_text("+0\n", encoding="utf-8")
        # Whoever reads the clock sees all of the file or none of it.
        draft.rename(clock)
    return {
        "LD_PRELOAD": str(libfaketime()),
        "FAKETIME_TIMESTAMP_FILE": str(clock.resolve()),
        "FAKETIME_NO_CACHE": "1",
        # Only the wall clock moves: Python's timed waits hang or spin otherwise.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "NO_FAKE_STAT": "1",
    }


def libfaketime():
    name = "libfaketimeMT.so.1"
    for folder in ("/usr/lib", "/usr/lib64", "/usr/local/lib"):
        found = sorted(pathlib.Path(folder).glob(f"**/faketime/{name}"))
        if found:
            return found[0]
    raise StartError(f"`{name}` is missing, which moves the clock",
                     "install the Debian package `faketime`")


def listener(port):
    """A socket that listens already: whoever connects early waits instead of being refused."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as reason:
        raise StartError(f"port {port} can't be used: {reason}",
                         "give another one, or 0 for any that is free") from reason
    listening.listen(1024)
    listening.set_inheritable(True)
    return listening


def serve(command, environment, listening, log, path):
    """Runs `command` on the inherited socket till SIGTERM, SIGINT or the end of stdin."""
    port = listening.getsockname()[1]
    stop_reader, stop_writer = os.pipe()
    os.set_blocking(stop_writer, False)
    signal.set_wakeup_fd(stop_writer)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    with open(log, "wb") as output:
        child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=output, stderr=output, start_new_session=True,
                                 pass_fds=[listening.fileno()], preexec_fn=die_with_parent)
    # From here on only the child holds the socket: if it dies, connecting fails at once.
    listening.close()
    try:
        wait_until_ready(child, port, path, log)
        print(f"ready http://127.0.0.1:{port}", flush=True)
        while child.poll() is None:
            readable, _, _ = select.select([sys.stdin, stop_reader], [], [])
            if sys.stdin in readable and not os.read(sys.stdin.fileno(), 4096):
                return
            if stop_reader in readable and asked_to_stop(stop_reader):
                return
        raise StartError(f"the server ended with {child.returncode}", f"see `{log}`")
    finally:
        stop(child)


def die_with_parent():
    """Even a killed `start` leaves nothing behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until_ready(child, port, path, log):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_LIMIT_SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as reason:
        raise StartError(f"the server did not answer: {reason}", f"see `{log}`") from reason
    finally:
        connection.close()
    if status != 200 or child.poll() is not None:
        raise StartError(f"`{path}` answered {status}", f"see `{log}`")


def asked_to_stop(stop_reader):
    """SIGCHLD only wakes the loop, which then looks at the child."""
    return any(number != signal.SIGCHLD for number in os.read(stop_reader, 64))


def stop(child):
    if child.poll() is None:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_LIMIT_SECONDS)
    # Its own session, so this reaches what it left behind and nobody else.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def run(main):
    """Runs `main`, and tells a person what went wrong in words."""
    try:
        main()
    except StartError as error:
        fail(error, error.hint)
    except OSError as error:
        fail(error, "look at the paths given, and at the space left")


def fail(error, hint):
    print(f"error: {error}\n\nhint: {hint}", file=sys.stderr)
    sys.exit(2)
