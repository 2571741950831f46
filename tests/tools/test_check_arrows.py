"""tools/check-arrows: which room may include which."""

import pathlib
import unittest

from tests.support.scripts import load_script

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = load_script("tools/check-arrows")

BAD = [
    ("core/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("netlink/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("collectors/runtime/docker/a.cpp", '#include "server/http/message.hpp"'),
    ("server/http/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("server/http/a.cpp", '#include "server/api/processors/processors.hpp"'),
    ("server/auth/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("netlink/text/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("netlink/decode/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("netlink/nat/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("netlink/read/a.cpp", '#include "netlink/text/route.hpp"'),
    ("collectors/http_client/a.cpp", '#include "netlink/net_namespace.hpp"'),
    ("collectors/host/proc/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("collectors/runtime/docker/a.cpp", '#include "collectors/questions/net_info.hpp"'),
    ("collectors/questions/a.cpp", '#include "collectors/cadvisor/machine.hpp"'),
    ("collectors/questions/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("collectors/cadvisor/a.cpp", '#include "collectors/questions/net_info.hpp"'),
    ("collectors/runtime/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("server/api/cadvisor/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("server/api/a.cpp", '#include "server/config/config.hpp"'),
    ("server/run/a.cpp", '#include "server/cli/ask.hpp"'),
    ("core/a.cpp", '#include "core/files/root.hpp"'),
    ("core/json/a.cpp", '#include "core/files/root.hpp"'),
    ("core/files/a.cpp", '#include "core/process/child_process.hpp"'),
    ("core/process/a.cpp", '#include "core/files/root.hpp"'),
    ("collectors/cadvisor/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("collectors/cadvisor/a.cpp", '#include "netlink/decode/link.hpp"'),
    ("server/api/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("server/api/a.cpp", '#include "collectors/http_client/http_client.hpp"'),
    ("server/api/a.cpp", '#include "core/process/child_process.hpp"'),
    ("server/api/processors/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("server/api/processors/a.cpp", '#include "collectors/cadvisor/machine.hpp"'),
    ("server/api/processors/a.cpp", '#include "server/api/cadvisor/request.hpp"'),
    ("server/run/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("server/cli/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("server/cli/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"'),
    ("server/cli/a.cpp", '#include "server/api/status.hpp"'),
    # A folder that nobody has decided about, whatever it includes.
    ("collectors/rumours/a.cpp", "#include <string>"),
    ("collectors/findings/a.cpp", '#include "netlink/read/dump.hpp"'),
    ("client/a.cpp", ""),
    ("a.cpp", ""),
    ("server/http/a.cpp", "#include <core/text.hpp>"),
    ("core/a.cpp", "#include <netlink/read/dump.hpp>"),
    ("core/a.cpp", '#include "a.hpp"'),
    ("core/a.cpp", "#include <boost/asio.hpp>"),
    ("server/api/a.cpp", "#include <boost/beast/http/message.hpp>"),
    ("server/http/a.hpp", "#pragma once\n#include <boost/beast/http/message.hpp>"),
    ("core/a.hpp", "#include <string>"),
]

GOOD = [
    ("core/a.cpp", '#include "core/error.hpp"\n#include <boost/asio/post.hpp>'),
    ("netlink/read/a.cpp", '#include "core/error.hpp"\n#include "netlink/decode/link.hpp"\n#include "netlink/net_namespace.hpp"'),
    ("collectors/questions/net_info.cpp", '#include "netlink/read/dump.hpp"\n#include "collectors/runtime/runtime.hpp"'),
    ("collectors/runtime/docker/a.cpp", '#include "collectors/runtime/runtime.hpp"\n#include "collectors/http_client/http_client.hpp"'),
    ("server/api/processors/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"\n#include "server/http/message.hpp"'),
    ("server/run/a.cpp", '#include "collectors/runtime/docker/docker_client.hpp"\n#include "server/config/config.hpp"'),
    ("server/http/a.cpp", '#include "server/http/message.hpp"\n#include <boost/beast/http/message.hpp>'),
    ("server/auth/a.cpp", '#include "server/http/message.hpp"'),
    ("tests/unit/http/a.cpp", '#include "server/http/message.hpp"\n#include "tests/support/run_task.hpp"'),
    ("collectors/questions/a.cpp", '#include "collectors/host/proc/b.hpp"\n#include "netlink/read/dump.hpp"'),
    ("tests/support/precompiled/a.hpp", '#include <string>'),
    ("core/log.cpp", '#include "core/json/writer.hpp"'),
    ("core/json/a.cpp", '#include "core/text.hpp"'),
    ("netlink/read/a.cpp", "#include <netlink/netlink.h>"),
    ("server/api/a.cpp", '#include "netlink/model/route.hpp"\n#include "netlink/text/route.hpp"'),
    ("server/cli/a.cpp", '#include "collectors/http_client/http_client.hpp"\n#include "server/run/application.hpp"'),
    ("core/a.hpp", "// What it is for.\n#pragma once\n#include <string>"),
]


class CheckArrows(unittest.TestCase):
    def test_refuses(self):
        for path, source in BAD:
            with self.subTest(path=path, source=source):
                self.assertEqual(1, len(list(CHECK.check(path, source))))

    def test_allows(self):
        for path, source in GOOD:
            with self.subTest(path=path, source=source):
                self.assertEqual([], list(CHECK.check(path, source)))

    def test_says_where_a_folder_without_a_rule_is_to_be_added(self):
        (line, what), = CHECK.check("collectors/rumours/a.cpp", "")
        self.assertEqual(line, 1)
        self.assertIn("collectors/rumours", what)
        self.assertIn("ALLOWED in tools/check-arrows", what)

    def test_the_project_itself(self):
        self.assertEqual(CHECK.main(), 0)


if __name__ == "__main__":
    unittest.main()
