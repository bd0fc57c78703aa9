"""Open the sources that gogen.toml names, and look pins up in them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from generator.policy import listed, read_policy
from generator.problems import Problem, Rejected
from generator.supply import settings as words
from generator.supply.asks import Late
from generator.supply.gather import Gathered, Gatherer
from generator.supply.proofs import KEPT, PROOFS, pins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from generator.layers.remote import Access
    from generator.lock.model import Lock
    from generator.lock.wanted import WantedPins
    from generator.policy import Policy
    from generator.supply.base import Source
    from generator.supply.http import Client, Web
    from generator.supply.network import Network
    from generator.supply.settings import Entry, Settings
    from generator.workspace import Workspace


PUBLIC_PROXY = "https://proxy.golang.org"
"""The module proxy that the go command asks by itself (https://proxy.golang.org)."""


class Means(NamedTuple):
    """What the sources are asked with, as the command line knows it.

    `web` gives how the network is reached, certificates and time-out left to gogen.toml; `access`
    gives the git program and mirrors; `logins` are Docker's config.json and a netrc file; `today`
    is "YYYY-MM-DD".
    """

    web: Callable[[], Web]
    access: Callable[[], Access]
    logins: tuple[Path | None, Path | None]
    today: str


class Lookup(NamedTuple):
    """Sources that are open; `places` are where archives lie, `client` gives what asks them."""

    sources: Sequence[Source]
    policy: Policy
    places: Sequence[str]
    client: Callable[[], Client]

    @property
    def names(self) -> tuple[str, ...]:
        """What is asked besides the shipped data, for messages."""
        return tuple(source.name for source in self.sources)

    def gather(
        self, wants: WantedPins, locked: Lock, advance: Callable[[int, int], None]
    ) -> Gathered:
        """Give the lock with what the sources say put into it (`gather.Gatherer`)."""
        return Gatherer(self.sources, self.policy, locked).gather(wants, advance)

    def download(
        self, lock: Lock, folder: Path | None, advance: Callable[[int, int], None]
    ) -> Lock:
        """Give the lock with what its archives were seen to be, byte for byte (`download`)."""
        from generator.supply.download import Downloads  # noqa: PLC0415  (late)

        with Downloads(self.places, self.client, folder, advance) as downloads:
            return downloads.prove(lock)

    def require(self, lock: Lock) -> None:
        """Raise Rejected (GG521) with the pins that no source proved as the policy asks."""
        problems = list(self._short(lock))
        if problems:
            raise Rejected(problems)

    def _short(self, lock: Lock) -> Iterator[Problem]:
        for section, proofs in self.policy.required.items():
            for proof in proofs:
                bare = [
                    str(named)
                    for named in pins(lock)
                    if named.section == section and proof not in named.pin.proofs
                ]
                if bare:
                    yield self._unproved(section, proof, bare)

    def _unproved(self, section: str, proof: str, bare: list[str]) -> Problem:
        return Problem(
            "GG521",
            f"nobody gives the proof {proof} of {listed(bare)}: asked were "
            + ", ".join(("the data shipped with gogen", *self.names)),
            self.policy.table.place(section, proof),
            expected=f"every pin in {section} with the proof {proof}",
            hint=f"what gives it: {PROOFS[proof].given_by}",
        )

    def kept(self) -> dict[str, bytes]:
        """Give what is to be kept in gogen.lock.d, by path below it."""
        return {path: text for source in self.sources for path, text in source.kept().items()}


@contextmanager
def looking(
    workspace: Workspace, settings: Settings, network: Network, means: Callable[[], Means]
) -> Iterator[Lookup]:
    """Open the sources for the block; `means` is called where one is of the network.

    Raises Rejected where one cannot be opened.
    """
    _check_certificates(workspace.root, settings)
    with ExitStack() as stack:
        opening = _Opening(workspace.root, settings, network, means, stack)
        sources = [source for entry in settings.order for source in opening.of(entry)]
        places = [source.archives for source in sources if source.archives]
        yield Lookup(sources, read_policy(workspace), places or network.archives, opening.client)


def _check_certificates(root: Path, settings: Settings) -> None:
    """Refuse a file of certificates that is not there, also where nobody will be asked."""
    if settings.ca_file and not (root / settings.ca_file).is_file():
        message = f"there is no file {settings.ca_file}"
        place = settings.table.place("ca_file")
        hint = "certificates in PEM form, at a path from the root of the workspace"
        raise Rejected([Problem("GG517", message, place, hint=hint)])


class _Opening:
    """Makes sources of the words in gogen.toml."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        network: Network,
        means: Callable[[], Means],
        stack: ExitStack,
    ) -> None:
        self._root = root
        self._settings = settings
        self._network = network
        self._means = cache(means)
        self._stack = stack
        self._asks = Late(self._client)

    def of(self, entry: Entry) -> list[Source]:
        """Give the sources that a word of the order stands for."""
        match entry.name:
            case words.MIRROR:
                return [self._mirror(at) for at in self._mirrors(entry)]
            case words.GO_DEV:
                return [self._go_dev(entry.address)]
            case words.PROXY:
                return [self._proxy(entry.address)]
            case words.REGISTRY:
                return [self._registry()]
            case words.GIT:
                return [self._git()]
            case _:
                return []

    def client(self) -> Client:
        """Give the one client of all sources."""
        return self._asks.client

    def _client(self) -> Client:
        web = self._means().web()
        from generator.supply.http import Client  # noqa: PLC0415  (an extra, and slow to load)

        certificates = self._settings.ca_file
        own = web._replace(
            ca_file=str(self._root / certificates) if certificates else "",
            deadline=self._settings.timeout,
        )
        return self._stack.enter_context(Client(own))

    def _mirrors(self, entry: Entry) -> tuple[str, ...]:
        addresses = (entry.address,) if entry.address else self._network.archives
        if not addresses:
            problem = Problem(
                "GG510",
                "the source mirror has no address",
                self._settings.table.place("order", words.MIRROR),
                expected="an address with it, or network.go_archives of a profile",
                hint='write "mirror https://mirror.example/go/", or "mirror folder/"',
            )
            raise Rejected([problem])
        return addresses

    def _mirror(self, address: str) -> Source:
        from generator.supply.mirror import Folder, Mirror  # noqa: PLC0415  (late)

        if "://" in address:
            return Mirror(self._asks, address)
        folder = self._root / address
        if not folder.is_dir():
            problem = Problem(
                "GG510",
                f"the mirror {address} is no folder",
                self._settings.table.place("order", address),
                hint="give a folder of the workspace, an absolute path, or an https address",
            )
            raise Rejected([problem])
        return Folder(folder, address)

    def _go_dev(self, address: str) -> Source:
        from generator.supply.godev import GoDev  # noqa: PLC0415  (late)

        return GoDev(self._asks, address)

    def _proxy(self, address: str) -> Source:
        from generator.sumdb.note import verifier  # noqa: PLC0415  (an extra)
        from generator.sumdb.refused import told_of  # noqa: PLC0415  (late)
        from generator.supply.bundles import Shelf  # noqa: PLC0415  (late)
        from generator.supply.proxy import Proxy  # noqa: PLC0415  (late)

        with told_of(place=self._settings.table.place("sumdb")):
            key = verifier(self._settings.sumdb)
        url = address or next(iter(self._network.proxies), PUBLIC_PROXY)
        return Proxy(url, self._asks, key, Shelf(self._root / KEPT, key))

    def _registry(self) -> Source:
        from generator.supply.registry import Registry  # noqa: PLC0415  (late)
        from generator.supply.registryauth import Door, read_logins  # noqa: PLC0415  (late)

        door = Door(self._asks, read_logins(*self._means().logins))
        network = self._network
        return Registry(door, self._means().today, network.registries, network.platforms)

    def _git(self) -> Source:
        from generator.supply.bounded import end_all  # noqa: PLC0415  (late)
        from generator.supply.git import GITHUB, Repositories  # noqa: PLC0415  (late)

        self._stack.callback(end_all)  # a run that ends early leaves no git behind
        access = self._means().access()
        return Repositories(access.git, access.mirrors.get("github.com", GITHUB))
