"""Tokens without end for an API server that has better to do: it is asked about the good ones all the same, and not flooded."""

import pathlib
import tempfile
import time
import unittest

from tests.integration.attack.test_attack_credentials import AGENT, ASK, GUESSES
from tests.support import callers
from tests.support.fake_kubernetes import Certificates, FakeKubernetes, write_kubeconfig
from tests.support.siege import Siege

OWN_TOKEN = "of-the-service"
USER = "system:serviceaccount:monitoring:prometheus"
# Users that guess, each with this many connections: more than are reviewed at once, and more than wait.
GUESSERS = range(200_000, 200_004)
CONNECTIONS = 30
# What the API server takes to find out that a token is nobody's.
DELAY_S = 0.5
# For a review of each caller in line, and for as many as a caller has connections at ten a second.
REVIEW_LIMIT_S = 6
FRESH_TOKENS = 5


class AttackByTokens(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="nodescope-reviews-")
        self.addCleanup(folder.cleanup)
        pems = Certificates(folder.name)
        authority = pems.authority("ca")
        self.api = self.enterContext(FakeKubernetes(*pems.issue(authority, "server", "IP:127.0.0.1"), tokens=[OWN_TOKEN]))
        self.api.rights = {(USER, "create", "nodes/diagnosis")}
        kubeconfig = write_kubeconfig(pathlib.Path(folder.name) / "config", self.api.url, authority, {"token": OWN_TOKEN})
        self.flags = ("--auth", "local-peer,kubernetes", "--kubeconfig", kubeconfig, "--node-name", "node-a")

    def ask_with_fresh_tokens(self, siege, uid):
        """As somebody does whose token is renewed: statuses, and how long the slowest answer took."""
        statuses, slowest_s = [], 0
        for number in range(FRESH_TOKENS):
            token = f"good-token-{uid}-{number}"
            self.api.users[token] = USER
            began = time.monotonic()
            child = siege.attacker(ASK, siege.service.port, "127.0.0.3", callers.bearer(token)["Authorization"], 1, uid=uid, wait=False)
            statuses += [int(line) for line in child.stdout]
            slowest_s = max(slowest_s, time.monotonic() - began)
        print(f"{self.id()}: slowest answer to a good token {slowest_s:.2f} s", flush=True)
        return statuses, slowest_s

    def test_a_good_token_is_reviewed_in_turn_with_those_of_strangers(self):
        self.api.unknown_delay_s = DELAY_S
        with Siege(self, *self.flags) as siege:
            for uid in GUESSERS:
                siege.attacker(GUESSES, siege.service.port, "127.0.0.2", "token", CONNECTIONS, uid=uid)
            siege.until(lambda: len(self.api.reviews) > 20, "guesses at the API server")
            statuses, slowest_s = self.ask_with_fresh_tokens(siege, AGENT)
            self.assertEqual(statuses, [200] * FRESH_TOKENS)
            self.assertLess(slowest_s, REVIEW_LIMIT_S)

    def test_a_good_token_beside_a_stranger_of_the_same_address(self):
        with Siege(self, *self.flags) as siege:
            siege.attacker(GUESSES, siege.service.port, "127.0.0.2", "token", CONNECTIONS)
            siege.until(lambda: len(self.api.reviews) > 20, "guesses at the API server")
            began, reviewed = time.monotonic(), len(self.api.reviews)
            statuses, slowest_s = self.ask_with_fresh_tokens(siege, callers.NOBODY)
            self.assertEqual(statuses, [200] * FRESH_TOKENS)
            self.assertLess(slowest_s, REVIEW_LIMIT_S)
            rate = (len(self.api.reviews) - reviewed) / (time.monotonic() - began)
            print(f"{self.id()}: {rate:.1f} reviews a second", flush=True)
            self.assertLess(rate, 15)  # ten wrong ones, and those of the good tokens


if __name__ == "__main__":
    unittest.main()
