"""tcp-echo over real sockets: echoes, probes, levels that fall when nobody answers, and a drain.

usage: test_tcp_echo.py SERVER_BINARY
"""
import re
import signal
import socket
import subprocess
import sys
import threading
import time


class Client:
    """Answers probes from a thread of its own, so that nobody's link is slow because another is waited for."""

    def __init__(self, port, answers=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.answers, self.lines, self.closed = answers, [], False
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        buffer = b""
        while data := self.receive():
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                self.take(line.decode(errors="replace"))
        self.closed = True

    def receive(self):
        try:
            return self.socket.recv(65536)
        except OSError:
            return b""

    def take(self, line):
        probe = re.match(r"probe (\d+)$", line)
        if line == "ping":
            self.socket.sendall(b"here\n")  # alive, whatever else it does not answer
        elif not probe:
            self.lines.append(line)
        elif self.answers:
            self.socket.sendall(f"ack {probe[1]}\n".encode())

    def saw(self, pattern, seconds):
        return until(lambda: any(re.search(pattern, line) for line in self.lines), seconds)


def until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def main():
    results = []

    def check(holds, what):
        results.append(bool(holds))
        print("ok:" if holds else "not ok:", what, flush=True)

    server = subprocess.Popen([sys.argv[1], "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(re.search(r":(\d+)$", server.stdout.readline().strip())[1])
        good, deaf = Client(port), Client(port, answers=False)
        good.socket.sendall(b"hello\npart")
        good.socket.sendall(b"ial\n" + b"x" * 2500 + b"\n")
        check(good.saw("^hello$", 3), "a line comes back")
        check(good.saw("^partial$", 3), "one that came in two parts too")
        check(good.saw("^x{452}$", 3) and "x" * 1024 in good.lines, "a long one in pieces of the level's size")
        check(deaf.saw('"type":"mode.fallback","enabled":true', 30), "who answers no probe is led to fallback")
        check(any('"quality.degraded"' in line and '"reason":"stale_metrics"' in line for line in deaf.lines),
              "and told that nothing was heard, not that its network is bad")
        check(not any("loss" in line for line in deaf.lines), "of loss nothing is said before a first answer")
        check(not any("quality" in line for line in good.lines), "the other notices nothing")
        junk = Client(port)
        junk.socket.sendall(bytes(range(256)) * 64 + b"\n{broken\nack 99999999999999999999\n")
        good.socket.sendall(b"still\n")
        check(good.saw("^still$", 3), "garbage from one does not disturb the other")
        server.send_signal(signal.SIGTERM)
        check(until(lambda: good.closed and deaf.closed and junk.closed, 31), "a drain closes all within 30 s")
        check(any("server shutting down" in line for line in good.lines), "and says why")
        check(server.wait(5) == 0, "and ends with 0")
    finally:
        server.kill()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


sys.exit(main())
