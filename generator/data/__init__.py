"""Facts gogen ships: Go releases, images, actions, toolchains. SOURCES.md says where from."""
