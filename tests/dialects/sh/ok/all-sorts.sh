#!/bin/sh
# it's a comment with a quote
set -eu
x=$((1 + (2 * ${#1})))
cat <<-'E O' > /dev/null
	'"`$(
	E O
cat <<A; cat <<\B
$x "
A
'
B
case "$x" in
  (a|"b c") echo "${x:-"y"}" ;;
  'd)') ;;
  *) echo "$(date "+%s")" `echo \`x\`` \
    "it's" ;;
esac
if [ -n "$x" ] && ! command -v go > /dev/null 2>&1; then exit 1; fi
f() { local a=1; for i in "$@"; do printf '%s\n' "$i#$a"; done; }
( f a; f "b
c" ) | while read -r line; do echo "${line%%#*}"; done
case x in x) echo last clause has no separator
esac
