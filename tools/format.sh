#!/usr/bin/env bash
# Formats the C++ sources with the pinned clang-format.   format.sh [--check] [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."
MAJOR=14
mode=(-i)
if [ "${1:-}" = --check ]; then
    mode=(--dry-run --Werror)
    shift
fi
program=$(command -v clang-format-$MAJOR || command -v clang-format || true)
[ -n "$program" ] || { echo "clang-format $MAJOR is not installed; run tools/setup.sh packages" >&2; exit 1; }
case $("$program" --version) in
*"version $MAJOR."*) ;;
*) echo "clang-format $MAJOR is needed, found: $("$program" --version)" >&2; exit 1 ;;
esac
if [ $# -gt 0 ]; then
    printf '%s\0' "$@"
else
    git ls-files -z --cached --others --exclude-standard -- 'src/*.cc' 'src/*.h' 'tests/*.cc' 'bench/*.cc'
fi | xargs -0 -r "$program" "${mode[@]}"
