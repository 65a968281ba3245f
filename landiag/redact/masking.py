"""Secrets in command lines and in environment-like text are masked before anybody sees them, always.

A name decides (``--password x``, ``DB_PASSWORD=x``, ``"token": "x"``), a well-known tool's own option
(``mysql -px``), or the shape of the value (a JWT, an AWS key, ``user:pass@`` in a URL). Everything here is
pure, and running it twice changes nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from landiag.model.regex import regex
from landiag.redact.secret_names import (
    BEARER,
    HINTS,
    MASK,
    PRIVATE_KEY,
    SECRET_HEADER,
    SHAPES,
    USER_INFO,
    hides,
    is_strong,
    is_token_after,
    is_weak,
)

_QUOTED = r"\"(?:[^\"\\]|\\.){0,500}\"|'[^']{0,500}'"
_ASSIGNED = regex(r"(?<![\w.-])(?P<name>[\w.-]{1,200})[\"']?\s{0,4}(?P<sign>=>|[:=])\s{0,4}")
_VALUE = regex(rf"{_QUOTED}|[^\s;&,\"'}}]+")
_WORD = regex(rf"(?:{_QUOTED}|[^\s\"'])+|[\"']")

# Tools whose short options carry a secret: attached (-pSECRET) or as the next argument (-a SECRET).
_ATTACHED = {
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mysqlimport"), ("-p",)),
    **dict.fromkeys(("7z", "7za"), ("-p",)),
    "sshpass": ("-p",),
    "xfreerdp": ("/p:",),
}
_SEPARATE = {
    **dict.fromkeys(("curl", "lftp"), ("-u", "--user", "--proxy-user", "-U")),
    **dict.fromkeys(("mongo", "mongosh", "mongodump", "mongorestore", "sshpass", "rdesktop"), ("-p",)),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami"), ("-w",)),
    **dict.fromkeys(("ss-server", "ss-local", "ssserver", "sslocal"), ("-k",)),
    **dict.fromkeys(("unzip", "sqlcmd", "ipmitool"), ("-P",)),
    "redis-cli": ("-a",),
    "smbclient": ("-U",),
    "snmpwalk": ("-c", "-A", "-X"),
    "ngrok": ("authtoken", "add-authtoken"),
}
_LOGIN_TOOLS = {"docker", "podman", "helm", "nerdctl"}


def mask_argv(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command line with its secrets replaced by ``***``; as many arguments as before, in the same order."""
    return tuple(_mask_words(argv))


def mask_text(text: str) -> str:
    """Text that may hold command lines, assignments, headers or URLs, its secrets replaced by ``***``."""
    text = PRIVATE_KEY.sub(MASK, text)
    pieces, position = [], 0
    for start, end in _suspect_lines(text):
        pieces += [text[position:start], _mask_lines(text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])


def _suspect_lines(text: str) -> list[tuple[int, int]]:
    """The lines in which something hints at a secret, each with the line behind it, as spans that do not touch.

    Megabytes of rules hold hardly any: looking for the hints first is what makes masking them cheap.
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # one of the few letters that are two in lower case
        lowered = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    spans: list[tuple[int, int]] = []
    for hint in HINTS:
        at = lowered.find(hint)
        while at >= 0:
            end = lowered.find("\n", at)
            following = lowered.find("\n", end + 1) if end >= 0 else -1
            spans.append((lowered.rfind("\n", 0, at) + 1, following if following >= 0 else len(text)))
            at = lowered.find(hint, end) if end >= 0 else -1
    return _joined(spans)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _mask_lines(text: str) -> str:
    return _mask_inline("".join(_mask_line(line) for line in text.splitlines(keepends=True)))


def _mask_line(line: str) -> str:
    """What the words of one line say of each other; a tool's options end with its line."""
    words = [match.span() for match in _WORD.finditer(line)]
    masked = _mask_words([line[start:end] for start, end in words], inline=True)
    pieces, position = [], 0
    for (start, end), word in zip(words, masked, strict=True):
        pieces += [line[position:start], word]
        position = end
    return "".join([*pieces, line[position:]])


def mask_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Environment variables with the values of secret ones replaced by ``***``."""
    return {name: _mask_value(name, value) for name, value in environment.items()}


def is_masked(words: Iterable[str]) -> bool:
    """Whether a secret was masked in any of these arguments: such a line cannot be typed again as shown."""
    return any(MASK in word for word in words)


def _mask_words(words: Iterable[str], *, inline: bool = False) -> list[str]:
    """Mask each word in the light of those before it (``--password x``, ``mysql -px``)."""
    masked: list[str] = []
    tool, login, awaited, previous = "", False, "", ""
    for word in words:
        name = re.split(r"[\\/]", word)[-1].removesuffix(".exe")
        if (awaited and not _is_option(word) and hides(awaited, word)) or is_token_after(previous, word):
            masked.append(MASK)
            awaited = previous = ""
            continue
        awaited, previous = "", word
        if word in {"|", "||", "&&", ";"}:
            tool = ""
        elif not tool or name in _ATTACHED or name in _SEPARATE:
            tool = name if name in _ATTACHED or name in _SEPARATE or name in _LOGIN_TOOLS else tool
        login = login or (tool in _LOGIN_TOOLS and word == "login")
        masked.append(_mask_attached(tool, word) or (_mask_quoted(word) if inline else _mask_word(word)))
        if word in _SEPARATE.get(tool, ()) or (login and word == "-p"):
            awaited = "password"
        elif re.match(r"--?[A-Za-z]", word) and "=" not in word:
            awaited = word
    return masked


def _is_option(word: str) -> bool:
    """Whether a word can only be another option, not the value of the one before it."""
    return re.fullmatch(r"--[A-Za-z][\w-]*(=.*)?|-[A-Za-z]", word, re.DOTALL) is not None


def _mask_attached(tool: str, word: str) -> str | None:
    for prefix in _ATTACHED.get(tool, ()):
        if word.startswith(prefix) and len(word) > len(prefix):
            return prefix + MASK
    return None


def _mask_quoted(word: str) -> str:
    """A word of a text: when it is a quoted command line, that is masked like any other."""
    if len(word) > 2 and word[0] in "\"'" and word[0] == word[-1] and re.search(r"\s", word):
        return word[0] + mask_text(word[1:-1]) + word[-1]
    return word


def _mask_word(word: str) -> str:
    """One argument by itself: NAME=value hides all that follows the sign, blanks included."""
    match = re.match(r"(-{0,2}[\w.:-]{1,200})=", word)
    if match and hides(match[1], word[match.end() :]):
        return match[0] + MASK
    return mask_text(word) if re.search(r"\s", word) else _mask_inline(word)


def _mask_inline(text: str) -> str:
    text = PRIVATE_KEY.sub(MASK, SHAPES.sub(MASK, text))
    text = USER_INFO.sub(rf"\1:{MASK}@", text)
    text = SECRET_HEADER.sub(rf"\1\2{MASK}", text)
    text = BEARER.sub(rf"\1\2{MASK}", text)
    pieces, position = [], 0
    for match in _ASSIGNED.finditer(text):
        secret = "" if match.end() < position else _assigned_secret(text, match)
        if not secret:
            continue
        pieces += [text[position : match.end()], secret[0] + MASK + secret[0] if secret[0] in "\"'" else MASK]
        position = match.end() + len(secret)
    return "".join([*pieces, text[position:]])


def _assigned_secret(text: str, match: re.Match[str]) -> str:
    """The value of an assignment as it stands in the text, quotes included; empty when it is no secret."""
    if not (is_strong(match["name"]) or (match["sign"] != ":" and is_weak(match["name"]))):
        return ""
    found = _VALUE.match(text, match.end())
    value = found[0] if found else ""
    next_option = match[0][-1].isspace() and value.startswith("-")
    if next_option or (match["sign"] == ":" and value.startswith("//")):
        return ""
    return value if hides(match["name"], value.strip("\"'")) else ""


def _mask_value(name: str, value: str) -> str:
    return MASK if hides(name, value) else mask_text(value)
