"""A real client that loses its connection, finds no WebSocket, or falls back to polling: its session goes on, and where it
may not, a new one begins.

usage: test_resume.py SERVER_BINARY
"""
import asyncio
import json
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/echo-server"))
import session_client  # noqa: E402
from link_client import Client, Server  # noqa: E402
from proxy import Proxy  # noqa: E402
from raw import Checks, Frames  # noqa: E402
from raw import Server as RawServer  # noqa: E402
from raw import status  # noqa: E402

check = Checks()
session_client.STREAM_RETRY = 2.0


class Link:
    """Answers after a fixed time; None is never."""

    def __init__(self):
        self.fixed, self.zero = 0.01, time.monotonic()

    def now(self):
        return time.monotonic() - self.zero

    def delay(self):
        return self.fixed

    def carries(self, _):
        return self.fixed is not None


class Watched(Client):
    """A client that notes what it is told."""

    def __init__(self):
        super().__init__(Link(), self.note)
        self.states, self.echoes, self.told, self.answers, self.said = [], [], [], {}, 0

    def note(self, _, message):
        self.states.append(message)

    def hear(self, socket, frame):
        super().hear(socket, frame)
        if isinstance(frame, bytes):
            self.echoes.append(struct.unpack(">I", frame[:4])[0])
            return
        message = json.loads(frame)
        if message["type"] == "audio":
            self.echoes.append(message["seq"])
        elif message["type"] == "answer":
            self.answers.setdefault(message["seq"], []).append(message["answer"])
        elif message["type"] not in ("state", "probe", "hello"):
            self.told.append((message["type"], message.get("level", message.get("enabled"))))

    async def say(self):
        self.said += 1
        await self.session.send(json.dumps({"type": "say", "seq": self.said, "text": "x"}))

    async def until(self, what, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.states and what(self.states[-1]):
                return True
            await asyncio.sleep(0.05)
        return False

    @property
    def level(self):
        return self.states[-1]["level"] if self.states else None


class Running:
    """A client that runs for as long as it is looked at."""

    def __init__(self, url):
        self.url, self.client = url, Watched()

    async def __aenter__(self):
        self.task = asyncio.ensure_future(self.client.run(self.url, 120))
        return self.client

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def lost(proxy, url, metric):
    async with Running(url) as client:
        check(await client.until(lambda s: s["estimates"].get("rtt_ms") and len(client.echoes) > 30, 10), "a client is measured")
        await client.session.send(json.dumps({"type": "quality.set", "level": "reduced"}))
        check(await client.until(lambda s: s["level"] == "reduced", 5), "it forces a level")
        await asyncio.sleep(1)
        before, id_before, chunk, token = client.states[-1], client.session.id, client.echoes[-1], client.session.token
        client.states.clear()
        client.told.clear()
        proxy.cut()
        check(await client.until(lambda s: True, 5), "its connection is cut, and it comes back")
        after = client.states[0]
        check(client.session.id == id_before and client.session.begun == 1 and client.session.token != token,
              "to its session, and has another token")
        check((after["level"], after["manual"], after["switches"]) == ("reduced", True, before["switches"]),
              "the level is unchanged, and still forced", after["level"], after["reason"])
        known = [after["estimates"].get(name, 0) / before["estimates"][name] for name in ("rtt_ms", "bandwidth_kbps")
                 if name in before["estimates"]]
        check(known and all(0.3 < share < 3 for share in known), "what was estimated is known", before["estimates"], after["estimates"])
        await asyncio.sleep(1)
        numbers = [n for n in client.echoes if n > chunk]
        check(numbers and numbers[0] - chunk < 40 and numbers == sorted(set(numbers)), "the numbers of its chunks go on", chunk, numbers[:5])
        check(all(kind != ("quality.degraded", "full") for kind in client.told), "nothing else was decided", client.told)
        check(await metric("degrade_echo_sessions_resumed_total") == 1, "it is counted")
        check(await metric("degrade_websocket_connections_active") == 1, "there is one connection")


async def lost_often(proxy, url):
    async with Running(url) as client:
        await client.until(lambda s: True, 5)
        for _ in range(12):
            for _ in range(8):
                await client.say()
                await asyncio.sleep(0.03)
            proxy.cut()
            await asyncio.sleep(0.1)
        ends = ("done", "reject", "expired")
        for _ in range(100):
            if len(client.answers) == client.said and all(found[-1] in ends for found in client.answers.values()):
                break
            await asyncio.sleep(0.1)
        bad = {seq: found for seq, found in client.answers.items() if sum(one in ends for one in found) != 1}
        check(not bad and len(client.answers) == client.said, f"cut twelve times, {client.said} sayings were answered once",
              bad, len(client.answers))
        check(client.session.begun == 1 and client.session.dropped == 0, "by one session", client.session.begun)


async def too_late(proxy, url, metric):
    async with Running(url) as client:
        await client.until(lambda s: True, 5)
        await client.session.send(json.dumps({"type": "quality.set", "level": "low"}))
        await client.until(lambda s: s["level"] == "low", 5)
        client.session.resume, before = 30, client.session.id
        proxy.down = True
        proxy.cut()
        await asyncio.sleep(4)
        proxy.down = False
        client.states.clear()
        check(await client.until(lambda s: True, 5) and client.session.id != before and client.level == "full",
              "who comes back too late starts anew, at full", client.level)
        check(client.session.begun == 2 and await metric("degrade_echo_sessions_expired_total") == 1, "it is counted")


async def blocked(proxy, url):
    proxy.plain = True
    async with Running(url) as client:
        check(await client.until(lambda s: s["way"] == "polling" and s["level"] == "fallback", 10),
              "where no WebSocket opens it begins with polling, at fallback", client.level)
        await client.say()
        await asyncio.sleep(3)
        check(client.answers.get(1, [""])[-1] == "done", "what it says is answered", client.answers)
        made = len(client.speech.chunks)
        check(made > 3 and not client.echoes, "its audio waits", made)
        proxy.plain = False
        check(await client.until(lambda s: s["way"] == "websocket", 10), "once one opens it goes there")
        check(await client.until(lambda s: s["level"] == "full", 45), "and to full", client.level)
        check(client.session.begun == 1 and await client.until(lambda s: client.echoes, 5), "in the same session")
    proxy.plain = False


async def falls_back(url):
    async with Running(url) as client:
        await client.until(lambda s: s["estimates"].get("rtt_ms"), 5)
        client.link.fixed = None
        check(await client.until(lambda s: s["way"] == "polling", 25), "silence leads to polling", client.level)
        check(client.told[-2:] == [("quality.degraded", "fallback"), ("mode.fallback", True)], "it was told in order", client.told)
        await asyncio.sleep(3)
        echoed, kept = len(client.echoes), len(client.speech.chunks)
        check(kept > 5, "its audio is kept meanwhile", kept)
        client.link.fixed = 0.01
        check(await client.until(lambda s: s["way"] == "websocket", 40), "mended, it goes back to the WebSocket", client.states[-1])
        check(("mode.fallback", False) in client.told, "as it was told", client.told[-4:])
        for _ in range(300):
            if len(client.speech.chunks) < 3:
                break
            await asyncio.sleep(0.1)
        check(len(client.speech.chunks) < 3 and len(client.echoes) > echoed + kept / 2, "what was kept is sent", len(client.speech.chunks))
        check(client.session.begun == 1 and client.session.switches == 2, "it was one session, and two switches", client.session.switches)


def attach(server, hello, seen=0):
    sock, head, rest = server.upgrade(path=f"/ws?id={hello['id']}&token={hello['token']}&seen={seen}")
    assert status(head + "\r\n") == 101, head
    socket = Frames(sock, rest)
    return socket, socket.message(type="hello")


def confirm(socket):
    probe = socket.message(type="probe")
    socket.say({"type": "probe.ack", "seq": probe["seq"], "received": 0, "seen": 0})
    time.sleep(0.1)


def tokens(binary):
    with RawServer(binary, "--drain_period", 0) as server:
        first = server.websocket()
        hello = first.message(type="hello")
        confirm(first)
        second, again = attach(server, hello)
        check(again["id"] == hello["id"] and again["resumed"], "a second connection takes the session over")
        check(first.close_code() == 1000, "the first one is closed")
        third, last = attach(server, hello)
        check(last["id"] == hello["id"], "its token is good again as long as the new one was not used")
        confirm(third)
        _, anew = attach(server, hello)
        check(anew["id"] != hello["id"] and not anew["resumed"], "a used token starts anew")
        _, anew = attach(server, {"id": hello["id"], "token": "0" * 32})
        check(anew["id"] != hello["id"], "so does a wrong one")
        _, anew = attach(server, {"id": anew["id"], "token": last["token"]})
        check(anew["id"] != last["id"] and not anew["resumed"], "and that of another")
        check(third.message(type="probe"), "the session's own connection notices nothing")
        third.send(b"\x88\x80\0\0\0\0")
        time.sleep(0.3)
        _, anew = attach(server, last)
        check(anew["id"] != last["id"], "a session that was closed as one should has ended")
    with RawServer(binary, "--resume", 0, "--drain_period", 0) as server:
        first = server.websocket()
        hello = first.message(type="hello")
        confirm(first)
        first.sock.setsockopt(1, 13, struct.pack("ii", 1, 0))
        first.sock.close()
        time.sleep(0.3)
        check(attach(server, hello)[1]["id"] != hello["id"], "with --resume 0 nobody is waited for")


async def real_clients(binary):
    async with Server(binary, "127.0.0.1", 0, options=["--resume", "3"]) as direct:
        http = direct.replace("ws://", "http://").replace("/ws", "")

        async def metric(name):
            text = await session_client.request(session_client.urllib.parse.urlsplit(http), "GET", "/metrics")
            return sum(float(line.split()[1]) for line in text.splitlines() if line.startswith(name))

        async with Proxy(direct) as (proxy, url):
            await lost(proxy, url, metric)
            await lost_often(proxy, url)
            await too_late(proxy, url, metric)
            await asyncio.gather(blocked(proxy, url), falls_back(direct))


def main():
    tokens(sys.argv[1])
    asyncio.run(real_clients(sys.argv[1]))
    return check.summary()


sys.exit(main())
