"""Ctrl-C and SIGTERM as exceptions of the program, but never where the client holds a lock.

gRPC takes its locks in Python code; an exception raised there leaves them taken, or its state half changed, and the
program would wait for itself."""
import os
import signal
import sys
import threading

_AGAIN_SECONDS = 0.02
_WAIT = threading.Condition.wait.__code__


def install():
    signal.signal(signal.SIGTERM, _end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number, frame):
    if not _postponed(number, frame):
        raise KeyboardInterrupt


def _end(number, frame):
    if not _postponed(number, frame):
        sys.exit(128 + number)


def _postponed(number, frame):
    """Sends the signal again soon if the program cannot be interrupted where it is."""
    if interruptible(frame):
        return False
    timer = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()
    return True


def interruptible(frame):
    """Whether an exception may be raised in this frame: not under a function of gRPC, except while it waits for an
    answer. `Condition.wait` is ready for an exception once it has made its variable `gotit`: before, it may have
    given its lock back already, and its caller would do so again."""
    waits = frame.f_code is _WAIT and "gotit" in frame.f_locals
    while frame is not None:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if f"{os.sep}grpc{os.sep}" in file:
            return waits
        if file == threading.__file__ and name != "wait":
            waits = False  # gRPC starts a thread, say: it is not prepared for an exception there
        frame = frame.f_back
    return True
