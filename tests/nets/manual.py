"""Every manual page is clean under mandoc, and every public header has its page."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
pages = sorted((ROOT / "man").glob("*.[0-9]"))
failed = 0
for page in pages:
    run = subprocess.run(["mandoc", "-Tlint", "-W", "warning", str(page)], capture_output=True, text=True)
    if run.returncode != 0:
        failed += 1
        print(run.stdout + run.stderr)
for header in (ROOT / "include/degrade").glob("*.h"):
    name = "degrade.7" if header.stem == "degrade" else f"dg_{header.stem}.3"
    if not (ROOT / "man" / name).exists():
        failed += 1
        print(f"no page {name} for {header.name}")
print(f"{len(pages) - failed} passed, {failed} failed")
sys.exit(1 if failed or not pages else 0)
