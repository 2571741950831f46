"""The seccomp profile that the chart ships, as a text. That the image works under it, test_image.py tries."""

import json
import re
import subprocess
import unittest

from tests.support import chart


class SeccompProfile(unittest.TestCase):
    # Beyond the unit's: root gives up capabilities with capset, and walks over containers' files step back behind everything else.
    BEYOND_THE_UNIT = {"capset", "setpriority", "ioprio_set", "setrlimit"}
    RESTRICTED = {"socket", "socketpair", "mmap", "mprotect", "clone", "setns"}

    @classmethod
    def setUpClass(cls):
        profile = json.loads((chart.CHART / "files/seccomp.json").read_text(encoding="utf-8"))
        cls.default, cls.rules = profile["defaultAction"], profile["syscalls"]

    def allowed(self, restricted):
        return {name for rule in self.rules if rule["action"] == "SCMP_ACT_ALLOW" and bool(rule.get("args")) == restricted for name in rule["names"]}

    def test_what_is_not_named_is_refused(self):
        self.assertEqual(self.default, "SCMP_ACT_ERRNO")
        self.assertEqual([rule["names"] for rule in self.rules if rule["action"] != "SCMP_ACT_ALLOW"], [["clone3"]])

    def test_it_allows_no_more_than_the_unit(self):
        unit = subprocess.run(["/usr/bin/python3", chart.ROOT / "tests/support/unit_sandbox.py", "--allowed", chart.ROOT / "systemd/nodescope.service.in"],
                              check=True, capture_output=True, text=True).stdout.split()
        self.assertEqual(sorted((self.allowed(True) | self.allowed(False)) - set(unit) - self.BEYOND_THE_UNIT), [])

    def test_it_allows_what_a_helper_is_confined_with(self):
        text = (chart.ROOT / "core/process/sandbox.cpp").read_text(encoding="utf-8")
        made = set(re.findall(r"SYS_(\w+)", text)) | {"prctl"}
        self.assertIn("landlock_restrict_self", made)
        # setgroups needs CAP_SETGID, which the container does not have; to be refused it is no failure.
        self.assertEqual(made - {"setgroups"} - self.allowed(False), set())
        self.assertNotIn("memfd_create", (chart.ROOT / "core/process/call_filter.cpp").read_text(encoding="utf-8"))

    def test_what_can_do_harm_by_its_arguments_is_bound_by_them(self):
        self.assertEqual(self.allowed(True), self.RESTRICTED)
        self.assertEqual(self.allowed(False) & self.RESTRICTED, set())
        setns, = (rule for rule in self.rules if rule["names"] == ["setns"])
        self.assertEqual([(one["index"], one["value"], one["op"]) for one in setns["args"]], [(1, 0x40000000, "SCMP_CMP_EQ")])


if __name__ == "__main__":
    unittest.main()
