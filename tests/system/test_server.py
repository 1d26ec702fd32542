"""The echo server's routes, its bound address, its levels on the wire, its queue of work, and its drain.

usage: test_server.py SERVER_BINARY
"""
import asyncio
import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import websockets

sys.path.insert(0, __file__.rsplit("/tests/", 1)[0] + "/examples/echo-server")
from link_client import LEVELS, Client  # noqa: E402

results = []


def check(holds, what, *detail):
    results.append(bool(holds))
    print("ok:" if holds else "not ok:", what, *([] if holds else detail), flush=True)


def fetch(base, path, method="GET"):
    try:
        with urllib.request.urlopen(urllib.request.Request(base + path, method=method), timeout=5) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, dict(answer.headers), answer.read().decode()


def start(binary, *options):
    server = subprocess.Popen([binary, "--port", "0", *options], stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        record = json.loads(line)
        if record.get("message") == "listening":
            return server, record
    raise RuntimeError("the server ended before it listened")


def bound_addresses(port):
    """Local addresses that listen on a port, from the kernel's own table."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as lines:
            for line in list(lines)[1:]:
                address, state = line.split()[1], line.split()[3]
                if state == "0A" and int(address.split(":")[1], 16) == port:
                    found.add(address.split(":")[0])
    return found


def routes(base):
    status, headers, page = fetch(base, "/")
    check(status == 200 and "<html" in page and "no-cache" in headers.get("cache-control", headers.get("Cache-Control", "")),
          "the page is served, with no-cache", status, headers)
    for path in ("/healthz", "/readyz", "/startupz"):
        check(fetch(base, path)[0] == 200, f"{path} answers 200")
    health = json.loads(fetch(base, "/health")[2])
    wanted = {"health_score", "current_strategy", "optimization_rate", "rejection_rate", "queue_statistics",
              "vllm_statistics", "worker_statistics"}
    check(set(health["graceful_degradation"]) >= wanted, "/health has what a dashboard reads", health)
    text = fetch(base, "/metrics")[2]
    check("degrade_websocket_connections_active" in text and text.endswith("\n"), "/metrics is Prometheus text")
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    check(len(series) == len(set(series)) > 100, "no series comes twice")
    json.loads(fetch(base, "/metrics.json")[2])
    json.loads(fetch(base, "/decisions")[2])
    check(fetch(base, "/nothing")[0] == 404 and fetch(base, "/", "DELETE")[0] == 405, "404 and 405 for the rest",
          fetch(base, "/nothing")[0], fetch(base, "/", "DELETE")[0])


class Near:
    """A link without any delay."""

    def now(self):
        return time.monotonic()

    def delay(self):
        return 0.0

    def carries(self, _):
        return True


async def wire_rates(url):
    """Bytes of audio per second that come back at each level."""
    rates = {}
    client = Client(Near(), lambda at, message: None)
    async with websockets.connect(url, ping_interval=None, max_queue=None) as socket:
        client.later(client.speak(socket))
        for level in LEVELS:
            await socket.send(json.dumps({"type": "quality.set", "level": level}))
            begin, size = time.monotonic() + 1.5, 0
            while time.monotonic() < begin + 3:
                frame = await asyncio.wait_for(socket.recv(), 5)
                client.hear(socket, frame)
                audio = isinstance(frame, bytes) or '"type":"audio"' in frame
                if audio and time.monotonic() >= begin:
                    size += len(frame)
            rates[level] = size / 3
        for task in list(client.tasks):
            task.cancel()
    return rates


async def say(url, count):
    """Asks for work many times at once and returns the answers by kind."""
    answers = {}
    async with websockets.connect(url, ping_interval=None, max_queue=None) as socket:
        for n in range(count):
            await socket.send(json.dumps({"type": "say", "seq": n, "text": f"words {n}"}))
        ended, first = set(), {}
        while len(ended) < count:
            message = json.loads(await asyncio.wait_for(socket.recv(), 10))
            if message["type"] == "probe":
                await socket.send(json.dumps({"type": "probe.ack", "seq": message["seq"], "received": 0}))
            if message["type"] == "answer":
                answers.setdefault(message["answer"], []).append(message)
                if message["answer"] in ("done", "reject", "expired"):
                    ended.add(message["seq"])
    return answers


async def drain(server, base, url):
    sockets = [await websockets.connect(url, ping_interval=None, max_queue=None) for _ in range(10)]

    async def end(socket):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed:
            return socket.close_code, socket.close_reason, time.monotonic()

    began = time.monotonic()
    ends = [asyncio.ensure_future(end(socket)) for socket in sockets]
    server.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    ready = await asyncio.get_running_loop().run_in_executor(None, fetch, base, "/readyz")
    check(ready[0] == 503, "draining, /readyz answers 503 at once", ready)
    try:
        async with websockets.connect(url, ping_interval=None):
            refused = None
    except websockets.InvalidStatusCode as fault:
        refused = fault.status_code
    check(refused == 503, "and a new connection is refused with 503", refused)
    closed = await asyncio.wait_for(asyncio.gather(*ends), 10)
    check(all(code == 1001 for code, _, _ in closed), "every client is told 1001", closed)
    check(all("server shutting down" in reason or "reconnect_after_ms" in reason for _, reason, _ in closed),
          "with a reason", closed)
    times = sorted(at - began for _, _, at in closed)
    check(times[-1] <= 3.4 and times[-1] - times[0] > 1.2, "the closes are spread over four fifths of 4 s", times)
    check(server.wait(5) == 0, "it ends with 0 when nobody is left, before the deadline")


async def run(binary):
    server, record = start(binary, "--drain_period", "4")
    base = f"http://127.0.0.1:{record['port']}"
    url = f"ws://127.0.0.1:{record['port']}/ws"
    try:
        addresses = bound_addresses(record["port"])
        check(addresses == {"0100007F"}, "it listens on 127.0.0.1 and nowhere else", addresses)
        routes(base)
        rates = await wire_rates(url)
        check(rates["full"] > rates["reduced"] > rates["low"] > rates["fallback"] == 0,
              "bytes a second on the wire fall with every level", rates)
        print("    bytes a second:", {level: round(rate) for level, rate in rates.items()})
        answers = await say(url, 100)
        check({"admit", "done", "wait", "reject"} <= set(answers), "work is admitted, waits, is done, is rejected",
              {kind: len(found) for kind, found in answers.items()})
        check(all(answer["retry_after_s"] >= 1 for answer in answers.get("reject", [])), "a rejection says when to come back")
        total = sum(len(answers.get(kind, [])) for kind in ("done", "reject", "expired"))
        check(total == 100, "every request was answered once", total)
        await drain(server, base, url)
    finally:
        server.kill()
        server.stderr.close()
    bad = subprocess.run([binary, "--port", "notanumber"], capture_output=True, text=True, timeout=10)
    check(bad.returncode != 0 and re.search("port", bad.stderr), "a bad option names itself", bad.stderr)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return all(results)


sys.exit(0 if asyncio.run(run(sys.argv[1])) else 1)
