"""Records real sessions of the echo server over driven links, and replays them: with the same profile every decision is
the same to the last byte; with another one, and over every trace that is here, what comes out holds together.

usage: test_record.py ECHO_SERVER REPLAY HAS_ZLIB
"""
import asyncio
import gzip
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

from raw import Checks, Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "examples/echo-server"))
import link_client  # noqa: E402

TRACES = ROOT / "tests/data/traces"
SUMMARY = re.compile(r"^(recorded|voice\S*) +([\d.]+) % +([\d.]+) % +([\d.]+) % +([\d.]+) % .*?\) +(\d+) +(\d+)", re.M)
check = Checks()

# Good, slow with loss, silent, and good again: down by the metrics, down by silence, and up.
DRIVEN = """t_ms,rtt_ms,loss,jitter_ms,bandwidth_kbps
0,30,0,2,
4000,700,0.3,60,
8000,30,0,2,
15000,,,,
22000,30,0,2,
36000,30,0,2,
"""


class Puppet(threading.Thread):
    """A client on a driven link, in a thread of its own; what it does beside is told at seconds of its life."""

    def __init__(self, server, trace, seconds):
        super().__init__()
        self.url, self.trace, self.seconds = f"ws://{server.host}/ws", trace, seconds
        self.start()

    def run(self):
        asyncio.run(self.play())

    async def play(self):
        link = link_client.Link(link_client.Recording(self.trace), 0, 1)
        await link_client.Client(link, lambda *_: None).run(self.url, self.seconds)


def set_by_hand(server):
    """A client that answers probes, refuses the first change, and forces its level, more often than it may."""
    one = server.websocket()
    asked = time.monotonic()
    sets = [(1.0, {"level": "low", "duration_ms": 2000}), (1.5, {"level": "reduced"}), (2.5, {"level": None})]
    sets += [(4 + 0.01 * i, {"level": ("low", "fallback")[i % 2]}) for i in range(25)] + [(6.0, {"level": None})]
    refused = False
    while time.monotonic() - asked < 14:
        while sets and time.monotonic() - asked >= sets[0][0]:
            one.say({"type": "quality.set", **sets.pop(0)[1]})
        message = one.message(0.02)
        if message is None:
            continue
        if message["type"] == "probe":
            one.say({"type": "probe.ack", "seq": message["seq"], "received": 0})
        elif message["type"].startswith("quality."):
            one.say({"type": "quality.ack", "seq": message["seq"], "accepted": refused,
                     "client_metrics": {"buffer_level": 0, "playback_rate": 0.5}})
            refused = True
    one.sock.close()


def record(binary, folder, *options):
    """Lets three clients come and go: one on a driven link, one set by hand, and one that never answers. Meanwhile the
    server stands still for a while."""
    trace = folder / "driven.csv"
    trace.write_text(DRIVEN)
    with Server(binary, "--record", folder, "--drain_period", 1, *options) as server:
        driven = Puppet(server, trace, 36)
        deaf = server.websocket()
        set_by_hand(server)
        # The driven one is in its silence, and answers no probe.
        time.sleep(2)
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        server.process.send_signal(signal.SIGCONT)
        driven.join()
        deaf.sock.close()
        check(server.stop() == 0, "the server records and ends well", server.log[-3:])
    return sorted(folder.glob("session-*"))


def replay(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def lines_of(path):
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path, encoding="ascii")
    with opened:
        return opened.read().splitlines()


def kinds(path):
    return [line.split(",")[1] for line in lines_of(path)[2:]]


def same_again(binary, files):
    decided = 0
    for path in files:
        code, out, errors = replay(binary, path)
        found = re.search(r"the same (\d+) decisions?, byte for byte", out)
        check(code == 0 and found and not errors, f"{path.name}: the same decisions again", code, out, errors)
        check(found and int(found[1]) == kinds(path).count("decision"), "as many as are in the file")
        check(kinds(path)[-1] == "end", "which has its end")
        decided += int(found[1]) if found else 0
    check(decided >= 12, "and they are not few", decided)
    every = {kind for path in files for kind in kinds(path)}
    check(every >= {"sample", "ack", "force", "release", "excuse", "ask", "decision", "end"}, "all kinds of lines occur", every)
    reasons = {line.split(",")[4] for path in files for line in lines_of(path)[2:] if ",decision," in line}
    check(reasons >= {"stale_metrics", "manual", "improved"}, "and decisions for many reasons", reasons)


def sound(out):
    """The rows of the summary: shares of levels that come to the whole, and fallbacks that are switches."""
    rows = SUMMARY.findall(out)
    return rows and all(99.7 <= sum(map(float, row[1:5])) <= 100.3 and int(row[6]) <= int(row[5]) for row in rows)


def picture(path):
    """The picture is XML, and nothing in it runs or is fetched."""
    text = path.read_text()
    tree = xml.etree.ElementTree.fromstring(text)
    names = {element.tag.rsplit("}", 1)[1] for element in tree.iter()}
    return tree.tag.endswith("svg") and "script" not in names and "image" not in names and "prefers-color-scheme" in text


def another_profile(binary, files, folder):
    for path in files:
        drawn = folder / "drawn.svg"
        code, out, errors = replay(binary, path, "--profile", "voice-strict", "--svg", drawn)
        check(code == 0 and sound(out) and not errors, f"{path.name}: with another profile", code, out, errors)
        check([row[0] for row in SUMMARY.findall(out)] == ["recorded", "voice-strict"], "beside what was recorded", out)
        check(picture(drawn), "and drawn")
    code, out, _ = replay(binary, files[0], "--profile", "voice,voice-classic")
    check(code == 0 and [row[0] for row in SUMMARY.findall(out)] == ["voice", "voice-classic"], "or two beside each other", out)
    code, out, _ = replay(binary, *files)
    check(code == 0 and f"All {len(files)} files" in out, "or all files in one call", out)


def broken(binary, path, folder):
    """What is wrong with a file is said, and what was whole is played."""
    lines, bad = lines_of(path), folder / "bad.rec"
    text = "\n".join(lines) + "\n"
    bad.write_text(text[:-9])
    code, out, errors = replay(binary, bad)
    check(code == 0 and f"line {len(lines)}: the file is cut" in errors and "byte for byte" in out, "a cut file is played up to the cut",
          code, errors)
    wrong = []
    for count in range(3, len(lines)):
        bad.write_text("\n".join(lines[:count]) + "\n")
        code, out, errors = replay(binary, bad)
        wrong += [count] if code != 0 or errors or "byte for byte" not in out or "without an end" not in out else []
    check(not wrong, "one that stops after any line is played and decides the same again", wrong)
    half = len(lines) // 2
    bad.write_text("\n".join([*lines[:half], "1,nonsense", *lines[half:]]) + "\n")
    code, out, errors = replay(binary, bad)
    check(code == 1 and f"bad.rec: line {half + 1}: kind: 'nonsense'" in errors and "byte for byte" in out, "a broken line is named", code, errors)
    at = next(i for i, line in enumerate(lines) if ",decision," in line)
    fields = lines[at].split(",")
    fields[5] = "77.7"
    bad.write_text("\n".join([*lines[:at], ",".join(fields), *lines[at + 1:]]) + "\n")
    code, out, _ = replay(binary, bad)
    check(code == 1 and "decision 1 is another than was recorded" in out, "a decision that differs is told, and is an error", code, out)
    bad.write_text("\n".join([lines[0], lines[1].replace("voice", "mine"), *lines[2:]]) + "\n")
    code, out, _ = replay(binary, bad)
    check(code == 0 and "mine is none of this program" in out, "a profile that is not known is not replayed", code, out)


def faults(binary):
    for what, pattern, *arguments in (("no file", "no FILE is given"),
                                      ("a file that is not there", "nowhere.rec: No such file", "nowhere.rec"),
                                      ("a folder", "Is a directory", "/tmp"),
                                      ("an unknown profile", "no profile 'nobody'", "x", "--profile", "voice,nobody"),
                                      ("a picture of two", "--svg takes one FILE", "x", "y", "--svg", "z"),
                                      ("what is no recording", "line 1: this is the head of neither", __file__)):
        code, out, errors = replay(binary, *arguments)
        check(code == 2 and pattern in errors and not out, f"{what} is named", code, errors)
    check(replay(binary, "--help")[0] == 0, "--help helps")


def traces(binary, folder):
    """Every trace that is here; without any there is nothing to be played."""
    files = sorted(TRACES.glob("*.csv"))
    if not files:
        print("there are no traces here: passed over")
        return
    for path in files:
        drawn = folder / "trace.svg"
        code, out, errors = replay(binary, path, "--profile", "voice,voice-classic,voice-strict", "--svg", drawn)
        check(code == 0 and not errors and sound(out) and len(SUMMARY.findall(out)) == 3, f"{path.name} is played to all profiles",
              code, out, errors)
        check(picture(drawn), "and drawn")
    code, out, _ = replay(binary, *files)
    check(code == 0 and f"All {len(files)} files" in out, "and all in one call")


def readme(binary, folder):
    """What the README shows is what comes out."""
    text = (ROOT / "examples/replay/README.md").read_text()
    command, shown = re.search(r"^    examples/run --replay (.*outage\.svg)\n\n(.*?)\n\n(?=\S)", text, re.M | re.S).groups()
    arguments = command.split()
    arguments[-1] = str(folder / "outage.svg")
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=60, cwd=ROOT)
    check(done.stdout.strip() == "\n".join(line[4:] for line in shown.splitlines()).strip(), "the README shows what is printed", done.stdout)
    check((folder / "outage.svg").read_text() == (ROOT / "examples/replay/outage.svg").read_text(), "and what is drawn")


def all_full(folder):
    files = list(folder.glob("session-*"))
    return len(files) == 3 and all(lines_of(path)[-1].endswith(",end,limit") for path in files)


def bounds(binary, folder):
    """Files and their sizes are bounded, and what cannot be written is said once and stops nothing."""
    with Server(binary, "--record", folder, "--record_bytes", 1024, "--record_files", 3, "--drain_period", 0) as server:
        clients = [server.websocket() for _ in range(5)]
        check(all(one.message(5, type="state") for one in clients), "who is not recorded is served all the same")
        for one in clients:
            for _ in range(40):
                one.say({"type": "quality.ack", "accepted": True})
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not all_full(folder):
            time.sleep(0.2)
        server.stop()
    files = sorted(folder.glob("session-*"))
    check(len(files) == 3, "no more files than there may be", files)
    check(all(path.stat().st_size <= 1024 for path in files), "nor larger ones")
    check(all_full(folder), "and full ones say so")
    said = [sum(words in line["message"] for line in server.log) for words in ("as many recordings", "its limit")]
    check(said == [1, 1], "each is said once", said)


def nowhere(binary, folder):
    for what, place in (("without a folder", folder / "missing"), ("on a full disk", pathlib.Path("/dev/full"))):
        with Server(binary, "--record", place, "--drain_period", 0) as server:
            for _ in range(3):
                one = server.websocket()
                check(one.message(5, type="state"), f"{what} the server serves")
                one.sock.close()
                time.sleep(0.2)
            said = [line for line in server.log if "cannot be recorded" in line["message"]]
            check(len(said) == 1 and said[0]["severity"] == "warn", "and says so once", said)
            check(server.stop() == 0, "and ends well")
    done = subprocess.run([binary, "--record", folder, "--record_format", "zip"], capture_output=True, text=True, timeout=10)
    check(done.returncode == 2 and "plain, or gzip" in done.stderr, "an unknown format is named", done.stderr)


def main():
    server, player, has_zlib = sys.argv[1], str(pathlib.Path(sys.argv[2]).resolve()), sys.argv[3] == "true"
    with tempfile.TemporaryDirectory() as name:
        folders = [pathlib.Path(name, part) for part in ("recorded", "bounds", "work")]
        for folder in folders:
            folder.mkdir()
        files = record(server, folders[0], *(["--record_format", "gzip"] if has_zlib else []))
        check(len(files) == 3 and all((path.suffix == ".gz") == has_zlib for path in files), "each session has a file", files)
        if os.environ.get("KEEP_RECORDINGS"):
            subprocess.run(["cp", *map(str, files), os.environ["KEEP_RECORDINGS"]], check=True)
        same_again(player, files)
        another_profile(player, files, folders[2])
        broken(player, max(files, key=lambda path: kinds(path).count("decision")), folders[2])
        faults(player)
        traces(player, folders[2])
        readme(player, folders[2])
        bounds(server, folders[1])
        nowhere(server, folders[2])
    return check.summary()


sys.exit(main())
