# it's
set -gx A 'b\'c' "d ($e" (cmd 'f)' (g))
if test a; echo b#c; end
