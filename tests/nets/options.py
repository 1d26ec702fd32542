"""Holds the comments of configuration members in the headers to the tables that the library works by (base/option.h):
default, range, and whether it can be switched off.

usage: options.py CC ONE_FILE WORK_DIRECTORY     (ONE_FILE: one C file that includes every source of the library)
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import headers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "day": 86400 * 10**9,
         "days": 86400 * 10**9, "minutes": 60 * 10**9, "hour": 3600 * 10**9, "hours": 3600 * 10**9}
TYPES = ["U32", "U64", "DURATION", "WALL", "REAL", "WORD", "FLAG", "MASK", "OBJECT", "ALLOCATOR", "ZERO32", "ZERO64",
         "ZERO_POINTER"]
NUMBERS = ("U32", "U64", "DURATION", "WALL", "REAL")
VALUE = r"(-?\d[\d ]*(?:\.\d+)?(?:e\d+)?|DG_[A-Z0-9_]+)(?: ?(ns|us|ms|s|min|minutes|h|hours?|days?)\b)?(?! ?\*)"


def tables():
    """Names of all dgi_options in the source."""
    for path in sorted((ROOT / "lib").glob("*/*.c")):
        yield from re.findall(r"^(?:static )?const dgi_options (\w+)\b", path.read_text(), re.M)


def dump(cc, one_file, work):
    """[(object, member, type, low, high, standard, off)] of every row."""
    names = list(tables())
    found = headers.read(cc=cc)
    macros = re.findall(r"^ *# *define (DG_\w+) +[(\d]", " \n".join(comments_text()), re.M)
    constants = {name for name, _ in found.enumerators} | {name for name, _, _ in found.constants} | set(macros)
    source = [f'#include "{one_file}"', "#include <stdio.h>",
              "static void table(const dgi_options *o) {", "    for (size_t i = 0; i < o->count; i++) {",
              "        const dgi_option *r = &o->rows[i];",
              '        printf("row %s %s %d %llu %llu %llu %d\\n", o->name, r->name, r->type, (unsigned long long)r->low,',
              "               (unsigned long long)r->high, (unsigned long long)r->standard, r->off);", "    }", "}",
              "int main(void) {", *(f"    table(&{name});" for name in names)]
    source += [f'    printf("constant {name} %.17g\\n", (double)({name}));' for name in sorted(constants)]
    source += ["    return 0;", "}"]
    work.mkdir(parents=True, exist_ok=True)
    (work / "options.c").write_text("\n".join(source) + "\n")
    program = work / "options"
    subprocess.run([*cc.split(), "-std=c11", "-w", "-D_GNU_SOURCE", f"-I{ROOT}/include", f"-I{ROOT}/lib",
                    str(work / "options.c"), "-o", str(program), "-lpthread"], check=True)
    rows, known = [], {}
    for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
        words = line.split()
        if words[0] == "row":
            rows.append((words[1], words[2], TYPES[int(words[3])], *map(int, words[4:7]), words[7] == "1"))
        else:
            known[words[1]] = float(words[2])
    return rows, known


def comments_text():
    for path in sorted((ROOT / "include/degrade").glob("*.h")):
        yield path.read_text()


def members():
    """(struct, member) -> its comment, in one line."""
    found = {}
    for text in comments_text():
        for struct, body in re.findall(r"typedef struct (dg_\w+) \{\n(.*?)\n\} \1;", text, re.S):
            for name, comment in re.findall(r"^\s+[^/\n]*?\b(\w+)(?:\[[^\]]*\])?;[ \t]*(?:/\*(.*?)\*/)?", body, re.M | re.S):
                found[struct, name] = re.sub(r"\s+", " ", comment or "").strip()
    return found


def number(text, unit, kind, known):
    """A value as the table has it: durations in nanoseconds, reals in millionths; None if it is not to be read."""
    if text.startswith("DG_"):
        value = known.get(text)
        if value is None:
            return None
    else:
        value = float(text.replace(" ", ""))
    if unit and kind == "DURATION":
        return value * UNITS[unit]
    if unit and kind == "WALL":
        return value * UNITS[unit] / 10**6
    if kind == "REAL":
        return value * 10**6
    return value if not unit else None


def same(a, b):
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1)


def wrong_default(comment, kind, standard, known):
    said = re.search(rf"\bdefault:? {VALUE}", comment)
    if not standard:
        return ""
    if not said:
        return f"does not say its default, {standard}"
    value = number(said[1].strip(), said[2], kind, known)
    return "" if value is not None and same(value, standard) else f"says \"{said[0]}\"; it is {standard}"


def wrong_range(comment, kind, low, high, known):
    said = re.search(rf"{VALUE}\.\.{VALUE}", comment)
    if not said:
        upto = re.search(rf"\b(?:up to|at most) {VALUE}", comment)
        if not upto:
            return ""
        value = number(upto[1].strip(), upto[2], kind, known)
        return "" if value is None or same(value, high) else f"says \"{upto[0]}\"; it is up to {high}"
    first = number(said[1].strip(), said[2] or (said[4] if kind in ("DURATION", "WALL") and said[1] != "0" else None), kind, known)
    last = number(said[3].strip(), said[4], kind, known)
    # Where 0 stands for a default that depends on others, the table lets it pass and the comment begins at 1.
    if first is None or last is None or (same(last, high) and (same(first, low) or (low == 0 and first == 1))):
        return ""
    return f"says \"{said[0]}\"; it is {low}..{high}"


def main():
    cc, one_file, work = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]).resolve()
    rows, known = dump(cc, one_file, work)
    said = members()
    good, wrong = 0, []
    for owner, member, kind, low, high, standard, off in rows:
        comment = said.get((f"dg_{owner}_config", member))
        faults = []
        if comment is None:
            faults.append("is not a member in the header")
        elif kind in NUMBERS:
            faults.append(wrong_default(comment, kind, standard, known))
            faults.append(wrong_range(comment, kind, low, high, known))
            if off and "DG_OFF" not in comment:
                faults.append("does not say that it can be switched off")
        faults = [fault for fault in faults if fault]
        good += not faults
        wrong += [f"dg_{owner}_config.{member} {fault}" for fault in faults]
    print("\n".join(wrong))
    print(f"{good} passed, {len(wrong)} failed")
    return 1 if wrong or not rows else 0


sys.exit(main())
