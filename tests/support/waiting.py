"""Waiting for what a service does by itself. Standard library only."""

import time

from service import HANG_LIMIT_S


def wait_for(look, what):
    """Looks until there is something; the limit only turns a hang into a failure."""
    end = time.monotonic() + HANG_LIMIT_S
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)
    return found
