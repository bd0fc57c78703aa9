"""How a shell reads text: a state machine over POSIX shell grammar with bash's additions.

It follows quotes, expansions, here-documents, `case` and the place of the command name through
nested command substitutions: enough to say what a value at any point would be (a word, a part of
a quoted string, an integer, a comment, or code). It never expands or runs anything.

Where shells disagree on where something ends (`$'…'`, a quote inside `"${x:-'…'}"`), or where a
value would be read as code (a command's name, an argument of `eval`, `sed` or `sh -c`, a subscript
bash evaluates), it raises Misplaced: the way out is nearly always a variable of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from generator.dialects._scalar import EVALUATORS, SCRIPT_FOLLOWS
from generator.dialects.base import Misplaced

if TYPE_CHECKING:
    from collections.abc import Callable

SLOT, QUOTED, EITHER = "\0", "\1", "\2"
"""Marks in a word: an expression; something quoted or expanded; text that differs by branch."""

BY_VARIABLE = 'assign it first (name=<{ x }>) and use "$name" here'


class Frame(NamedTuple):
    """One level of nesting.

    `kind`: list (commands), case, cond (`[[ ]]`), dq, sq, comment, param (`${ }`), arith, tick,
    delim (a here-document's delimiter is due), heredoc (its body). `until` ends a list: "" the
    file, ")" or ";;". `pos` is what a word here would be, `back` what the one after a redirection
    is. `word` is the literal text so far of the word in progress, None where there is none.
    `cmd` is the class of the simple command. `depth` counts parentheses of arithmetic. `pending`
    are here-documents whose bodies begin at the next line: (delimiter, tabs stripped).
    """

    kind: str
    until: str = ""
    pos: str = "command"
    back: str = ""
    word: str | None = None
    cmd: str = ""
    depth: int = 0
    pending: tuple[tuple[str, bool], ...] = ()


class State(NamedTuple):
    """The nesting, outermost first, and a token that more text could still make longer."""

    frames: tuple[Frame, ...]
    held: str = ""


START = State((Frame("list", cmd="first-line"),))

_EXPANSIONS = (
    r"\\[\s\S]|\\"
    r"|\$\(\(|\$\(|\$\{|\$['\"]|\$[A-Za-z_][A-Za-z0-9_]*|\$[0-9@*#?$!-]|\$|`|\""
)
_WORDS = re.compile(
    _EXPANSIONS + r"|'|<<<|<<-|<<|<&|<\(|<>|<|>>|>&|>\||>\(|>|&>>|&>|&&|&|\|\||\|&|\||;;&|;;|;&|;"
    r"|\(\(|\([ \t]*\)|\(|\)|#|\n|[ \t]+|[^\\$`\"'<>&|;()#\n \t]+"
)
_DELIMITER = r"'[^'\n]+'|\"[^\"\n\\$`]+\"|\\?[A-Za-z0-9_.@+-]+"
_TOKENS = {
    "list": _WORDS,
    "case": _WORDS,
    "cond": _WORDS,
    "dq": re.compile(_EXPANSIONS.replace(r"|\$['\"]", "") + r"|[^\\$`\"]+"),
    "sq": re.compile(r"'|[^']+"),
    "comment": re.compile(r"\n|[^\n]+"),
    "param": re.compile(_EXPANSIONS + r"|'|\}|[^\\$`\"'}]+"),
    "arith": re.compile(_EXPANSIONS + r"|'|\(|\)|[^\\$`\"'()]+"),
    "tick": re.compile(r"\\[\s\S]|\\|`|[^\\`]+"),
    "delim": re.compile(r"[ \t]+|" + _DELIMITER + r"|['\"][^'\"\n]*\Z|[\s\S]"),
    "heredoc": re.compile(r"\n|[^\n]+"),
}
_HELD = re.compile(r"\\|\$|\$\(|\$[A-Za-z_][A-Za-z0-9_]*")
_HELD_OPERATOR = re.compile(r"<|<<|>|&|&>|\||;|;;|\(")
_HELD_DELIM = re.compile(r"\\|\\?[A-Za-z0-9_.@+-]+|'[^']*|\"[^\"]*")

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=")
_OPENING = frozenset(("if", "then", "else", "elif", "while", "until", "do", "!", "{"))
_CLOSING = frozenset(("fi", "done", "}"))
_WRAPPERS = frozenset(
    (
        *("exec", "command", "builtin", "env", "sudo", "doas", "nohup", "nice", "ionice"),
        *("timeout", "setsid", "stdbuf", "chroot", "time", "xargs", "coproc", "busybox"),
    )
)
_SHELLS = frozenset(("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish", "su"))
_CODE = _SHELLS.union(
    ("eval", ".", "source", "trap", "alias", "let", "declare", "typeset", "unset", "read"),
    ("mapfile", "readarray", "getopts", "bind", "complete", "compgen", "fc", "ssh"),
    ("watch", "parallel"),
    EVALUATORS,
)
_DECLARING = frozenset(("export", "readonly", "local"))
_CLASSES = {
    **dict.fromkeys(_DECLARING, "export"),
    **dict.fromkeys(("[", "test"), "test"),
    "printf": "printf",
    **dict.fromkeys(("flock", "runuser", "script"), "maybe-shell"),
}
# Variables whose value a shell expands or runs by itself.
EVALUATED = frozenset(("PS0", "PS1", "PS2", "PS4", "PROMPT_COMMAND", "ENV", "BASH_ENV"))
_ARITHMETIC_TESTS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-R"))
_EXECUTING = frozenset(("-exec", "-execdir", "-ok", "-okdir"))
_OPTION = re.compile(r"[-+0-9]")  # of sudo, env, timeout 5s: the command's name comes later
_NAMES = {
    "case": "a case",
    "cond": "a [[ ]] test",
    "dq": "a double-quoted string",
    "sq": "a single-quoted string",
    "comment": "a comment",
    "param": "a ${…} expansion",
    "arith": "an arithmetic expansion",
    "tick": "a `…` substitution",
    "delim": "a here-document's delimiter",
    "heredoc": "a here-document",
}


def describe(frame: Frame) -> str:
    """Name what a frame is, for messages."""
    if frame.kind == "list":
        return {"": "a command", ")": "a (…) list", ";;": "a case"}[frame.until]
    return _NAMES[frame.kind]


class Reader:
    """Reads text from a state on; `offset` is where in that text it stands."""

    def __init__(self, state: State) -> None:
        """Begin in `state`."""
        self.stack = list(state.frames)
        self.held = state.held
        self.offset = 0

    @property
    def top(self) -> Frame:
        """The innermost frame."""
        return self.stack[-1]

    def state(self) -> State:
        """Give the state reached."""
        return State(tuple(self.stack), self.held)

    def read(self, text: str, *, final: bool = False) -> None:
        """Read text; unless `final`, hold back a last token that more text could lengthen."""
        begin = -len(self.held)
        text, self.held = self.held + text, ""
        at, end, stack = 0, len(text), self.stack
        while at < end:
            kind = stack[-1].kind
            found = _TOKENS[kind].match(text, at)
            assert found is not None  # noqa: S101 - every character is in some token
            piece = found[0]
            if found.end() == end and not final and self._may_grow(piece):
                self.held = piece
                return
            self.offset = max(begin + at, 0)
            _HANDLERS[kind](self, piece)
            at = found.end()

    def token(self, piece: str) -> None:
        """Read one token in the innermost frame."""
        _HANDLERS[self.top.kind](self, piece)

    def put(self, **changes: object) -> None:
        """Change the innermost frame."""
        self.stack[-1] = self.top._replace(**changes)  # type: ignore[arg-type] # checked by use

    def push(self, kind: str, **fields: object) -> None:
        """Go one level deeper."""
        self.stack.append(Frame(kind)._replace(**fields))  # type: ignore[arg-type] # as put

    def _may_grow(self, piece: str) -> bool:
        if self.top.kind in ("sq", "comment", "heredoc"):
            return False
        if self.top.kind == "delim":
            return bool(_HELD_DELIM.fullmatch(piece))
        words = self.top.kind in ("list", "case", "cond")
        return bool(_HELD.fullmatch(piece) or (words and _HELD_OPERATOR.fullmatch(piece)))

    # Quotes and expansions, alike in every frame that knows them.

    def open(self, piece: str) -> bool:
        """Read a quote or expansion; tell whether the token was one."""
        if piece[0] not in "\\$`\"'":
            return False
        if piece == "\\\n":
            return True
        self.add(piece if piece[0] == "$" and piece[-1] not in "({" else QUOTED)
        if piece in ("$'", '$"'):
            reason = f"{piece}…: shells disagree on what it is"
            raise Misplaced(reason, "use plain quotes")
        if piece in _OPENED:
            kind, fields = _OPENED[piece]
            self.push(kind, **fields)
        return True

    def add(self, text: str) -> None:
        """Lengthen the word in progress, or begin it."""
        top = self.top
        if top.kind not in ("list", "case", "cond"):
            return
        if top.pos == "delim":
            reason = "text right after a here-document's delimiter"
            raise Misplaced(reason, "make the delimiter one plain or quoted word: <<'EOF'")
        self.put(word=(top.word or "") + text)

    # Lists of commands.

    def in_list(self, piece: str) -> None:
        """Read a token among commands."""
        if self.top.cmd == "first-line" and piece != "#":
            self.put(cmd="")
        if self.open(piece):
            return
        if piece == "#":
            self._hash()
        elif piece[0] in " \t":
            self.end_word()
        elif piece in _OPERATORS:
            _OPERATORS[piece](self, piece)
        elif piece[0] == "(":
            self.empty_parentheses()
        else:
            self.add(piece)

    def _hash(self) -> None:
        word = self.top.word
        if word is None or (word == "" and self.top.pos == "delim"):
            cmd = self.top.cmd if self.top.cmd == "first-line" else ""
            if cmd:
                self.put(cmd="")
            self.push("comment", cmd=cmd)
        elif EITHER in word:
            reason = "# after text that differs by branch is a comment in one of them"
            raise Misplaced(reason, "put a blank before it")
        else:
            self.add("#")

    def end_word(self) -> None:
        """Close the word in progress, if there is one."""
        top = self.top
        word = top.word
        if word is None:
            return
        if top.pos == "args":
            self.put(word=None, cmd=_after_argument(top.cmd, word))
            return
        self.put(word=None)
        match top.pos:
            case "command":
                self._command_word(word)
            case "redirect" | "fd" | "delim":
                self.put(pos=self.top.back)
            case "name":
                self.put(pos="in")
            case "in":
                self.put(pos="args" if word == "in" else "command", cmd="for")
            case "function":
                self.put(pos="command")
            case _:  # words of an array
                pass

    def _command_word(self, word: str) -> None:
        if word in _OPENING:
            self.put(cmd="")
        elif word in _KEYWORDS:
            _KEYWORDS[word](self)
        elif self.top.cmd == "wrapper" and _OPTION.match(word):
            return
        elif not _ASSIGNMENT.match(word):
            pos, cmd = _command_class(word)
            self.put(pos=pos, cmd=cmd)

    def esac(self) -> None:
        """End a case whose last clause has no ;;."""
        if self.top.until == ";;":
            self.stack.pop()
            self.stack.pop()
        else:
            self.put(pos="args", cmd="")

    def begin_case(self) -> None:
        """Begin a case."""
        self.put(pos="args", cmd="")
        self.push("case", pos="subject")

    def begin_cond(self) -> None:
        """Begin a [[ ]] test."""
        self.put(pos="args", cmd="")
        self.push("cond")

    def begin_for(self) -> None:
        """Begin a loop: its name is due."""
        self.put(pos="name", cmd="")

    def begin_function(self) -> None:
        """Begin a function: its name is due."""
        self.put(pos="function", cmd="")

    def end_compound(self) -> None:
        """End a compound command: only redirections follow."""
        self.put(pos="args", cmd="")

    # Operators of lists.

    def separate(self, _token: str) -> None:
        """End a command: the next word is a name again."""
        self.end_word()
        if self.top.pos != "array":
            self.put(pos="command", cmd="")

    def newline(self, _token: str) -> None:
        """End a command's line; here-documents begin on the next."""
        self.end_word()
        top = self.top
        if top.pos not in ("in", "array") and (top.pos, top.cmd) != ("command", ""):
            self.put(pos="command", cmd="")
        if top.pending:
            self.put(pending=())
            self.push("heredoc", pending=top.pending, word="")

    def end_clause(self, piece: str) -> None:
        """End a clause of a case."""
        self.end_word()
        if self.top.until != ";;":
            reason = f"{piece} outside a case"
            raise Misplaced(reason)
        self._no_pending()
        self.stack.pop()

    def parenthesis(self, _token: str) -> None:
        """Begin a subshell or an array."""
        word = self.top.word
        if word is None and self.top.pos == "command":
            self.put(pos="args", cmd="")
            self.push("list", until=")")
        elif word is not None and word.endswith("=") and _ASSIGNMENT.fullmatch(word):
            self.add(QUOTED)
            self.push("list", until=")", pos="array")
        else:
            reason = "( among the words of a command"
            raise Misplaced(reason, "quote it")

    def empty_parentheses(self) -> None:
        """Read (): the mark of a function, whose body is a command; or an empty array."""
        if self.top.word is not None and self.top.word.endswith("="):
            self.add(QUOTED)
        else:
            self.put(word=None, pos="command", cmd="")

    def arithmetic(self, _token: str) -> None:
        """Begin a (( )) command."""
        if self.top.word is not None or self.top.pos not in ("command", "name"):
            reason = "(( among the words of a command"
            raise Misplaced(reason, "quote it")
        self.put(pos="command" if self.top.pos == "name" else "args", cmd="")
        self.push("arith", depth=2)

    def close(self, _token: str) -> None:
        """End a list in parentheses."""
        self.end_word()
        if self.top.until != ")":
            reason = "a ) that closes nothing"
            raise Misplaced(reason)
        self._no_pending()
        self.stack.pop()

    def _no_pending(self) -> None:
        if self.top.pending:
            reason = "a list ends before its here-document begins"
            raise Misplaced(reason, "end the line before closing the list")

    def process(self, _token: str) -> None:
        """Begin a process substitution."""
        self.add(QUOTED)
        self.push("list", until=")")

    def redirect(self, piece: str) -> None:
        """Begin a redirection: its target is the next word."""
        word = self.top.word or ""
        if SLOT in word and word.strip("0123456789" + SLOT) == "":
            reason = f"{piece} right after a value: digits there name a file descriptor"
            raise Misplaced(reason, "put a blank before it")
        if word.isdigit() and piece[0] != "&":
            self.put(word=None)
        self.end_word()
        pos = "fd" if piece in (">&", "<&") else "redirect"
        back = self.top.back if self.top.pos in ("redirect", "fd") else self.top.pos
        self.put(pos=pos, back=back)

    def here(self, piece: str) -> None:
        """Begin a here-document."""
        self.redirect(piece)
        self.push("delim", depth=int(piece == "<<-"))

    # The other frames.

    def in_delim(self, piece: str) -> None:
        """Read the delimiter of a here-document: one plain or quoted word."""
        if piece[0] in " \t":
            return
        if not re.fullmatch(_DELIMITER, piece):
            reason = "a here-document without a plain delimiter"
            raise Misplaced(reason, "write <<'EOF'")
        tabs, delimiter = bool(self.top.depth), piece.lstrip("\\").strip("'\"")
        self.stack.pop()
        self.put(pos="delim", word="", pending=(*self.top.pending, (delimiter, tabs)))

    def in_heredoc(self, piece: str) -> None:
        """Read a here-document's body: only its last line matters."""
        if piece != "\n":
            self.put(word=(self.top.word or "") + piece)
            return
        (delimiter, tabs), *rest = self.top.pending
        line = self.top.word or ""
        self.put(word="")
        if (line.lstrip("\t") if tabs else line) == delimiter:
            self.put(pending=tuple(rest))
        if not self.top.pending:
            self.stack.pop()

    def in_case(self, piece: str) -> None:
        """Read a case: its subject, `in`, then patterns; clauses are lists of their own."""
        if self.open(piece):
            return
        if piece == "#" and self.top.word is None:
            self.push("comment")
        elif piece[0] in " \t" or piece in _OPERATORS:
            self._case_operator(piece)
        else:
            self.add(piece)

    def _case_operator(self, piece: str) -> None:
        word, pos = self.top.word, self.top.pos
        self.put(word=None)
        if pos == "pattern" and word == "esac":
            self.stack.pop()
            self.token(piece)
        elif pos == "pattern" and piece == ")":
            self.push("list", until=";;")
        elif piece not in _CASE_OPERATORS and piece[0] not in " \t":
            reason = f"{piece!r} in {describe(self.top)}"
            raise Misplaced(reason, "quote it")
        elif pos != "pattern" and word is not None:
            self.put(pos="in" if pos == "subject" else "pattern")

    def in_cond(self, piece: str) -> None:
        """Read a [[ ]] test: operators are words, arithmetic comparisons evaluate."""
        if self.open(piece):
            return
        if piece[0] not in " \t\n" and piece not in _OPERATORS:
            self.add(piece)
            return
        word = self.top.word
        self.put(word=None)
        if word == "]]":
            self.stack.pop()
            self.token(piece)
        elif word in _ARITHMETIC_TESTS:
            if self.top.cmd == "seen":
                reason = f"a value in a [[ {word} ]] test: bash evaluates it as arithmetic"
                raise Misplaced(reason, "use [ ] instead of [[ ]]")
            self.put(cmd="arith")

    def in_dq(self, piece: str) -> None:
        """Read a double-quoted string."""
        if piece == '"':
            self.stack.pop()
        elif piece[0] != "'":
            self.open(piece)

    def in_sq(self, piece: str) -> None:
        """Read a single-quoted string."""
        if piece == "'":
            self.stack.pop()

    def in_comment(self, piece: str) -> None:
        """Read a comment; the newline that ends it is the list's."""
        if piece == "\n":
            self.stack.pop()
            self.token(piece)
        elif self.top.cmd == "first-line":
            self.put(cmd="shebang" if piece[0] == "!" else "")

    def in_param(self, piece: str) -> None:
        """Read a ${…} expansion."""
        if piece == "}":
            self.stack.pop()
        elif piece == "'" and any(f.kind == "dq" for f in self.stack):
            reason = "a ' in a ${…} inside double quotes: shells disagree on what it is"
            raise Misplaced(reason, "take the expansion out of the quotes")
        else:
            self.open(piece)

    def in_arith(self, piece: str) -> None:
        """Read arithmetic; parentheses balance."""
        if piece in ("(", ")"):
            self.put(depth=self.top.depth + (1 if piece == "(" else -1), word=piece)
            if not self.top.depth:
                self.stack.pop()
            return
        self.put(word=QUOTED if piece[0] in "\\$`\"'" else piece[-1])
        self.open(piece)

    def in_tick(self, piece: str) -> None:
        """Read a `…` substitution up to its end."""
        if piece == "`":
            self.stack.pop()


def _after_argument(cmd: str, word: str) -> str:
    """Give the class of a command once `word` is one of its arguments."""
    if cmd in ("", "maybe-shell", "$") and (
        word in _EXECUTING or (cmd and SCRIPT_FOLLOWS.fullmatch(word))
    ):
        return "code"
    if cmd in ("", "$") and word.rpartition("/")[2] in _SHELLS:
        return "maybe-shell"
    if cmd == "export" and word[0] == "-":
        return "code"
    if cmd == "printf":
        return "code" if word == "-v" else cmd if word[0] == "-" else ""
    if cmd.startswith("test"):
        return "test-v" if word in ("-v", "-R") else "test"
    return cmd


def _command_class(word: str) -> tuple[str, str]:
    """Give the position after a command's name, and the command's class."""
    name = word.rpartition("/")[2]
    if name in _WRAPPERS:
        return "command", "wrapper"
    if name in _CODE:
        return "args", "code"
    if "$" in word or QUOTED in word:
        return "args", "$"
    return "args", _CLASSES.get(name, "")


def refusal(reader: Reader) -> tuple[str, str] | None:
    """Say why no value may stand where the reader is, with the way out; None where one may."""
    for frame in reversed(reader.stack):
        if frame.kind in ("tick", "param", "heredoc", "delim"):
            hint = {"tick": "use $(…)", "param": BY_VARIABLE}.get(frame.kind, BY_VARIABLE)
            return f"an expression inside {describe(frame)}", hint
    if reader.top.kind == "comment":
        if reader.top.cmd:
            return "an expression in the line that names the interpreter", "write it out"
        return None
    if reader.top.kind == "arith":
        if (reader.top.word or "")[-1:].isalnum() or (reader.top.word or "") in ("_", QUOTED):
            return "an expression right after a name or number", "put an operator between them"
        return None
    outer = next(f for f in reversed(reader.stack) if f.kind in ("list", "case", "cond", "arith"))
    return _refusal_in(outer)


def _refusal_in(frame: Frame) -> tuple[str, str] | None:
    match frame.kind:
        case "arith":
            return "a quoted expression in arithmetic", "take the quotes away"
        case "cond":
            evaluated = frame.cmd == "arith"
            return _if(evaluated, "an expression that [[ ]] evaluates", "use [ ] instead")
        case "case":
            return _if(frame.pos == "in", "an expression where `in` is due", "write it out")
        case _:
            return _refusal_in_list(frame, frame.word or "")


def _refusal_in_list(frame: Frame, word: str) -> tuple[str, str] | None:
    if frame.pending:
        return "an expression after a here-document's <<", "put the <<'EOF' last in its line"
    if frame.pos in ("command", "args"):
        return _refusal_in_command(frame, word)
    if frame.pos == "array":
        index = word.startswith("[") and "]=" not in word
        return _if(index, "an expression in a subscript, which bash evaluates", BY_VARIABLE)
    return _if(frame.pos != "redirect", "an expression as a name or descriptor", "write it out")


def _refusal_in_command(frame: Frame, word: str) -> tuple[str, str] | None:
    assigned = _ASSIGNMENT.match(word)
    if assigned and assigned[1] in EVALUATED:
        return f"an expression in {assigned[1]}, which shells evaluate", "write it out"
    if frame.pos == "command":
        return _if(not assigned, "an expression as (a part of) a command's name", BY_VARIABLE)
    if frame.cmd == "export":
        part = frame.word is not None and not assigned
        return _if(part, "an expression as a part of a variable's name", "write NAME=<{ x }>")
    if frame.cmd in ("code", "test-v"):
        return "an expression as an argument that is run as code", BY_VARIABLE
    if frame.cmd == "printf":
        return "an expression in printf's format", "write printf '%s\\n' <{ x }>"
    return None


def _if(condition: bool, reason: str, hint: str) -> tuple[str, str] | None:  # noqa: FBT001 - a guard
    return (reason, hint) if condition else None


_CASE_OPERATORS = ("\n", "|", "(")
_OPENED: dict[str, tuple[str, dict[str, object]]] = {
    '"': ("dq", {}),
    "'": ("sq", {}),
    "`": ("tick", {}),
    "${": ("param", {}),
    "$(": ("list", {"until": ")"}),
    "$((": ("arith", {"depth": 2}),
}
_HANDLERS: dict[str, Callable[[Reader, str], None]] = {
    "list": Reader.in_list,
    "case": Reader.in_case,
    "cond": Reader.in_cond,
    "dq": Reader.in_dq,
    "sq": Reader.in_sq,
    "comment": Reader.in_comment,
    "param": Reader.in_param,
    "arith": Reader.in_arith,
    "tick": Reader.in_tick,
    "delim": Reader.in_delim,
    "heredoc": Reader.in_heredoc,
}
_OPERATORS: dict[str, Callable[[Reader, str], None]] = {
    **dict.fromkeys((";", "&", "|", "&&", "||", "|&"), Reader.separate),
    **dict.fromkeys((";;", ";&", ";;&"), Reader.end_clause),
    **dict.fromkeys(("<", ">", ">>", ">|", "<>", "&>", "&>>", "<<<", ">&", "<&"), Reader.redirect),
    **dict.fromkeys(("<<", "<<-"), Reader.here),
    **dict.fromkeys(("<(", ">("), Reader.process),
    "\n": Reader.newline,
    "(": Reader.parenthesis,
    "((": Reader.arithmetic,
    ")": Reader.close,
}
_KEYWORDS: dict[str, Callable[[Reader], None]] = {
    **dict.fromkeys(_CLOSING, Reader.end_compound),
    "case": Reader.begin_case,
    "esac": Reader.esac,
    "[[": Reader.begin_cond,
    "for": Reader.begin_for,
    "select": Reader.begin_for,
    "function": Reader.begin_function,
}


def join(one: State, other: State) -> State:
    """Give the state after two branches; words may differ, nesting may not."""
    if one == other:
        return one
    if one.held != other.held:
        held = one.held or other.held
        reason = f"{held!r} ends one branch, or stands right before it"
        raise Misplaced(reason, "write variables as ${name} there, and operators on one side")
    if [f.kind for f in one.frames] != [f.kind for f in other.frames]:
        ends = f"{describe(one.frames[-1])}, the other in {describe(other.frames[-1])}"
        reason = f"one branch ends in {ends}"
        raise Misplaced(reason, "close in each branch what it opens")
    pairs = zip(one.frames, other.frames, strict=True)
    return State(tuple(_join_frames(a, b) for a, b in pairs), one.held)


def _join_frames(one: Frame, other: Frame) -> Frame:
    word, cmd = _join_words(one, other), _join_classes(one.cmd, other.cmd)
    if one._replace(word=word, cmd=cmd) != other._replace(word=word, cmd=cmd):
        reason = "the branches end at different places of a command"
        raise Misplaced(reason, "put whole commands, or whole words, into each branch")
    return one._replace(word=word, cmd=cmd)


def _join_words(one: Frame, other: Frame) -> str | None:
    if one.word == other.word:
        return one.word
    if one.kind not in ("list", "case", "cond") or one.pos in ("args", "array", "redirect"):
        return EITHER
    names = [m[1] for m in (_ASSIGNMENT.match(f.word or "") for f in (one, other)) if m]
    if len(names) == len((one, other)):
        names.sort(key=lambda name: (name not in EVALUATED, name))
        return f"{names[0]}={EITHER}"
    reason = "the branches end in different words where a command's name is due"
    raise Misplaced(reason, "end each branch with a blank or a line's end")


def _join_classes(one: str, other: str) -> str:
    """Give the class that allows least."""
    if one == other:
        return one
    if {one, other} == {"seen", "arith"}:
        reason = "a value in one branch, an arithmetic comparison in the other"
        raise Misplaced(reason, "write a [[ ]] test for each branch")
    return next(c for c in _STRICTEST_FIRST if c in (one, other))


_STRICTEST_FIRST = (
    *("code", "arith", "seen", "export", "printf", "test-v", "test", "$", "maybe-shell"),
    *("wrapper", "first-line", "shebang", "for", ""),
)
