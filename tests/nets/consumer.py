"""The library as others use it: installed and found by pkg-config, shared and static, from C and C++; and as a meson
subproject.

usage: consumer.py CC CXX WORK_DIRECTORY
"""
import os
import pathlib
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
degrade = dependency('libdegrade', fallback: 'libdegrade', default_options: ['tests=disabled', 'examples=disabled'])
test('consumer', executable('consumer', 'consumer.c', dependencies: degrade))
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
        "-Dexamples=disabled", env=meson())
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


def check_subproject(work):
    project = work / "project"
    (project / "subprojects").mkdir(parents=True)
    (project / "subprojects/libdegrade").symlink_to(ROOT)
    (project / "consumer.c").write_text(PROGRAM)
    (project / "meson.build").write_text(SUBPROJECT)
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
    check_subproject(work)
    print(f"{passed + 1} passed, 0 failed")


main()
