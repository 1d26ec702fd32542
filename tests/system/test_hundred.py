"""A hundred real WebSocket connections at once, each with a link of its own, each at its own level; and beside them
peers that send garbage, which are refused and counted while the others notice nothing.

usage: test_hundred.py SERVER_BINARY
"""
import asyncio
import json
import pathlib
import re
import sys
import time
import urllib.request

import websockets

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/echo-server"))
from link_client import Client, Server  # noqa: E402

SETTLE = 25  # seconds within which every link must have found its level
KINDS = {  # what a link does, and the level that asks for
    "good": (0.010, "full"),
    "slow": (0.400, "reduced"),
    "slower": (0.700, "low"),
    "dead": (None, "fallback"),
}


class FixedLink:
    """Answers after a fixed time, or never."""

    def __init__(self, delay):
        self.fixed = delay
        self.zero = time.monotonic()

    def now(self):
        return time.monotonic() - self.zero

    def delay(self):
        return self.fixed

    def carries(self, _):
        return self.fixed is not None


class Peer:
    """One of the hundred."""

    def __init__(self, kind):
        self.kind = kind
        delay, self.wanted = KINDS[kind]
        self.level, self.changes = "full", []
        self.client = Client(FixedLink(delay), self.state)
        self.ended = None

    def state(self, at, message):
        if message["level"] != self.level:
            self.level = message["level"]
            self.changes.append((round(at, 1), self.level))

    async def run(self, url, seconds):
        try:
            await self.client.run(url, seconds)
            self.ended = "in time" if self.client.link.now() >= seconds - 1 else "early"
        except (OSError, websockets.WebSocketException) as fault:
            self.ended = repr(fault)


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, holds, what, *detail):
        self.passed += bool(holds)
        self.failed += not holds
        print("ok:" if holds else "not ok:", what, *([] if holds else detail), flush=True)


def fetch(base, path):
    with urllib.request.urlopen(base + path, timeout=5) as answer:
        return answer.read().decode()


async def get(base, path):
    return await asyncio.get_running_loop().run_in_executor(None, fetch, base, path)


async def figure(base, name):
    text = await get(base, "/metrics")
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.M))


async def closed_with(url, frames):
    """Sends frames and returns the code that the connection was closed with; None where it stays open."""
    async with websockets.connect(url, ping_interval=None, max_queue=None) as socket:
        try:
            for frame in frames:
                await socket.send(frame)
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                await asyncio.wait_for(socket.recv(), deadline - time.monotonic())
        except websockets.ConnectionClosed:
            return socket.close_code
        except asyncio.TimeoutError:
            return None


async def garbage(host, port, data):
    """Speaks something that is no HTTP and returns whether the server ended it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(data)
        await writer.drain()
        await asyncio.wait_for(reader.read(4096), 20)
        return True
    except ConnectionError:
        return True
    except asyncio.TimeoutError:
        return False
    finally:
        writer.close()


async def attack(url, checks):
    host, port = re.match(r"ws://([^:/]+):(\d+)/", url).groups()
    base = f"http://{host}:{port}"
    refused = await figure(base, "degrade_messages_refused_total")
    frames = await figure(base, "degrade_echo_frames_refused_total")
    checks.that(await closed_with(url, ["x" * 70000]) == 1009, "an oversized text frame is closed with 1009")
    checks.that(await closed_with(url, [b"x" * 70000]) == 1009, "an oversized binary frame is closed with 1009")
    checks.that(await figure(base, "degrade_echo_frames_refused_total") >= frames + 2, "both are counted")
    broken = ['{"type":', "[1,2", '{"type":"quality.ack","accepted":3}', "{'type':1}", "nonsense"]
    checks.that(await closed_with(url, broken) is None, "some broken JSON does not end a connection")
    checks.that(await closed_with(url, broken * 2) == 1008, "ten broken messages in a row do")
    checks.that(await figure(base, "degrade_messages_refused_total") >= refused + 15, "all are counted",
                await figure(base, "degrade_messages_refused_total"), refused)
    checks.that(await garbage(host, port, bytes(range(256)) * 20), "garbage instead of HTTP is ended")
    checks.that(await garbage(host, port, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n"),
                "endless headers are ended")
    return base


async def run(binary):
    checks = Checks()
    async with Server(binary, "127.0.0.1", 0) as url:
        peers = [Peer(kind) for kind in KINDS for _ in range(25)]
        seconds = SETTLE + 12
        runs = [asyncio.ensure_future(peer.run(url, seconds)) for peer in peers]
        await asyncio.sleep(SETTLE - 10)
        base = await attack(url, checks)
        await asyncio.sleep(max(0.0, SETTLE - peers[0].client.link.now()))
        checks.that(await figure(base, "degrade_websocket_connections_active") == 100, "a hundred are connected")
        for kind, (_, wanted) in KINDS.items():
            levels = [peer.level for peer in peers if peer.kind == kind]
            checks.that(levels == [wanted] * 25, f"25 {kind} links are at {wanted}", levels)
        shown = [await figure(base, f'degrade_session_levels{{level="{level}"}}') for level in
                 ("full", "reduced", "low", "fallback")]
        health = json.loads(await get(base, "/health"))
        checks.that("health_score" in health["graceful_degradation"], "/health answers meanwhile")
        checks.that(await get(base, "/readyz") is not None, "/readyz answers meanwhile", shown)
        await asyncio.gather(*runs)
        good = [peer for peer in peers if peer.kind == "good"]
        checks.that(not any(peer.changes for peer in good), "the good links never left full",
                    [peer.changes for peer in good if peer.changes])
        checks.that(all(peer.ended == "in time" for peer in peers), "nobody lost the connection",
                    {peer.ended for peer in peers})
    print(f"{checks.passed} passed, {checks.failed} failed")
    return checks.failed == 0


sys.exit(0 if asyncio.run(run(sys.argv[1])) else 1)
