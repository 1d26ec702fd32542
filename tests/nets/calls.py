"""Writes a C header with one call of every public function, for test_callbacks.c. The functions come from the headers,
so none can be forgotten: a parameter that is not known here fails the build, and says what to teach.

usage: calls.py OUTPUT CC...
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Objects of the test's world, by type; what begins with `_free` or `_end` of them gets NULL instead.
OBJECTS = {"dg_hub": "w->hub", "dg_trail": "w->trail", "dg_seats": "w->seats", "dg_bucket": "w->bucket",
           "dg_sampler": "w->sampler", "dg_load": "w->load", "dg_queue": "w->queue", "dg_gate": "w->gate",
           "dg_meter": "w->meter", "dg_cohort": "w->cohort", "dg_session": "w->session", "dg_breaker": "w->breaker",
           "dg_lifecycle": "w->lifecycle", "dg_metrics": "w->metrics", "dg_region": "w->region",
           "dg_profile": "dg_profile_voice()"}
SIMPLE = {"dg_conn": "w->conn", "dg_time": "w->now", "dg_duration": "DG_SEC(1)", "dg_wall": "1", "uint64_t": "1",
          "uint32_t": "1", "int32_t": "1", "int": "0", "bool": "true", "_Bool": "true", "double": "0.5", "dg_write_fn": "swallow"}
# What is not to be done to the world, and what is: name and argument, or the whole call.
ARGUMENTS = {("dg_hub_free", "hub"): "w->hub"}  # it does nothing there
WHOLE = {"dg_hub_tick": "if (w->in_hub) err(dg_hub_tick(w->hub, w->now), DG_ERR_REENTRANT);"}


def functions(cc):
    text = subprocess.run([*cc, "-E", "-P", "-DDG_DECLARATIONS_ONLY", f"-I{ROOT}/include", "-x", "c",
                           str(ROOT / "include/degrade/degrade.h")], check=True, capture_output=True, text=True).stdout
    text = re.sub(r"\btypedef\b[^;{]*(\{[^}]*\})?[^;]*;", "", text)
    for name, arguments in re.findall(r"\b(dg_\w+)\(([^()]*)\)\s*;", text):
        yield name, [a.strip() for a in arguments.split(",") if a.strip() != "void"]


class Call:
    """One function's call: statements before it, arguments, statements after."""

    def __init__(self, name, known):
        self.name, self.known, self.before, self.after, self.sizes = name, known, [], [], {}

    def pointer(self, const, kind, name):
        if kind in OBJECTS:
            return "NULL" if re.search(r"_(free|end|unref)$", self.name) else OBJECTS[kind]
        if kind == "dg_allocator":
            return "NULL"
        if kind == "char" and const:
            self.sizes["size"] = "1"
            return '"x"'
        if kind in ("char", "void") and not (kind == "void" and name in ("user", "object", "item")):
            self.sizes["size"] = "sizeof w->scratch"
            self.before.append("memset(w->scratch, 0, sizeof w->scratch);")
            return "w->scratch" if kind == "void" else "(char *)w->scratch"
        if kind == "void":
            return "w"
        self.before.append(f"static {kind} {name};" if kind in ("uint64_t", "double")
                           else f"{kind} {name} = {{0}};")
        if kind == "dg_host":
            self.before.append("host.decision_size = sizeof(dg_decision), host.close_size = sizeof(dg_close);")
        self.sizes[f"{name}_size"] = self.sizes[f"{name.rstrip('s')}_size"] = f"sizeof {name}"
        self.sizes["struct"] = f"sizeof {name}"
        return f"&{name}"

    def created(self, const, kind, name):
        self.before.append(f"{const}{kind} *{name} = NULL;")
        ends = [f"{kind}_unref", f"{kind}_free"] if "_new" in self.name else []  # what is placed is not the heap's
        self.after += [f"{end}({name});" for end in ends if end in self.known][:1]
        return f"&{name}"

    def argument(self, declared):
        found = re.fullmatch(r"(const )?(?:struct )?(\w+)\s*((?:\*\s*(?:const \*)?)*)(\w+)", declared)
        if not found:
            sys.exit(f"calls.py: cannot read the parameter '{declared}' of {self.name}")
        const, kind, stars, name = found.group(1) or "", found.group(2), found.group(3).count("*"), found.group(4)
        if (self.name, name) in ARGUMENTS:
            return ARGUMENTS[self.name, name]
        if stars == 2:
            return self.created(const, kind, name)
        if stars == 1:
            return self.pointer(bool(const), kind, name)
        if kind == "size_t":
            if name in self.sizes:
                return self.sizes[name]
            return "1" if name == "count" else self.sizes.get("struct", "1")
        if kind not in SIMPLE:
            sys.exit(f"calls.py: what is handed in for '{declared}' of {self.name}?")
        return SIMPLE[kind]

    def text(self, arguments):
        if self.name in WHOLE:
            body = ["(void)w;", WHOLE[self.name]]
        else:
            given = ", ".join(self.argument(a) for a in arguments)
            body = ["(void)w;", *self.before, f"(void){self.name}({given});", *self.after]
        return "\n    ".join([f"static void call_{self.name}(world *w) {{", *body]) + "\n}\n"


def main():
    output, cc = sys.argv[1], sys.argv[2:]
    declared = dict(functions(cc))
    if len(declared) < 200:
        sys.exit(f"calls.py: found only {len(declared)} functions")
    with open(output, "w") as to:
        for name, arguments in declared.items():
            to.write(Call(name, declared).text(arguments) + "\n")
        to.write("static const struct {\n    const char *name;\n    void (*call)(world *w);\n} calls[] = {\n")
        for name in declared:
            call = f"call_{name}"
            # Those that return void take no cast; C is content with it.
            to.write(f'    {{"{name}", {call}}},\n')
        to.write("};\n")


main()
