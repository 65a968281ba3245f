"""Secrets in command lines and in environment-like text are masked before anybody sees them, always.

A name decides (``--password x``, ``DB_PASSWORD=x``, ``"token": "x"``), a well-known tool's own option
(``mysql -px``), or the shape of the value (a JWT, an AWS key, ``user:pass@`` in a URL). Everything here is
pure, and running it twice changes nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MASK = "***"

# A part of an option's or variable's name that makes its value a secret ...
_STRONG = re.compile(
    r"passw|passphrase|passcode|requirepass|secret|credential|apikey|authkey|accesskey|privatekey|token$"
)
_STRONG_PART = re.compile(r"pass|passin|passout|pin|otp|pat|dsn|psk|jwt|bearer")
_OTHER_PASS = re.compile(r"(proxy|fastcgi|uwsgi|scgi|grpc|single|multi|two|one|by)-pass$")
_STRONG_PAIR = re.compile(r"(api|access|private|auth|encryption|signing|master)-key")
# ... one that does so only when the value looks like neither a path, a port, nor a switch ...
_WEAK_PART = re.compile(r"key|auth|authorization|pwd|cookie|signature|sig")
_LONG_ONLY_PART = re.compile(r"session|sessionid|sid|code|salt|license|nonce")
# ... and parts that say the value is something about a secret, not the secret.
_ABOUT = re.compile(
    r"file|path|dir|folder|url|uri|endpoint|host|port|domain|name|env|stdin|fd|type|ttl|timeout|expiry|expires|"
    r"lifetime|age|length|policy|algorithm|backend|provider|module|class|mode|method|header|field|samesite|"
    r"secure|httponly"
)
_NOT_SECRET_KEY = re.compile(r"(public|primary|partition|sort|foreign|host|cache)-key")
_SWITCH = re.compile(r"no|require|disable|enable|ask|allow|prompt|skip|without|generate|show")
_PLAIN_NAMES = {"PWD", "OLDPWD"}
_PLAIN_VALUE = re.compile(
    r"(?i)|true|false|on|off|yes|no|none|null|auto|adhoc|basic|\d{1,5}|"
    r"(\.{0,2}/|~|[a-z]:[\\/]|https?://).*|.*\.(pem|key|crt|cer|der|p12|pfx|jks|json|ya?ml|toml|txt|ini|cfg|conf)"
)

# Values that are secrets by their shape alone, whoever is named beside them.
_SHAPES = re.compile(
    r"(?<![\w-])(?:(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"
    r"|(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{30,}|hf_\w{20,}|dop_v1_\w{30,})"
    r"|(?:xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|tskey-[\w-]{10,}|pypi-[\w-]{30,})"
    r"|AIza[\w-]{35}|SG\.[\w-]{16,}\.[\w-]{16,}|\d{8,10}:AA[\w-]{33})"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
)
_USER_INFO = re.compile(r"(?<![\w+.-])([a-zA-Z][\w+.-]{0,40}://[^\s/:@?#]{0,200}):([^\s/?#]{1,500})@")
_BEARER = re.compile(r"(?i)\b(bearer|(?:basic|token)(?=\s{1,4}\S{0,100}[\d=]))(\s{1,4})([\w.~+/=-]{8,})")
_SECRET_HEADER = re.compile(
    r"(?i)(?<![\w-])((?:proxy-)?authorization|cookie|set-cookie)(\s{0,4}:\s{0,4})([^\r\n'\"]+)"
)
_QUOTED = r"\"(?:[^\"\\]|\\.){0,500}\"|'[^']{0,500}'"
_ASSIGNED = re.compile(r"(?<![\w.-])(?P<name>[\w.-]{1,200})[\"']?\s{0,4}(?P<sign>=>|[:=])\s{0,4}")
_VALUE = re.compile(rf"{_QUOTED}|[^\s;&,\"'}}]+")
_WORD = re.compile(rf"(?:{_QUOTED}|[^\s\"'])+|[\"']")
_LONG_TOKEN = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[\w+/=.-]{16,}")

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
    words = [match.span() for match in _WORD.finditer(text)]
    masked = _mask_words([text[start:end] for start, end in words], inline=True)
    pieces, position = [], 0
    for (start, end), word in zip(words, masked, strict=True):
        pieces += [text[position:start], word]
        position = end
    return _mask_inline("".join([*pieces, text[position:]]))


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
        if (awaited and not _is_option(word) and _hides(awaited, word)) or _is_token_after(previous, word):
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


def _is_token_after(previous: str, word: str) -> bool:
    """Whether a long token follows a bare word such as ``authtoken`` or ``key``."""
    return (
        re.fullmatch(r"[A-Za-z][\w-]*:?", previous) is not None
        and (_is_strong(previous) or _WEAK_PART.fullmatch(previous.rstrip(":").lower()) is not None)
        and _LONG_TOKEN.fullmatch(word) is not None
        and _PLAIN_VALUE.fullmatch(word) is None
    )


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
    if match and _hides(match[1], word[match.end() :]):
        return match[0] + MASK
    return mask_text(word) if re.search(r"\s", word) else _mask_inline(word)


def _mask_inline(text: str) -> str:
    text = _SHAPES.sub(MASK, text)
    text = _USER_INFO.sub(rf"\1:{MASK}@", text)
    text = _SECRET_HEADER.sub(rf"\1\2{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    pieces, position = [], 0
    for match in _ASSIGNED.finditer(text):
        if match.end() < position or not (secret := _assigned_secret(text, match)):
            continue
        pieces += [text[position : match.end()], secret[0] + MASK + secret[0] if secret[0] in "\"'" else MASK]
        position = match.end() + len(secret)
    return "".join([*pieces, text[position:]])


def _assigned_secret(text: str, match: re.Match[str]) -> str:
    """The value of an assignment as it stands in the text, quotes included; empty when it is no secret."""
    if not (_is_strong(match["name"]) or (match["sign"] != ":" and _is_weak(match["name"]))):
        return ""
    found = _VALUE.match(text, match.end())
    value = found[0] if found else ""
    next_option = match[0][-1].isspace() and value.startswith("-")
    if next_option or (match["sign"] == ":" and value.startswith("//")):
        return ""
    return value if _hides(match["name"], value.strip("\"'")) else ""


def _mask_value(name: str, value: str) -> str:
    return MASK if _hides(name, value) else mask_text(value)


def _hides(name: str, value: str) -> bool:
    """Whether this value of an option or variable of this name is a secret."""
    if not value or value == MASK or name in _PLAIN_NAMES:
        return False
    if _is_strong(name):
        return True
    if not _is_weak(name) or _PLAIN_VALUE.fullmatch(value):
        return False
    return _WEAK_PART.fullmatch(_parts(name)[-1]) is not None or _LONG_TOKEN.fullmatch(value) is not None


def _is_weak(name: str) -> bool:
    """Whether a value under this name may be a secret, by its look."""
    parts = _parts(name)
    if not parts or _NOT_SECRET_KEY.search("-".join(parts)):
        return False
    return bool(_WEAK_PART.fullmatch(parts[-1]) or _LONG_ONLY_PART.fullmatch(parts[-1]))


def _is_strong(name: str) -> bool:
    parts = _parts(name)
    if not parts or _ABOUT.fullmatch(parts[-1]) or _SWITCH.fullmatch(parts[0]):
        return False
    if _STRONG_PAIR.search("-".join(parts)):
        return True
    if _STRONG_PART.fullmatch(parts[-1]):
        return not _OTHER_PASS.search("-".join(parts))
    return any(_STRONG.search(part) for part in parts)


def _parts(name: str) -> list[str]:
    """The words of a name: ``--NotebookApp.apiKey`` -> notebook, app, api, key."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return [part for part in re.split(r"[^a-z0-9]+", spaced.lower()) if part]
