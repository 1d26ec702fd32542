"""Holds the shared library to its promises, from outside.

  exports    what it exports is what the version script lists, is what the public headers declare, and each is
             named in a manual page
  undefined  what it needs from outside is on the short list below: no clock, no socket, no file, no environment,
             no thread creation, no stdio, no libm
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The C library's memory and string functions, its mutexes and conditions, and what compilers and sanitizers put in.
ALLOWED = re.compile(
    r"^(malloc|calloc|free|mem(cpy|set|cmp|move|chr)|str(len|nlen|cmp|ncmp|chr)"
    r"|pthread_(mutex_(init|destroy|lock|unlock)|cond_(init|destroy|wait|signal))"
    r"|__assert_fail|__stack_chk_fail|__cxa_finalize|__gmon_start__|_ITM_\w+TMCloneTable"
    r"|__(mem|str)\w+_chk|__(asan|ubsan|tsan|lsan|sanitizer)_\w+)$")


def nm(library, *flags):
    lines = subprocess.run(["nm", "-D", *flags, library], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        yield line.split()[-2:]


def exported(library):
    return {name.split("@")[0] for kind, name in nm(library, "--defined-only") if kind in "TDBRW"}


def listed():
    script = (ROOT / "lib/degrade.map").read_text()
    return set(re.findall(r"^\s+(dg_\w+);", script, re.M))


def declared():
    names = set()
    for header in (ROOT / "include/degrade").glob("*.h"):
        names |= set(re.findall(r"^DG_API [^;(]*?\b(dg_\w+)\(", header.read_text(), re.M))
    return names


def documented():
    text = "".join(page.read_text() for page in (ROOT / "man").glob("*.3"))
    return set(re.findall(r"^\.(?:Nm|Fn|Fo)\s+\"?(?:\w+ )*?(dg_\w+)", text, re.M)) | set(
        re.findall(r"\b(dg_\w+)\b", text))


def report(title, wrong):
    print(f"{'ok' if not wrong else 'not ok'}: {title}{': ' if wrong else ''}{', '.join(sorted(wrong))}")
    return not wrong


def main():
    library = sys.argv[1]
    exports, script, headers = exported(library), listed(), declared()
    undefined = {name.split("@")[0] for _, name in nm(library, "--undefined-only")}
    results = [
        report("there are exports", set() if len(exports) > 100 else {"nothing exported"}),
        report("every export is in the version script", exports - script - {"LIBDEGRADE_0.1"}),
        report("every symbol of the version script is exported", script - exports),
        report("every declared function is exported", headers - exports),
        report("every export is declared in a public header", exports - headers - {"LIBDEGRADE_0.1"}),
        report("every function is named in a manual page", headers - documented()),
        report("nothing undefined outside the allow-list", {n for n in undefined if not ALLOWED.match(n)}),
    ]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


sys.exit(main())
