"""What the public headers declare, for nets and generators: structs with their members, enumerators, constants and
functions. It is read from the text that bindings read (DG_DECLARATIONS_ONLY), so nothing has to be listed twice.
"""
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field

from pycparser import c_ast, c_parser

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"


@dataclass
class Member:
    name: str
    type: str       # as declared, without the array: "uint32_t", "const char *", "dg_session_edges"
    count: str      # "" or what stands in the brackets
    pointer: bool   # to an object or a function


@dataclass
class Struct:
    name: str
    header: str
    members: list = field(default_factory=list)


@dataclass
class Function:
    name: str
    header: str
    result: str
    parameters: list = field(default_factory=list)  # of (type, name)


@dataclass
class Headers:
    structs: dict
    opaque: dict       # opaque types, by name: the header that declares them
    enumerators: list  # of (name, header), in order
    enums: list        # of (header, [names]): one entry for each enum { ... }
    constants: list    # of (name, type, header): static const objects
    functions: dict


def preprocessed(include, cc="cc", defines=()):
    """The text of degrade.h and all it includes, with line markers."""
    return subprocess.run(
        [*cc.split(), "-E", "-DDG_DECLARATIONS_ONLY", *defines, f"-I{include}", "-x", "c", str(include / "degrade/degrade.h")],
        check=True, capture_output=True, text=True).stdout


def own_part(text):
    """Only what stands in the public headers themselves: what other headers define is left out, and the names that
    are used of them are declared."""
    kept, ours = [], False
    for line in text.splitlines():
        marker = re.match(r'# (\d+) "([^"]*)"', line)
        if marker:
            ours = "/degrade/" in marker[2]
            if ours:
                kept.append(f'#line {marker[1]} "{pathlib.Path(marker[2]).stem}"')
        elif ours:
            kept.append(line)
    prelude = "".join(f"typedef int {name};\n" for name in (
        "size_t", "bool", "_Bool_", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t",
        "uint64_t", "uintptr_t", "intptr_t"))
    return prelude + re.sub(r"__attribute__\s*\(\(.*?\)\)", "", "\n".join(kept)).replace("_Bool ", "bool ")


def spelled(node):
    """A type as C spells it, and whether it is a pointer."""
    if isinstance(node, c_ast.TypeDecl):
        inner = node.type
        names = inner.names if isinstance(inner, c_ast.IdentifierType) else [f"struct {inner.name}"]
        return " ".join([*node.quals, *names])
    if isinstance(node, c_ast.PtrDecl):
        if isinstance(node.type, c_ast.FuncDecl):
            called = node.type
            parameters = ", ".join(spelled(p.type) for p in called.args.params) if called.args else ""
            return f"{spelled(called.type)} (*)({parameters})"
        inner = spelled(node.type)
        return inner + ("*" if inner.endswith("*") else " *")
    if isinstance(node, c_ast.ArrayDecl):
        return spelled(node.type)
    raise ValueError(f"what is {type(node).__name__}?")


def expression(node):
    from pycparser import c_generator
    return c_generator.CGenerator().visit(node)


def members(struct):
    for decl in struct.decls or []:
        kind = decl.type
        count = expression(kind.dim) if isinstance(kind, c_ast.ArrayDecl) else ""
        name = spelled(kind)
        yield Member(decl.name, name, count, name.endswith("*") or "(*)" in name)


def read(include=INCLUDE, cc="cc", defines=()):
    tree = c_parser.CParser().parse(own_part(preprocessed(pathlib.Path(include), cc, defines)))
    found = Headers({}, {}, [], [], [], {})
    for node in tree.ext:
        header = node.coord.file if node.coord else ""
        if isinstance(node, c_ast.Typedef) and isinstance(node.type, c_ast.TypeDecl):
            inner = node.type.type
            if isinstance(inner, c_ast.Struct) and inner.decls is not None:
                found.structs[node.name] = Struct(node.name, header, list(members(inner)))
            elif isinstance(inner, c_ast.Struct):
                found.opaque[node.name] = header
        elif isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.Enum):
            names = [one.name for one in node.type.values.enumerators]
            found.enums.append((header, names))
            found.enumerators += [(name, header) for name in names]
        elif isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            parameters = [(spelled(p.type), p.name) for p in node.type.args.params] if node.type.args else []
            if parameters == [("void", None)]:
                parameters = []
            found.functions[node.name] = Function(node.name, header, spelled(node.type.type), parameters)
        elif isinstance(node, c_ast.Decl) and "const" in node.quals:
            found.constants.append((node.name, spelled(node.type), header))
    return found


# --- words of enumerations ---

# Where the words of an enumeration are found, if not by the prefix of its constants.
NAMED_BY = {"DG": "dg_status", "DG_SERVICE": "dg_service_level", "DG_QUEUE": "dg_queue_what",
            "DG_MESSAGE": "dg_message_kind", "DG_BREAKER": "dg_breaker_state", "DG_CELL": "dg_cell_kind",
            "DG_LOG": "dg_log_severity", "DG_FIELD": "dg_field_type", "DG_TRAIL": "dg_trail_what"}


def numbers_of(include=INCLUDE):
    """Enumerator -> value, from the text: those that are written as numbers."""
    found = {}
    for path in (pathlib.Path(include) / "degrade").glob("*.h"):
        for name, value in re.findall(r"^\s*(DG_\w+) = (-?\d+)\b", path.read_text(), re.M):
            found[name] = int(value)
    return found


def is_words(names, numbers):
    """Whether an enumeration is one that words belong to: neither a mask, nor sizes and limits."""
    mask = numbers[0] == 1 and all(n > 0 and n & (n - 1) == 0 for n in numbers)
    limits = any(name.endswith(("_MAX", "_MIN", "_HOLDS")) for name in names) or len(names) < 2
    return not mask and not limits


def prefix(names):
    """DG_LEVEL of DG_LEVEL_FULL and DG_LEVEL_LOW."""
    common = []
    for words in zip(*(name.split("_") for name in names)):
        if len(set(words)) > 1:
            break
        common.append(words[0])
    return "_".join(common)


def words(found, include=INCLUDE):
    """(function without its ending, header, names, values) of each enumeration that has words, or should."""
    known = numbers_of(include)
    for header, names in found.enums:
        numbers = [known[name] for name in names if name in known]
        if len(numbers) == len(names) and is_words(names, numbers):
            yield NAMED_BY.get(prefix(names), prefix(names).lower()), header, names, numbers


if __name__ == "__main__":
    everything = read(*(sys.argv[1:2] or [INCLUDE]))
    print(f"{len(everything.structs)} structs, {len(everything.opaque)} opaque types, "
          f"{len(everything.enumerators)} enumerators, {len(everything.constants)} constants, "
          f"{len(everything.functions)} functions")
