cat <<E
body
F
