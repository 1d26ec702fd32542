"""Holds the public headers to the rules that they share, and the manual to the headers.

  sized      a struct that crosses with its size is declared as one that grows (DGI_SIZED)
  checks     every input struct has its dg_x_check
  inline     every function named _sized has its inline twin without the size
  names      every enumeration has a name and a finder
  manual     every function is in a manual page, and every struct with all its members in that of its header
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import headers  # noqa: E402

ROOT = headers.ROOT
FOUND = headers.read()

# Inputs without a check of their own: a table of callbacks, and what the library itself made.
UNCHECKED = {"dg_host", "dg_decision", "dg_close", "dg_metrics_source"}
# Enumerations that no words belong to: numbers of a protocol, sizes, bits of a mask are found by themselves.
UNNAMED = {"DG_CODE"}
# Where the words of an enumeration are found, if not by the name of its constants.
NAMED_BY = {"DG_OK": "dg_status"}


def sized_structs():
    names = set()
    for source in (ROOT / "lib").glob("*/*.[ch]"):
        names |= set(re.findall(r"^DGI_SIZED(?:_SINCE)?\((dg_\w+),", source.read_text(), re.M))
    return names


def with_sizes():
    """(function, struct, whether it is an input) of each struct that crosses with its size."""
    for one in FOUND.functions.values():
        for (kind, name), (following, size) in zip(one.parameters, one.parameters[1:]):
            struct = re.fullmatch(r"(const )?(dg_\w+) \*", kind)
            if struct and struct[2] in FOUND.structs and following == "size_t" and size == f"{name}_size":
                yield one, struct[2], bool(struct[1])


def not_sized():
    known = sized_structs()
    return sorted({f"{struct} ({one.name})" for one, struct, _ in with_sizes() if struct not in known})


def not_checked():
    inputs = {struct for one, struct, given in with_sizes() if given and not one.name.endswith("_check_sized")}
    return sorted(struct for struct in inputs - UNCHECKED if f"{struct}_check_sized" not in FOUND.functions)


def header_text(stem):
    return (headers.INCLUDE / f"degrade/{stem}.h").read_text()


def without_twin():
    for one in FOUND.functions.values():
        if one.name.endswith("_sized"):
            twin = one.name.removesuffix("_sized")
            if not re.search(rf"^static inline [^(]*\b{twin}\(", header_text(one.header), re.M):
                yield one.name


def values():
    """Enumerator -> value, from the text: those that are numbers."""
    found = {}
    for path in (headers.INCLUDE / "degrade").glob("*.h"):
        for name, value in re.findall(r"^\s*(DG_\w+) = (-?\d+)\b", path.read_text(), re.M):
            found[name] = int(value)
    return found


def is_mask(numbers):
    return len(numbers) > 2 and all(n > 0 and n & (n - 1) == 0 for n in numbers)


def prefix(names):
    """DG_LEVEL of DG_LEVEL_FULL and DG_LEVEL_LOW."""
    parts = [name.split("_") for name in names]
    common = []
    for words in zip(*parts):
        if len(set(words)) > 1:
            break
        common.append(words[0])
    return "_".join(common)


def without_words():
    known = values()
    for header, names in FOUND.enums:
        numbers = [known[name] for name in names if name in known]
        named = prefix(names)
        if len(names) < 2 or is_mask(numbers) or len(numbers) < len(names) or named in UNNAMED or named == "DG":
            if names[0] not in NAMED_BY:
                continue
        function = NAMED_BY.get(names[0], named.lower())
        for ending in ("name", "find"):
            if f"{function}_{ending}" not in FOUND.functions:
                yield f"{function}_{ending} ({header}.h: {names[0]}, ...)"


def page_of(header):
    path = ROOT / "man" / (f"dg_{header}.3" if header != "degrade" else "degrade.7")
    return path.read_text() if path.exists() else ""


def undocumented():
    for one in FOUND.functions.values():
        plain = one.name.removesuffix("_sized")
        if not re.search(rf"\b{plain}(_sized)?\b", page_of(one.header)):
            yield f"{one.name} is not in dg_{one.header}.3"
    for one in FOUND.structs.values():
        page = page_of(one.header)
        missing = [member.name for member in one.members if not re.search(rf"\b{member.name}\b", page)]
        if one.name not in page:
            yield f"struct {one.name} is not in dg_{one.header}.3"
        elif missing:
            yield f"dg_{one.header}.3 leaves out members of {one.name}: {', '.join(missing)}"


def report(title, wrong):
    wrong = list(wrong)
    print(f"{'ok' if not wrong else 'not ok'}: {title}" + "".join(f"\n    {one}" for one in wrong))
    return not wrong


def main():
    results = [
        report("there are headers to look at", [] if len(FOUND.functions) > 150 else [str(len(FOUND.functions))]),
        report("a struct that crosses with its size may grow", not_sized()),
        report("every input struct has its check", not_checked()),
        report("every _sized function has its inline twin", without_twin()),
        report("every enumeration has a name and a finder", without_words()),
        report("the manual has every function, and every struct with its members", undocumented()),
    ]
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
