"""What goes wrong between gogen and a server, told so that it can be mended (GG500 to GG509)."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from urllib3 import exceptions

from generator.problems import Problem, Rejected
from generator.supply.asks import shown
from generator.supply.base import Silent, Unreached

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError

_REACH = "look at the network, the proxy variables, and sources in gogen.toml"
_TRUST = "a company's own certificates go in sources.ca_file of gogen.toml"
_SLOW = "try again, or give it more with sources.timeout in gogen.toml"
_SERVER = "try again later, or ask another source first (sources.order in gogen.toml)"


_BUSY = frozenset({408, 429})  # RFC 9110, RFC 6585
_FAILS = 500  # statuses from here on are faults of the server (RFC 9110, 15.6)
_OTHER = "look who answers there; another server may stand in between"

_FAILURES = (
    (exceptions.ProxyError, "GG500", "the proxy does not lead there: {}", _REACH),
    (exceptions.NewConnectionError, "GG500", "it cannot be reached: {}", _REACH),
    (
        exceptions.ConnectTimeoutError,
        "GG503",
        "it cannot be reached: nobody answers in time",
        _SLOW,
    ),
    (exceptions.TimeoutError, "GG503", "it says nothing any more", _SLOW),
)

# OpenSSL's reasons to refuse a certificate (openssl/x509_vfy.h), told in other words.
_CERTIFICATES = {
    9: ("its certificate is not valid yet", "look at the clock of this machine"),
    10: ("its certificate has expired", "whoever runs it must renew it"),
    **dict.fromkeys(
        (18, 19, 20, 21), ("nobody who is trusted vouches for its certificate", _TRUST)
    ),
    **dict.fromkeys((62, 64), ("its certificate is for another host", _OTHER)),
}


class Again(Exception):
    """A failure that waiting may mend; `wait` is what the server asks for, in seconds."""

    def __init__(self, problem: Problem, wait: float | None = None) -> None:
        """Keep what is told if it is not mended."""
        super().__init__(problem.message)
        self.problem = problem
        self.wait = wait


def failed(url: str, error: HTTPError) -> Exception:
    """Give what tells of a failure that kept an answer from coming, or from coming whole."""
    if isinstance(error, exceptions.ProtocolError):
        return _broken(url, error)
    if isinstance(error, exceptions.LocationParseError):
        return address(url, "its host is none")
    if isinstance(error, exceptions.SSLError):
        return _unsafe(url, _cause(error))
    for kind, code, message, hint in _FAILURES:
        if isinstance(error, kind):
            return Silent(_told(code, url, message.format(_reason(error)), hint).problems)
    return not_http(url, _reason(error))


def _broken(url: str, error: exceptions.ProtocolError) -> Exception:
    """Tell of a connection that ended early: another try may go well."""
    cause = error.args[-1]
    if isinstance(cause, exceptions.IncompleteRead) and cause.expected is not None:
        due = cause.partial + cause.expected
        message = f"the answer ends after {cause.partial:,} of {due:,} bytes"
    else:
        message = f"the connection was broken: {_reason(error)}"
    return Again(Problem("GG505", f"{shown(url)}: {message}", hint=_SERVER))


def _unsafe(url: str, cause: BaseException) -> Rejected:
    """Tell of a server that could be anybody: it has no certificate that counts, or no TLS."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        unknown = ("its certificate is not to be believed", _TRUST)
        message, hint = _CERTIFICATES.get(cause.verify_code, unknown)
        said = cause.verify_message
    else:
        message, hint = "the connection is not safe", _OTHER
        said = getattr(cause, "reason", "").replace("_", " ").lower() or str(cause)
    return _told("GG501", url, f"{message} ({said.rstrip('.')})", hint)


def _reason(error: BaseException) -> str:
    """Say why, in the system's words where it has some: a library's wrapping tells nothing."""
    cause = _cause(error)
    said = (isinstance(cause, OSError) and cause.strerror) or str(cause) or type(cause).__name__
    match cause:
        case ssl.SSLCertVerificationError():
            return cause.verify_message
        case ConnectionRefusedError():
            return "connection refused, nobody listens there"
        case socket.gaierror():
            return f"its name cannot be looked up ({said})"
        case _:
            return said


def _cause(error: BaseException) -> BaseException:
    """Give the failure that all began with."""
    inner = (arg for arg in (*error.args[::-1], error.__cause__) if isinstance(arg, Exception))
    deeper = next(inner, None)
    return error if deeper is None else _cause(deeper)


def late(url: str, seconds: float) -> Rejected:
    """Tell of an answer that was not whole in time."""
    told = _told("GG503", url, f"no whole answer within {seconds:g} seconds", _SLOW)
    return Silent(told.problems)


def large(url: str, limit: int, claimed: int = 0) -> Rejected:
    """Tell of an answer that has more bytes than it can rightly have; `claimed` is what it says."""
    found = f"{claimed:,} bytes" if claimed else f"more than {limit:,} bytes"
    hint = "this is not what was asked for: look who answers there"
    return _told("GG504", url, f"the answer has {found}", hint, f"at most {limit:,} bytes")


def status(url: str, code: int) -> Rejected:
    """Tell of a status that is no answer to what was asked: the server's fault, or none at all."""
    told = _told("GG502", url, f"HTTP status {code}", _SERVER)
    return Unreached(told.problems) if code in _BUSY or code >= _FAILS else told


def downgrade(url: str, target: str) -> Rejected:
    """Tell of a redirect that would leave TLS."""
    hint = "whoever sits between could change every byte: give the https address in gogen.toml"
    return _told("GG506", url, f"it redirects to plain HTTP, {shown(target)}", hint)


def loop(url: str, hops: int) -> Rejected:
    """Tell of redirects without end."""
    return _told(
        "GG506", url, f"it redirects more than {hops} times", "give the address it ends at"
    )


def address(url: str, why: str) -> Rejected:
    """Tell of an address that is never asked."""
    expected = "https://host/…; http:// to this machine only"
    return _told("GG507", url, why, "correct it in gogen.toml", expected)


def not_http(url: str, why: str) -> Rejected:
    """Tell of an answer that HTTP does not allow, or that was not asked for."""
    return _told("GG508", url, f"the answer is not to be read: {why}", _SERVER)


def unreadable(file: str, error: Exception) -> Rejected:
    """Tell of a file of certificates or passwords that cannot be used."""
    message = f"{file} cannot be read: {_reason(error)}"
    return Rejected(
        [Problem("GG509", message, hint="correct the file, or the setting that names it")]
    )


def no_proxy(proxy: str, error: Exception) -> Rejected:
    """Tell of a proxy that is none."""
    message = f"{shown(proxy)} is no proxy: {_reason(error)}"
    return Rejected([Problem("GG509", message, hint="correct the variable HTTPS_PROXY")])


def _told(code: str, url: str, message: str, hint: str, expected: str = "") -> Rejected:
    return Rejected([Problem(code, f"{shown(url)}: {message}", expected=expected, hint=hint)])
