#!/usr/bin/env bash
# Layers, format, Python syntax, shell syntax, and clang-tidy.
#   lint.sh [--fast | --all]   --fast: no clang-tidy; --all: clang-tidy on every source, else on those changed since main
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
"$python" tools/check_layers.py
tools/format.sh --check
"$python" -m compileall -q python tools tests bench examples
for script in tools/*.sh tests/services/*.sh .ci/run; do bash -n "$script"; done
[ "${1:-}" != --fast ] || exit 0
if [ "${1:-}" = --all ]; then
    mapfile -t sources < <(git ls-files 'src/*.cc')
else
    base=$(git merge-base HEAD "$(git rev-parse --verify -q origin/main || git rev-parse --verify -q main || echo HEAD~1)")
    mapfile -t sources < <({ git diff --name-only --diff-filter=d "$base" -- 'src/*.cc'
        git ls-files --others --exclude-standard -- 'src/*.cc'; } | sort -u)
fi
[ ${#sources[@]} -gt 0 ] || { echo "clang-tidy: no source changed"; exit 0; }
# The headers that the build generates must be there. g++'s precompiled header means nothing to clang-tidy: it reads the text.
ninja -C build/release sluice_protocol >/dev/null
mkdir -p build/lint
cp build/release/CMakeFiles/sluice_pch.dir/cmake_pch.hxx build/lint/precompiled.h
sed "s#[^ ]*/cmake_pch.hxx#$PWD/build/lint/precompiled.h#g" build/release/compile_commands.json >build/lint/compile_commands.json
printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P "$(nproc)" sh -c 'echo "clang-tidy $0"; clang-tidy -p build/lint --quiet "$0" 2>/dev/null'
