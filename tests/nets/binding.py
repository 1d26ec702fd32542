"""Builds a Python module from the public headers with cffi (API mode) and makes decisions through it, so that no
header ever grows something that a binding cannot use.

usage: binding.py CC SHARED_LIBRARY WORK_DIRECTORY
"""
import importlib.util
import pathlib
import subprocess
import sys

import cffi

ROOT = pathlib.Path(__file__).resolve().parents[2]


def declarations(cc):
    """The headers as a binding generator reads them: no system headers, attributes or inline functions."""
    text = subprocess.run(
        [*cc.split(), "-E", "-P", "-DDG_DECLARATIONS_ONLY", f"-I{ROOT}/include", "-x", "c",
         str(ROOT / "include/degrade/degrade.h")], check=True, capture_output=True, text=True).stdout
    return text


def module(cc, library, work):
    ffi = cffi.FFI()
    ffi.cdef(declarations(cc))
    library = pathlib.Path(library).resolve()
    ffi.set_source("_degrade_smoke", '#include "degrade/degrade.h"', include_dirs=[str(ROOT / "include")],
                   extra_link_args=[str(library), f"-Wl,-rpath,{library.parent}"])
    path = ffi.compile(tmpdir=work)
    spec = importlib.util.spec_from_file_location("_degrade_smoke", path)
    built = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(built)
    return built.ffi, built.lib


def check_session(ffi, lib):
    out = ffi.new("dg_session **")
    assert lib.dg_session_new_sized(out, ffi.NULL, 0, 0) == 0
    sample = ffi.new("dg_sample *", {"has": lib.DG_SAMPLE_RTT | lib.DG_SAMPLE_LOSS | lib.DG_SAMPLE_JITTER,
                                     "rtt_ms": 450, "loss": 0.02, "jitter_ms": 35})
    decision = ffi.new("dg_decision *")
    assert lib.dg_session_feed_sized(out[0], sample, ffi.sizeof("dg_sample"), 1, decision,
                                     ffi.sizeof("dg_decision")) == 0
    assert ffi.string(decision.level_name) == b"reduced"
    assert ffi.string(lib.dg_reason_name(decision.reason)) == b"high_rtt"
    assert decision.expected_latency_ms == 500
    lib.dg_session_free(out[0])


def check_bucket(ffi, lib):
    out = ffi.new("dg_bucket **")
    config = ffi.new("dg_bucket_config *", {"rate": 10, "burst": 3})
    assert lib.dg_bucket_new_sized(out, config, ffi.sizeof("dg_bucket_config"), 0) == 0
    assert [lib.dg_bucket_take(out[0], 1, 0) for _ in range(4)] == [True, True, True, False]
    lib.dg_bucket_free(out[0])


def check_breaker(ffi, lib):
    out = ffi.new("dg_breaker **")
    assert lib.dg_breaker_new_sized(out, ffi.NULL, 0, 0) == 0
    permit = ffi.new("dg_permit *")
    for _ in range(5):
        assert lib.dg_breaker_allow(out[0], 0, permit)
        assert lib.dg_breaker_report(out[0], permit, lib.DG_OUTCOME_FAILURE, 0, 0) == 0
    assert not lib.dg_breaker_allow(out[0], 0, permit)
    assert 30 * 10**9 <= lib.dg_breaker_retry_after(out[0], 0) <= 33 * 10**9
    lib.dg_breaker_free(out[0])


def check_hub_callbacks(ffi, lib):
    seen = []

    @ffi.callback("int(void *, dg_hub *, dg_conn, void *, const char *, size_t)")
    def send(user, hub, conn, conn_user, text, size):
        seen.append(ffi.unpack(text, size))
        return 0

    host = ffi.new("dg_host *", {"send": send})
    hub, conn = ffi.new("dg_hub **"), ffi.new("dg_conn *")
    assert lib.dg_hub_new_sized(hub, ffi.NULL, 0, host, ffi.sizeof("dg_host"), 0) == 0
    assert lib.dg_hub_add_sized(hub[0], ffi.NULL, 0, 0, conn) == 0
    sample = ffi.new("dg_sample *", {"has": lib.DG_SAMPLE_RTT, "rtt_ms": 2000})
    assert lib.dg_hub_feed_sized(hub[0], conn[0], sample, ffi.sizeof("dg_sample"), 1) == 0
    assert any(b"quality.degraded" in text for text in seen), seen
    lib.dg_hub_free(hub[0])


def main():
    cc, library, work = sys.argv[1:]
    ffi, lib = module(cc, library, work)
    checks = [check_session, check_bucket, check_breaker, check_hub_callbacks]
    for check in checks:
        check(ffi, lib)
        print("ok:", check.__name__)
    print(f"{len(checks)} passed, 0 failed")


main()
