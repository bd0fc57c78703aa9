"""Sources of pins: where `gogen lock` and `gogen bump` ask, and how an answer is proved.

A render never comes here: it reads the lock.
"""
