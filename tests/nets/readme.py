"""What README.md tells people to write is compiled as it stands there: the twenty lines, C++, the drop-in build; and
degrade(7) has the same twenty lines.

usage: readme.py CC CXX WORK_DIRECTORY
       readme.py --update     writes the lines into degrade(7) anew
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MANUAL = ROOT / "man/degrade.7"
PLACE = re.compile(r"(in twenty lines:\n\.Bd -literal\n)(.*?)(\n\.Ed\n)", re.S)
WARN = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]

# What the twenty lines take for granted.
AROUND = """
struct client { dg_conn conn; dg_meter *meter; };
int excerpt(void *server, struct client *client, uint32_t sequence, uint64_t bytes, dg_time now);
int send_text(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const char *text, size_t size);
int send_ping(void *user, dg_hub *hub, dg_conn conn, void *conn_user);
int close_socket(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_close *close);
void obey(void *user, dg_hub *hub, dg_conn conn, void *conn_user, const dg_decision *decision);
void forget(void *user, dg_hub *hub, dg_conn conn, void *conn_user);
int unavailable(uint64_t seconds);
bool query(void);
static dg_breaker *breaker;
static dg_hub *hub;
int excerpt(void *server, struct client *client, uint32_t sequence, uint64_t bytes, dg_time now) {
%s
return 0;
}
"""
SERVER = """#include <degrade/degrade.h>
int main(void) {
    dg_session *session = 0;
    int status = dg_session_new(&session, 0, 0);
    dg_session_free(session);
    return status == DG_OK ? 0 : 1;
}
"""


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```$", README.read_text(), re.M | re.S)[1].rstrip("\n")


def roff(text):
    """Text that troff prints as it is."""
    lines = text.replace("\\", "\\e").splitlines()
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr[-2000:]}")


def twenty_lines(cc, work):
    include, _, lines = block("c").partition("\n")
    assert include == "#include <degrade/degrade.h>"
    assert len(lines.splitlines()) <= 25, "twenty lines are not twenty any more"
    (work / "twenty.c").write_text(include + AROUND % lines)
    run(*cc.split(), "-std=c11", *WARN, f"-I{ROOT}/include", "-c", work / "twenty.c", "-o", work / "twenty.o")


def cxx(compiler, work):
    (work / "block.cpp").write_text(block("cpp") + "\n")
    for standard in ("c++11", "c++17", "c++20"):
        run(*compiler.split(), f"-std={standard}", *WARN, f"-I{ROOT}/include", "-c", work / "block.cpp", "-o", work / "block.o")


def dropped_in(work):
    """The command as it stands there, in a directory where the sources lie."""
    command = re.search(r"^ +(cc .*-o server)$", README.read_text(), re.M)[1]
    (work / "server.c").write_text(SERVER)
    for name in ("include", "lib"):
        (work / name).symlink_to(ROOT / name)
    run("sh", "-c", command, cwd=work)
    run(work / "server")


def manual():
    found = PLACE.search(MANUAL.read_text())
    assert found and found[2] == roff(block("c")), "degrade(7) has other lines: run tests/nets/readme.py --update"


def update():
    MANUAL.write_text(PLACE.sub(lambda found: found[1] + roff(block("c")) + found[3], MANUAL.read_text()))


def main():
    cc, cpp, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    subprocess.run(["rm", "-rf", str(work)], check=True)
    work.mkdir(parents=True)
    failed = 0
    for part in (lambda: twenty_lines(cc, work), lambda: cxx(cpp, work), lambda: dropped_in(work), manual):
        try:
            part()
        except AssertionError as fault:
            print(fault)
            failed += 1
    print(f"{4 - failed} passed, {failed} failed")
    return 1 if failed else 0


if sys.argv[1:] == ["--update"]:
    update()
else:
    sys.exit(main())
