"""What the tests of checksum databases share."""

from tests.sumdb.log import judge

__all__ = ["judge"]
