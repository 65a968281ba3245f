"""What makes a value a secret: the name it goes by, or its own shape. Pure; ``masking`` hides what this finds."""

from __future__ import annotations

import re

from landiag.model.regex import regex

MASK = "***"

# A part of an option's or variable's name that makes its value a secret ...
_STRONG = regex(
    r"passw|passphrase|passcode|requirepass|secret|credential|apikey|authkey|accesskey|privatekey|token$"
)
_STRONG_PART = regex(r"pass|passin|passout|pin|otp|pat|dsn|psk|jwt|bearer")
_OTHER_PASS = regex(r"(proxy|fastcgi|uwsgi|scgi|grpc|single|multi|two|one|by)-pass$")
_STRONG_PAIR = regex(r"(api|access|private|auth|encryption|signing|master)-key")
# ... one that does so only when the value looks like neither a path, a port, nor a switch ...
_WEAK_PART = regex(r"key|auth|authorization|pwd|cookie|signature|sig")
_LONG_ONLY_PART = regex(r"session|sessionid|sid|code|salt|license|nonce")
# ... and parts that say the value is something about a secret, not the secret.
_ABOUT = regex(
    r"file|path|dir|folder|url|uri|endpoint|host|port|domain|name|env|stdin|fd|type|ttl|timeout|expiry|expires|"
    r"lifetime|age|length|policy|algorithm|backend|provider|module|class|mode|method|header|field|samesite|"
    r"secure|httponly"
)
_NOT_SECRET_KEY = regex(r"(public|primary|partition|sort|foreign|host|cache)-key")
_SWITCH = regex(r"no|require|disable|enable|ask|allow|prompt|skip|without|generate|show")
_PLAIN_NAMES = {"PWD", "OLDPWD"}
_PLAIN_VALUE = regex(
    r"(?i)|true|false|on|off|yes|no|none|null|auto|adhoc|basic|\d{1,5}|"
    r"(\.{0,2}/|~|[a-z]:[\\/]|https?://).*|.*\.(pem|key|crt|cer|der|p12|pfx|jks|json|ya?ml|toml|txt|ini|cfg|conf)"
)

# Values that are secrets by their shape alone, whoever is named beside them.
SHAPES = regex(
    r"(?<![\w-])(?:(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}\b"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"
    r"|(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{30,}|hf_\w{20,}|dop_v1_\w{30,})"
    r"|(?:xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}|tskey-[\w-]{10,}|pypi-[\w-]{30,})"
    r"|AIza[\w-]{35}|SG\.[\w-]{16,}\.[\w-]{16,}|\d{8,10}:AA[\w-]{33})"
)
PRIVATE_KEY = regex(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
)
USER_INFO = regex(r"(?<![\w+.-])([a-zA-Z][\w+.-]{0,40}://[^\s/:@?#]{0,200}):([^\s/?#]{1,500})@")
BEARER = regex(r"(?i)\b(bearer|(?:basic|token)(?=\s{1,4}\S{0,100}[\d=]))(\s{1,4})([\w.~+/=-]{8,})")
SECRET_HEADER = regex(
    r"(?i)(?<![\w-])((?:proxy-)?authorization|cookie|set-cookie)(\s{0,4}:\s{0,4})([^\r\n'\"]+)"
)
_LONG_TOKEN = regex(r"(?=\S*\d)(?=\S*[A-Za-z])[\w+/=.-]{16,}")

# Every secret that is known of stands on a line with one of these (in lower case), or on the line behind it.
HINTS = tuple(
    re.findall(
        r"[^|]+",
        "pass|secret|credential|key|token|auth|cookie|bearer|://|basic |login|_pin|-pin|otp=|otp |"
        "_pat|-pat|dsn|psk|jwt|pwd|_sig|-sig|sig=|signature|session|sid=|code=|code:|salt|license|"
        "nonce|akia|asia|aroa|aida|eyj|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|npm_|hf_|dop_v1_|"
        "xox|_live_|_test_|sk-|pypi-|aiza|sg.|:aa|mysql|mariadb|7z|freerdp|curl|lftp|mongo|rdesktop|"
        "ldap|ss-server|ss-local|ssserver|sslocal|unzip|sqlcmd|ipmitool|redis-cli|smbclient|snmpwalk|"
        "ngrok",
    )
)


def hides(name: str, value: str) -> bool:
    """Whether this value of an option or variable of this name is a secret."""
    if not value or value == MASK or name in _PLAIN_NAMES:
        return False
    if is_strong(name):
        return True
    if not is_weak(name) or _PLAIN_VALUE.fullmatch(value):
        return False
    return _WEAK_PART.fullmatch(_parts(name)[-1]) is not None or _LONG_TOKEN.fullmatch(value) is not None


def is_weak(name: str) -> bool:
    """Whether a value under this name may be a secret, by its look."""
    parts = _parts(name)
    if not parts or _NOT_SECRET_KEY.search("-".join(parts)):
        return False
    return bool(_WEAK_PART.fullmatch(parts[-1]) or _LONG_ONLY_PART.fullmatch(parts[-1]))


def is_strong(name: str) -> bool:
    """Whether every value under this name is a secret."""
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


def is_token_after(previous: str, word: str) -> bool:
    """Whether a long token follows a bare word such as ``authtoken`` or ``key``."""
    return (
        re.fullmatch(r"[A-Za-z][\w-]*:?", previous) is not None
        and (is_strong(previous) or _WEAK_PART.fullmatch(previous.rstrip(":").lower()) is not None)
        and _LONG_TOKEN.fullmatch(word) is not None
        and _PLAIN_VALUE.fullmatch(word) is None
    )
