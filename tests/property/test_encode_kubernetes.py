"""Kubernetes laws: what the kubelet expands gives the value back; a script is never composed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.dialects import get
from generator.dialects.base import Embedded, Misplaced, Structured, Unwritable
from generator.model import Secret
from tests.dialects.driver import Put, fill
from tests.dialects.hostile_data import data, hostile

KUBERNETES = get("kubernetes")
POD = "spec:\n  containers:\n  - name: a\n    "
NAMES = {"A": "expanded", "": "expanded", "NAME": "expanded"}

dollars = st.lists(
    st.sampled_from(
        ["$", "$$", "$(", "$(A)", "(", ")", "A", "$(NAME", "$()", "é", "\n", " ", '"', "'"]
    ),
    max_size=7,
).map("".join)
values = st.one_of(dollars, hostile())


def expand(text: str) -> str:
    """Expand as the kubelet: $$ is $, $(NAME) a variable (itself if unknown), else as it is."""
    written = []
    at = 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            written.append(text[at])
            at += 1
        elif text[at + 1] == "(" and ")" in text[at + 2 :]:
            end = text.index(")", at + 2)
            name = text[at + 2 : end]
            written.append(NAMES.get(name, f"$({name})"))
            at = end + 1
        elif text[at + 1] == "$":
            written.append("$")
            at += 2
        else:
            written.append(text[at : at + 2])
            at += 2
    return "".join(written)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "expanded"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$expanded"),
        ("$$$$(A)", "$$(A)"),
        ("$(A", "$(A"),
        ("$(A)$", "expanded$"),
        ("$A$$", "$A$"),
        ("$(B)", "$(B)"),
        ("$()", "expanded"),
    ],
)
def test_the_oracle_is_the_kubelets(text: str, expanded: str) -> None:
    assert expand(text) == expanded


def read(*pieces: str | Put) -> Any:
    text = fill(KUBERNETES, pieces)
    KUBERNETES.parse(text)
    return YAML(typ="safe").load(text)["spec"]["containers"][0]


@given(value=values)
@example(value="$(A)")
@example(value="a$$")
def test_env_values(value: str) -> None:
    pod = read(
        *(
            POD,
            "env:\n    - name: A\n      value: ",
            Put(value),
            '\n    - name: B\n      value: "x',
        ),
        *(Put(value), "(A)", Put(value), '"\n    - {name: C, value: ', Put(value), "}\n"),
        *("    - name: D\n      value: ", Put(Embedded(value, "sh", "a.sh.j2")), "\n"),
    )
    found = [expand(env["value"]) for env in pod["env"]]
    assert found == [value, f"x{value}(A){value}", value, value]


@given(value=values)
def test_commands_and_arguments(value: str) -> None:
    pod = read(
        *(POD, "command:\n    - sh\n    - ", Put(value), "\n    args: [a, ", Put(value), ', "'),
        *(Put(value), '"]\n    livenessProbe: {exec: {command: [', Put(value), "]}}\n"),
        *("    lifecycle: {preStop: {exec: {command: [", Put(value), "]}}}\n"),
    )
    assert [expand(word) for word in pod["command"]] == ["sh", value]
    assert [expand(word) for word in pod["args"]] == ["a", value, value]
    assert expand(pod["livenessProbe"]["exec"]["command"][0]) == value
    assert pod["lifecycle"]["preStop"]["exec"]["command"] == [value]


@given(value=values)
def test_what_is_not_expanded_stays(value: str) -> None:
    pod = read(
        *(POD, "image: ", Put(value), "\n    env:\n    - name: ", Put(value), "\n    resources:\n"),
        *("      limits:\n        ", Put(f"{value}k"), ": ", Put(value), "\n"),
    )
    assert (pod["image"], pod["env"][0]["name"]) == (value, value)
    assert pod["resources"]["limits"] == {f"{value}k": value}


@given(value=values, other=data())
def test_data_with_containers(value: str, other: Any) -> None:
    container = {
        "args": [value],
        "env": [{"name": value, "value": value}],
        "other": other,
        "volumeMounts": [{"subPathExpr": value, "subPath": value}],
    }
    for style, head in (("block", "spec:"), ("json", "spec: ")):
        put = Put(Structured({"containers": [container]}, style))
        found = read(head, put, "\n")
        found["args"] = [expand(word) for word in found["args"]]
        found["env"][0]["value"] = expand(found["env"][0]["value"])
        found["volumeMounts"][0]["subPathExpr"] = expand(found["volumeMounts"][0]["subPathExpr"])
        assert found == container


@pytest.mark.parametrize(
    "before",
    [
        "command: [sh, -c, ",
        "command: [sh, -euc, ",
        "command: [sh, -ce, ",
        "command: [sh, -c]\n    args: [",
        "command:\n    - sh\n    - -c\n    - ",
        "command:\n    - sh\n    - -c\n    args:\n    - ",
        'command: ["/bin/bash", "-lc", ',
        "args:\n      - '-c'\n      - ",
    ],
)
def test_after_c_only_a_shell_file_stands(before: str) -> None:
    after = "]\n" if before.rstrip().endswith((",", "[")) else "\n"
    with pytest.raises(Unwritable, match="shell script"):
        read(POD, before, Put("echo $(id)"), after)
    with pytest.raises(Unwritable, match="shell script"):
        read(POD, before, Put(Embedded("x", "go-env", "x.j2")), after)
    with pytest.raises(Misplaced, match="shell script"):
        read(POD, before, '"echo ', Put("a"), '"', after)
    script = "echo $(id) $$\n"
    pod = read(POD, before, Put(Embedded(script, "sh", "a.sh.j2")), after)
    assert expand((pod.get("args") or pod["command"])[-1]) == script


def test_a_hook_after_c_is_a_shell_file_that_nothing_expands() -> None:
    before, after = "lifecycle: {preStop: {exec: {command: [sh, -c, ", "]}}}\n"
    with pytest.raises(Unwritable, match="shell script"):
        read(POD, before, Put("echo a"), after)
    with pytest.raises(Misplaced, match="shell script"):
        read(POD, before, '"echo ', Put("a"), '"', after)
    script = "echo $(id) $$\n"
    pod = read(POD, before, Put(Embedded(script, "sh", "a.sh.j2")), after)
    assert pod["lifecycle"]["preStop"]["exec"]["command"][-1] == script


@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("text", ["$", "$(", "$(A", "$$$", "$$$("])
def test_no_expression_continues_a_reference(quote: str, text: str) -> None:
    with pytest.raises(Misplaced, match=r"\$"):
        read(POD, f"args:\n    - {quote}{text}", Put("x"), f"{quote}\n")


def test_a_secret_is_no_value() -> None:
    with pytest.raises(Unwritable) as refusal:
        read(POD, "env:\n    - name: A\n      value: ", Put(Secret("token")), "\n")
    assert "secretKeyRef" in refusal.value.hint


def test_a_key_that_is_an_expression_leaves_expansion_unsure() -> None:
    with pytest.raises(Misplaced, match="key"):
        read(POD, "env:\n    - name: A\n      ", Put("value"), ": ", Put("x"), "\n")
