#!/usr/bin/env bash
set -euo pipefail
names=(a 'b c' "$HOME")
[[ ${#names[@]} -gt 1 && ( $1 == a* || -n $2 ) ]] || exit 1
for ((i = 0; i < 3; i++)); do echo "${names[i]}"; done
diff <(sort a) <(sort b) &> /dev/null || true
((i++)) || true
cat <<< "$i"
function g { select x in a b; do break; done; }
