"""/healthz against nginx's `return 200` and Go's HTTP server under the same load, in turns.

nginx and we write one line a request to a file; Go's server writes none."""

import os
import pathlib
import re
import shutil
import statistics
import subprocess

from bench import peers

ROUNDS = 3
SECONDS = 3
CONNECTIONS = 32

NGINX = """worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        location /healthz {{ default_type text/plain; return 200 "ok\\n"; }}
    }}
}}
"""


def rate(port):
    text = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", f"http://127.0.0.1:{port}/healthz"], check=True,
                          capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def build_go(folder):
    if not shutil.which("go"):
        return None
    program = folder / "go_server"
    source = pathlib.Path(__file__).parent / "go_server"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, check=True,
                   env={**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(folder / "cache")})
    return program


def compare(name, ports, target):
    rates = {who: [] for who in ports}
    for _ in range(ROUNDS):
        for who, port in ports.items():
            rates[who].append(rate(port))
    ours, theirs = statistics.median(rates["ours"]), statistics.median(rates["theirs"])
    ratio = ours / theirs
    peers.report(f"c /healthz against {name}", f"{ours:8.0f}/s against {theirs:6.0f}/s: {ratio:.2f}x (target >= {target}x)", ratio >= target)


def run():
    peers.needs("wrk")
    with peers.folder() as folder, peers.Service() as service:
        port = peers.free_port()
        if shutil.which("nginx"):
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
            with peers.running("nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"):
                peers.wait_for_port(port)
                compare("nginx", {"ours": service.port, "theirs": port}, 0.65)
        else:
            peers.report("c /healthz against nginx", "skipped: nginx is not installed", None)
        program = build_go(folder)
        if program:
            port = peers.free_port()
            with peers.running(program, port):
                peers.wait_for_port(port)
                compare("Go's net/http", {"ours": service.port, "theirs": port}, 1.3)
        else:
            peers.report("c /healthz against Go's net/http", "skipped: go is not installed", None)
