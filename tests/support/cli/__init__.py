"""Runs commands of the binary as a person does: no service, an environment of its own."""

import os
import subprocess

from tests.support import service


def run(*arguments, env=None, docker=None, check=None, text=True, **more):
    """The finished process. `docker`: the daemon that is asked; without, none is. `more` is subprocess.run's."""
    environment = {"PATH": os.environ["PATH"], "NODESCOPE_RUNTIME": "docker", "NODESCOPE_DOCKER_HOST": docker or "unix:///nonexistent/docker.sock"}
    environment.update(env or {})
    ended = subprocess.run([service.BINARY, *arguments], env=environment, capture_output=True, text=text, timeout=service.HANG_LIMIT_S, check=False,
                           stdin=subprocess.DEVNULL, **more)
    if check is not None and ended.returncode != check:
        raise AssertionError(f"{arguments}: exit code {ended.returncode}, {check} was expected\n{ended.stdout}\n{ended.stderr}")
    return ended
