"""A typer command that does nothing, the least a start costs; `imports` adds gogen's libraries."""

import sys

import typer

if "imports" in sys.argv:
    import jinja2  # noqa: F401
    import ruamel.yaml  # noqa: F401

app = typer.Typer(rich_markup_mode=None)


@app.command()
def empty(what: str = "") -> None:
    """Do nothing."""


app(args=[])
