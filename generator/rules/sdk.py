"""How Go gets into a builder pod: by a way the cluster has, and from where that Go is.

Image volumes are KEP-4639: alpha in Kubernetes 1.31, beta and with subPath in 1.33, on by default
in 1.35, stable in 1.36. What official images hold is in their public Dockerfiles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.rules.base import Subject

_BUILDER = ("kubernetes", "builder")
_OFFICIAL = r"(?:docker\.io/)?(?:library/)?"
_SYSTEMS = (  # images of a system alone: neither Go nor a C compiler is in them
    rf"(?:{_OFFICIAL}(?:alpine|almalinux|amazonlinux|busybox|debian|fedora|rockylinux|ubuntu)"
    r"|(?:docker\.io/)?rockylinux/rockylinux"
    r"|registry\.access\.redhat\.com/ubi[0-9]+(?:/ubi(?:-micro|-minimal|-init)?)?"
    r"|gcr\.io/distroless/[\w.-]+)[:@].*"
)
_GO = rf"{_OFFICIAL}golang:.*"
_GO_WITHOUT_COMPILER = rf"{_OFFICIAL}golang:.*alpine.*"
_WITHOUT_DOWNLOADER = rf"{_OFFICIAL}(?:debian|ubuntu)[:@].*"
_WITHOUT_SHELL = r"gcr\.io/distroless/.*"

_FIRST, _WITH_FOLDERS, _BY_DEFAULT, _STABLE = 31, 33, 35, 36


def without_compiler(image: str) -> bool:
    """Tell whether an image is known to hold no C compiler."""
    return bool(re.fullmatch(_SYSTEMS, image) or re.fullmatch(_GO_WITHOUT_COMPILER, image))


def _image_volume(subject: Subject) -> Iterator[Finding]:
    version = re.fullmatch(r"1\.([0-9]+)", subject.section("kubernetes").get("version", ""))
    method = subject.section(*_BUILDER, "sdk").get("method")
    if method != "image-volume" or not version or int(version[1]) >= _STABLE:
        return
    minor = int(version[1])
    yield Finding(
        f"image volumes on Kubernetes 1.{minor}: {_reason(minor)}",
        (*_BUILDER, "sdk", "method"),
        expected=f"Kubernetes 1.{_STABLE} or newer, with containerd 2.2 or CRI-O 1.33",
        hint="say method: copy, which every cluster can",
        severity=Severity.ERROR if minor < _WITH_FOLDERS else None,
    )


def _reason(minor: int) -> str:
    if minor < _FIRST:
        return f"it has none before 1.{_FIRST}"
    if minor < _WITH_FOLDERS:
        return "it mounts whole images, and refuses the subPath that Go lies in"
    off = "" if minor >= _BY_DEFAULT else ", off by default"
    return f"they are beta{off}, and a runtime of that time may mount them noexec"


def _right_go(subject: Subject) -> Iterator[Finding]:
    builder = subject.section(*_BUILDER)
    if not builder:
        return
    image, sdk = builder["image"], builder.get("sdk")
    if sdk is None:
        yield from _holds_go(image)
        return
    if re.fullmatch(_GO, image):
        yield Finding(
            f"the Go of the builder's image {image} is hidden under the SDK: two pins for one Go",
            (*_BUILDER, "image"),
            expected="an image without Go",
            hint="leave sdk out, or name a small image with a shell",
            severity=Severity.WARNING,
        )
    if re.fullmatch(_WITHOUT_SHELL, image):
        yield Finding(
            f"the builder's image {image} has no /bin/sh: the check at its start cannot run",
            (*_BUILDER, "image"),
            expected="an image with a shell",
            hint="name a small image with a shell: alpine",
        )
    if sdk["method"] == "download":
        yield from _downloads(sdk.get("image", image), "image" in sdk)
    else:
        yield from _source(sdk)


def _holds_go(image: str) -> Iterator[Finding]:
    if re.fullmatch(_SYSTEMS, image):
        yield Finding(
            f"the builder's image {image} holds no Go, and there is no sdk",
            (*_BUILDER, "image"),
            expected="an image with Go, or kubernetes.builder.sdk",
            hint="say how Go gets in: sdk: {method: copy, image: golang:…}",
        )


def _source(sdk: dict[str, str]) -> Iterator[Finding]:
    """Look at where image-volume and copy take Go from."""
    image = sdk.get("image")
    if image is None or re.fullmatch(_SYSTEMS, image):
        what = "no image" if image is None else f"image {image}, which holds no Go"
        yield Finding(
            f"sdk.method {sdk['method']} takes Go from an image, and sdk names {what}",
            (*_BUILDER, "sdk", "image"),
            expected="golang:<{ toolchains.current }>-…, or an image of your own with Go",
            hint="name the image that holds Go of this profile's release",
        )


def _downloads(image: str, own: bool) -> Iterator[Finding]:  # noqa: FBT001  (where it is named)
    if re.fullmatch(_WITHOUT_DOWNLOADER, image) or re.fullmatch(_WITHOUT_SHELL, image):
        yield Finding(
            f"image {image} is to download Go, and holds neither curl nor wget",
            (*_BUILDER, "sdk", "image") if own else (*_BUILDER, "image"),
            expected="an image with a shell, tar, and curl or wget: alpine",
            hint="name another as kubernetes.builder.sdk.image",
        )


RULES = (
    Rule(
        "GG055",
        "image volumes on a cluster without them",
        Severity.WARNING,
        profile=_image_volume,
    ),
    Rule("GG057", "a builder without the right Go", Severity.ERROR, profile=_right_go),
)
