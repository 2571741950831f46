"""A container that fills its network with all that the kernel takes: whoever asks for it as data gets bounded answers in time, and the service
stays as small as it is."""

import json
import subprocess
import sys
import unittest

from tests.support.siege import HEALTH, MACHINE, Question, Siege

ROUTES, NEIGHBOURS, LISTENERS, LINKS = 40_000, 10_000, 3_000, 200
CALLERS = 16
QUESTIONS = 300
ANSWER_BYTES = 1 << 20

# Prints a line once all of it is there.
LARGE = f"""
import ctypes, resource, socket, subprocess, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
assert ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0
lines = ["link set lo up", "link add d0 type bridge", "link set d0 up", "addr add 10.0.0.1/8 dev d0"]
lines += [f"route add 11.{{i >> 16}}.{{i >> 8 & 255}}.{{i & 255}}/32 via 10.1.2.3 metric {{i}}" for i in range({ROUTES})]
lines += [f"neigh add 10.2.{{i >> 8}}.{{i & 255}} lladdr 02:00:00:00:00:01 dev d0 nud permanent" for i in range({NEIGHBOURS})]
lines += [f"link add l{{i}} type bridge" for i in range({LINKS})]
subprocess.run(["ip", "-batch", "-"], input="\\n".join(lines), text=True, check=True)
held = []
for i in range({LISTENERS}):
    one = socket.socket()
    one.bind(("127.0.0.1", 1024 + i))
    one.listen(1)
    held.append(one)
print("ready", flush=True)
sys.stdin.read()
"""
ASK = """
import http.client, sys
port, pid = int(sys.argv[1]), sys.argv[2]
print("begun", flush=True)
while True:
    for query in ("", "&parts=sockets_all,route,neigh,addr,sysctl", "&parts=route,route6,fdb"):
        try:
            one = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            one.request("GET", f"/v1/network?pid={pid}{query}")
            one.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass
"""


def is_bounded(body):
    answer = json.loads(body)
    return len(body) <= ANSWER_BYTES and "cut after" in answer["notes"]["route"]


class AttackByALargeNetwork(unittest.TestCase):
    def test_it_is_asked_for_again_and_again(self):
        process = subprocess.Popen([sys.executable, "-c", LARGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        siege = Siege(self, questions=(HEALTH, MACHINE))
        with siege:
            for _ in range(CALLERS):
                siege.attacker(ASK, siege.service.port, process.pid, uid=0)
            siege.wait_for_answers(QUESTIONS)
            siege.end_attackers()
            self.assertIsNone(siege.ask(Question("GET", f"/v1/network?pid={process.pid}", right=is_bounded)))


if __name__ == "__main__":
    unittest.main()
