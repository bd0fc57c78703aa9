"""sudoers: what a line would give away that visudo calls "parsed OK".

What a rule says of a command of the profile it says at the profile's line; lines of a template of
the workspace's own are read from the rendered file. What sudo-rs reads is its documentation's and
its parser's (trifectatechfoundation/sudo-rs, src/sudoers and src/defaults).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.problems import Severity
from generator.rules.base import Finding, Hidden, Rule, shown, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model import Pointer
    from generator.rules.base import Output, Subject

_RUNS_ANYTHING = {
    "a shell": words("ash bash csh dash fish ksh sh tcsh zsh busybox toybox"),
    "an interpreter": words("awk gawk go lua mawk node perl php python ruby sed tclsh"),
    "a package manager": words(
        "apk apt apt-get aptitude brew cargo dnf dpkg gem microdnf npm pacman pip pip3 pipx rpm "
        "snap yum zypper"
    ),
    "an editor": words("ed emacs ex joe mg nano nvim pico rvim vi view vim vipw visudo"),
    "a pager": words("less man more most pg"),
    "a program that runs others": words(
        "chroot doas docker env find nice nohup nsenter podman script setsid ssh strace su sudo "
        "systemd-run tar time timeout unshare watch xargs"
    ),
}
_VERSION = r"[-.0-9]+$"
_PATTERN = r"[*?\[\]\\^]"
_FOREIGN = r"/(?:home|Users|tmp|dev/shm|run/user|var/tmp)(?:/|$)"
"""Folders where somebody else than root may put a file."""
_PAGED = words("status cat show list-units list-unit-files list-timers list-dependencies help")
_FOLDERS = ("GOPATH", "GOBIN", "GOCACHE", "GOMODCACHE", "GOTMPDIR")


class _Command(NamedTuple):
    """A command that may be run: `args` None is any; where to point for it."""

    path: str
    args: tuple[str, ...] | None
    digest: bool
    pointer: Pointer = ()
    offset: int = 0

    def finding(self, message: str, expected: str, hint: str) -> Finding:
        """Say what is wrong with it."""
        return Finding(message, self.pointer, self.offset, expected=expected, hint=hint)


def _profile(subject: Subject) -> Iterator[Finding]:
    for number, grant in enumerate(subject.items("sudoers", "grants")):
        at = ("sudoers", "grants", number)
        path, args = grant["path"], tuple(grant["args"])
        yield from _of_command(_Command(path, args, "sha256" in grant, (*at, "path")), subject)
        for key in ("users", "groups", "run_as"):
            listed = grant.get(key, ())
            for name in (listed,) if isinstance(listed, str) else listed:
                if name == "ALL":
                    yield _everybody((*at, key))


def _everybody(pointer: Pointer = (), offset: int = 0) -> Finding:
    return Finding(
        "ALL: everybody, or as anybody, root among them",
        pointer,
        offset,
        expected="the names of those who need it",
        hint="make a group of them",
    )


def _of_command(command: _Command, subject: Subject) -> Iterator[Finding]:
    """Say the first thing that is wrong with a command, and whether its digest can be read."""
    for check in (_of_path, _of_words, _of_program, _of_place):
        if found := check(command, subject):
            yield found
            break
    flavour = subject.section("sudoers").get("sudo_flavour", "both")
    if command.digest and flavour != "sudo":
        yield command.finding(
            f"a digest for {command.path}: sudo-rs refuses the whole file",
            "no digest, or sudo_flavour: sudo",
            "where sudo alone reads the file, say so in sudoers.sudo_flavour",
        )


def _of_path(command: _Command, _subject: Subject) -> Finding | None:
    path = command.path
    wrong = ""
    if path == "ALL":
        wrong = "ALL: every program"
    elif re.search(_PATTERN, path):
        wrong = f"a pattern in {path}: whatever matches may be run"
    elif not path.startswith("/"):
        wrong = f"{path} is no absolute path: sudo does not look programs up"
    elif path.endswith("/"):
        wrong = f"{path} is a folder: every program in it may be run"
    elif re.search(r"//|/\.{1,2}(/|$)", path):
        wrong = f"{path} leads another way than it looks"
    if not wrong:
        return None
    return command.finding(
        wrong, "the path of one program, from the root", "name each program that is needed"
    )


def _of_words(command: _Command, _subject: Subject) -> Finding | None:
    if command.args is None:
        return command.finding(
            f"{command.path} without arguments: any may be given",
            'the arguments, or ""',
            'write "" behind the path for none',
        )
    for arg in command.args:
        if re.search(_PATTERN, arg):
            return command.finding(
                f"a pattern in the argument {arg!r}: sudo lets it match blanks and slashes too",
                "fixed arguments",
                "grant each command that is needed; one that takes many is a script of root's",
            )
    return None


def _of_program(command: _Command, _subject: Subject) -> Finding | None:
    name = command.path.rpartition("/")[2]
    args = command.args or ()
    for what, names in _RUNS_ANYTHING.items():
        if name in names or re.sub(_VERSION, "", name) in names:
            return command.finding(
                f"{name} is {what}: it runs whatever it is told or finds, as root",
                "a program that does one thing",
                "put what is needed into a script that only root can write",
            )
    return _of_systemd(command, name, args)


def _of_systemd(command: _Command, name: str, args: tuple[str, ...]) -> Finding | None:
    if name == "systemctl" and "--user" in args:
        return command.finding(
            "systemctl --user through sudo asks the service manager of root",
            "no sudo",
            "users start their own services; loginctl enable-linger keeps them when they log out",
        )
    if name == "systemctl" and "edit" in args:
        return command.finding(
            "systemctl edit opens an editor as root", "no editor", "render the drop-in"
        )
    pages = name == "journalctl" or (name == "systemctl" and not _PAGED.isdisjoint(args))
    if pages and "--no-pager" not in args:
        return command.finding(
            f"{name} {' '.join(args)} opens a pager as root, and a pager opens a shell",
            "--no-pager",
            "add --no-pager, or let users read it without sudo (group systemd-journal)",
        )
    return None


def _of_place(command: _Command, subject: Subject) -> Finding | None:
    path = command.path
    theirs = [
        shown(value)
        for name, value, _ in subject.settings
        if name in _FOLDERS and not isinstance(value, Hidden)
    ]
    if not re.match(_FOREIGN, path) and not any(path.startswith(f"{f}/") for f in theirs):
        return None
    return command.finding(
        f"{path} lies where others than root may write",
        "a program in a folder of root's",
        "install it into /usr/local/sbin, mode 0755, owner root",
    )


_JOINED = r"\\\n"
_TAGS = r"((?:NO)?(?:PASSWD|SETENV|EXEC|FOLLOW|INTERCEPT|LOG_INPUT|LOG_OUTPUT|MAIL))[ \t]*:"
_ALIASES = r"[ \t]*(User|Runas|Host|Cmnd|Cmd)_Alias[ \t]"
_LATER = r"[ \t]:[ \t]+(?=[A-Z][A-Z0-9_]*[ \t]*=)"
_ITEM = r"((?:\\.|[^,\\])+)"
_HASHES = r"sha(?:224|256|384|512)[ \t]*:[ \t]*\S+[ \t]+"


class _Line(NamedTuple):
    """A line of sudoers, joined lines as one; offsets are the text's."""

    text: str
    offset: int


def _lines(output: Output) -> Iterator[_Line]:
    text = re.sub(_JOINED, "  ", output.text)  # as long as it was
    for line in re.finditer(r"(?m)^[ \t]*(?![ \t#@])\S.*$", text):
        yield _Line(line[0], line.start())


def _written(output: Output, subject: Subject) -> Iterator[Finding]:
    yield from _file(output)
    own = {(grant["path"], tuple(grant["args"])) for grant in subject.items("sudoers", "grants")}
    for line in _lines(output):
        yield from _people(line, subject)
        for command in _commands(line):
            if (command.path, command.args) not in own:
                yield from _of_command(command, subject)


def _file(output: Output) -> Iterator[Finding]:
    artifact = output.artifact
    for path in sorted({artifact.path, artifact.install}):
        folder, _, name = path.rpartition("/")
        if folder.endswith("sudoers.d") and ("." in name or name.endswith("~")):
            yield Finding(
                f"sudo passes over {name}: there is a dot in its name, or a ~ at its end",
                expected="50-gogen",
                hint="name it otherwise in the target's manifest",
            )
    if artifact.executable:
        yield Finding(
            "a sudoers file is no program",
            expected='mode: "0440"',
            hint="say so in the target's manifest",
        )


def _people(line: _Line, subject: Subject) -> Iterator[Finding]:
    """Find ALL among the users of a line and those they may run as."""
    if line.text.lstrip().startswith("Defaults"):
        return
    head = re.match(r"[ \t]*((?:!?[^\s,=]+[ \t]*,[ \t]*)*!?[^\s,=]+)[ \t]", line.text)
    spots = [head] if head and not re.match(_ALIASES, line.text) else []
    for spot in (*spots, *re.finditer(r"\(([^)]*)\)", line.text)):
        if re.search(r"\bALL\b", spot[1]) and not subject.says(spot[1]):
            yield _everybody(offset=line.offset + spot.start(1))


def _commands(line: _Line) -> Iterator[_Command]:
    """Give the commands that a line names, those of aliases where they are defined."""
    alias = re.match(_ALIASES, line.text)
    if line.text.lstrip().startswith("Defaults") or (alias and not alias[1].startswith("Cm")):
        return
    begin = line.text.find("=") + 1
    for item in re.compile(_ITEM).finditer(line.text, begin) if begin else ():
        yield from _command(item[1], line.offset + item.start(1))


def _command(text: str, offset: int) -> Iterator[_Command]:
    bare = re.sub(rf"^(?:[ \t]*(?:\([^)]*\)|{_TAGS}|[A-Z]+=\S+))*[ \t]*", "", text)
    offset += len(text) - len(bare)
    digest = re.match(_HASHES, bare)
    spec = bare[digest.end() if digest else 0 :].split()
    if not spec:
        return
    path, args = _plain(spec[0]), tuple(map(_plain, spec[1:]))
    if path != "ALL" and re.fullmatch(r"!*[A-Z][A-Z0-9_]*", path):
        return  # an alias: it is looked at where it is defined
    fixed = () if args[-1:] == ('""',) else args or None
    yield _Command(path.lstrip("!"), fixed, bool(digest), (), offset)


def _plain(word: str) -> str:
    return re.sub(r"\\([,:=#])", r"\1", word)


_BOTH = words(
    "always_query_group_plugin always_set_home env_check env_delete env_editor env_keep env_reset "
    "fqdn lecture mail_badpass mailerpath match_group_by_gid passwd_tries pwfeedback rootpw "
    "secure_path targetpw timestamp_timeout use_pty verifypw visiblepw"
)
"""Settings that sudo-rs 0.2.15 knows (src/defaults/mod.rs), each also sudo's."""
_UNSAFE = {
    "!authenticate": "nobody is asked for a password, whatever is run",
    "!env_reset": "every variable of the caller reaches the program, LD_PRELOAD too",
    "!use_pty": "a program left behind can type into the caller's terminal",
    "!secure_path": "programs are found by the caller's PATH",
    "setenv": "the caller sets variables of the program, LD_PRELOAD too",
    "targetpw": "who runs something must know the other user's password",
    "rootpw": "who runs something must know root's password",
    "visiblepw": "passwords are shown while they are typed",
}
_ONLY_SUDO = r"\b(INTERCEPT[ \t]*:|(?:CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER|ROLE|TYPE)[ \t]*=)"
_SETTING = r"(?:^|,)[ \t]*(!*[a-z_]+)[ \t]*(?:[+-]?=[ \t]*(\"(?:\\.|[^\"])*\"|[^,\"]*))?"
_LOADED = r"\b(LD_\w*|PATH|PYTHONPATH|PERL5LIB|BASH_ENV|GOFLAGS|GOROOT|GOENV|\*)"


def _unsafe(output: Output, subject: Subject) -> Iterator[Finding]:
    flavour = subject.section("sudoers").get("sudo_flavour", "both")
    for line in _lines(output):
        settings = re.match(r"[ \t]*Defaults(?:[@:!>]\S+)?", line.text)
        if settings:
            yield from _settings(line, settings.end(), flavour)
            continue
        if found := re.search(r"\bSETENV[ \t]*:", line.text):
            yield _wrong(line, found.start(), f"SETENV: {_UNSAFE['setenv']}", "NOSETENV:")
        found = re.search(_ONLY_SUDO, line.text)
        if found and flavour != "sudo":
            yield _wrong(line, found.start(), f"{found[1]} sudo-rs refuses the line", "no such tag")


def _settings(line: _Line, begin: int, flavour: str) -> Iterator[Finding]:
    for found in re.finditer(_SETTING, line.text[begin:]):
        at, name = begin + found.start(1), found[1]
        if why := _UNSAFE.get(name):
            yield _wrong(line, at, f"Defaults {name}: {why}", "leave it out")
        elif name == "env_keep" and (kept := re.search(_LOADED, found[2] or "")):
            yield _wrong(line, at, f"env_keep of {kept[1]}: it decides what root loads", "leave it")
        elif flavour != "sudo" and name.lstrip("!") not in _BOTH:
            yield _wrong(line, at, f"Defaults {name}: sudo-rs does not know it", "leave it out")


def _wrong(line: _Line, at: int, message: str, expected: str) -> Finding:
    return Finding(
        message,
        offset=line.offset + at,
        expected=expected,
        hint="take it out; where sudo alone reads the file, say sudoers.sudo_flavour: sudo",
    )


RULES = (
    Rule(
        "GG060",
        "sudo for more than the one command that is meant",
        Severity.ERROR,
        profile=_profile,
        output=_written,
        dialects=frozenset({"sudoers"}),
    ),
    Rule(
        "GG076",
        "sudoers that lets the caller's environment in, or that one sudo does not read",
        Severity.ERROR,
        output=_unsafe,
        dialects=frozenset({"sudoers"}),
    ),
)
