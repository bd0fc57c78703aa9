"""Go's checksum database: what it signed, what is in it, and how that is proved again offline.

Nothing here speaks HTTP or touches the disk: bytes come in, proofs go out.
"""
