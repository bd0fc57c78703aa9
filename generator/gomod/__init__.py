"""The go and toolchain lines of go.mod and go.work: found, judged, and changed in place."""
