"""HTTP and WebSocket by raw bytes: what no client library sends is answered, counted, and goes past nothing.

usage: test_protocol.py SERVER_BINARY
"""
import struct
import sys
import threading
import time

from raw import ACCEPT, BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Checks, Frames, Server, frame, read_all, status

check = Checks()


def http_two(server):
    """RFC 8441 would open WebSockets that neither gate nor hub knows of; there is no HTTP/2 here."""
    total = server.metric("degrade_websocket_connections_total")
    for path, wanted in (("/", 200), ("/ws", 426), ("/nothing", 404)):
        seen, answer = server.ask(path, "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
        check(seen == wanted and "101" not in answer[:16], f"an upgrade of {path} to h2c is not made", answer[:200])
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
    check(status(server.raw(preface).decode("latin1")) in (400, 505), "HTTP/2 by prior knowledge is refused")
    check(server.metric("degrade_websocket_connections_total") == total, "no connection came of it")


ROUTES = ("/", "/ws", "/healthz", "/readyz", "/startupz", "/health", "/metrics", "/metrics.json", "/decisions", "/poll",
          "/none")


def foreign_hosts(server):
    for path in ROUTES:
        check(server.ask(path, host="evil.example")[0] == 421, f"a foreign Host is refused on {path}")
    _, head, _ = server.upgrade(host="evil.example")
    check(status(head + "\r\n") == 421, "and before an upgrade", head)
    check(server.ask("http://evil.example/metrics")[0] == 421, "in an absolute target too, whatever Host says")
    check(server.ask("/", host=f"user@{server.host}")[0] == 421, "and behind a user's name")
    check(server.ask("/healthz", host="")[0] == 400, "HTTP/1.1 without Host is refused")
    check(server.ask("/healthz", f"Host: {server.host}")[0] == 400, "and with two of them")
    for host in (f"localhost:{server.port}", "localhost", "127.0.0.1:1", "[::1]:8080"):
        check(server.ask("/healthz", host=host)[0] == 200, f"{host} is this machine")


def foreign_origins(server):
    for origin in ("http://evil.example", "null", f"http://{server.host}.evil.example", f"https://127.0.0.1:{server.port + 1}",
                   f"ftp://{server.host}", "http://", ""):
        _, head, _ = server.upgrade(f"Origin: {origin}")
        check(status(head + "\r\n") == 403, f"Origin {origin!r} opens no WebSocket", head)
    check(server.ask("/health", "Origin: http://evil.example")[0] == 403, "nor does a page of it read anything")
    for origin in (f"http://{server.host}", f"https://{server.host}".upper()):
        _, head, _ = server.upgrade(f"Origin: {origin}")
        check(status(head + "\r\n") == 101, f"Origin {origin} is the server's own", head)


def allowed(binary):
    with Server(binary, "--hosts", "echo.example, other.example", "--origins", "https://app.example,null",
                "--drain_period", 0) as server:
        check(server.ask("/healthz", host="ECHO.example:80")[0] == 200, "a Host of --hosts is this server")
        check(server.ask("/healthz", host="app.example")[0] == 421, "an origin is no host")
        for origin, wanted in (("https://app.example", 101), ("null", 101), ("https://app.example:1", 403),
                               ("http://echo.example", 403)):
            _, head, _ = server.upgrade(f"Origin: {origin}")
            check(status(head + "\r\n") == wanted, f"with --origins, {origin} gets {wanted}", head)
        _, head, _ = server.upgrade("Origin: http://echo.example", host="echo.example:80")
        check(status(head + "\r\n") == 101, "an Origin without the scheme's own port is the same", head)


def heads(server):
    for name in ("X-A", "Ref", "Hos", "Hosts", "Sec-WebSocket-Ke", "A", "~"):
        began = time.monotonic()
        check(server.ask("/healthz", f"{name}: 1")[0] == 200 and time.monotonic() - began < 1,
              f"a header named {name} is passed over")
    check(server.ask("/healthz", *[f"X-{i}: {'y' * 90}" for i in range(60)])[0] == 200, "6 KB of headers are read")
    for big in (["X-Big: " + "y" * 9000], [f"X-{i}: {'y' * 90}" for i in range(200)]):
        check(server.ask("/healthz", *big)[0] == 431, "more than 8 KB are answered with 431")
    check(server.ask("/" + "y" * 9000)[0] == 431, "so is a long target")
    bad = ["GET /healthz", "GET  /healthz HTTP/1.1", "GET healthz HTTP/1.1\r\nHost: localhost",
           "GET /healthz HTTP/1.1\r\nHost : localhost", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n folded: yes",
           "GET /healthz HTTP/1.1\r\nHost: local\0host", "GET /healthz HTTP/1.1\r\nnonsense", "\x16\x03\x01\x02", "{}"]
    for request in bad:
        check(status(server.raw(request + "\r\n\r\n").decode("latin1")) == 400, f"{request!r} is no request")
    check(server.ask("/healthz", version="2.0")[0] == 505, "another version of HTTP is refused as such")


def requests(server):
    check(server.ask("/healthz", version="1.0", host="")[0] == 200, "HTTP/1.0 needs no Host")
    check(status(server.raw(b"\r\nGET /healthz HTTP/1.0\n\n").decode("latin1")) == 200, "lines may end in LF alone")
    seen, answer = server.ask("/health", method="HEAD")
    check(seen == 200 and answer.endswith("\r\n\r\n"), "HEAD gets the head alone", answer[-80:])
    check(server.ask("/healthz", "User-Agent: kube-probe/1.27", "Accept: */*")[0] == 200, "a probe of Kubernetes is answered")
    seen, answer = server.ask("/", "Content-Length: 3", method="POST")
    check(seen == 405 and "allow: GET, HEAD" in answer and "connection: close" in answer, "POST is 405, and the end", answer)
    twice = f"GET /healthz HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
    with server.connect(1) as sock:
        sock.sendall(twice * 2)
        check(read_all(sock).count(b"HTTP/1.1 200 OK") == 2, "two requests at once get two answers")
    with server.connect(5) as sock:
        for byte in twice:
            sock.sendall(bytes([byte]))
        check(sock.recv(4096).startswith(b"HTTP/1.1 200"), "a request may come byte by byte")
    check(server.ask(f"http://{server.host}/healthz")[0] == 200, "an absolute target is read")


def upgrades(server):
    sock, head, rest = server.upgrade()
    check(status(head + "\r\n") == 101 and ACCEPT in head and "protocol" not in head, "a WebSocket is opened", head)
    check(Frames(sock, rest).message(type="hello"), "and says hello")
    _, head, _ = server.upgrade("Sec-WebSocket-Protocol: other, degrade-echo")
    check("sec-websocket-protocol: degrade-echo" in head, "a subprotocol that is known is agreed on", head)
    total = server.metric("degrade_websocket_connections_total")
    _, head, _ = server.upgrade("Sec-WebSocket-Protocol: other")
    check(status(head + "\r\n") == 101 and "protocol" not in head, "one that is not known is left out", head)
    _, head, _ = server.upgrade(path=f"http://{server.host}/ws")
    check(status(head + "\r\n") == 101, "an absolute target is upgraded", head)
    check(server.metric("degrade_websocket_connections_total") == total + 2, "both are counted")
    for version in ("8", "0", "14", ""):
        _, head, _ = server.upgrade(version=version)
        check(status(head + "\r\n") == 426 and "sec-websocket-version: 13" in head, f"version {version!r} is refused", head)
    for key in ("", "short", "!" * 24, "A" * 24):
        _, head, _ = server.upgrade(key=key)
        check(status(head + "\r\n") == 400, f"{key!r} is no key", head)
    _, head, _ = server.upgrade(path="/nothing")
    check(status(head + "\r\n") == 404, "an upgrade of another path is none", head)


BREAKS = {
    "an unmasked frame": (frame(TEXT, "{}", masked=False), 1002),
    "a reserved bit": (frame(TEXT, "{}", reserved=4), 1002),
    "a reserved opcode": (frame(3), 1002),
    "a reserved control opcode": (frame(11), 1002),
    "a ping in fragments": (frame(PING, final=False), 1002),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "a length that is not the shortest": (frame(TEXT, "{}", size=2), 1002),
    "a length with its highest bit": (frame(TEXT, "{}", size=1 << 63), 1002),
    "an end without a beginning": (frame(CONTINUATION, "{}"), 1002),
    "a beginning within a message": (frame(TEXT, "{", final=False) + frame(TEXT, "}"), 1002),
    "a text that is no UTF-8": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "a text that ends within a character": (frame(TEXT, b"\xc3", final=False) + frame(CONTINUATION, b""), 1007),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "a close whose reason is no UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    "17 KB in one frame": (frame(BINARY, b"x" * 17000), 1009),
    "17 KB in fragments": (frame(BINARY, b"x" * 9000, final=False) + frame(CONTINUATION, b"x" * 9000), 1009),
    "an announced exabyte": (frame(BINARY, b"", size=1 << 60), 1009),
    **{f"a close with code {code}": (frame(CLOSE, struct.pack(">H", code)), 1002)
       for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)},
}


def broken_frames(server):
    errors = server.metric("degrade_websocket_errors_total")
    for what, (data, code) in BREAKS.items():
        socket = server.websocket()
        socket.send(data)
        seen = socket.close_code()
        check(seen == code, f"{what} is closed with {code}", seen)
        check(ended(socket), "and that is the end")
    check(server.metric("degrade_websocket_errors_total") >= errors + len(BREAKS) - 10, "they are counted as errors",
          errors, server.metric("degrade_websocket_errors_total"))


def ended(socket):
    try:
        return socket.next(4) is None and False
    except EOFError:
        return True


def good_frames(server):
    for code in (1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999):
        socket = server.websocket()
        socket.send(frame(CLOSE, struct.pack(">H", code) + "bye".encode()))
        check(socket.close_code() == code, f"a close with {code} is answered with it")
    socket = server.websocket()
    socket.send(frame(CLOSE))
    check(socket.close_code() == 1005, "an empty close with an empty one")
    socket = server.websocket()
    socket.send(*[frame(PING, f"number {i}") for i in range(10)])
    pongs = [socket.next(skip=(TEXT, BINARY, PING)) for _ in range(10)]
    check(pongs == [(PONG, f"number {i}".encode()) for i in range(10)], "ten pings at once get ten pongs, in order", pongs)
    whole = frame(TEXT, '{"type":"say","seq":1,', final=False) + frame(PING, "between") + \
        frame(CONTINUATION, '"text":"gr', final=False) + frame(CONTINUATION, b"\xc3", final=False) + \
        frame(CONTINUATION, b'\xbc\xc3\x9f \\ud83d\\ude00"}')
    for byte in whole:
        socket.send(bytes([byte]))
    check(socket.next(skip=(TEXT, BINARY, PING)) == (PONG, b"between"), "a ping between fragments is answered")
    done = socket.message(type="answer", answer="done")
    check(done and done["text"] == "gr\u00fc\u00df \U0001f600", "a message may come in fragments, byte by byte", done)


def faults_are_told(server):
    socket = server.websocket()
    for text, fault in (("nonsense", "no_json"), ('{"type":"say"', "no_json"), ("[]", "no_json"), ("{} {}", "no_json"),
                        ('{"type":"unheard.of"}', "unknown_type"), ("{}", "not_valid"),
                        ('{"type":"say","seq":1}', "not_valid"), ('{"type":"audio","data":"?"}', "not_valid"),
                        ('{"type":"quality.set","level":"superb"}', "not_valid")):
        socket.send(frame(TEXT, text))
        seen = socket.message(type="error")
        check(seen and seen["error"] == fault, f"{text} is told as {fault}", seen)
        time.sleep(0.2)
    for text in ('{"type":"probe.ack","seq":1.0,"received":6e4,"more":{"a":[1,{"b":null}]}}',
                 '{"text":"x","seq":2,"type":"say"}'):
        socket.send(frame(TEXT, text))
        check(socket.message(0.6, type="error") is None, f"{text} is taken")
    flood = server.websocket()
    flood.send(*[frame(TEXT, '{"type":"unheard.of"}') for _ in range(2000)])
    told, deadline = 0, time.monotonic() + 2
    while time.monotonic() < deadline:
        told += flood.message(deadline - time.monotonic(), type="error") is not None
    check(5 <= told <= 30, "one who floods us with them gets no flood back", told)


def slow_heads(server, seen):
    """One that sends nothing, and one that sends a byte a second: both end after 10 s."""
    began = time.monotonic()
    mute, slow = server.connect(30), server.connect(30)
    slow.sendall(b"GET / HTTP/1.1\r\nX: ")
    while time.monotonic() - began < 14:
        time.sleep(1)
        try:
            slow.sendall(b"y")
        except OSError:
            break
    seen["slow"] = time.monotonic() - began
    seen["mute"] = read_all(mute) == b"" and time.monotonic() - began < 16


def main():
    with Server(sys.argv[1], "--drain_period", 1) as server:
        seen = {}
        slow = threading.Thread(target=slow_heads, args=(server, seen))
        slow.start()
        refused = server.metric("degrade_echo_http_refused_total")
        for part in (http_two, foreign_hosts, foreign_origins, heads, requests, upgrades, broken_frames, good_frames,
                     faults_are_told):
            part(server)
        more = server.metric("degrade_echo_http_refused_total") - refused
        check(more == 50, "each refusal is counted", more)
        slow.join()
        check(8 < seen["slow"] < 14 and seen["mute"], "who does not send a head within 10 s is closed", seen)
        check(server.stop() == 0, "the server ends well")
    allowed(sys.argv[1])
    return check.summary()


sys.exit(main())
