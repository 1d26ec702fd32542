"""examples/run as a newcomer uses it: the address it prints is true, and what is wrong is one line that says so.

usage: test_run.py ECHO_SERVER
The build that examples/run makes is its own; only its options are tried here, on the server that is given.
"""
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request

from raw import Checks

ROOT = pathlib.Path(__file__).resolve().parents[2]
check = Checks()


def start(*options):
    """Starts the server; returns it and the line that it says to whom sits at a terminal, if it comes within 10 s."""
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline() if select.select([process.stdout], [], [], 60)[0] else ""
    return process, line


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


def opens(line):
    """The address in the line is served as the line comes."""
    found = re.match(r"open (http://\S+/) ", line)
    return bool(found) and urllib.request.urlopen(found[1] + "healthz", timeout=3).status == 200


def refused(what, pattern, *options):
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    said = (done.stdout + done.stderr).strip()
    check(done.returncode != 0 and re.search(pattern, said) and len(said.splitlines()) <= 2 and "open http" not in said,
          what, done.returncode, said)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


def addresses():
    for options in (["--port", "0"], [f"--port={free_port()}"], ["--host", "::1", "--port", "0"],
                    ["--host=0.0.0.0", "--port=0"]):
        process, line = start(*options)
        check(opens(line), f"{' '.join(options)}: the address it says is served", line)
        stop(process)


def faults():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused("a port in use is one line that names it", rf"cannot listen on 127\.0\.0\.1, port {port}.*in use", "--port", str(port))
    refused("so is an address that is not here", r"cannot listen on 203\.0\.113\.1", "--host", "203.0.113.1", "--port", "0")
    refused("a bad option is named", "colour", "--colour", "red")
    refused("a bad value is named, and what is wanted", r"--port expects 0\.\.65535, not '70000'", "--port", "70000")
    refused("an option without its value too", "max_connections", "--max_connections")


def run_itself():
    """examples/run is a shell around this: what it refuses, it refuses before it builds."""
    for what, pattern, *options in (("--from without --demo", "goes with --demo", "--from", "3"),
                                    ("a recording that is not there", "cannot read", "--demo=nothing.csv"),
                                    ("a port that is no number", "'http' is not a number", "--port=http"),
                                    ("an option without its value", "--host needs a value", "--host")):
        done = subprocess.run([ROOT / "examples/run", *options], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ))
        check(done.returncode == 2 and re.search(pattern, done.stderr), f"examples/run names {what}", done.stderr)


command = [sys.argv[1]]
addresses()
faults()
run_itself()
sys.exit(check.summary())
