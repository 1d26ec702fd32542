"""Polling and coming back, by raw bytes: requests with bodies, the token, the long poll, what is refused, and that
nothing is lost or doubled however often and whenever the way changes.

usage: test_poll.py SERVER_BINARY
"""
import json
import random
import re
import select
import socket
import struct
import sys
import threading
import time

from raw import BINARY, TEXT, Checks, Frames, Server, frame, status

check = Checks()
SWITCHES = 100


class Asker:
    """A keep-alive connection for requests to /poll."""

    def __init__(self, server, *headers):
        self.server, self.headers, self.sock = server, headers, None

    def send(self, method, query, body=None, *headers):
        self.sock, self.method = self.sock or self.server.connect(40), method
        lines = [f"{method} /poll{'?' + query if query else ''} HTTP/1.1", f"Host: {self.server.host}", *self.headers, *headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b""))

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.sock.recv(65536)
            if not piece:
                self.drop()
                return 0, "", ""
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        head = head.decode("latin1")
        size = 0 if self.method == "HEAD" else int(re.search(r"content-length: (\d+)", head)[1])
        while len(rest) < size:
            rest += self.sock.recv(65536)
        if "connection: close" in head:
            self.drop()
        return status(head + "\r\n"), head, rest.decode()

    def ask(self, method, query, body=None, *headers):
        self.send(method, query, body, *headers)
        return self.answer()

    def drop(self, hard=False):
        if self.sock and hard:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.sock:
            self.sock.close()
        self.sock = None


class Polling:
    """A session that polls."""

    def __init__(self, server, query="begin=1"):
        self.asker = Asker(server)
        code, _, text = self.asker.ask("POST", query, b"")
        self.hello = json.loads(text) if code == 200 else {}
        self.name = f"id={self.hello.get('id')}&token={self.hello.get('token')}"
        self.seen, self.messages = 0, []

    def post(self, *messages, seen=True):
        body = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in messages).encode()
        return self.asker.ask("POST", self.name + (f"&seen={self.seen}" if seen else ""), body)

    def lines(self, text):
        found = [json.loads(line) for line in text.splitlines()]
        self.messages += [one for one in found if one.get("n", 0) > self.seen]
        self.seen = max([self.seen, *(one.get("n", 0) for one in found)])
        return found

    def get(self):
        code, _, text = self.asker.ask("GET", f"{self.name}&seen={self.seen}")
        return code, self.lines(text) if code == 200 else text

    def until(self, seconds, **members):
        """Polls until a message with these members comes, once a second, and answers probes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            began = time.monotonic()
            code, found = self.get()
            for one in found if code == 200 else ():
                if one["type"] == "probe":
                    self.post({"type": "probe.ack", "seq": one["seq"], "received": 0})
            for one in found if code == 200 else ():
                if all(one.get(name) == value for name, value in members.items()):
                    return one
            time.sleep(max(0.0, began + 1 - time.monotonic()))
        return None


def bodies(server):
    asker = Asker(server)
    for what, headers, body, wanted in (
            ("no length", [], None, 411), ("a chunked body", ["Transfer-Encoding: chunked"], None, 501),
            ("another coding", ["Transfer-Encoding: gzip"], None, 501), ("16 385 bytes", [], b"x" * 16385, 413),
            ("an announced exabyte", ["Content-Length: 1000000000000000000"], None, 413),
            ("a length and a coding", ["Content-Length: 2", "Transfer-Encoding: chunked"], None, 400),
            ("two lengths", ["Content-Length: 2", "Content-Length: 2"], None, 400),
            ("a length that is none", ["Content-Length: 2a"], None, 400), ("a negative one", ["Content-Length: -2"], None, 400),
            ("an expectation", ["Expect: 100-continue"], b"", 417)):
        code, head, _ = asker.ask("POST", "begin=1", body, *headers)
        check(code == wanted and "connection: close" in head, f"{what} is answered with {wanted}, and the end", head)
    for method in ("PUT", "HEAD", "DELETE", "OPTIONS"):
        code, head, _ = asker.ask(method, "begin=1", b"")
        check(code == 405 and "allow: GET, POST" in head, f"{method} /poll is 405", head)
    one = Polling(server)
    line = b'{"type":"say","n":1,"seq":1,"text":"x"}'
    code, head, text = one.asker.ask("POST", one.name, line + b"\r\n" * 100)
    check(code == 200 and "keep-alive" in head and json.loads(text) == {"type": "taken", "taken": 1}, "a body is taken", head, text)
    padded = b'{"type":"say","n":2,"seq":2,"text":"x"}' + b"\n" * (16384 - 39)
    check(len(padded) == 16384 and one.asker.ask("POST", one.name, padded)[0] == 200, "so is one of 16 384 bytes")
    request = f"POST /poll?{one.name} HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: {len(line)}\r\n\r\n".encode() + line
    one.asker.sock.sendall(request * 3)
    time.sleep(0.3)
    answered = one.asker.sock.recv(65536).count(b'{"type":"taken","taken":2}')
    check(answered == 3, "three at once get three answers, each its own", answered)
    for byte in request:
        one.asker.sock.sendall(bytes([byte]))
    check(one.asker.answer()[0] == 200, "a body may come byte by byte")
    check(server.metric("degrade_echo_messages_doubled_total") >= 4, "what came again was taken once")


def access(binary, server):
    for host, origin, wanted in (("evil.example", None, 421), (None, "http://evil.example", 403), (None, "null", 403)):
        for method in ("GET", "POST"):
            lines = [f"{method} /poll?begin=1 HTTP/1.1", f"Host: {host or server.host}",
                     *([f"Origin: {origin}"] if origin else []), "Content-Length: 500"]
            began = time.monotonic()
            answer = server.raw("\r\n".join(lines) + "\r\n\r\n").decode("latin1")
            check(status(answer) == wanted and time.monotonic() - began < 2,
                  f"{method} from {host or origin} is {wanted}, and its body not waited for", answer)
            check("access-control" not in answer, "and its page is told nothing")
    code, head, _ = Asker(server, f"Origin: http://{server.host}").ask("POST", "begin=1", b"")
    check(code == 200 and "no-store" in head and "nosniff" in head, "the server's own pages may poll", head)
    with Server(binary, "--origins", "https://app.example", "--drain_period", 0) as other:
        for code, head, _ in (Asker(other, "Origin: https://app.example").ask("POST", "begin=1", b""),
                              Asker(other, "Origin: https://app.example").ask("GET", "id=9&token=9")):
            check("access-control-allow-origin: https://app.example" in head and "vary: origin" in head,
                  f"so may those of --origins, and read a {code}", head)


def tokens(server):
    one, two = Polling(server), Polling(server)
    check(re.fullmatch("[0-9a-f]{32}", one.hello["token"]) and one.hello["token"] != two.hello["token"],
          "a token is 128 bits in hex, and another for each", one.hello["token"], two.hello["token"])
    token = one.hello["token"]
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    for name in (f"id={one.hello['id']}&token={wrong}", f"id={two.hello['id']}&token={token}", f"id={one.hello['id']}&token=",
                 f"id={one.hello['id']}", f"token={token}", f"id={one.hello['id']}&token={token[:31]}",
                 f"id=-1&token={token}", f"id={'9' * 40}&token={token}", ""):
        for method, body in (("GET", None), ("POST", b"")):
            check(one.asker.ask(method, name, body)[0] == 404, f"{method} with {name[:60]!r} is 404")
    anew = Polling(server, f"begin=1&id={one.hello['id']}&token={wrong}")
    check(anew.hello["id"] != one.hello["id"] and not anew.hello["resumed"], "who begins with a wrong token starts anew")
    again = Polling(server, "begin=1&" + one.name)
    check(again.hello["id"] == one.hello["id"] and again.hello["resumed"] and again.hello["token"] != token,
          "with the right one it goes on, with another token", again.hello)
    check(Polling(server, "begin=1&" + one.name).hello["id"] == one.hello["id"], "the old one is good until the new one was used")
    again = Polling(server, "begin=1&" + one.name)
    check(again.post()[0] == 200 and one.post()[0] == 404, "and not after that")
    check(Polling(server, "begin=1&" + one.name).hello["id"] != one.hello["id"], "a used one starts anew")
    check(again.asker.ask("POST", "begin=1&" + again.name, b"{}")[0] == 400, "nothing is said with a beginning")


def starts_at_text(server):
    one = Polling(server)
    code, found = one.get()
    kinds = [(m["type"], m.get("level"), m.get("enabled")) for m in found]
    check(code == 200 and kinds[:2] == [("quality.degraded", "fallback", None), ("mode.fallback", None, True)],
          "a session that begins with polling is at fallback, and told so in order", kinds)
    state = next(m for m in found if m["type"] == "state")
    check(state["way"] == "polling" and state["encoding"] == "none", "and has no audio", state)
    check([m["n"] for m in found if "n" in m] == [1, 2], "what must arrive is numbered")
    code, again = Polling.get(one) if one.post(seen=False)[0] == 200 else (0, [])
    check(code == 200 and not any(m.get("n", 0) in (1, 2) for m in again), "what was seen is not sent again", again)


def waits(binary):
    """25 s for one that answers no probe, and has nothing to be told; not even a ping."""
    with Server(binary, "--ping_interval", 3600, "--drain_period", 0) as server:
        wait_long(server)


def wait_long(server):
    one = Polling(server)
    one.get()
    for _ in range(3):  # its first change is sent again, as it does not acknowledge it
        one.until(3, type="quality.degraded")
    one.asker.ask("POST", one.name, b'{"type":"quality.ack","accepted":true}')
    waited = []
    for _ in range(6):  # who does not answer a probe gets the next one ever later
        time.sleep(1)
        began = time.monotonic()
        code, found = one.get()
        waited.append(round(time.monotonic() - began, 1))
        if waited[-1] > 24:
            break
    check(code == 200 and 24.5 < waited[-1] < 26.5, "a GET waits for 25 s", waited)
    check([m["type"] for m in found] == ["state", "probe"], "and is answered with how things stand", found)


def at_once(server):
    one = Polling(server)
    one.until(4, type="nothing")
    one.get()
    refused = server.metric("degrade_echo_polls_refused_total")
    older, newer = Asker(server), Asker(server)
    time.sleep(2)
    one.get()
    older.send("GET", f"{one.name}&seen={one.seen}")
    time.sleep(0.2)
    newer.send("GET", f"{one.name}&seen={one.seen}")
    code, _, text = older.answer()
    check(code == 409 and "another" in text, "of two GETs at once the older one is refused with 409", code, text)
    check(server.metric("degrade_echo_polls_refused_total") == refused + 1, "and counted")
    one.post({"type": "say", "n": 1, "seq": 1, "text": "x"})
    code, _, text = newer.answer()
    check(code == 200 and '"answer":"admit"' in text, "the newer one is told what there is", code, text)
    codes = [one.get()[0] for _ in range(8) if one.post({"type": "say", "seq": 1, "text": "x"})]
    check(set(codes) == {200, 429}, "who polls all the time is refused with 429", codes)
    code, head, _ = one.asker.ask("GET", one.name)
    check(code == 429 and "retry-after: 1" in head, "and told to come back in a second", head)
    codes = [one.post()[0] for _ in range(60)]
    check(codes.count(429) > 10, "so is who posts all the time", codes.count(429))
    gone = Asker(server)
    time.sleep(3)
    gone.send("GET", f"{one.name}&seen={one.seen}")
    time.sleep(0.2)
    gone.drop(hard=True)
    time.sleep(0.2)
    check(one.until(5, type="state"), "a GET whose connection is lost is in nobody's way")


def broken(server):
    one, refused = Polling(server), server.metric("degrade_echo_http_refused_total")
    for text in ("nonsense", '{"type":"say"', "[]", '{"type":"say","n":1,"seq":1,"text":"x"}\nnonsense'):
        check(one.post(text)[0] == 400, f"{text!r} is refused with 400")
    check(server.metric("degrade_echo_http_refused_total") == refused + 4, "each is counted")
    check(one.post({"type": "say", "n": 2, "seq": 1, "text": "x"})[0] == 409, "a number too far is refused with 409")
    check(one.post({"type": "say", "n": 1, "seq": 1, "text": "x"})[2] == '{"type":"taken","taken":1}\n',
          "nothing of a body that is refused was taken")
    _, found = one.get()
    check([m["error"] for m in found if m["type"] == "error"] == ["no_json"] * 4, "it is told of each", found)
    check([m["answer"] for m in found if m["type"] == "answer"] == ["admit"], "and of what it said once")
    one.post({"type": "unheard.of", "n": 2}, {"type": "say", "n": 3}, {"type": "quality.set", "n": 4, "level": "superb"})
    time.sleep(1)
    _, found = one.get()
    check([m["error"] for m in found if m["type"] == "error"] == ["unknown_type", "not_valid", "not_valid"],
          "messages that are not understood are told as on a WebSocket", found)
    active = server.metric("degrade_websocket_connections_active")
    for _ in range(10):
        one.post("nonsense")
    time.sleep(1.2)
    code, found = one.get()
    check(code == 200 and found[-1]["type"] == "close" and found[-1]["code"] == 1008, "who goes on with nonsense is closed", found)
    time.sleep(0.5)
    check(one.get()[0] == 404 and server.metric("degrade_websocket_connections_active") == active - 1, "and gone")


def numbers(server):
    one = Polling(server)
    one.get()
    say = [{"type": "say", "n": n, "seq": n, "text": "x"} for n in range(1, 6)]
    check(one.post(*say[:3])[2] == '{"type":"taken","taken":3}\n' and one.post(*say[1:])[2] == '{"type":"taken","taken":5}\n',
          "what overlaps is taken where it goes on")
    time.sleep(1)
    seen = one.seen
    one.get()
    first = [(m["n"], m["seq"], m["answer"]) for m in one.messages if m["type"] == "answer"]
    one.seen = seen
    time.sleep(1)
    one.messages.clear()
    one.get()
    second = [(m["n"], m["seq"], m["answer"]) for m in one.messages if m["type"] == "answer"]
    check(second[:len(first)] == first and first, "what is not acknowledged comes again, with its number", first, second)
    final = [seq for _, seq, answer in second if answer != "admit" and answer != "wait"]
    check(sorted(final) == [1, 2, 3, 4, 5], "each was answered once", second)
    numbered = [m["n"] for m in one.messages]
    check(numbered == list(range(seen + 1, seen + 1 + len(numbered))), "no number is left out", numbered)


def silent(binary):
    """Who never polls, and who takes nothing: their sessions end."""
    with Server(binary, "--resume", 5, "--drain_period", 0) as server:
        one, two = Polling(server), Polling(server)
        two.get()
        check(server.metric("degrade_websocket_connections_active") == 2, "two poll")
        memory = server.memory()
        says = [json.dumps({"type": "say", "seq": n, "text": "x" * 20}) for n in range(200)]
        codes = [two.post(*says)[0] for _ in range(25)]
        check(404 in codes, "who does not fetch what it is told is closed", codes)
        check(server.memory() - memory < 4 << 20, "it cost little", server.memory() - memory)
        time.sleep(7)
        check(server.metric("degrade_websocket_connections_active") == 0 and one.post()[0] == 404, "who never polls is gone")
        check(server.metric("degrade_echo_sessions_expired_total") == 1, "and counted")


def pings(binary):
    with Server(binary, "--ping_interval", 1, "--ping_timeout", 1, "--drain_period", 0) as server:
        one = Polling(server)
        check(one.until(6, type="nothing") is None and one.post()[0] == 200, "a ping is answered by polling again")
        check(server.metric("degrade_websocket_connections_active") == 1, "so it is alive")
        time.sleep(4)
        check(server.metric("degrade_websocket_connections_active") == 0, "who does not is dead")


def drains(binary):
    with Server(binary, "--drain_period", 8) as server:
        one = Polling(server)
        one.until(2, type="nothing")
        done, ended = threading.Event(), []
        threading.Thread(target=lambda: (ended.append(server.stop()), done.set()), daemon=True).start()
        time.sleep(0.3)
        check(Polling(server).hello == {}, "while it drains nobody begins to poll")
        found = one.until(9, type="close")
        check(found and found["code"] == 1001 and any(m["type"] == "system" for m in one.messages),
              "who polls is told of a drain, and to come back", found)
        check(done.wait(4) and ended == [0], "and the server ends well", ended)


class Wanderer:
    """A client that changes its way all the time, and says something all the time. It trusts nothing: what is not known
    to be taken is sent again, and what came is counted."""

    def __init__(self, server, seed):
        self.server, self.random = server, random.Random(seed)
        self.socket, self.asker, self.waiting = None, Asker(server), None
        self.id = self.token = None
        self.sent, self.unacked, self.said = 0, [], set()
        self.got, self.again, self.answers, self.begun = [], 0, {}, 0

    @property
    def seen(self):
        return self.got[-1] if self.got else 0

    @property
    def name(self):
        """What it has seen is told late, now and then."""
        told = max(0, self.seen - self.random.choice((0, 0, 10)))
        return f"id={self.id}&token={self.token}&seen={told}" if self.id else "seen=0"

    def take(self, text):
        message = json.loads(text)
        number = message.get("n", 0)
        if number and number <= self.seen:
            self.again += 1
            return message
        if number:
            self.got.append(number)
        kind = message["type"]
        if kind == "answer":
            self.answers.setdefault(message["seq"], []).append(message["answer"])
        elif kind in ("state", "taken", "hello"):
            self.unacked = [one for one in self.unacked if one[0] > message["taken"]]
        if kind == "hello":
            self.begun += not message["resumed"]
            self.id, self.token = message["id"], message["token"]
        return message

    def say(self):
        """A request for work, and now and then a chunk of audio between."""
        self.sent += 1
        if self.random.random() < 0.3:
            self.unacked.append((self.sent, {"type": "audio", "n": self.sent, "data": "AAAA" * 100}))
        else:
            self.unacked.append((self.sent, {"type": "say", "n": self.sent, "seq": self.sent, "text": "x"}))
            self.said.add(self.sent)
        return self.unacked[-1]

    # The WebSocket.

    def open(self):
        sock, head, rest = self.server.upgrade(path="/ws?" + self.name)
        assert status(head + "\r\n") == 101, head
        self.socket = Frames(sock, rest)
        hello = self.socket.message(type="hello")
        self.take(json.dumps(hello))
        for _, message in self.unacked:
            self.push(message)

    def push(self, message):
        number = message["n"]
        if message["type"] == "audio" and number % 2:
            self.socket.send(frame(BINARY, struct.pack(">I", number) + bytes(300)))
        else:
            self.socket.say(message)

    def hear(self, opcode, payload):
        if opcode == TEXT:
            message = self.take(payload)
            if message["type"] == "probe" and self.random.random() < 0.5:
                self.socket.say({"type": "probe.ack", "seq": message["seq"], "received": 0,
                                 "seen": max(0, self.seen - self.random.choice((0, 10)))})
        elif opcode == 9:
            self.socket.send(frame(10, payload))

    def stream(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.random.random() < 0.7:
                self.push(self.say()[1])
            self.socket.fill(0.001)
            time.sleep(0.01)
            while found := self.socket.parse():
                self.hear(*found)

    def leave_stream(self):
        """With a reset, with what it had said perhaps on its way, or not at all: then it is left open."""
        if self.random.random() < 0.7:
            self.push(self.say()[1])
            self.socket.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0) if self.random.random() < 0.5 else struct.pack("ii", 0, 0))
            if self.random.random() < 0.7:
                self.socket.sock.close()
        self.left, self.socket = self.socket, None

    # Polling.

    def begin(self):
        code, head, text = self.asker.ask("POST", "begin=1&" + self.name, b"")
        while code == 429:
            time.sleep(0.3)
            code, head, text = self.asker.ask("POST", "begin=1&" + self.name, b"")
        assert code == 200, (code, head, text)
        self.take(text)

    def post(self, wait=True):
        self.asker.send("POST", self.name, "\n".join(json.dumps(message) for _, message in self.unacked[:100]).encode())
        if not wait:
            self.asker.drop(hard=self.random.random() < 0.5)
            return
        code, _, text = self.asker.answer()
        if code == 200:
            self.take(text)

    def poll(self, seconds):
        deadline = time.monotonic() + seconds
        self.waiting = Asker(self.server)
        self.waiting.send("GET", self.name)
        while time.monotonic() < deadline:
            self.say()
            if self.random.random() < 0.2:
                self.post(wait=self.random.random() < 0.7)  # the answer to one may be lost
            if self.waiting.sock and select.select([self.waiting.sock], [], [], 0)[0]:
                self.fetch()
            time.sleep(0.01)

    def fetch(self):
        code, _, text = self.waiting.answer()
        for line in text.splitlines() if code == 200 else ():
            self.take(line)
        self.waiting.drop()

    def leave_polling(self):
        """With a request that nobody waits for, or a GET that is left alone."""
        if self.random.random() < 0.5:
            self.post(wait=False)
        if self.random.random() < 0.5:
            self.waiting.drop(hard=True)

    def wander(self):
        self.open()
        for switch in range(SWITCHES):
            stay = self.random.uniform(0, 0.2)
            if switch % 2 == 0:
                self.stream(stay)
                self.leave_stream()
                self.begin()
            else:
                self.poll(stay)
                self.leave_polling()
                self.open()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and (self.unacked or self.open_answers()):
            self.socket.fill(0.1)
            while found := self.socket.parse():
                self.hear(*found)

    def open_answers(self):
        return [seq for seq in self.said if self.answers.get(seq, ["none"])[-1] in ("wait", "admit", "none")]

    def faults(self):
        """What is wrong with the answers: each saying has one answer, or one that says that it waits or works, and one
        at the end."""
        ends, bad = ("done", "reject", "expired"), []
        for seq in self.said:
            found = self.answers.get(seq, [])
            if sum(one in ends for one in found) != 1 or len(found) > 2 or found[-1] not in ends:
                bad.append((seq, found))
        return bad


def nothing_lost_or_doubled(binary):
    seed = random.randrange(1 << 32)
    print(f"    seed {seed}", flush=True)
    with Server(binary, "--work_ms", 20, "--drain_period", 0) as server:
        wanderers = [Wanderer(server, seed + i) for i in range(3)]
        threads = [threading.Thread(target=one.wander) for one in wanderers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(150)
        for one in wanderers:
            check(one.begun == 1, f"{SWITCHES} switches are one session", one.begun)
            check(one.got == list(range(1, len(one.got) + 1)), f"{len(one.got)} messages came in order, none is missing",
                  [b for a, b in zip(one.got, one.got[1:]) if b != a + 1][:5])
            bad = one.faults()
            check(not one.unacked and not bad, f"{len(one.said)} sayings of {one.sent} messages were answered once",
                  len(one.unacked), bad[:5])
        again = sum(one.again for one in wanderers)
        doubled = server.metric("degrade_echo_messages_doubled_total")
        check(again > 10 and doubled > 10, "although much was sent again", again, doubled)
        print(f"    {again} messages came again here, {doubled:.0f} there", flush=True)


def main():
    binary = sys.argv[1]
    with Server(binary, "--drain_period", 0) as server:
        waiting = threading.Thread(target=waits, args=(binary,))
        waiting.start()
        for part in (bodies, tokens, starts_at_text, at_once, broken, numbers):
            part(server)
        access(binary, server)
        waiting.join()
        check(server.stop() == 0, "the server ends well")
    silent(binary)
    pings(binary)
    drains(binary)
    nothing_lost_or_doubled(binary)
    return check.summary()


sys.exit(main())
