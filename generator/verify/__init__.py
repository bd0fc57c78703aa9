"""Holding running machines against a profile: `gogen verify`.

`hosts` reads which machines are meant, `fleet` runs the rendered Testinfra suite on many at once,
`model` is what comes of it; `table`, `metrics`, `junit` and `handing` pass it on. pytest and
Testinfra are an extra, imported only here and only when a command needs them.
"""
