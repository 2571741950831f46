"""A user that does not exist takes as long as a wrong password, also where hashes differ in cost."""

import os
import statistics
import time

from bench import peers
from tests.support import callers

TRIES = 60
COSTS = {"alice": "05", "bob": "10"}
HASH_TAIL = "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
ALLOWED = 0.10


def run():
    with peers.folder() as folder:
        lines = "".join(f"{user}:$2b${cost}${HASH_TAIL}\n" for user, cost in COSTS.items())
        passwords = callers.write_secret(os.path.join(folder, "passwords"), lines)
        taken = {user: [] for user in (*COSTS, "nobody")}
        with peers.Service("--auth", "basic", "--password-file", passwords) as service:
            for number in range(TRIES):
                for user, times in taken.items():
                    began = time.perf_counter()
                    status = callers.ask(service.port, "POST", "/nothing", callers.basic(user, f"wrong-{number}"))[0]
                    times.append(time.perf_counter() - began)
                    assert status == 401, status
    medians = {user: 1e3 * statistics.median(times) for user, times in taken.items()}
    spread = max(medians.values()) / min(medians.values()) - 1
    peers.report("wrong password, unknown user", ", ".join(f"{user} {value:.1f} ms" for user, value in medians.items()) +
                 f": {100 * spread:.0f} % apart (10 % allowed)", spread <= ALLOWED)
