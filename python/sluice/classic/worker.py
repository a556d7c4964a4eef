"""What functions in a worker may import from pyspark although the client lacks it."""
import os
import shutil

from sluice.classic import hooks
from sluice.classic.files import SparkFiles

# Where the server keeps what the session's client has sent; `files` and `archives` are below it.
VARIABLE = "SLUICE_ARTIFACTS"


def install():
    """To be called in the worker daemon before pyspark is imported."""
    hooks.install_names()
    SparkFiles._root = staticmethod(_root)


def _root():
    """The folder of the session's files, its archives unpacked beside them; else that of the application."""
    sent = os.environ.get(VARIABLE, "")
    root = os.path.join(sent, "files")
    archives = os.path.join(sent, "archives")
    for name in os.listdir(archives) if os.path.isdir(archives) else ():
        _unpack(os.path.join(archives, name), root)
    return root if os.path.isdir(root) else None


def _unpack(archive, root):
    """Unpacks "file#name" once, whichever worker comes first."""
    file, _, name = os.path.basename(archive).partition("#")
    target = os.path.join(root, name or file)
    if os.path.exists(target):
        return
    part = f"{target}.{os.getpid()}.part"
    format = "zip" if file.endswith((".jar", ".zip")) else "tar" if file.endswith(".tar") else "gztar"
    shutil.unpack_archive(archive, part, format)
    try:
        os.rename(part, target)
    except OSError:  # another worker was faster
        shutil.rmtree(part)
