"""Files that `EnvironmentFile=` of a systemd unit names: sh-like quotes, nothing expanded."""

from __future__ import annotations

from generator.dialects._env_file import EnvFile

DIALECT = EnvFile(name="systemd-env", patterns=(), expands=False)
