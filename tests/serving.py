"""Starts the server program for tests, as the launcher does: with a token, and told to end with this process."""
import os
import secrets
import signal
import subprocess
import sys
import tempfile

STOP_SECONDS = 30


class Server:
    def __init__(self, program, folder=None, token=None, **variables):
        self.token = secrets.token_hex(8) if token is None else token
        self._log = tempfile.NamedTemporaryFile(prefix="server-", suffix=".log")
        ready, ready_end = os.pipe()
        watch_end, self._watch = os.pipe()
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SPARK_", "PYSPARK_"))}
        environment.update(SLUICE_PYTHON=sys.executable, SLUICE_PYTHONPATH="", TZ="UTC", LC_ALL="C.UTF-8",
                           PYTHONWARNINGS="ignore", **variables)
        if self.token:
            environment["SLUICE_TOKEN"] = self.token
        self.process = subprocess.Popen(
            [program, "serve", "--host", "127.0.0.1", "--port", "0", "--ready-fd", str(ready_end), "--watch-fd", str(watch_end)],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, pass_fds=(ready_end, watch_end),
            env=environment, cwd=folder or tempfile.gettempdir())
        os.close(ready_end)
        os.close(watch_end)
        with open(ready, encoding="utf-8") as lines:
            self.address = lines.readline().strip().rstrip("/")
        if not self.address:
            raise RuntimeError(f"the server did not start (status {self.process.wait()}): {self.log()}")

    @property
    def remote(self):
        return f"{self.address}/;token={self.token}" if self.token else self.address

    def log(self):
        with open(self._log.name, encoding="utf-8", errors="replace") as file:
            return file.read()

    def last_words(self, size=6000):
        """The report of a sanitizer if there is one, else the end of the log."""
        log = self.log()
        starts = [log.find(mark) for mark in ("ERROR: AddressSanitizer", "WARNING: ThreadSanitizer", "runtime error:")]
        start = min((at for at in starts if at >= 0), default=max(0, len(log) - size))
        return log[max(0, start - 200) : start + size]

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        if self._watch is not None:
            os.close(self._watch)
            self._watch = None
        return self.process.wait(STOP_SECONDS)

    def paused(self):
        """Whether it has stopped itself, as SLUICE_FAULT may tell it to."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "T"

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
