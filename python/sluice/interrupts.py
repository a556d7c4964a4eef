"""Ctrl-C and SIGTERM as exceptions of the program, but never where the client holds a lock.

gRPC takes its locks in Python code; an exception raised there leaves them taken, and the program would wait for itself."""
import os
import signal
import sys
import threading

_AGAIN_SECONDS = 0.02


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
    """Sends the signal again soon if the interrupted code may hold a lock of gRPC; waiting for an answer is no such code."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename.endswith("threading.py"):
            if code.co_name == "wait":
                return False
        elif f"{os.sep}grpc{os.sep}" in code.co_filename:
            timer = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
            timer.daemon = True
            timer.start()
            return True
        else:
            return False
        frame = frame.f_back
    return False
