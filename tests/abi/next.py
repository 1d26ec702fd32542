"""Libraries and programs of two versions together: makes a "next" version whose sized structs have all grown by a
member, and runs programs of this version on that library and programs of that version on this library, under
AddressSanitizer and UndefinedBehaviorSanitizer. Programs: the client, and every unit test that includes nothing but
public headers.

usage: next.py CC WORK_DIRECTORY [PROGRAM ...]
"""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/abi"
GROWTH = "uint64_t next_member;"
GROWN_BY = 8
# Cases that say how large the structs of this very version are, or what it does not know yet.
OF_THIS_VERSION = ["structs_of_other_ages", "a_bad_row_feeds_nothing", "configuration_out_of_range_names_the_field",
                   "hostile_input_is_refused_and_changes_not_one_byte"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
COMMON = ["-std=c11", "-O1", "-g1", "-D_GNU_SOURCE", "-ffp-contract=off", *SANITIZE]


def compiler(cc):
    command = cc.split()
    return ["ccache", *command] if shutil.which("ccache") and "ccache" not in command[0] else command


def sized_structs():
    """The structs that may grow, as the library declares them."""
    names = set()
    for source in (ROOT / "lib").glob("*/*.[ch]"):
        names |= set(re.findall(r"^DGI_SIZED(?:_SINCE)?\((dg_\w+),", source.read_text(), re.M))
    return names


def grow(include):
    """Appends a member to each sized struct in the headers at `include`; returns how many there were."""
    left = sized_structs()
    total = len(left)
    for header in include.glob("degrade/*.h"):
        text = header.read_text()
        for name in sorted(left):
            grown = re.sub(rf"^\}} {name};", f"    {GROWTH}\n}} {name};", text, flags=re.M)
            if grown != text:
                text = grown
                left.discard(name)
        header.write_text(text)
    if left:
        raise SystemExit(f"not found in any header: {sorted(left)}")
    return total


def run(command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


def build_library(cc, work, include, grown):
    objects = work / "objects"
    objects.mkdir(parents=True)
    flags = [*COMMON, "-fPIC", f"-I{include}", f"-I{ROOT}/lib", f"-DDGI_GROWN={grown}", "-fvisibility=hidden"]

    def one(source):
        target = objects / f"{source.parent.name}_{source.stem}.o"
        done = run([*cc, *flags, "-c", source, "-o", target])
        return target, done.stderr if done.returncode else ""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        built = list(pool.map(one, sorted((ROOT / "lib").glob("*/*.c"))))
    for target, error in built:
        if error:
            raise SystemExit(f"{work.name} library, {target.name}:\n{error[:3000]}")
    done = run([*cc, *SANITIZE, "-shared", "-Wl,-soname,libversion.so", *[target for target, _ in built], "-lpthread",
                "-o", work / "libversion.so"])
    if done.returncode:
        raise SystemExit(done.stderr)


def is_public(source):
    """Whether a program, and what it includes of the tests' own, knows the library by its public headers alone; what
    cuts operations short needs a library of its own."""
    text = source.read_text()
    if "dgi_kill_point" in text:
        return False
    for name in re.findall(r'#include "([^"]+)"', text):
        own = [path for path in (source.parent / name, ROOT / "tests/support" / name) if path.exists()]
        if not (name.startswith("degrade/") or (own and is_public(own[0]))):
            return False
    return True


def programs(chosen):
    found = [HERE / "client.c", *sorted((ROOT / "tests/unit").glob("test_*.c"))]
    return [source for source in found if is_public(source) and (not chosen or source.stem.removeprefix("test_") in chosen)]


def build_program(cc, source, include, library, target):
    flags = [*COMMON, f"-I{include}", f"-I{ROOT}/tests/support", f'-DTRACES_DIR="{ROOT}/tests/data/traces"']
    if include != ROOT / "include":
        flags.append("-DDG_TEST_NEXT")
    return run([*cc, *flags, source, "-o", target, f"-L{library}", "-lversion", "-lcheck", "-lsubunit", "-lm", "-lrt",
                "-lpthread"])


def try_program(cc, source, include, built_with, run_with, target):
    """What went wrong, "" if nothing did, None if the program needs more than the shared library exports."""
    done = build_program(cc, source, include, built_with, target)
    if "undefined reference to" in done.stderr:
        return None
    if done.returncode:
        return done.stderr[:3000]
    environment = dict(os.environ, LD_LIBRARY_PATH=str(run_with), CK_TIMEOUT_MULTIPLIER="5",
                       TESTS_SKIP=" ".join(OF_THIS_VERSION))
    try:
        done = run([target], env=environment, timeout=300, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return "it did not end"
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-3000:]


def main():
    cc, work, chosen = compiler(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    shutil.rmtree(work, ignore_errors=True)
    this, following = work / "this", work / "next"
    include = following / "include"
    shutil.copytree(ROOT / "include", include)
    grown = grow(include)
    build_library(cc, this, ROOT / "include", 0)
    build_library(cc, following, include, GROWN_BY)
    print(f"{grown} structs have grown by {GROWN_BY} bytes")
    pairs = [("this program, next library", ROOT / "include", this, following),
             ("next program, this library", include, following, this),
             ("next program, next library", include, following, following)]
    jobs = [(title, source, headers, built, other) for title, headers, built, other in pairs for source in programs(chosen)]

    def one(job):
        title, source, headers, built, other = job
        target = work / f"{source.stem}.{title.replace(' ', '_').replace(',', '')}"
        return title, source, try_program(cc, source, headers, built, other, target)
    good = bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for title, source, wrong in pool.map(one, jobs):
            if wrong is None:
                continue
            good, bad = good + (wrong == ""), bad + (wrong != "")
            print(f"{'ok' if wrong == '' else 'not ok'}: {title}: {source.name}" + (f"\n{wrong}" if wrong else ""))
    print(f"{good} passed, {bad} failed")
    return 1 if bad or not good else 0


sys.exit(main())
