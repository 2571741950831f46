"""Builds a container image from an archive by a real dockerd, and looks into it. For tests of charts/image/Dockerfile."""

import io
import json
import tarfile
import urllib.parse

from tests.support import docker_engine


class Builder:
    """The classic builder, over the Engine API: it needs no buildkit and no client."""

    def __init__(self, engine, base, image):
        self.engine, self.base, self.image = engine, base, image

    def stream(self, target, body):
        """POSTs an archive; the lines of JSON that come back, or the error among them."""
        connection = docker_engine._UnixConnection(self.engine.path)
        connection.timeout = 300
        try:
            connection.request("POST", target, body=body, headers={"Content-Type": "application/x-tar"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="backslashreplace")
        finally:
            connection.close()
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        log = "".join(line.get("stream", "") for line in lines)
        failed = [line["error"] for line in lines if "error" in line]
        if answer.status != 200 or failed:
            raise RuntimeError(f"{target}: {answer.status} {failed or text}\n{log}")
        return log

    def import_image(self, name, archive):
        repository, _, tag = name.partition(":")
        self.stream(f"/images/create?fromSrc=-&repo={repository}&tag={tag}", archive)

    def build(self, context, *, cached=True, **arguments):
        given = urllib.parse.quote(json.dumps({"BUILDER": self.base, "VERSION": "0.1.0", "REVISION": "abc", **arguments}))
        return self.stream(f"/build?t={self.image}&dockerfile=charts/image/Dockerfile&networkmode=none&forcerm=1&pull=0"
                           f"&nocache={0 if cached else 1}&buildargs={given}", context)

    def remove(self, *names):
        for name in names:
            self.engine.call("DELETE", f"/images/{name}?force=1", accept=(200, 404, 409))

    def inspect(self):
        return self.engine.call("GET", f"/images/{self.image}/json")

    def export(self):
        """The files of the image, as {path: TarInfo}, and the archive they are in."""
        made = self.engine.call("POST", "/containers/create", {"Image": self.image})["Id"]
        connection = docker_engine._UnixConnection(self.engine.path)
        try:
            connection.request("GET", f"/containers/{made}/export")
            data = connection.getresponse().read()
        finally:
            connection.close()
            self.engine.call("DELETE", f"/containers/{made}?force=1")
        archive = tarfile.open(fileobj=io.BytesIO(data))
        return {entry.name.rstrip("/"): entry for entry in archive}, archive
