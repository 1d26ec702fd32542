"""The echo server as a child process, spoken to in raw bytes: for tests that have to send what no client library does."""
import base64
import hashlib
import json
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import threading
import time

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = base64.b64encode(hashlib.sha1((KEY + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, holds, what, *detail):
        self.passed += bool(holds)
        self.failed += not holds
        print("ok:" if holds else "not ok:", what, *([] if holds else detail), flush=True)

    def summary(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.failed == 0 and self.passed > 0 else 1


class Server:
    """Runs the server on a free port of the loopback interface; its log is in `log`, line by line."""

    def __init__(self, binary, *options, files=None):
        def limit():
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        self.process = subprocess.Popen([binary, "--port", "0", *map(str, options)], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, preexec_fn=limit, text=True)
        self.log, self.listens = [], threading.Event()
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.listens.wait(10)
        self.port = next((line["port"] for line in self.log if line.get("message") == "listening"), None)
        if self.port is None:
            self.process.kill()
            raise RuntimeError(f"the server did not start: {self.log}")
        self.host = f"127.0.0.1:{self.port}"

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(json.loads(line) if line.startswith("{") else {"message": line.strip()})
            if self.log[-1].get("message") == "listening":
                self.listens.set()
        self.listens.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, number=signal.SIGTERM, seconds=40):
        """Ends the server and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def raw(self, request, timeout=5):
        """Sends bytes and returns all that is answered until the end, or until nothing more comes."""
        with self.connect(timeout) as sock:
            sock.sendall(request if isinstance(request, bytes) else request.encode())
            return read_all(sock)

    def ask(self, path="/", *headers, method="GET", version="1.1", host=None, timeout=5):
        """Asks once; returns the status, 0 if there is none, and the whole answer as text."""
        lines = [f"{method} {path} HTTP/{version}", *([f"Host: {host or self.host}"] if host != "" else []),
                 "Connection: close", *headers]
        answer = self.raw("\r\n".join(lines) + "\r\n\r\n", timeout).decode("latin1")
        return status(answer), answer

    def metric(self, name):
        _, answer = self.ask("/metrics")
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", answer, re.M)
        return sum(map(float, found)) if found else None

    def upgrade(self, *headers, path="/ws", host=None, version="13", key=KEY):
        """Asks for a WebSocket; returns the socket, the head of the answer, and what came after it."""
        sock = self.connect()
        lines = [f"GET {path} HTTP/1.1", f"Host: {host or self.host}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", f"Sec-WebSocket-Version: {version}", *headers]
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(4096)
            if not piece:
                break
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        return sock, head.decode("latin1"), rest

    def websocket(self, *headers):
        sock, _, rest = self.upgrade(*headers)
        return Frames(sock, rest)

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident bytes."""
        return int(open(f"/proc/{self.process.pid}/statm", encoding="ascii").read().split()[1]) * 4096


def status(answer):
    found = re.match(r"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else 0


def read_all(sock):
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except (socket.timeout, ConnectionError):
        pass
    return data


def frame(opcode, payload=b"", final=True, masked=True, reserved=0, size=None):
    """A client's frame. `size` announces another size than the payload has, in eight bytes."""
    payload = payload.encode() if isinstance(payload, str) else payload
    count, mask = len(payload), b"\x11\x22\x33\x44"
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if size is not None:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    elif count < 126:
        head += bytes([bit | count])
    elif count < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", count)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", count)
    if not masked:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


class Frames:
    """Takes frames out of a socket."""

    def __init__(self, sock, rest=b""):
        self.sock, self.buffer = sock, rest

    def send(self, *frames):
        self.sock.sendall(b"".join(frames))

    def say(self, message):
        self.send(frame(TEXT, json.dumps(message)))

    def fill(self, seconds):
        """Reads once. False: the time is over. At the end it raises EOFError."""
        if seconds <= 0 or not select.select([self.sock], [], [], seconds)[0]:
            return False
        try:
            piece = self.sock.recv(65536)
        except ConnectionError:
            piece = b""
        if not piece:
            raise EOFError
        self.buffer += piece
        return True

    def parse(self):
        if len(self.buffer) < 2:
            return None
        size, at = self.buffer[1] & 127, 2
        if size == 126:
            if len(self.buffer) < 4:
                return None
            size, at = struct.unpack(">H", self.buffer[2:4])[0], 4
        elif size == 127:
            if len(self.buffer) < 10:
                return None
            size, at = struct.unpack(">Q", self.buffer[2:10])[0], 10
        if len(self.buffer) < at + size:
            return None
        found = self.buffer[0] & 15, self.buffer[at:at + size]
        self.buffer = self.buffer[at + size:]
        return found

    def next(self, seconds=5, skip=()):
        """The next frame as (opcode, payload) that is none of `skip`; None if there is none in time."""
        deadline = time.monotonic() + seconds
        while True:
            while found := self.parse():
                if found[0] not in skip:
                    return found
            if not self.fill(deadline - time.monotonic()):
                return None

    def message(self, seconds=5, **members):
        """The next text message that has these members; None if there is none in time."""
        deadline = time.monotonic() + seconds
        while found := self.next(deadline - time.monotonic(), skip=(BINARY, PING, PONG)):
            if found[0] != TEXT:
                return None
            message = json.loads(found[1])
            if all(message.get(name) == value for name, value in members.items()):
                return message
        return None

    def close_code(self, seconds=5):
        """The code of the close that comes; 0: the end came without one; None: neither in time."""
        try:
            found = self.next(seconds, skip=(TEXT, BINARY, PING, PONG))
        except EOFError:
            return 0
        return None if found is None else struct.unpack(">H", found[1][:2])[0] if len(found[1]) >= 2 else 1005
