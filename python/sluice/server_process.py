"""The server program as a child of this process: where it is, how it starts, how it ends."""
from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

# A server that stops its queries in order needs far less; past this it is killed.
STOP_SECONDS = 10


class ServerError(Exception):
    """The server is missing or ended while starting."""


def program():
    """The server's executable: $SLUICE_SERVER, the installed package's, or the one that `make build` made."""
    package = Path(__file__).resolve().parent
    named = os.environ.get("SLUICE_SERVER")
    places = [Path(named)] if named else [package / "bin" / "sluice-server",
                                          package.parents[1] / "build" / "release" / "sluice-server"]
    for place in places:
        if place.is_file():
            return str(place)
    raise ServerError("the server program is not there: " + " nor ".join(map(str, places)) +
                      "; `make build` builds it")


def environment(token, python_path=(), conf=None):
    """The environment that the server reads its secrets and settings from."""
    variables = dict(os.environ)
    variables["SLUICE_PYTHON"] = sys.executable
    variables["SLUICE_PYTHONPATH"] = os.pathsep.join(python_path)
    variables.pop("SLUICE_TOKEN", None)
    if token:
        variables["SLUICE_TOKEN"] = token
    if conf:
        variables["SLUICE_CONF"] = json.dumps(conf)
    return variables


class ServerProcess:
    """A server for this process alone, on a free loopback port; it ends when this process does."""

    def __init__(self, python_path=(), conf=None):
        self._token = secrets.token_hex(16)
        self._owner = os.getpid()
        self._address = None
        self._ready, ready_end = os.pipe()
        watch_end, self._watch = os.pipe()
        command = [program(), "serve", "--host", "127.0.0.1", "--port", "0", "--ready-fd", str(ready_end),
                   "--watch-fd", str(watch_end)]
        # Ctrl-C goes to the whole foreground group, but it is the program's to handle: the child ignores it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(ready_end, watch_end),
                                             env=environment(self._token, python_path, conf))
        except OSError as error:
            raise ServerError(f"{command[0]} cannot be run: {error.strerror}") from None
        finally:
            signal.signal(signal.SIGINT, handler)
            os.close(ready_end)
            os.close(watch_end)

    @property
    def pid(self):
        return self._process.pid

    def remote(self):
        """The connection string with the token; waits until the server listens."""
        if self._address is None:
            with open(self._ready, encoding="utf-8") as ready:
                line = ready.readline().strip()
            if not line:
                status = self._process.wait()
                raise ServerError(f"the server ended while starting (status {status})")
            self._address = f"{line.rstrip('/')}/;token={self._token}"
        return self._address

    def set_log_level(self, level):
        """What the server logs from now on, by Spark's name of the level."""
        if self._watch is not None:
            os.write(self._watch, f"{level}\n".encode())

    def stop(self):
        """Stops the queries and the server, and waits for its end."""
        if self._watch is None or os.getpid() != self._owner:
            return
        os.close(self._watch)
        self._watch = None
        self._process.terminate()  # a forked child of the program may still hold the pipe's end
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
