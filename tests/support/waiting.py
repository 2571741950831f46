"""Waiting for what another process does: the one way in which tests wait. Standard library only."""

import time

from tests.support.service import HANG_LIMIT_S

PAUSE_S = 0.005


def wait_until(look, what, limit_s=HANG_LIMIT_S):
    """Looks until there is something, and returns it. The limit only turns a hang into a failure. `what` names the thing waited for;
    where it is a function, it is called after the limit to tell how things stand."""
    end = time.monotonic() + limit_s
    while not (found := look()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s} s: {what() if callable(what) else what}")
        time.sleep(PAUSE_S)
    return found
