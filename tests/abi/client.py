"""Runs programs of earlier releases on this library: tests/abi/client-VERSION holds the client's source and the headers
that it was compiled against, as one file.

usage: client.py CC SHARED_LIBRARY WORK_DIRECTORY
       client.py CC --freeze         makes tests/abi/client-VERSION anew from client.c and the headers of today
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/abi"


def version():
    text = (ROOT / "include/degrade/version.h").read_text()
    numbers = dict(re.findall(r"(DG_VERSION_(?:MAJOR|MINOR)) ?=? (\d+)", text))
    return f"{numbers['DG_VERSION_MAJOR']}.{numbers['DG_VERSION_MINOR']}"


def one_header(cc):
    """All public headers as one, without comments, with their macros."""
    text = subprocess.run([*cc.split(), "-std=c11", "-E", "-dD", f"-I{ROOT}/include", "-x", "c",
                           str(ROOT / "include/degrade/degrade.h")], check=True, capture_output=True, text=True).stdout
    kept, ours = [], False
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = "include/degrade/" in marker[1]
        elif ours and line.strip() and not re.match(r"#define DEGRADE_\w+_H", line):
            kept.append(line)
    return "\n".join(["#pragma once", "#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>", *kept]) + "\n"


def freeze(cc):
    place = HERE / f"client-{version()}"
    (place / "degrade").mkdir(parents=True, exist_ok=True)
    (place / "degrade/degrade.h").write_text(one_header(cc))
    shutil.copy(HERE / "client.c", place / "client.c")
    print(f"frozen in {place.relative_to(ROOT)}")


def try_client(cc, place, library, work):
    program = work / place.name
    done = subprocess.run([*cc.split(), "-std=c11", "-g", "-D_GNU_SOURCE", f"-I{place}", str(place / "client.c"), "-o",
                           str(program), str(library)], capture_output=True, text=True)
    if done.returncode == 0:
        environment = dict(os.environ, LD_LIBRARY_PATH=str(library.parent))
        done = subprocess.run([program], capture_output=True, text=True, timeout=120, env=environment)
    print(f"{'ok' if done.returncode == 0 else 'not ok'}: {place.name}")
    if done.returncode:
        print((done.stdout + done.stderr)[-3000:])
    return done.returncode == 0


def main():
    cc = sys.argv[1]
    if sys.argv[2] == "--freeze":
        freeze(cc)
        return 0
    library, work = pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    results = [try_client(cc, place, library, work) for place in sorted(HERE.glob("client-*"))]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


sys.exit(main())
