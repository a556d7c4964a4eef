"""The application that runs in this process: its settings, its server and its files."""
from __future__ import annotations

import atexit
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from sluice import interrupts
from sluice.server_process import ServerError, ServerProcess

# Settings of a launch: a server that runs already refuses them.
_LAUNCH_ONLY = ("spark.master", "spark.driver.", "spark.executor.", "spark.cores.", "spark.jars", "spark.submit.",
                "spark.files", "spark.archives", "spark.yarn.", "spark.kerberos.")

# The one application of this process, for the classes that stand in for classic PySpark's.
current = None


class Application:
    """Made once, before the user's code; everything in it lives until the process ends."""

    def __init__(self, conf, python_path=()):
        self.conf = dict(conf)
        self.session_conf = self.conf  # replaced by the first session's settings
        self.python_path = list(python_path)
        self.files = FilesFolder()
        self.start_time = int(time.time() * 1000)
        self.id = f"local-{self.start_time}"
        self._server = None
        self._remote = self.conf.pop("spark.remote", None)

    def start(self):
        """Starts the server (without waiting for it) and makes the classic API available."""
        global current
        current = self
        if self._remote is None:
            launch = {"spark.app.id": self.id, "spark.app.startTime": str(self.start_time)}
            self._server = ServerProcess(self.python_path, {**launch, **self.conf})
            interrupts.install()
        # Registered before the client's own exit handler, so it runs after it.
        atexit.register(self._end)
        # pyspark looks for these; a home need not exist.
        os.environ["SPARK_HOME"] = os.environ.get("SPARK_HOME") or str(Path(__file__).resolve().parent)
        os.environ.pop("MASTER", None)
        from sluice.classic import hooks

        hooks.install()

    def connect(self):
        """Waits for the server and tells the client where it is; gives the connection string."""
        if self._remote is None:
            try:
                self._remote = self._server.remote()
            except ServerError as error:
                sys.exit(f"sluice: {error}")
        os.environ["SPARK_REMOTE"] = self._remote
        return self._remote

    def _end(self):
        module = sys.modules.get("pyspark.sql.connect.session")
        if module:
            # Closing a channel while the interpreter is torn down waits for a thread that is gone.
            module.SparkSession.__del__ = lambda session: None
        if self._server is not None:
            self._server.stop()

    def client_conf(self):
        """What a session must be told: this application's own server knows its settings from the start."""
        if self._server is not None:
            return {}
        return {key: value for key, value in self.conf.items() if not key.startswith(_LAUNCH_ONLY)}

    def set_log_level(self, level):
        """The level of this application's own server; one that others use too keeps its own."""
        if self._server is not None:
            self._server.set_log_level(level)


class FilesFolder:
    """What --files, --archives and SparkContext.addFile give, found by SparkFiles.get(name); made when first used."""

    VARIABLE = "SLUICE_FILES"

    def __init__(self):
        self.root = Path(tempfile.gettempdir()) / f"sluice-files-{secrets.token_hex(8)}"
        os.environ[self.VARIABLE] = str(self.root)  # the workers inherit it

    def _make(self):
        if not self.root.exists():
            self.root.mkdir(mode=0o700)
            atexit.register(_remove_tree, self.root, os.getpid())

    def add(self, path):
        """A copy of the file (or folder) under its own name."""
        import shutil

        self._make()
        source = Path(path)
        target = self.root / source.name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
        return target

    def add_archive(self, path):
        """Unpacks "file#name" (or file, under its own name)."""
        import shutil

        self._make()
        source, _, name = str(path).partition("#")
        target = self.root / (name or Path(source).name)
        if source.endswith(".jar"):
            shutil.unpack_archive(source, target, "zip")
        else:
            shutil.unpack_archive(source, target)
        return target


def _remove_tree(folder, owner):
    if os.getpid() == owner:
        import shutil

        shutil.rmtree(folder, ignore_errors=True)
