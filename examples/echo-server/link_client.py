#!/usr/bin/python3
"""A WebSocket client whose link behaves like a recording, and the demonstration that plays one.

The client answers the server's probes late, or not at all, as the recording says, and treats its own audio the
same way; protocol pongs are the library's and always go out, so the server takes the connection for alive and has
to find out everything else by measuring. Nothing here tells the server what the link is like.

A recording is CSV: t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps; an empty field was not measured. A row with every
metric empty is silence: what is sent then arrives when the recording says that something arrived again. In fallback it
polls: its requests go out as pongs do, and its answers to probes by the recording; its audio waits for a stream.
"""
import argparse
import asyncio
import base64
import bisect
import collections
import csv
import json
import random
import signal
import struct
import sys

import websockets

from session_client import Session

LEVELS = ("full", "reduced", "low", "fallback")
METRICS = ("rtt_ms", "loss", "jitter_ms", "bandwidth_kbps")
NO_RTT = 20.0  # ms, where a recording has measured none yet
KEPT = 30.0  # seconds of its own audio that a client keeps while there is no stream


class Recording:
    """Rows of a recording, and what happens to something sent at a time of it (in seconds)."""

    def __init__(self, path):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows or "t_ms" not in rows[0]:
            raise ValueError(f"{path} is no recording: it needs a header with t_ms and at least one row")
        self.starts = [float(row["t_ms"]) / 1000 for row in rows]
        self.rows = [{m: float(row[m]) if row.get(m) else None for m in METRICS} for row in rows]
        gaps = sorted(b - a for a, b in zip(self.starts, self.starts[1:])) or [1.0]
        self.end = self.starts[-1] + gaps[len(gaps) // 2]
        self.known = self._carry()

    def _carry(self):
        """RTT and jitter of each row, or the last ones measured before it."""
        known, rtt, jitter = [], NO_RTT, 0.0
        for row in self.rows:
            rtt = row["rtt_ms"] if row["rtt_ms"] is not None else rtt
            jitter = row["jitter_ms"] if row["jitter_ms"] is not None else jitter
            known.append((rtt / 1000, jitter / 1000))
        return known

    def index(self, at):
        return max(0, bisect.bisect_right(self.starts, at) - 1)

    def silent(self, i):
        return all(value is None for value in self.rows[i].values())

    def finish(self, i):
        return self.starts[i + 1] if i + 1 < len(self.starts) else self.end

    def loss(self, at):
        row = self.rows[self.index(at)]
        return row["loss"] or 0.0

    def bandwidth(self, at):
        return self.rows[self.index(at)]["bandwidth_kbps"]

    def arrival(self, at, wobble):
        """When the answer to something sent at `at` arrives; None: not within the recording. `wobble` is -1..1.

        Rows tell of what arrived in them, so a row fits only where its own round trip reaches from `at` into it.
        """
        for i in range(self.index(at), len(self.rows)):
            if self.silent(i):
                continue
            rtt, jitter = self.known[i]
            if self.finish(i) - at >= rtt:
                # Successive differences of an even draw from +-a are 2a/3 on average: a = 1.5 jitter.
                spread = 1.5 * jitter if i == self.index(at) else 0.0
                return max(at + max(rtt, spread) + spread * wobble, self.starts[i])
        return None


class Link:
    """Sends frames by the recording: in order, late, or never."""

    def __init__(self, recording, begin, seed):
        self.recording = recording
        self.begin = begin
        self.random = random.Random(seed)
        self.owed = 0.0  # of loss, carried from probe to probe, so that a share is met without luck
        self.last = 0.0
        self.zero = asyncio.get_running_loop().time()

    def now(self):
        return self.begin + asyncio.get_running_loop().time() - self.zero

    def lost(self, at):
        self.owed += self.recording.loss(at)
        if self.owed < 1.0:
            return False
        self.owed -= 1.0
        return True

    def delay(self):
        """Seconds until something sent now arrives; None: it never does. Keeps the order of what is sent."""
        at = self.now()
        if self.lost(at):
            return None
        arrival = self.recording.arrival(at, self.random.uniform(-1, 1))
        if arrival is None:
            return None
        self.last = max(self.last, arrival)
        return self.last - at

    def carries(self, kbps):
        """Whether audio of that rate gets through now: its share of what the recording could carry."""
        at = self.now()
        if self.recording.silent(self.recording.index(at)) or self.recording.loss(at) >= 1.0:
            return False
        bandwidth = self.recording.bandwidth(at)
        return bandwidth is None or self.random.random() * kbps < bandwidth


class Speech:
    """Audio of one's own: it comes into being in real time, and waits for a stream; the oldest gives way."""

    def __init__(self):
        self.chunks, self.seconds, self.dropped, self.made = collections.deque(), 0.0, 0, 0

    def record(self, settings, rate):
        seconds = settings["chunk_samples"] / rate
        size = settings["bitrate_kbps"] * 125 * settings["chunk_samples"] // rate
        self.chunks.append((seconds, bytes((self.made + i) & 0xFF for i in range(size))))
        self.seconds += seconds
        self.made += 1
        while self.seconds > KEPT:
            self.pop()
            self.dropped += 1
        return seconds

    def pop(self):
        seconds, payload = self.chunks.popleft()
        self.seconds -= seconds
        return seconds, payload


class Client:
    """One client: answers probes, sends audio by the level in force, acknowledges changes."""

    def __init__(self, link, on_state):
        self.link = link
        self.on_state = on_state
        self.received = 0
        self.settings = None
        self.rate = 16000
        self.chunk = 0
        self.low = None  # the settings by which it speaks while there is no stream
        self.speech = Speech()
        self.session = None
        self.tasks = set()

    def later(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def send(self, socket, message, delay):
        await asyncio.sleep(delay)
        try:
            await socket.send(message if isinstance(message, bytes) else json.dumps(message))
        except websockets.ConnectionClosed:
            pass

    def answer(self, socket, message):
        delay = self.link.delay()
        if delay is not None:
            self.later(self.send(socket, message, delay))

    def hear(self, socket, frame):
        self.received += len(frame) if isinstance(frame, bytes) else len(frame.encode())
        if isinstance(frame, bytes):
            return
        message = json.loads(frame)
        kind = message["type"]
        if kind == "hello":
            self.rate = message["sample_rate"]
            self.low = message["levels"][LEVELS.index("low")]
            self.received = len(frame.encode())  # the server counts anew with each connection
        elif kind == "probe":
            received = 0 if getattr(socket, "way", None) == "polling" else self.received
            self.answer(socket, {"type": "probe.ack", "seq": message["seq"], "received": received})
        elif kind in ("quality.degraded", "quality.restored"):
            ack = {"type": "quality.ack", "accepted": True,
                   "client_metrics": {"buffer_level": 2, "playback_rate": 1}}
            if "seq" in message:
                ack["seq"] = message["seq"]
            self.answer(socket, ack)
        elif kind == "state":
            self.settings = message
            self.on_state(self.link.now(), message)

    def audio(self, encoding, payload):
        if encoding == "json":
            return {"type": "audio", "seq": self.chunk, "data": base64.b64encode(payload).decode()}
        return struct.pack(">I", self.chunk) + payload

    async def speak(self, socket):
        """Chunks come into being in real time; what was kept follows at twice the speed of sound."""
        loop = asyncio.get_running_loop()
        due = sent_until = loop.time()
        while True:
            now, settings = loop.time(), self.settings
            if settings is None or self.low is None:
                due = now
                await asyncio.sleep(0.1)
                continue
            streams = settings["encoding"] != "none" and getattr(socket, "way", "websocket") == "websocket"
            while due <= now:
                due += self.speech.record(settings if settings["encoding"] != "none" else self.low, self.rate)
            while streams and self.speech.chunks and sent_until <= now:
                sent_until = max(sent_until, now) + await self.say_chunk(socket, settings) / 2
            next_one = min(due, sent_until) if streams and self.speech.chunks else due
            await asyncio.sleep(min(0.1, max(0.005, next_one - loop.time())))

    async def say_chunk(self, socket, settings):
        """Sends the oldest chunk, or loses it; returns its length in seconds."""
        seconds, payload = self.speech.pop()
        if self.link.carries(settings["bitrate_kbps"]):
            await self.send(socket, self.audio(settings["encoding"], payload), 0)
        self.chunk += 1
        return seconds

    async def run(self, url, seconds):
        self.session = Session(url, self.hear)
        self.later(self.speak(self.session))
        try:
            await asyncio.wait_for(self.session.run(), seconds)
        except asyncio.TimeoutError:
            pass
        finally:
            for task in list(self.tasks):
                task.cancel()


class Report:
    """Prints a line for each decision, and now and then one that nothing changes, and sums up."""

    QUIET = 10  # seconds without a line

    def __init__(self, begin):
        self.since = begin
        self.printed = -self.QUIET
        self.level = "full"
        self.time = dict.fromkeys(LEVELS, 0.0)
        self.switches = 0
        self.left_full = None
        self.longest = 0.0

    def state(self, at, message):
        if message["level"] == self.level:
            self.hold(at, message)
            return
        before, self.level = self.level, message["level"]
        self.time[before] += at - self.since
        self.since = at
        self.switches += 1
        self.restoration(at, before)
        self.line(at, f"{before:>8} -> {self.level:<8}", message["reason"], message)

    def hold(self, at, message):
        """Says where it stands, if nothing was said for a while."""
        if at - self.printed >= self.QUIET and message.get("estimates"):
            self.line(at, f"{'at':>8}    {self.level:<8}", "", message)

    def line(self, at, what, reason, message):
        self.printed = at
        print(f"{at:8.1f} s  {what}  {reason:<24} {estimates(message)}", flush=True)

    def restoration(self, at, before):
        if before == "full":
            self.left_full = at
        if self.level == "full" and self.left_full is not None:
            self.longest = max(self.longest, at - self.left_full)
            self.left_full = None

    def close(self, at):
        self.time[self.level] += at - self.since
        total = sum(self.time.values()) or 1.0
        shares = ", ".join(f"{level} {100 * spent / total:.1f} %" for level, spent in self.time.items())
        print(f"\n{total:.1f} s played: {shares}")
        print(f"switches: {self.switches}; longest restoration: "
              + (f"{self.longest:.1f} s" if self.longest else "none")
              + (f"; not back at full since {self.left_full:.1f} s" if self.left_full is not None else ""))


def estimates(message):
    known = message.get("estimates", {})
    words = [("rtt", "rtt_ms", 1, "ms"), ("loss", "loss", 100, "%"), ("jitter", "jitter_ms", 1, "ms"),
             ("bandwidth", "bandwidth_kbps", 1, "kbit/s")]
    parts = [f"{name} {known[key] * factor:.1f} {unit}" for name, key, factor, unit in words if key in known]
    return "(" + (", ".join(parts) or "nothing measured") + ")"


class Server:
    """The echo server as a child process."""

    def __init__(self, path, host, port, drain_period=1, options=()):
        self.command = [path, "--host", host, "--port", str(port), "--drain_period", str(drain_period), *options]

    async def __aenter__(self):
        self.process = await asyncio.create_subprocess_exec(*self.command, stderr=asyncio.subprocess.PIPE,
                                                            stdout=asyncio.subprocess.DEVNULL)
        while True:
            line = await asyncio.wait_for(self.process.stderr.readline(), 10)
            if not line:
                raise RuntimeError("the server ended before it listened")
            try:
                record = json.loads(line)
            except ValueError:
                raise RuntimeError(line.decode(errors="replace").strip()) from None
            if record.get("message") == "listening":
                break
            if record.get("severity") == "error":
                raise RuntimeError(record["message"])
        self.reader = asyncio.ensure_future(self.drain_log())
        return f"ws://{record['host']}:{record['port']}/ws"

    async def drain_log(self):
        async for _ in self.process.stderr:
            pass

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
        self.reader.cancel()


def parse():
    parser = argparse.ArgumentParser(description="Plays a recorded link against the echo server, in real time.")
    parser.add_argument("--server", required=True, help="the echo server's binary")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--trace", required=True, help="the recording, CSV")
    parser.add_argument("--from", dest="begin", type=float, default=0.0, help="start at this second of it")
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so many (0: at its end)")
    parser.add_argument("--seed", type=int, default=1, help="of the jitter")
    return parser.parse_args()


async def play(options):
    recording = Recording(options.trace)
    seconds = min(options.seconds or recording.end, recording.end - options.begin)
    if seconds <= 0:
        raise ValueError(f"the recording ends at {recording.end:.0f} s")
    print(f"playing {options.trace}, {options.begin:.0f} s to {options.begin + seconds:.0f} s\n", flush=True)
    async with Server(options.server, options.host, options.port) as url:
        link = Link(recording, options.begin, options.seed)
        report = Report(options.begin)
        await Client(link, report.state).run(url, seconds)
        report.close(link.now())
        played = link.now() - options.begin
    if played < seconds - 1:
        raise RuntimeError(f"the connection ended after {played:.1f} s of {seconds:.1f} s")


def main():
    try:
        asyncio.run(play(parse()))
    except KeyboardInterrupt:
        sys.exit(130)
    except (OSError, ValueError, RuntimeError, asyncio.TimeoutError, websockets.WebSocketException) as fault:
        sys.exit(f"link_client: {fault}")


if __name__ == "__main__":
    main()
