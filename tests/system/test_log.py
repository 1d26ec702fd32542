"""What the log tells whoever is called at night: the service level, how a drain goes and ends, and nothing in floods.

usage: test_log.py ECHO_SERVER
"""
import json
import signal
import sys
import time

from raw import TEXT, Checks, Server, frame

check = Checks()


def said(server, words):
    return [line for line in server.log if words in line.get("message", "")]


def until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def service_level(server):
    socket = server.websocket()
    socket.send(*[frame(TEXT, json.dumps({"type": "say", "seq": n, "text": "x"})) for n in range(200)])
    changed = until(lambda: said(server, "Service level "), 3)
    check(changed and changed[0]["before"] == "full", "a change of the service level is told", changed)
    back = until(lambda: changed and said(server, "Service level ")[-1]["level"] == "full", 40)
    check(back, "and its return", said(server, "Service level "))


def flood(server):
    """One client's thousands of wishes are no thousands of lines."""
    socket, before = server.websocket(), len(server.log)
    for n in range(2000):
        socket.send(frame(TEXT, json.dumps({"type": "quality.set", "level": ("low", "full")[n % 2]})))
    time.sleep(2)
    check(len(server.log) - before < 200, "2000 changes asked for by one client leave few lines", len(server.log) - before)
    socket.sock.close()


def drain(server):
    held = [server.websocket() for _ in range(3)]
    server.process.send_signal(signal.SIGTERM)
    check(until(lambda: said(server, "Draining for"), 2), "a drain is told as it begins")
    check(said(server, "A second SIGTERM or SIGINT ends at once"), "and how to end it")
    began = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    code = server.process.wait(5)
    check(code == 1 and time.monotonic() - began < 1, "a second signal ends it at once, which is no success", code)
    server.reader.join(2)
    check(said(server, "Ended at once"), "and is told", server.log[-3:])
    del held


def main():
    with Server(sys.argv[1], "--drain_period", 60) as server:
        service_level(server)
        flood(server)
        drain(server)
    return check.summary()


sys.exit(main())
