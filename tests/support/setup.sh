# Sourced by examples/run and tests/run: installing what is missing, and building.

# install_missing WHO PACKAGE:PROBE... : PROBE is a command, or an absolute path that the package brings.
install_missing() {
    local who=$1 entry package probe missing=()
    shift
    for entry in "$@"; do
        package=${entry%%:*} probe=${entry#*:}
        case "$probe" in
        /*) [ -e "$probe" ] || missing+=("$package") ;;
        *) command -v "$probe" >/dev/null 2>&1 || missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
    if ! command -v apt-get >/dev/null 2>&1 ||
        { [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; }; then
        echo "$who: these packages are missing and cannot be installed from here (needs apt-get, and root or" >&2
        echo "sudo). Install them, by Debian's names, and run it again: ${missing[*]}" >&2
        exit 3
    fi
    echo "$who: installing with apt-get: ${missing[*]}" >&2
    local log
    log=$(mktemp)
    if ! { "${sudo[@]}" apt-get update -q &&
        DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get -o DPkg::Lock::Timeout=300 install -y -q \
            --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "$who: installing failed; the packages that are missing: ${missing[*]}" >&2
        rm -f "$log"
        exit 3
    fi
    rm -f "$log"
}

# build DIR [MESON OPTION...] [TARGET...] : sets DIR up if need be and builds it, quietly unless it fails.
build() {
    local dir=$1 options=() targets=() argument
    shift
    for argument in "$@"; do
        case "$argument" in -*) options+=("$argument") ;; *) targets+=("$argument") ;; esac
    done
    local log=$dir/build.log source
    # A checkout that was copied or moved brings the build of the old place along: it would build there.
    source=$(sed -n 's/^ *"source": "\(.*\)",*$/\1/p' "$dir/meson-info/meson-info.json" 2>/dev/null | head -n 1 || true)
    if [ -n "$source" ] && [ "$source" != "$PWD" ]; then
        echo "build of $dir belongs to $source: making it anew" >&2
        rm -rf "$dir"
    fi
    mkdir -p "$dir"
    # A machine may have a second Python first in PATH that has none of Debian's packages.
    local path=$PATH
    if ! { if [ -f "$dir/build.ninja" ]; then PATH=/usr/bin:$path meson configure "$dir" "${options[@]}"
           else PATH=/usr/bin:$path meson setup "$dir" "${options[@]}"; fi &&
           PATH=/usr/bin:$path ninja -C "$dir" "${targets[@]}"; } >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "build of $dir failed; the whole log is in $log" >&2
        return 1
    fi
}
