"""The command line: the only part that prints, reads the environment and exits.

`boundary` turns every outcome into an exit code, `app` lists the commands, `options` holds what
several commands take, `session` opens a workspace for a command; each command is one module.
"""
