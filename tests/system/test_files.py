"""Out of files: both servers go on serving who is there, take nobody in until a file is free, spin on nothing, and say
so once; and the echo server promises no more connections than there are files for.

usage: test_files.py ECHO_SERVER TCP_ECHO
"""
import resource
import signal
import subprocess
import sys
import tempfile
import time

from raw import Checks, Frames, Server

check = Checks()


def knock(server, count):
    """Opens connections that say nothing, as many as the backlog takes."""
    idle = []
    for _ in range(count):
        try:
            idle.append(server.connect(2))
        except OSError:
            break
    return idle


def say_lines(server, words):
    return [line for line in server.log if words in line.get("message", "")]


def echo_server(binary):
    with Server(binary, "--max_connections", 10000, "--drain_period", 1, files=120) as server:
        lowered = say_lines(server, "max_connections is lowered")
        check(len(lowered) == 1 and lowered[0]["max_connections"] < 120, "max_connections is lowered to what fits", lowered)
        good = [server.websocket() for _ in range(20)]
        idle = knock(server, 200)
        time.sleep(0.5)
        began, used = time.monotonic(), server.cpu()
        seen, _ = server.ask("/healthz", timeout=10)
        waited = time.monotonic() - began
        check(seen == 200 and waited < 3, "a newcomer is served all the same, before those that say nothing", seen, waited)
        time.sleep(max(0.0, 2 - waited))
        share = (server.cpu() - used) / (time.monotonic() - began)
        check(share < 0.2, "without spinning", f"{share:.2f} of a core")
        check(all(one.message(2, type="state") for one in good), "who is connected is served")
        said = say_lines(server, "Out of files")
        check(len(said) == 1, "it says so once", said)
        for sock in idle:
            sock.close()
        time.sleep(0.3)
        check(server.ask("/healthz")[0] == 200, "and when files are free again all is as before")
        check(server.stop() == 0, "it ends well")


def connections_held(binary):
    """Up to what was promised they are let in or told 503 (the last ones by chance, beyond it always)."""
    with Server(binary, "--max_connections", 10000, "--drain_period", 0, files=64) as server:
        most = say_lines(server, "max_connections is lowered")[0]["max_connections"]
        answers = [server.upgrade() for _ in range(most + 10)]
        held = [Frames(sock, rest) for sock, head, rest in answers if " 101 " in head]
        refused = [head for _, head, _ in answers if " 101 " not in head]
        check(0.6 * most < len(held) <= most, "nearly as many as were promised are let in", len(held), most)
        check(all(" 503 " in head and "retry-after" in head for head in refused), "the others are told 503", refused)
        check(all(one.message(2, type="state") for one in held), "and who was let in is served")


def tcp_echo(binary):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([binary, "0"], stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=limit)
        try:
            server = Tcp(process)
            good = server.connect(5)
            good.sendall(b"before\n")
            check(lines_with(good, b"before"), "tcp-echo: with few files it serves")
            idle = knock(server, 100)
            time.sleep(0.5)
            began, used = time.monotonic(), Server.cpu(server)
            good.sendall(b"meanwhile\n")
            check(lines_with(good, b"meanwhile"), "who is there is served while there are none")
            time.sleep(1)
            share = (Server.cpu(server) - used) / (time.monotonic() - began)
            check(share < 0.3, "without spinning", f"{share:.2f} of a core")
            for sock in idle:
                sock.close()
            late = server.connect(5)
            late.sendall(b"late\n")
            check(lines_with(late, b"late"), "and a newcomer is when one is free again")
            process.send_signal(signal.SIGTERM)
            good.close()
            late.close()
            check(process.wait(35) == 0, "it ends well")
            log.seek(0)
            check(log.read().count("out of files") == 1, "it said so once")
        finally:
            process.kill()


class Tcp(Server):
    """What Server does for a process that was started otherwise."""

    def __init__(self, process):
        self.process, self.port = process, int(process.stdout.readline().rsplit(":", 1)[1])


def lines_with(sock, text):
    data, deadline = b"", time.monotonic() + 3
    while text + b"\n" not in data and time.monotonic() < deadline:
        piece = sock.recv(4096)
        if not piece:
            return False
        data += piece
    return text + b"\n" in data


def main():
    echo_server(sys.argv[1])
    connections_held(sys.argv[1])
    tcp_echo(sys.argv[2])
    return check.summary()


sys.exit(main())
