"""A process whose root is another directory, as a container's is."""

import subprocess

CODE = "import os,sys,signal; os.chroot(sys.argv[1]); os.chdir('/'); print('ready', flush=True); signal.pause()"


class Rooted:
    def __init__(self, root, namespace=None):
        """In the network of `namespace`, or in ours."""
        self.root = root
        (root / "etc").mkdir(parents=True)
        inside = [] if namespace is None else ["nsenter", f"--net=/proc/{namespace.pid}/ns/net"]
        self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *inside, "python3", "-c", CODE, str(root)], stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"ready\n"
        self.pid = self._process.pid

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
