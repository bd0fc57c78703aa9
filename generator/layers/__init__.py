"""Layers of other repositories: how they are named, vendored, checked and fetched."""
