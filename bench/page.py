"""The page in a real browser, over 100 containers: its weight, its first paint, and what an open page costs the service."""

import gzip
import json
import pathlib
import re
import time

from bench import peers

CONTAINERS = 100
SECONDS = 30
ALLOWED_PAINT_MS = 1000
ALLOWED_SHARE = 0.02
ALLOWED_BYTES = 250 * 1024
# The first answers are not what an open page costs.
SETTLED_S = 10


def weight(service):
    """Of every file that index.html leads to, as it is sent."""
    total, waiting, seen = 0, [""], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        status, headers, body = service.request("GET", f"/ui/{name}", headers={"Accept-Encoding": "gzip"})
        if status != 200 or headers.get("Content-Encoding") != "gzip":
            raise RuntimeError(f"/ui/{name}: {status} {headers}")
        total += len(body)
        text = gzip.decompress(body).decode()
        waiting += re.findall(r'(?:href|src)="([\w.]+)"', text) if not name else re.findall(r'from "\./([\w.]+)"', text)
    return total


def first_paint(browser, address):
    """Of the first text, and of the list of all containers: ms since the page was asked for."""
    browser.open(address)
    rows = f"document.querySelectorAll('.containers tbody tr').length >= {CONTAINERS}"
    listed = browser.driver.execute_async_script(
        f"const done = arguments[0]; (function look() {{ if ({rows}) done(performance.now()); else requestAnimationFrame(look); }})()")
    entries = json.loads(browser.run("return JSON.stringify(performance.getEntriesByType('paint'))"))
    return next(one["startTime"] for one in entries if one["name"] == "first-contentful-paint"), listed


def measure(service, browser):
    bytes_sent = weight(service)
    peers.report("j weight of the page", f"{bytes_sent / 1024:8.1f} KiB compressed (target < {ALLOWED_BYTES // 1024} KiB)", bytes_sent < ALLOWED_BYTES)
    address = f"http://127.0.0.1:{service.port}/ui/"
    paint, listed = first_paint(browser, address)
    # Whoever finds the service asleep waits for its first look at the node.
    peers.report("j first paint", f"{paint:8.0f} ms, {listed:.0f} ms until {CONTAINERS} containers are listed (target < {ALLOWED_PAINT_MS} ms)",
                 paint < ALLOWED_PAINT_MS)
    time.sleep(SETTLED_S)
    before, began = peers.process_cpu_s(service.pid), time.monotonic()
    time.sleep(SECONDS)
    share = (peers.process_cpu_s(service.pid) - before) / (time.monotonic() - began)
    load = pathlib.Path("/proc/loadavg").read_text().split()[0]
    peers.report("j an open page", f"{100 * share:8.2f} % of a core for {CONTAINERS} containers, load {load} (target < {100 * ALLOWED_SHARE:.0f} %)",
                 share < ALLOWED_SHARE)


def run():
    peers.needs("curl", "chromium", "chromedriver")
    try:
        from tests.support.browser import Browser  # Other measurements need no selenium.
    except ImportError as why:
        raise peers.Skip(f"{why} (Debian's python3-selenium)") from why
    with peers.Docker() as docker:
        for _ in range(CONTAINERS):
            docker.container()
        browser = Browser()
        try:
            with peers.Service("--docker-host", docker.host) as service:
                measure(service, browser)
        finally:
            browser.close()
