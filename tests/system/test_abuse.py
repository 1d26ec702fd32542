"""Clients that send and never read, and a server that is stopped for ten seconds: what they cost is bounded, and the
clients beside them notice nothing.

usage: test_abuse.py ECHO_SERVER
"""
import json
import select
import signal
import sys
import threading
import time

from raw import BINARY, TEXT, Checks, Server, frame

check = Checks()
sanitized = b"__asan_init" in open(sys.argv[1], "rb").read()


class Good:
    """Clients that answer every probe at once, from one thread; `levels` is what each was told last."""

    def __init__(self, server, count):
        self.sockets = [server.websocket() for _ in range(count)]
        self.levels, self.reasons, self.changes = ["full"] * count, [""] * count, 0
        self.heard = [time.monotonic()] * count
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ended:
            ready = select.select([one.sock for one in self.sockets], [], [], 0.1)[0]
            for i, one in enumerate(self.sockets):
                if one.sock in ready and one.fill(0.01):
                    while found := one.parse():
                        self.hear(i, *found)

    def hear(self, i, opcode, payload):
        if opcode == 9:
            self.sockets[i].send(frame(10, payload))
        if opcode != TEXT:
            return
        self.heard[i] = time.monotonic()
        message = json.loads(payload)
        if message["type"] == "probe":
            self.sockets[i].say({"type": "probe.ack", "seq": message["seq"], "received": 0})
        elif message["type"] == "quality.degraded":
            self.sockets[i].say({"type": "quality.ack", "seq": message["seq"], "accepted": True})
        elif message["type"] == "state":
            self.changes += message["level"] != self.levels[i]
            self.levels[i], self.reasons[i] = message["level"], message["reason"]

    def stop(self):
        self.ended = True
        self.thread.join()


def pour(sock, data, seconds):
    """Sends as fast as is taken and reads nothing; returns how many bytes went, and whether the peer ended it."""
    sock.settimeout(0.2)
    sent, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            sent += sock.send(data)
        except TimeoutError:
            continue
        except OSError:
            return sent, True
    return sent, False


def never_reading(server):
    good, before = Good(server, 3), server.memory()
    floods = {"audio": frame(BINARY, bytes(4) + b"x" * 2000) * 30,
              "work": b"".join(frame(TEXT, json.dumps({"type": "say", "seq": n, "text": "x" * 100})) for n in range(400)),
              "pings": frame(9, b"x" * 125) * 400, "nonsense": frame(TEXT, "{}") * 1000}
    ends, peak = {}, [before]

    def flood(what, data):
        ends[what] = pour(server.websocket().sock, data, 12)

    threads = [threading.Thread(target=flood, args=item) for item in floods.items()]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak.append(server.memory())
        time.sleep(0.2)
    if not sanitized: # which keeps what was freed
        check(max(peak) - before < 16 << 20, "four clients that never read cost less than 16 MB", max(peak) - before)
    check(ends["nonsense"][1], "who sends nothing but nonsense is closed", ends)
    check(ends["work"][1], "so is who does not take the answers to its work", ends)
    check(good.levels == ["full"] * 3 and good.changes == 0, "the good ones beside them stay at full", good.levels)
    check(time.monotonic() - min(good.heard) < 1, "and are heard and told as ever")
    deadline = time.monotonic() + 15
    while server.metric("degrade_websocket_connections_active") > 3 and time.monotonic() < deadline:
        time.sleep(0.5)
    check(server.metric("degrade_websocket_connections_active") == 3, "the others are gone")
    good.stop()


def stopped(server):
    good = Good(server, 20)
    time.sleep(4)
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(10)
    server.process.send_signal(signal.SIGCONT)
    time.sleep(8)
    check(good.levels == ["full"] * 20 and good.changes == 0, "a server that was stopped for 10 s degrades nobody",
          sorted(set(zip(good.levels, good.reasons))))
    check(time.monotonic() - min(good.heard) < 1, "and goes on with all of them")
    check(any("stood still" in line.get("message", "") for line in server.log), "it says so")
    good.stop()


def main():
    with Server(sys.argv[1], "--drain_period", 1) as server:
        never_reading(server)
        check(server.stop() == 0, "it ends well")
    with Server(sys.argv[1], "--drain_period", 1) as server:
        stopped(server)
        check(server.stop() == 0, "it ends well after that")
    return check.summary()


sys.exit(main())
