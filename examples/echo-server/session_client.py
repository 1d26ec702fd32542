"""A client's side of one session of the echo server, over whichever way there is: a WebSocket, or polling.

What is sent is numbered, kept until the server has taken it, and sent again when the way changes; what comes is handed
on once. `mode.fallback` leads to polling, its end back to the WebSocket; a connection that is lost is made anew with
the session's token; and where no WebSocket can be opened, the session begins with polling.
"""
import asyncio
import base64
import json
import struct
import time
import urllib.parse

import websockets

POLL_INTERVAL = 1.0  # seconds between two GETs, at least
POLL_WAIT = 40.0  # for the answer to one: the server has 25 s
RETRY = 2.0  # after a request that failed
STREAM_RETRY = 15.0  # of a WebSocket that could not be opened
BODY_MAX = 16384


class Ended(Exception):
    """The server has closed the session, as one should."""


class Refused(Exception):
    """A request was answered with another status than 200."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text.strip()}")
        self.status = status


async def request(url, method, path, body=b""):
    """One request of HTTP/1.1 on a connection of its own; returns the body of the answer."""
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        length = f"Content-Length: {len(body)}\r\n" if method == "POST" else ""
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n{length}\r\n".encode() + body)
        answer = await reader.read()
    finally:
        writer.close()
    head, _, text = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2:
        raise ConnectionError("no answer")
    if words[1] != b"200":
        raise Refused(int(words[1]), text.decode(errors="replace"))
    return text.decode()


def as_text(frame):
    """A chunk of audio goes as JSON where there are no binary frames."""
    if isinstance(frame, str):
        return frame
    number = struct.unpack(">I", frame[:4])[0]
    return json.dumps({"n": number, "type": "audio", "data": base64.b64encode(frame[4:]).decode()})


class Session:
    """Calls hear(session, frame) for each frame that comes, numbered ones once and in order."""

    def __init__(self, url, hear):
        self.url, self.hear = urllib.parse.urlsplit(url), hear
        self.way = None  # "websocket" or "polling", once it is there
        self.id = self.token = None
        self.seen = self.sent = 0
        self.unacked = []  # (number, frame), oldest first
        self.loose = []  # what is sent once by polling, and not again
        self.resume, self.left = 30.0, None  # seconds, and since when there is no way
        self.polls = self.blocked = False  # wants to poll; because there is no WebSocket to be had
        self.socket = self.posting = None
        self.doubled = self.dropped = self.switches = self.begun = 0

    # What goes out.

    async def send(self, frame):
        """Sends bytes (audio, after four bytes of number) or text (JSON); answers to probes are not numbered."""
        if isinstance(frame, str):
            message = json.loads(frame)
            if message["type"] == "probe.ack":
                await self.send_loose(json.dumps({**message, "seen": self.seen}))
                return
        self.sent += 1
        if isinstance(frame, bytes):
            frame = struct.pack(">I", self.sent) + frame[4:]
        else:
            frame = json.dumps({"n": self.sent, **message})
        self.unacked.append((self.sent, frame))
        if self.way == "websocket":
            await self.push(frame)
        elif self.way == "polling":
            self.posting.set()

    async def send_loose(self, text):
        if self.way == "websocket":
            await self.push(text)
        elif self.way == "polling":
            self.loose.append(text)
            self.posting.set()

    async def push(self, frame):
        try:
            await self.socket.send(frame)
        except websockets.ConnectionClosed:
            pass  # it is kept, and the reader sees the end

    def taken(self, number):
        while self.unacked and self.unacked[0][0] <= number:
            self.unacked.pop(0)

    # What comes in.

    def take(self, frame):
        message = {} if isinstance(frame, bytes) else json.loads(frame)
        number = message.get("n", 0)
        if number and number <= self.seen:
            self.doubled += 1
            return
        self.seen = max(self.seen, number)
        kind = message.get("type")
        if kind == "hello":
            self.greet(message)
        elif kind == "state":
            self.taken(message["taken"])
        elif kind == "mode.fallback":
            self.polls = message["enabled"]
        self.hear(self, frame)
        if kind == "close":
            raise Ended(message["reason"])

    def greet(self, hello):
        """A session that begins anew knows nothing of what was sent before."""
        self.id, self.token = hello["id"], hello["token"]
        self.resume = hello["resume_ms"] / 1000
        if hello["resumed"]:
            self.dropped = max(self.dropped, hello["dropped"] - self.seen)
            self.taken(hello["taken"])
            return
        self.begun += 1
        self.seen = self.sent = 0
        self.unacked.clear()
        self.polls = False

    # The ways.

    async def run(self):
        """Until the server ends the session, or cannot be reached for as long as it would wait."""
        while True:
            try:
                await (self.poll() if self.polls or self.blocked else self.stream())
            except Ended:
                return
            finally:
                self.way = None

    def query(self, path, **more):
        known = {"id": self.id, "token": self.token, "seen": self.seen} if self.id else {}
        return path + "?" + urllib.parse.urlencode({**known, **more})

    async def lost(self):
        """Waits before another try; after as long as the session lasts there is none."""
        now = time.monotonic()
        self.left = self.left or now
        if now - self.left > self.resume:
            raise ConnectionError("the server cannot be reached")
        await asyncio.sleep(min(RETRY, 0.2 + (now - self.left)))

    async def open(self):
        """A WebSocket, or None: it cannot be opened."""
        try:
            query = self.query(self.url.path, reconnect=1) if self.id else self.url.path + "?seen=0"
            url = f"ws://{self.url.netloc}{query}"
            return await websockets.connect(url, ping_interval=None, max_queue=None, close_timeout=1, open_timeout=5)
        except (OSError, EOFError, asyncio.TimeoutError, websockets.WebSocketException):
            return None

    async def stream(self, socket=None):
        self.socket = socket = socket or await self.open()
        if socket is None and self.left is None:
            await self.lost()
            return
        if socket is None:  # for the second time: the other way, if there is one
            self.blocked = True
            await self.poll()
            return
        try:
            await self.listen(socket)
        except websockets.ConnectionClosed as end:
            if end.rcvd and not self.polls:
                raise Ended(end.rcvd.reason) from None
            if not end.rcvd:
                await self.lost()
        finally:
            self.way = None
            if not self.polls:
                asyncio.ensure_future(socket.close())

    async def listen(self, socket):
        self.blocked = False
        while not self.polls:
            frame = await socket.recv()
            self.take(frame)
            if self.way is None:  # that was its hello
                self.way, self.left = "websocket", None
                self.polls = False
                for _, kept in list(self.unacked):
                    await socket.send(kept)
        self.switches += 1

    async def begin(self):
        """Before that the WebSocket is not closed: a session ends with what it is connected by, if that ends well."""
        try:
            self.take((await request(self.url, "POST", self.query("/poll", begin=1))).strip())
        except (OSError, Refused):
            self.blocked = False
            await self.lost()
            return False
        self.way, self.left = "polling", None
        if self.socket:
            asyncio.ensure_future(self.socket.close())
            self.socket = None
        return True

    async def poll(self):
        if not await self.begin():
            return
        self.posting = asyncio.Event()
        self.posting.set()
        poster, retry = asyncio.ensure_future(self.post()), time.monotonic() + STREAM_RETRY
        try:
            while self.polls or self.blocked:
                began = time.monotonic()
                if not await self.get() or poster.done():
                    return
                if self.blocked and time.monotonic() > retry:
                    retry = time.monotonic() + STREAM_RETRY
                    if socket := await self.open():
                        self.polls = False
                        return await self.stream(socket)
                if self.polls or self.blocked:
                    await asyncio.sleep(max(0.0, began + POLL_INTERVAL - time.monotonic()))
            self.switches += 1
        finally:
            poster.cancel()

    async def get(self):
        """False: it is to begin again."""
        try:
            text = await asyncio.wait_for(request(self.url, "GET", self.query("/poll")), POLL_WAIT)
        except Refused as fault:
            if fault.status in (404, 409):
                return False
            await asyncio.sleep(RETRY)
            return True
        except (OSError, asyncio.TimeoutError):
            await self.lost()
            return True
        self.left = None
        for line in text.splitlines():
            self.take(line)
        return True

    def body(self):
        """As much as a request may hold of what waits."""
        lines, size = [], 0
        for text in self.loose + [as_text(frame) for _, frame in self.unacked]:
            size += len(text.encode()) + 1
            if size > BODY_MAX:
                break
            lines.append(text)
        return "\n".join(lines).encode()

    async def post(self):
        """One request after another; what is not known to be taken is sent again."""
        while True:
            await self.posting.wait()
            self.posting.clear()
            body, loose = self.body(), len(self.loose)
            if not body:
                continue
            try:
                answer = json.loads(await request(self.url, "POST", self.query("/poll"), body))
            except Refused as fault:
                if fault.status in (404, 409):
                    return
                await asyncio.sleep(RETRY)
                self.posting.set()
            except OSError:
                await asyncio.sleep(RETRY)
                self.posting.set()
            else:
                del self.loose[:loose]
                self.taken(answer["taken"])
                if self.body():
                    self.posting.set()
