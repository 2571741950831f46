"""What is asked of a node with several runtimes, and what is made of the answers. A mixin of unittest.TestCase."""

import json

LIST, FIRST_LIST = "/processor/containerCollector", "/processor/containercollector"
INFO, NET_INFO = "/processor/dockerInfoCollector", "/processor/netInfoCollector"
LIST_KEY = "collector.kubernetes.container.list"


class AsksProcessors:
    def started(self, context):
        entered = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return entered

    def answer(self, service, path, **parameters):
        status, _, body = service.process_route(path, parameters)
        self.assertEqual(status, 200, body)
        return json.loads(body)

    def refusal(self, service, path, **parameters):
        status, _, body = service.process_route(path, parameters)
        self.assertEqual(status, 500, body)
        return body.decode()

    def ids(self, service):
        return [one["Id"] for one in json.loads(self.answer(service, LIST)[LIST_KEY])]
