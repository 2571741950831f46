"""Waiting for what a service does by itself. Standard library only."""

import time

from service import HANG_LIMIT_S


def wait_for(look, what, limit_s=HANG_LIMIT_S):
    """Looks until there is something; the limit only turns a hang into a failure."""
    end = time.monotonic() + limit_s
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)
    return found
