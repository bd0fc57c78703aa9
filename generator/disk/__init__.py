"""What is on disk, and how it is changed without losing anything.

`actual` reads it and `drift` tells how it differs; `places` says what may stand where, `sums` what
gogen wrote; `paths` follows no link out, `journal` survives a kill, `runlock` keeps runs apart.
"""
