"""Waits for what another process does."""
import time

SECONDS = 120


def wait_for(condition, what):
    """Until the condition holds; these waits are for other processes, whose end nothing else tells."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)
