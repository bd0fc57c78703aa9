"""Files of `environment.d`: as those of `EnvironmentFile=`, and then variables are replaced."""

from __future__ import annotations

from generator.dialects._env_file import EnvFile

DIALECT = EnvFile(name="environment-d", patterns=(), expands=True)
