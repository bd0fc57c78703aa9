"""Prove Go toolchains against the checksum database and record their sentinels.

For maintainers, by hand, with the network; nothing of gogen imports it:

    python -m generator.data.refresh 1.27.1 linux/amd64 linux/arm64

The go command fetches the module golang.org/toolchain of each platform and checks its hash with
sum.golang.org, into a cache of its own so that nothing believed before is believed again. From the
very bytes it checked, this computes the hash once more, the SHA-256 of the files a host check
looks at, and the ports the release builds for; toolchains.json then has them. A platform the
proxy or the database does not give is an error, and its entry is left as it is.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

RECORD = Path(__file__).with_name("toolchains.json")
SENTINELS = re.compile(r"bin/(go|gofmt)(\.exe)?|pkg/tool/[a-z0-9_]+/(asm|cgo|compile|link)(\.exe)?")
_PAIR = re.compile(r'\{"(\w+)", "(\w+)"\}(: \{.*Broken: true)?')
_VERIFY = ("GOSUMDB=sum.golang.org", "GOPRIVATE=", "GONOSUMDB=", "GOFLAGS=-modcacherw")


def main(version: str, *platforms: str) -> None:
    """Prove the release on each platform and write what was found to toolchains.json."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    release = record["toolchains"].setdefault(version, {"ports": [], "platforms": {}})
    for platform in platforms:
        with TemporaryDirectory() as cache:
            name, answer = fetch(version, platform, Path(cache))
            with ZipFile(answer["Zip"]) as module:
                hashes = {member: _sha256(module, member) for member in module.namelist()}
                release["ports"] = ports(module, name)
        if hash1(hashes) != answer["Sum"]:
            msg = f"{name}: the zip is not what the checksum database knows, {answer['Sum']}"
            raise ValueError(msg)
        release["platforms"][platform] = {
            "h1": answer["Sum"],
            "sentinels": sentinels(hashes, name),
        }
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def fetch(version: str, platform: str, cache: Path) -> tuple[str, dict[str, str]]:
    """Give the module's name@version and go's answer about it: "Zip", a path, and "Sum", its h1.

    Raises CalledProcessError where the proxy lacks it or the checksum database does not agree.
    """
    name = f"golang.org/toolchain@v0.0.1-go{version}.{platform.replace('/', '-')}"
    command = ["env", f"GOMODCACHE={cache}", *_VERIFY, "go", "mod", "download", "-json", name]
    done = subprocess.run(  # noqa: S603 - arguments of a maintainer, no shell
        command, check=True, capture_output=True, text=True
    )
    answer: dict[str, str] = json.loads(done.stdout)
    return name, answer


def hash1(hashes: dict[str, str]) -> str:
    """Give Go's "h1:" hash of a module from the SHA-256 in hex of its files by name."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
    return "h1:" + b64encode(sha256(lines.encode()).digest()).decode()


def sentinels(hashes: dict[str, str], name: str) -> dict[str, str]:
    """Give the hashes of the files a host check looks at, by path below GOROOT."""
    files = {member.removeprefix(f"{name}/"): digest for member, digest in hashes.items()}
    return {path: digest for path, digest in files.items() if SENTINELS.fullmatch(path)}


def ports(module: ZipFile, name: str) -> list[str]:
    """Give what `go tool dist list` of the release prints: its ports that are not broken."""
    source = module.read(f"{name}/src/internal/platform/zosarch.go").decode()
    pairs = [(f"{m[1]}/{m[2]}", m[3]) for m in _PAIR.finditer(source)]
    broken = {pair for pair, mark in pairs if mark}
    return sorted({pair for pair, _ in pairs} - broken)


def _sha256(module: ZipFile, member: str) -> str:
    return sha256(module.read(member)).hexdigest()


if __name__ == "__main__":
    main(*sys.argv[1:])
