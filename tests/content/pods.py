"""A pod that runs without a cluster: its volumes are folders, its containers processes.

What the kubelet and the runtime do is done as far as a test can: a volume is mounted by writing the
folder where the mount path stands, an image's files lie below a folder of its own. Run by root, the
containers' user is one that the machine does not know; where root may make mount namespaces,
nothing but the volumes can be written.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHELLS = {"dash": [], "busybox": ["sh"]}
UID = 1_234_567_890
# The folder $1 can be written and nothing else, of it not $3… up to --; begins in $2.
_SEALED = """
container=$PATH PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount --bind "$1" "$1" && mount -o remount,bind,ro / && cd "$2" || exit 125
shift 2
while [ "$1" != -- ]; do
  mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 125
  shift
done
shift
PATH=$container exec "$@"
"""


@cache
def may_mount() -> bool:
    """Tell whether the test may make a mount namespace with a read-only root."""
    folder = tempfile.gettempdir()
    probe = ["unshare", "-m", "/bin/sh", "-c", _SEALED, "sh", folder, folder, "--", "true"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


@dataclass
class Pod:
    """The pod of a Deployment; `images` are the folders of images' files by reference."""

    folder: Path
    objects: Sequence[Mapping[str, Any]]
    images: Mapping[str, Path]
    shell: str = "dash"
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make what is there before the first container."""
        (deployment,) = (one for one in self.objects if one["kind"] == "Deployment")
        self.spec: Mapping[str, Any] = deployment["spec"]["template"]["spec"]
        self.volumes = {volume["name"]: self._volume(volume) for volume in self.spec["volumes"]}
        for container in self.spec["containers"]:
            for mount in container["volumeMounts"]:
                # A cache has the same path here as in the pod: settings name it too.
                if Path(mount["mountPath"]).is_relative_to(self.folder):
                    self.volumes[mount["name"]] = _open_to_all(Path(mount["mountPath"]))

    def _volume(self, volume: Mapping[str, Any]) -> Path:
        if "image" in volume:
            return self.images[volume["image"]["reference"]]
        path = _open_to_all(self.folder / "volumes" / volume["name"])
        if "configMap" in volume:
            name = volume["configMap"]["name"]
            (found,) = (one for one in self.objects if one["metadata"]["name"] == name)
            for key, text in found["data"].items():
                (path / key).write_text(text, encoding="utf-8")
                (path / key).chmod(0o444)
        return path

    def start(self) -> Iterator[tuple[str, subprocess.CompletedProcess[str]]]:
        """Run the init containers in order, to the first that fails."""
        for container in self.spec["initContainers"]:
            done = self.run(container)
            yield container["name"], done
            if done.returncode:
                return

    def run(
        self, container: Mapping[str, Any], command: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a container's command, or another in it, as a user that nobody knows."""
        env = {e["name"]: self._here(container, e["value"]) for e in container.get("env", ())}
        env["PATH"] = f"{env.get('PATH', '')}:{self._tools()}".lstrip(":")
        argv = [self._here(container, word) for word in command or container["command"]]
        if argv[0] == "/bin/sh":
            argv[:1] = [str(require(self.shell)), *SHELLS[self.shell]]
        where = self._here(container, container.get("workingDir", "/"))
        return subprocess.run(
            [*self._confined(container, where), *argv],
            env={**env, **self.env},
            cwd=where,
            check=False,
            capture_output=True,
            text=True,
            umask=0o077,
        )

    def builder(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the container that builds."""
        return self.run(self.spec["containers"][0], command)

    def _confined(self, container: Mapping[str, Any], where: str) -> list[str]:
        """Give what runs a command as the pod's user, and lets it write in volumes alone."""
        if os.geteuid():
            return []
        unshare, setpriv = (shutil.which(name) or name for name in ("unshare", "setpriv"))
        user = [setpriv, f"--reuid={UID}", "--regid=0", "--clear-groups", "--no-new-privs"]
        if not may_mount():
            return user
        mounts = (m["mountPath"] for m in container["volumeMounts"] if m.get("readOnly"))
        sealed = [self._here(container, path) for path in mounts]
        space = [unshare, "-m", "/bin/sh", "-c", _SEALED, "sh", str(self.folder), where]
        return [*space, *sealed, "--", *user]

    def _tools(self) -> str:
        """Give the rest of PATH: a system's, or busybox and nothing else."""
        if self.shell != "busybox":
            return "/usr/bin:/bin"
        tools = self.folder / "busybox"
        if not tools.exists():
            tools.mkdir()
            busybox = require("busybox")
            listed = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True)
            for applet in listed.stdout.split():
                (tools / applet).symlink_to(busybox)
        return str(tools)

    def _here(self, container: Mapping[str, Any], text: str) -> str:
        """Write paths of the container as they are here."""
        places = {
            mount["mountPath"]: self.volumes[mount["name"]] / mount.get("subPath", "")
            for mount in container["volumeMounts"]
        }
        image = self.images.get(container["image"])
        if image:
            places.setdefault("/usr/local/go", image / "usr/local/go")
        for path, place in sorted(places.items(), reverse=True):
            text = re.sub(rf"(?<![\w./-]){re.escape(path)}(?=[/:]|$)", str(place), text)
        return text


def _open_to_all(path: Path) -> Path:
    """Make a folder as the kubelet makes an emptyDir."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o777)
    return path
