"""kubeadm: configurations that it reads, clusters that are verified, joins that come to an end.

Which API which kubeadm reads is cmd/kubeadm/app/util/config/common.go of Kubernetes 1.37, sockets
are those of its constants, the kubelet's bounds its validation; --config-dir is KEP-3983.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.model import HomePath
from generator.problems import Severity
from generator.rules.base import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model import Pointer
    from generator.rules.base import Output, Subject

_GROUP = "kubeadm.k8s.io"
_OURS = "v1beta4"
# The first minor of Kubernetes 1 whose kubeadm reads it, and the first whose kubeadm does not.
_READ = {
    "v1alpha1": (8, 12),
    "v1alpha2": (11, 13),
    "v1alpha3": (12, 15),
    "v1beta1": (13, 22),
    "v1beta2": (15, 27),
    "v1beta3": (22, 37),
    "v1beta4": (31, None),
}
_NEWEST = 37


def _minor(subject: Subject) -> int:
    """Give the cluster's minor, or the newest known where the profile says none."""
    version = subject.section("kubernetes").get("version", "")
    return int(version.removeprefix("1.")) if version else _NEWEST


def _apis(output: Output, subject: Subject) -> Iterator[Finding]:
    minor = _minor(subject)
    for match in re.finditer(rf"{re.escape(_GROUP)}/(v[0-9a-z]+)", output.text):
        if output.in_comment(match.start()):
            continue
        api = match[1]
        first, gone = _READ.get(api, (_NEWEST + 1, None))
        if api not in _READ:
            wrong = "is read only where experiments are allowed" if api == "v1" else "is not known"
        elif gone is not None and minor >= gone:
            wrong = f"is not read since Kubernetes 1.{gone}"
        elif minor < first:
            wrong = f"is read since Kubernetes 1.{first}, and the cluster's is 1.{minor}"
        else:
            continue
        yield Finding(
            f"{_GROUP}/{api} {wrong}",
            offset=match.start(),
            expected=f"{_GROUP}/{_OURS}",
            hint="kubeadm config migrate of the last release that reads it writes it anew",
        )
    yield from _argument_maps(output)


_KEY_OF_ARGUMENTS = r"[\"']?(?P<key>kubeletExtraArgs|extraArgs)[\"']?[ \t]*:"
_FLOW_MAP = rf"{_KEY_OF_ARGUMENTS}\s*\{{\s*[^}}\s]"
_BLOCK_MAP = (
    rf"(?m)^(?P<outer>[ \t-]*){_KEY_OF_ARGUMENTS}[ \t]*(?:#.*)?\n"
    r"(?:[ \t]*(?:#.*)?\n)*(?P<inner>[ \t]*)[^\s#\[{-]"
)


def _argument_maps(output: Output) -> Iterator[Finding]:
    """Find arguments as v1beta3 had them, a map."""
    if f"{_GROUP}/{_OURS}" not in output.text:
        return
    blocks = re.finditer(_BLOCK_MAP, output.text)
    for match in (
        *re.finditer(_FLOW_MAP, output.text),
        *(block for block in blocks if len(block["inner"]) > len(block["outer"])),
    ):
        if not output.in_comment(match.start("key")):
            yield Finding(
                f"{match['key']} is a map: kubeadm refuses the file",
                offset=match.start("key"),
                expected="a list: [{name: v, value: '4'}]",
                hint=f"{_OURS} lets a flag be given twice, so it takes a list of name and value",
            )


_SOCKETS = ("/run/containerd/containerd.sock", "/run/crio/crio.sock")
_SCHEME = "unix://"


def _socket(socket: str) -> tuple[str, Severity | None]:
    """Say what is wrong with a container runtime's socket, "" where nothing is."""
    path = socket.removeprefix(_SCHEME)
    if "dockershim" in path or path.endswith("/docker.sock"):
        return "is Docker's own: no kubelet speaks to it since Kubernetes 1.24", None
    if not socket.startswith(f"{_SCHEME}/"):
        return f"has no {_SCHEME}: kubeadm puts it before whatever stands there", None
    if path.replace("/var/run/", "/run/") not in _SOCKETS:
        return "is none that containerd or CRI-O listens on by default", Severity.WARNING
    return "", None


def _bad_socket(socket: str, pointer: Pointer = (), offset: int = 0) -> Iterator[Finding]:
    wrong, severity = _socket(socket)
    if wrong:
        yield Finding(
            f"the socket {socket} {wrong}",
            pointer,
            offset,
            expected=f"{_SCHEME}{_SOCKETS[0]}",
            hint="name the socket of the container runtime that runs on the node",
            severity=severity,
        )


def _own_socket(subject: Subject) -> Iterator[Finding]:
    socket = subject.section("kubeadm").get("cri_socket", "")
    if isinstance(socket, str) and socket:
        yield from _bad_socket(socket, ("kubeadm", "cri_socket"))


_CRI = r"(?:\bcriSocket[\"']?[ \t]*:|--cri-socket[ =])[ \t]*[\"']?([^\s\"',}\]<$]+)"


def _written_socket(output: Output, subject: Subject) -> Iterator[Finding]:
    for match in re.finditer(_CRI, output.text):
        if not output.in_comment(match.start()) and not subject.says(match[1]):
            yield from _bad_socket(match[1], offset=match.start(1))


_HASH = r"sha256:[0-9A-Fa-f]{64}"


def _own_hashes(subject: Subject) -> Iterator[Finding]:
    hashes = subject.items("kubeadm", "discovery", "token", "ca_cert_hashes")
    for number, value in enumerate(hashes):
        if not re.fullmatch(_HASH, value):
            pointer = ("kubeadm", "discovery", "token", "ca_cert_hashes", number)
            yield _bad_hash(value, pointer)


def _bad_hash(value: str, pointer: Pointer = (), offset: int = 0) -> Finding:
    return Finding(
        f"{value or 'nothing'} is not the hash of a CA's public key",
        pointer,
        offset,
        expected="sha256: and 64 hex digits",
        hint="kubeadm token create --print-join-command tells it",
    )


_BOOTSTRAP = (
    r"(?:\b(?:token|tlsBootstrapToken)[\"']?[ \t]*:[ \t]*(?:[>|][+-]?[ \t]*\n)?"
    r"|--(?:[a-z]+-)*token(?:[ =]|[ \t]*\\\n)|\btoken[ \t]+create[ \t])"
    r"[ \t]*[\"']?([a-z0-9]{6}\.[a-z0-9]{16})(?![\w.-])"
)
_KEY = r"(?:\bcertificateKey[\"']?[ \t]*:|--certificate-key[ =])[ \t]*[\"']?([0-9A-Fa-f]{64})\b"
_UNSAFE = (
    r"\bunsafeSkipCAVerification[\"']?[ \t]*:[ \t]*[\"']?(?i:true|yes|on)\b"
    r"|--discovery-token-unsafe-skip-ca-verification(?!=false)\b"
)
_HASHES = (
    r"\bcaCertHashes[\"']?[ \t]*:[ \t]*"
    r"(?:\[([^\]]*)\]|(?:#.*)?\n((?:[ \t]*(?:-[ \t].*\n?|#.*\n|\n))+))"
)
_HASH_FLAG = r"--discovery-token-ca-cert-hash[ =][ \t]*[\"']?([^\s\"',$]+)(?![^\s\"',])"
_ENTRY = r"#.*|([^\s\"',#-][^\s\"',]*)"


def _trust(output: Output, _subject: Subject) -> Iterator[Finding]:
    text = output.text
    for what, pattern in (("a bootstrap token", _BOOTSTRAP), ("a certificate key", _KEY)):
        for match in re.finditer(pattern, text):
            yield Finding(
                f"{what}: {match[1][:4]}… ({len(match[1])} characters)",
                offset=match.start(1),
                expected="a mark that is replaced on the node, from its credentials",
                hint="take it out and revoke it: kubeadm token delete",
            )
    for match in re.finditer(_UNSAFE, text):
        if not output.in_comment(match.start()):
            yield Finding(
                "the cluster that is joined is not verified: whoever answers may take the node",
                offset=match.start(),
                expected="caCertHashes",
                hint="pin the CA's public key",
            )
    yield from _hashes(output)


def _hashes(output: Output) -> Iterator[Finding]:
    for match in re.finditer(_HASHES, output.text):
        start, end = match.span(1 if match[1] is not None else 2)
        entries = [e for e in re.compile(_ENTRY).finditer(output.text, start, end) if e[1]]
        if not entries:
            yield _bad_hash("", offset=match.start())
        for entry in entries:
            if not re.fullmatch(_HASH, entry[1]):
                yield _bad_hash(entry[1], offset=entry.start())
    for flag in re.finditer(_HASH_FLAG, output.text):
        if not re.fullmatch(_HASH, flag[1]):
            yield _bad_hash(flag[1], offset=flag.start(1))


_SET_ELSEWHERE = {
    "bootstrap-kubeconfig": "kubeadm sets it",
    "config": "kubeadm sets it",
    "config-dir": "node.kubelet.config_dir",
    "container-runtime-endpoint": "kubeadm.cri_socket",
    "hostname-override": "kubeadm sets it from the node's name",
    "kubeconfig": "kubeadm sets it",
    "node-labels": "node.labels",
    "provider-id": "kubeadm.provider_id",
    "register-with-taints": "node.taints",
}
# --config-dir is read without an environment variable since its beta.
_CONFIG_DIR = 30


def _section(subject: Subject) -> Iterator[Finding]:
    kubeadm = subject.section("kubeadm")
    for number, arg in enumerate(subject.items("kubeadm", "kubelet_args")):
        if arg["name"] in _SET_ELSEWHERE:
            yield Finding(
                f"--{arg['name']} would be given twice",
                ("kubeadm", "kubelet_args", number, "name"),
                expected=_SET_ELSEWHERE[arg["name"]],
                hint="leave it out here",
            )
    if kubeadm.get("provider_id") and not kubeadm.get("metadata"):
        yield Finding(
            "a provider id is asked for, and the host name does not tell it: no node joins",
            ("kubeadm", "provider_id"),
            expected="metadata: {file: …} or {ec2: …}",
            hint="say where the machine's metadata is, or leave provider_id out",
        )
    if kubeadm.get("require_go"):
        yield from _verify(subject)
    yield from _times(kubeadm.get("timeouts") or {})


def _verify(subject: Subject) -> Iterator[Finding]:
    verify = subject.section("host").get("verify")
    if verify is None or isinstance(verify, HomePath):
        yield Finding(
            "nothing verifies the node's Go: host.verify is no file of the system",
            ("kubeadm", "require_go"),
            expected="host.verify: /usr/local/libexec/gogen/verify",
            hint="set it, or leave require_go out",
        )


def _times(timeouts: Mapping[str, int]) -> Iterator[Finding]:
    parts = [value for key, value in timeouts.items() if key != "start_seconds"]
    if timeouts and timeouts["start_seconds"] <= sum(parts):
        yield Finding(
            f"a join may take {sum(parts)} seconds, and is stopped half done after "
            f"{timeouts['start_seconds']}",
            ("kubeadm", "timeouts", "start_seconds"),
            expected=f"more than {sum(parts)}",
            hint="a join that is stopped leaves a half-joined node",
        )


def _kubelet(subject: Subject) -> Iterator[Finding]:
    kubelet = subject.section("node", "kubelet")
    high, low = kubelet.get("image_gc_high_percent", 85), kubelet.get("image_gc_low_percent", 80)
    if kubelet and low >= high:
        yield Finding(
            f"images are removed above {high} % and down to {low} %: the kubelet refuses to run",
            ("node", "kubelet", "image_gc_low_percent"),
            expected=f"less than {high}",
            hint="set both; by default they are 80 and 85",
        )
    if kubelet and _minor(subject) < _CONFIG_DIR:
        yield Finding(
            f"the kubelet of 1.{_minor(subject)} does not read --config-dir",
            ("node", "kubelet", "config_dir"),
            expected=f"Kubernetes 1.{_CONFIG_DIR} or later",
            hint="drop-ins of KubeletConfiguration are on by default since then",
        )


def _surely_wrong(subject: Subject) -> Iterator[Finding]:
    yield from _section(subject)
    yield from _kubelet(subject)


RULES = (
    Rule(
        "GG050",
        "a kubeadm configuration of another version",
        Severity.ERROR,
        output=_apis,
        words=(_GROUP,),
    ),
    Rule(
        "GG051",
        "a socket that no container runtime listens on",
        Severity.ERROR,
        profile=_own_socket,
        output=_written_socket,
        words=("criSocket", "--cri-socket"),
    ),
    Rule(
        "GG053",
        "a cluster that is joined unverified, or with a secret that all can read",
        Severity.ERROR,
        profile=_own_hashes,
        output=_trust,
        words=("kubeadm",),
    ),
    Rule(
        "GG063",
        "a node that cannot join, or a kubelet that does not start",
        Severity.ERROR,
        profile=_surely_wrong,
    ),
)
