"""What the sources of pins are asked with: the user's proxies, passwords, git, and the day."""

from __future__ import annotations

import os
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.session import cache_folder, git_access
from generator.problems import Problem, Rejected
from generator.supply.lookup import Means, looking
from generator.supply.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from generator.supply.http import Web
    from generator.supply.lookup import Lookup
    from generator.supply.network import Network
    from generator.workspace import Workspace

    Advance = Callable[[int, int], None]


class Asking:
    """Asks the sources of a workspace, and shows how far that is."""

    def __init__(
        self, workspace: Workspace, advance: Advance, advance_bytes: Advance | None = None
    ) -> None:
        """Read `[sources]`; with `advance_bytes` the archives are downloaded too.

        Raises Rejected (GG162, GG163).
        """
        self.settings = read_settings(workspace)
        self.downloads = advance_bytes is not None
        self.cache = cache_folder()
        self.advance = advance
        self.advance_bytes = advance_bytes or advance
        self._workspace = workspace

    def looking(self, network: Network) -> AbstractContextManager[Lookup]:
        """Open the sources."""
        return looking(self._workspace, self.settings, network, self._means)

    def _means(self) -> Means:
        """Give what the environment says of the network."""
        environment = os.environ  # noqa: TID251  (passwords are the user's)
        home = environment.get("HOME")
        docker = environment.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else "")
        passwords = _passwords()
        logins = (
            Path(docker, "config.json") if docker else None,
            Path(passwords) if passwords else None,
        )
        today = time.strftime("%Y-%m-%d", time.gmtime())
        return Means(_web, lambda: git_access(self._workspace), logins, today)


def _web() -> Web:
    """Give how the network is reached. Raises Rejected (GG515)."""
    _require_libraries()
    from urllib.request import getproxies_environment  # noqa: PLC0415  (late)

    from generator.supply.http import Web  # noqa: PLC0415  (an extra, and slow to load)

    proxies = getproxies_environment()
    no_proxy = proxies.pop("no", "")
    return Web(proxies=proxies, no_proxy=no_proxy, netrc=_passwords())


def _passwords() -> str:
    """Give the user's netrc file, "" where there is no home."""
    environment = os.environ  # noqa: TID251  (as curl looks for it)
    home = environment.get("HOME")
    return environment.get("NETRC") or (f"{home}/.netrc" if home else "")


def _require_libraries() -> None:
    if find_spec("urllib3") is None or find_spec("truststore") is None:
        hint = "pip install 'gogen[lock]' (in a clone of gogen: make test sets it up)"
        message = "asking sources of the network needs urllib3 and truststore"
        raise Rejected([Problem("GG515", message, hint=hint)])
