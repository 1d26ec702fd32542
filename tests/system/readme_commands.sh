#!/usr/bin/env bash
# The README's first command comes up, serves its page, and ends by itself when told to.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

examples/run --help | grep -q usage
tests/run --help | grep -q usage
tests/run --list | grep -q unit

log=$(mktemp)
examples/run --port 0 --drain_period 1 2>"$log" &
server=$!
trap 'kill -9 $server 2>/dev/null || true; rm -f "$log"' EXIT
url=
for _ in $(seq 300); do
    url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$log" | head -n 1)
    [ -z "$url" ] || break
    kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.2
done
[ -n "$url" ] || { echo "examples/run did not say where it listens" >&2; cat "$log" >&2; exit 1; }
/usr/bin/python3 - "$url" <<'PY'
import sys, urllib.request
page = urllib.request.urlopen(sys.argv[1], timeout=5).read().decode()
assert "<html" in page, "the page is no page"
assert urllib.request.urlopen(sys.argv[1] + "readyz", timeout=5).status == 200
PY
kill -TERM "$server"
wait "$server"
echo "the README's commands work"
