#!/usr/bin/env bash
# Installs what the build needs; each part is skipped at once when it is already there.
#   setup.sh [packages] [venv] [services] [bench] [hooks] [sanitizers]     without arguments: packages and venv
# Environment: PYTHON (python3) makes the virtual environment; VENV (.venv) is its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}

packages() {
    local wanted
    mapfile -t wanted < <(grep -v '^#' tools/debian-packages.txt)
    install_packages "${wanted[@]}"
}

# What the real servers of the tests run on and come by; another Java or Maven on the path will do.
services() {
    local wanted=()
    command -v java >/dev/null || wanted+=(openjdk-17-jre-headless)
    command -v mvn >/dev/null || wanted+=(maven)
    command -v openssl >/dev/null || wanted+=(openssl)
    [ ${#wanted[@]} = 0 ] || install_packages "${wanted[@]}"
}

# A clang that knows all of C++20; its runtime has the sanitizers and the fuzzer.
sanitizers() { install_packages clang-19 libclang-rt-19-dev; }

install_packages() {
    local missing
    missing=$(comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^ii *//p' | sort -u))
    [ -n "$missing" ] || return 0
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    echo "Installing Debian packages:" $missing
    "${root[@]}" apt-get update -q
    # shellcheck disable=SC2086  # a list of words
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

venv() {
    local stamp=$VENV/.installed wanted
    wanted=$(cat pyproject.toml setup.py tools/setup.sh | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -x "$VENV/bin/sluice" ] && return 0
    [ -x "$VENV/bin/python" ] || {
        echo "Making the virtual environment $VENV"
        "${PYTHON:-python3}" -m venv "$VENV"
    }
    echo "Installing the Python packages into $VENV"
    "$VENV/bin/python" -m pip install --progress-bar off 'setuptools>=64' wheel
    "$VENV/bin/python" -m pip install --progress-bar off --no-build-isolation -e '.[test]'
    echo "$wanted" >"$stamp"
}

bench() {
    "$VENV/bin/python" -c 'import duckdb, psutil' 2>/dev/null ||
        "$VENV/bin/python" -m pip install --progress-bar off --no-build-isolation -e '.[bench]'
}

hooks() {
    "$VENV/bin/python" -m pip install --progress-bar off 'pre-commit>=3'
    "$VENV/bin/pre-commit" install
}

[ $# -gt 0 ] || set -- packages venv
for part in "$@"; do "$part"; done
