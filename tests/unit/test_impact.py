"""Which profile line moved which output lines, as `gogen diff --base` tells it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.tools import require

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Project

PROFILE = """\
targets: [note]
toolchains: {current: "1.27.1"}
go: {platforms: [linux/amd64]}
network:
  proxy:
    http: "http://one.example.com"
    https: "http://one.example.com"
"""

TEMPLATE = """\
<{% if network.proxy is defined %}>
http=<{ network.proxy.http }>
https=<{ network.proxy.https }>
<{% endif %}>
"""


def test_lines_that_moved_together_keep_each_its_own_cause(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    noted = project(
        {
            "profiles/base/profile.yaml": PROFILE,
            "templates/note/target.yaml": (
                "description: a note\nfiles: [{template: note.txt.j2, path: note/note.txt}]\n"
            ),
            "templates/note/note.txt.j2": TEMPLATE,
        }
    )
    assert noted.run("render").code == 0
    git = str(require("git"))
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([git, *argv], cwd=noted.root, check=True)
    noted.write({"profiles/base/profile.yaml": PROFILE.replace("one.", "two.")})
    outcome = noted.run("diff", "--base", "HEAD")
    assert outcome.out == (
        "profiles/base/profile.yaml:6:11  network.proxy.http: "
        "http://one.example.com → http://two.example.com\n"
        "  2 lines in 1 file\n"
        "    out/base/note/note.txt  +1 -1\n"
        "\n"
        "profiles/base/profile.yaml:7:12  network.proxy.https: "
        "http://one.example.com → http://two.example.com\n"
        "  2 lines in 1 file\n"
        "    out/base/note/note.txt  +1 -1\n"
    )


def test_a_hash_of_an_embedded_file_moves_with_what_the_file_read(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    manifest = "description: a note\nfiles: [{template: name.txt.j2, path: note/name.txt}]\n"
    noted = project(
        {
            "profiles/base/profile.yaml": PROFILE,
            "templates/note/target.yaml": manifest,
            "templates/note/note.txt.j2": TEMPLATE,
            "templates/note/name.txt.j2": 'note-<{ [embed("note.txt.j2")] | hash10 }>\n',
        }
    )
    assert noted.run("render").code == 0
    git = str(require("git"))
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([git, *argv], cwd=noted.root, check=True)
    changed = PROFILE.replace('http: "http://one.', 'http: "http://two.')
    noted.write({"profiles/base/profile.yaml": changed})
    assert noted.run("diff", "--base", "HEAD").out == (
        "profiles/base/profile.yaml:6:11  network.proxy.http: "
        "http://one.example.com → http://two.example.com\n"
        "  2 lines in 1 file\n"
        "    out/base/note/name.txt  +1 -1\n"
    )


def test_a_line_of_an_embedded_file_is_laid_to_its_template(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    noted = project(
        {
            "profiles/base/profile.yaml": PROFILE,
            "templates/note/target.yaml": (
                "description: a note\nfiles: [{template: map.yaml.j2, path: note/map.yaml}]\n"
            ),
            "templates/note/map.yaml.j2": 'first: <{ embed("run.sh.j2") }>\n',
            "templates/note/run.sh.j2": "true\necho one\n",
        }
    )
    assert noted.run("render").code == 0
    git = str(require("git"))
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([git, *argv], cwd=noted.root, check=True)
    noted.write({"templates/note/run.sh.j2": "true\necho two\n"})
    assert noted.run("diff", "--base", "HEAD").out == (
        "template note/run.sh.j2\n  2 lines in 1 file\n    out/base/note/map.yaml  +1 -1\n"
    )


def test_a_line_of_what_is_installed_is_laid_to_the_key_that_says_where(
    project: Callable[[Mapping[str, str | bytes]], Project],
) -> None:
    profile = (
        'targets: [list, tool]\ntoolchains: {current: "1.27.1"}\n'
        "go: {platforms: [linux/amd64]}\nhost:\n  verify: /opt/one\n"
    )
    listed = "<{% for f in installed %}>\n<{ f.install }>\n<{% endfor %}>\n"
    noted = project(
        {
            "profiles/base/profile.yaml": profile,
            "templates/list/target.yaml": (
                "description: a list\nfiles: [{template: list.txt.j2, path: list/list.txt}]\n"
            ),
            "templates/list/list.txt.j2": listed,
            "templates/tool/target.yaml": (
                "description: a tool\nfiles:\n  - {template: a.txt.j2, path: tool/a.txt,"
                ' install: "<{ host.verify }>"}\n'
                "  - {template: a.txt.j2, path: tool/b.txt, install: /opt/other}\n"
            ),
            "templates/tool/a.txt.j2": "text\n",
        }
    )
    assert noted.run("render").code == 0
    git = str(require("git"))
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([git, *argv], cwd=noted.root, check=True)
    explained = noted.run("explain", "out/base/list/list.txt:1").out
    assert "profiles/base/profile.yaml:5:11  host.verify" in explained
    assert "host.verify" not in noted.run("explain", "out/base/list/list.txt:2").out
    noted.write({"profiles/base/profile.yaml": profile.replace("/one", "/two")})
    assert noted.run("diff", "--base", "HEAD").out == (
        "profiles/base/profile.yaml:5:11  host.verify: /opt/one → /opt/two\n"
        "  2 lines in 1 file\n"
        "    out/base/list/list.txt  +1 -1\n"
    )
