"""Thousands of clients at once: the server keeps the schedule that it has set itself, takes its own work for nobody's
bad network, and the memory of each is small.

usage: test_crowd.py ECHO_SERVER CROWD
"""
import json
import resource
import subprocess
import sys

from raw import Checks, Server

check = Checks()
SECONDS = 12


def kept_waiting(server):
    """Seconds for which the server could have run, and another process of this machine did."""
    try:
        with open(f"/proc/{server.process.pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except OSError:
        return 0.0


def main():
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    count = 10000 if files == resource.RLIM_INFINITY else min(10000, files - 1000)
    with Server(sys.argv[1], "--max_connections", 2 * count, "--drain_period", 0) as server:
        before, used = server.memory(), server.cpu()
        crowd = subprocess.Popen([sys.argv[2], str(server.port), str(count), str(SECONDS)], stdout=subprocess.PIPE, text=True)
        line = crowd.stdout.readline()
        memory = (server.memory() - before) / count
        crowd.wait(10)
        seen = json.loads(line or "{}")
        print(f"    {count} clients: {seen.get('probes', 0) / SECONDS:.0f} probes and {seen.get('states', 0) / SECONDS:.0f} "
              f"states a second, {memory:.0f} bytes each, {server.cpu() - used:.1f} s of CPU", flush=True)
        check(seen.get("in") == count and seen["refused"] == seen["closed"] == 0, f"{count} come in and stay", seen)
        beat = 0.1 * (1 + count // 1500)
        check(seen.get("probes", 0) > 0.4 * SECONDS * count / max(beat, 0.2), "they are probed by the schedule", seen)
        check(seen.get("states", 0) > 0.4 * SECONDS * count / (3 * beat), "and told of their state", seen)
        if kept_waiting(server) < SECONDS / 20:
            check(seen.get("degraded", count) < count / 50, "on an idle machine nobody is degraded", seen)
        else:
            print("    this machine is busy with others: whether anybody is degraded says nothing", flush=True)
        check(memory < 8192, "8 KB are enough for each", memory)
    return check.summary()


sys.exit(main())
