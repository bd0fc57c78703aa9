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
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from generator.supply.toolchain import MODULE, module_version, of_module

RECORD = Path(__file__).with_name("toolchains.json")
_VERIFY = ("GOSUMDB=sum.golang.org", "GOPRIVATE=", "GONOSUMDB=", "GOFLAGS=-modcacherw")


def main(version: str, *platforms: str) -> None:
    """Prove the release on each platform and write what was found to toolchains.json."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    release = record["toolchains"].setdefault(version, {"ports": [], "platforms": {}})
    for platform in platforms:
        with TemporaryDirectory() as cache:
            answer = fetch(version, platform, Path(cache))
            with Path(answer["Zip"]).open("rb") as module:
                tree = of_module(module, version, platform)
        if tree.h1 != answer["Sum"]:
            msg = f"{platform}: the zip is not what the checksum database knows, {answer['Sum']}"
            raise ValueError(msg)
        release["ports"] = list(tree.ports)
        release["platforms"][platform] = {"h1": tree.h1, "sentinels": tree.sentinels}
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def fetch(version: str, platform: str, cache: Path) -> dict[str, str]:
    """Give go's answer about the module: "Zip", a path, and "Sum", its h1.

    Raises CalledProcessError where the proxy lacks it or the checksum database does not agree.
    """
    name = f"{MODULE}@{module_version(version, platform)}"
    command = ["env", f"GOMODCACHE={cache}", *_VERIFY, "go", "mod", "download", "-json", name]
    done = subprocess.run(  # noqa: S603 - arguments of a maintainer, no shell
        command, check=True, capture_output=True, text=True
    )
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main(*sys.argv[1:])
