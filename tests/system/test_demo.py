"""Plays recordings through the echo server in real time, as examples/run --demo does, and holds what comes out to
what must be shown.

usage: test_demo.py SERVER_BINARY
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRACES = ROOT / "tests/data/traces"
LINE = re.compile(r"^\s*([\d.]+) s\s+(\w+) -> (\w+)\s+(\w+)")


def play(server, trace, *options):
    run = subprocess.run(
        ["/usr/bin/python3", str(ROOT / "examples/echo-server/link_client.py"), "--server", server,
         "--trace", str(TRACES / trace), *options], capture_output=True, text=True, timeout=200)
    print(run.stdout + run.stderr, flush=True)
    changes = [(float(m[1]), m[2], m[3], m[4]) for m in map(LINE.match, run.stdout.splitlines()) if m]
    return run.returncode, changes


def check(holds, what):
    print("ok:" if holds else "not ok:", what, flush=True)
    return bool(holds)


def outage(server):
    """perama-wifi-6ghz-20mhz-mid: total loss from t = 122 s to 150 s."""
    code, changes = play(server, "perama-wifi-6ghz-20mhz-mid.csv", "--from", "90", "--seconds", "88")
    first = changes[0] if changes else (0, "", "", "")
    into = [at for at, _, level, _ in changes if level == "fallback"]
    out = [at for at, before, _, _ in changes if before == "fallback"]
    return [check(code == 0, "it exits 0"),
            check(122 <= first[0] <= 127 and first[1] == "full", "it goes down within 5 s of the outage"),
            check(into and into[0] < 150, "it reaches fallback"),
            check(out and 150 < out[-1] < 178, "it has left fallback before the end")]


def good(server):
    code, changes = play(server, "cicv5g-urban-n78-v20.csv", "--seconds", "60")
    return [check(code == 0, "it exits 0"), check(not changes, "a good link never leaves full")]


def main():
    results = outage(sys.argv[1]) + good(sys.argv[1])
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


sys.exit(main())
