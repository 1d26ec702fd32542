"""The library as others use it: installed and found by pkg-config, shared and static, from C and C++; by CMake; and as a
meson subproject, shared or static as its parent is, by a link and by the README's wrap.

usage: consumer.py CC CXX WORK_DIRECTORY
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROGRAM = """#include <degrade/degrade.h>
int main(void) {
    dg_bucket *bucket = 0;
    if (dg_bucket_new(&bucket, 0, 0) != DG_OK || !dg_bucket_take(bucket, 1, 0))
        return 1;
    dg_bucket_free(bucket);
    return dg_version() == (DG_VERSION_MAJOR << 16 | DG_VERSION_MINOR << 8 | DG_VERSION_PATCH) ? 0 : 1;
}
"""
SUBPROJECT = """project('consumer', 'c')
degrade = dependency('libdegrade', fallback: 'libdegrade')
test('consumer', executable('consumer', 'consumer.c', dependencies: degrade, install: true))
"""
CMAKE = """cmake_minimum_required(VERSION 3.13)
project(consumer C)
add_executable(server consumer.c)
"""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout.strip()


def meson():
    """Debian's meson wants Debian's Python, which need not be the first in PATH."""
    return dict(os.environ, PATH="/usr/bin:" + os.environ["PATH"])


def install(work):
    prefix = work / "prefix"
    run("meson", "setup", work / "build", ROOT, f"--prefix={prefix}", "--libdir=lib", "-Dtests=disabled",
        "-Dexamples=disabled", "-Ddefault_library=both", env=meson())
    run("meson", "install", "-C", work / "build", env=meson())
    return prefix


def check_installed(prefix):
    for path in ("lib/libdegrade.a", "lib/libdegrade.so", "lib/libdegrade.so.0.1", "lib/pkgconfig/libdegrade.pc",
                 "include/degrade/degrade.h", "share/man/man7/degrade.7", "share/man/man3/dg_session.3"):
        assert (prefix / path).exists(), f"{path} was not installed"
    dynamic = run("objdump", "-p", prefix / "lib/libdegrade.so")
    assert "SONAME" in dynamic and "libdegrade.so.0.1\n" in dynamic, "the soname is by the minor version while the major one is 0"
    needed = [line.split()[1] for line in dynamic.splitlines() if "NEEDED" in line]
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2"}, f"it needs {needed}"


def check_compiled(compiler, source, prefix, static):
    environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "lib/pkgconfig"), LD_LIBRARY_PATH=str(prefix / "lib"))
    flags = run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "libdegrade",
                env=environment).split()
    if static:
        flags = [str(prefix / "lib/libdegrade.a") if flag == "-ldegrade" else flag for flag in flags]
    program = source.with_suffix("")
    run(*compiler.split(), "-Wall", "-Wextra", "-Wpedantic", "-Werror", source, *flags, "-o", program, env=environment)
    run(program, env=environment)


def readme(pattern):
    return re.search(pattern, (ROOT / "README.md").read_text(), re.M | re.S)[1]


def check_cmake(work, prefix):
    """By the lines of the README; a version that is not this one's is not found."""
    project = work / "cmake"
    project.mkdir()
    (project / "consumer.c").write_text(PROGRAM)
    lines = readme(r"^ *```cmake\n(.*?)^ *```$")
    (project / "CMakeLists.txt").write_text(CMAKE + lines)
    moved = work / "moved"
    shutil.copytree(prefix, moved, symlinks=True)
    run("cmake", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={moved}")
    run("cmake", "--build", project / "build")
    run(project / "build/server")
    (project / "CMakeLists.txt").write_text(CMAKE + lines.replace("0.1", "0.2"))
    done = subprocess.run(["cmake", "-S", project, "-B", project / "other", f"-DCMAKE_PREFIX_PATH={moved}"],
                          capture_output=True, text=True)
    assert done.returncode != 0 and "libdegrade" in done.stderr, "another version is not this one"


def check_subproject(work, kind):
    """The parent's choice of libraries is the library's too, and nothing is built or installed but the library."""
    project = work / f"project-{kind}"
    (project / "subprojects").mkdir(parents=True)
    (project / "subprojects/libdegrade").symlink_to(ROOT)
    (project / "consumer.c").write_text(PROGRAM)
    (project / "meson.build").write_text(SUBPROJECT)
    build = project / "build"
    run("meson", "setup", build, project, f"--prefix={project}/prefix", "--libdir=lib", f"-Ddefault_library={kind}",
        env=meson())
    run("meson", "test", "-C", build, "consumer", env=meson())
    run("meson", "install", "-C", build, env=meson())
    made = {path.name for path in build.rglob("libdegrade.*") if path.suffix in (".a", ".so")}
    wanted = {"static": {"libdegrade.a"}, "shared": {"libdegrade.so"}}[kind]
    assert made == wanted, f"a parent that is {kind} gets {made}"
    extra = [path for path in (project / "prefix").rglob("*") if "man" in path.parts or "echo" in path.name]
    assert not extra and not list(build.rglob("*echo*")), f"the parent's prefix gets {extra}"


def check_wrap(work):
    """The README's wrap, with this checkout as the repository."""
    if not (ROOT / ".git").exists():
        return
    project = work / "wrapped"
    (project / "subprojects").mkdir(parents=True)
    wrap = re.sub(r"^ +", "", readme(r"^ *```ini\n(.*?)^ *```$"), flags=re.M)
    (project / "subprojects/libdegrade.wrap").write_text(
        wrap.replace("ADDRESS-OF-THIS-REPOSITORY", ROOT.as_uri()).replace("depth = 1\n", ""))
    (project / "meson.build").write_text(SUBPROJECT.replace(", fallback: 'libdegrade'", ""))
    (project / "consumer.c").write_text(PROGRAM)
    run("meson", "setup", project / "build", project, env=meson())
    run("meson", "test", "-C", project / "build", "consumer", env=meson())


def main():
    cc, cxx, work = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    prefix = install(work)
    check_installed(prefix)
    passed = 1
    for compiler, name in ((cc, "consumer.c"), (cxx, "consumer.cpp")):
        (work / name).write_text(PROGRAM)
        for static in (False, True):
            check_compiled(compiler, work / name, prefix, static)
            passed += 1
    check_cmake(work, prefix)
    for kind in ("static", "shared"):
        check_subproject(work, kind)
    check_wrap(work)
    print(f"{passed + 4} passed, 0 failed")


main()
