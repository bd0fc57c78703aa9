"""gogen: compile layered profiles and one lock into every file that must agree on one Go."""

__version__ = "0.1.0"
