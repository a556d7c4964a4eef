"""An exception raised by a signal while gRPC waits, at every instruction where Python looks for signals."""
import dis
import os
import sys
import threading

import pytest

from sluice import interrupts

WAITING = """
def call(condition):
    with condition:
        condition.wait(0)
"""

STARTING = """
import threading
def call():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
"""


# The interpreter looks for signals after these.
CHECKED = ("CALL", "CALL_FUNCTION_EX", "RESUME", "JUMP_BACKWARD")


def _interrupt_at(step, waiting):
    """Runs `waiting`, interrupted at the first place from `step` on where that is allowed; whether one came."""
    steps, before = 0, {}

    def trace(frame, event, argument):
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            if before.get(frame) in CHECKED:
                steps += 1
                if steps > step and interrupts.interruptible(frame):
                    raise KeyboardInterrupt
            before[frame] = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        return trace

    sys.settrace(trace)
    try:
        waiting()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.parametrize("lock", [threading.Lock, threading.RLock])
def test_a_condition_of_grpc_is_left_whole(lock):
    namespace = {}
    exec(compile(WAITING, f"site-packages{os.sep}grpc{os.sep}_channel.py", "exec"), namespace)
    step = 0
    while True:
        condition = threading.Condition(lock())
        interrupted = _interrupt_at(step, lambda: namespace["call"](condition))
        assert condition.acquire(blocking=False), f"interrupted at {step}, the lock is still taken"
        condition.release()
        if not interrupted:
            break
        step += 1
    assert step > 5


def test_a_thread_that_grpc_starts_is_started():
    namespace = {}
    exec(compile(STARTING, f"site-packages{os.sep}grpc{os.sep}_channel.py", "exec"), namespace)
    assert not _interrupt_at(0, namespace["call"])


def test_a_program_is_interruptible_outside_of_grpc():
    assert _interrupt_at(0, lambda: threading.Event().wait(0))
