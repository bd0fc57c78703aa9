"""Extractors: what a rendered text names, found by looking at it and not by what rendered it.

One module a kind: Go versions, checksums, images, actions. Each exports `find(text, file_name)` and
knows nothing of lock or profile; `stages/audit.py` judges what they find. A pattern that most texts
spare is text itself, compiled by `re` when first used.
"""
