"""What tests of networks of real containers share: a dockerd, and a service that asks it, for all tests of a class."""

import json

from tests.support import docker_engine
from tests.support import namespace_zoo as zoo_module
from tests.support.service import Service


class DockerCase(zoo_module.ZooCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.engine = docker_engine.needed()
        cls.service = Service("--docker-host", cls.engine.host)
        cls.addClassCleanup(cls.service.stop)

    def container(self, command=("sleep", "100000"), **options):
        return self.engine.create(self, list(command), **options).start()

    def findings(self, query, service=None):
        """The answer."""
        status, _, body = (service or self.service).request("GET", f"/v1/findings?{query}")
        self.assertEqual(status, 200, body)
        return json.loads(body)
