# What "landiag record" records, for hosts without landiag: the standard library of Python 3.6 or newer, nothing else.
# It only reads: no rule is added, no module loaded, nothing sent. Written by "landiag record --print-recorder".
#
#   sudo python3 recorder.py > host.json          or: sudo python3 recorder.py --output host.json.gz
import argparse
import base64
import gzip
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timezone
from typing import cast


def _removesuffix(text, end):
    return text[: -len(end)] if end and text.endswith(end) else text


class _Late:
    """Stands for a compiled pattern: what is asked of it the first time is kept, so later calls cost nothing."""

    def __init__(self, text, flags):
        self._written = (text, flags)

    def __getattr__(self, name):
        if name.startswith("_"):  # copying asks for methods that a pattern has not
            raise AttributeError(name)
        found = getattr(re.compile(*self._written), name)
        setattr(self, name, found)
        return found


def regex(text, flags=0):
    """A pattern of a module's own, as ``re.compile`` would give it; one that is no pattern fails when it is used."""
    return cast("re.Pattern[AnyStr]", _Late(text, flags))


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


def hides(name, value):
    """Whether this value of an option or variable of this name is a secret."""
    if not value or value == MASK or name in _PLAIN_NAMES:
        return False
    if is_strong(name):
        return True
    if not is_weak(name) or _PLAIN_VALUE.fullmatch(value):
        return False
    return _WEAK_PART.fullmatch(_parts(name)[-1]) is not None or _LONG_TOKEN.fullmatch(value) is not None


def is_weak(name):
    """Whether a value under this name may be a secret, by its look."""
    parts = _parts(name)
    if not parts or _NOT_SECRET_KEY.search("-".join(parts)):
        return False
    return bool(_WEAK_PART.fullmatch(parts[-1]) or _LONG_ONLY_PART.fullmatch(parts[-1]))


def is_strong(name):
    """Whether every value under this name is a secret."""
    parts = _parts(name)
    if not parts or _ABOUT.fullmatch(parts[-1]) or _SWITCH.fullmatch(parts[0]):
        return False
    if _STRONG_PAIR.search("-".join(parts)):
        return True
    if _STRONG_PART.fullmatch(parts[-1]):
        return not _OTHER_PASS.search("-".join(parts))
    return any(_STRONG.search(part) for part in parts)


def _parts(name):
    """The words of a name: ``--NotebookApp.apiKey`` -> notebook, app, api, key."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return [part for part in re.split(r"[^a-z0-9]+", spaced.lower()) if part]


def is_token_after(previous, word):
    """Whether a long token follows a bare word such as ``authtoken`` or ``key``."""
    return (
        re.fullmatch(r"[A-Za-z][\w-]*:?", previous) is not None
        and (is_strong(previous) or _WEAK_PART.fullmatch(previous.rstrip(":").lower()) is not None)
        and _LONG_TOKEN.fullmatch(word) is not None
        and _PLAIN_VALUE.fullmatch(word) is None
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


def mask_argv(argv):
    """A command line with its secrets replaced by ``***``; as many arguments as before, in the same order."""
    return tuple(_mask_words(argv))


def mask_text(text):
    """Text that may hold command lines, assignments, headers or URLs, its secrets replaced by ``***``."""
    text = PRIVATE_KEY.sub(MASK, text)
    pieces, position = [], 0
    for start, end in _suspect_lines(text):
        pieces += [text[position:start], _mask_lines(text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])


def _suspect_lines(text):
    """The lines in which something hints at a secret, each with the line behind it, as spans that do not touch.

    Megabytes of rules hold hardly any: looking for the hints first is what makes masking them cheap.
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # one of the few letters that are two in lower case
        lowered = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    spans = []
    for hint in HINTS:
        at = lowered.find(hint)
        while at >= 0:
            end = lowered.find("\n", at)
            following = lowered.find("\n", end + 1) if end >= 0 else -1
            spans.append((lowered.rfind("\n", 0, at) + 1, following if following >= 0 else len(text)))
            at = lowered.find(hint, end) if end >= 0 else -1
    return _joined(spans)


def _joined(spans):
    joined = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _mask_lines(text):
    return _mask_inline("".join(_mask_line(line) for line in text.splitlines(keepends=True)))


def _mask_line(line):
    """What the words of one line say of each other; a tool's options end with its line."""
    words = [match.span() for match in _WORD.finditer(line)]
    masked = _mask_words([line[start:end] for start, end in words], inline=True)
    pieces, position = [], 0
    for (start, end), word in zip(words, masked):
        pieces += [line[position:start], word]
        position = end
    return "".join([*pieces, line[position:]])


def mask_environment(environment):
    """Environment variables with the values of secret ones replaced by ``***``."""
    return {name: _mask_value(name, value) for name, value in environment.items()}


def is_masked(words):
    """Whether a secret was masked in any of these arguments: such a line cannot be typed again as shown."""
    return any(MASK in word for word in words)


def _mask_words(words, *, inline=False):
    """Mask each word in the light of those before it (``--password x``, ``mysql -px``)."""
    masked = []
    tool, login, awaited, previous = "", False, "", ""
    for word in words:
        name = _removesuffix(re.split(r"[\\/]", word)[-1], ".exe")
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


def _is_option(word):
    """Whether a word can only be another option, not the value of the one before it."""
    return re.fullmatch(r"--[A-Za-z][\w-]*(=.*)?|-[A-Za-z]", word, re.DOTALL) is not None


def _mask_attached(tool, word):
    for prefix in _ATTACHED.get(tool, ()):
        if word.startswith(prefix) and len(word) > len(prefix):
            return prefix + MASK
    return None


def _mask_quoted(word):
    """A word of a text: when it is a quoted command line, that is masked like any other."""
    if len(word) > 2 and word[0] in "\"'" and word[0] == word[-1] and re.search(r"\s", word):
        return word[0] + mask_text(word[1:-1]) + word[-1]
    return word


def _mask_word(word):
    """One argument by itself: NAME=value hides all that follows the sign, blanks included."""
    match = re.match(r"(-{0,2}[\w.:-]{1,200})=", word)
    if match and hides(match[1], word[match.end() :]):
        return match[0] + MASK
    return mask_text(word) if re.search(r"\s", word) else _mask_inline(word)


def _mask_inline(text):
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


def _assigned_secret(text, match):
    """The value of an assignment as it stands in the text, quotes included; empty when it is no secret."""
    if not (is_strong(match["name"]) or (match["sign"] != ":" and is_weak(match["name"]))):
        return ""
    found = _VALUE.match(text, match.end())
    value = found[0] if found else ""
    next_option = match[0][-1].isspace() and value.startswith("-")
    if next_option or (match["sign"] == ":" and value.startswith("//")):
        return ""
    return value if hides(match["name"], value.strip("\"'")) else ""


def _mask_value(name, value):
    return MASK if hides(name, value) else mask_text(value)


_MOST_NAMESPACES = 64
_MOST_PROCESSES = 256
_MOST_TEXT = 1 << 20
_STATES = {
    "R": "running", "S": "sleeping", "D": "disk-sleep", "T": "stopped", "t": "tracing-stop", "Z": "zombie",
    "X": "dead", "x": "dead", "K": "wake-kill", "W": "waking", "I": "idle", "P": "parked",
}  # fmt: skip


def text_of(path, errors="backslashreplace"):
    """Read a file of the kernel; empty where there is none, or this user may not read it."""
    try:
        with open(path, encoding="utf-8", errors=errors, newline="") as file:
            return file.read(_MOST_TEXT)
    except OSError:
        return ""


def link_of(path):
    """Name what a link of the kernel leads to; None where there is none, or this user may not know."""
    try:
        found = os.readlink(path).split("\0")[0]
    except OSError:
        return None
    is_deleted = found.endswith(" (deleted)") and not os.path.lexists(found)
    return found[: -len(" (deleted)")] if is_deleted else found


def namespace_of(pid):
    """Number the network namespace of a process; None where this user may not know."""
    name = link_of(f"/proc/{pid}/ns/net")
    return None if name is None else name[len("net:[") : -1]


def list_namespaces():
    """List the other network namespaces of this machine, each with one process that lives in it."""
    own = namespace_of("self")
    found = {}
    hidden = 0
    for pid in _list_pids():
        name = namespace_of(str(pid))
        if name is None:
            hidden += 1
        elif name != own and name not in found and len(found) < _MOST_NAMESPACES:
            title = text_of(f"/proc/{pid}/comm").strip()
            found[name] = {"name": name, "pid": pid, "title": title, "hostname": _container_of(pid)}
    return {"own": own, "hidden": hidden, "namespaces": list(found.values())}


def _list_pids():
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    return sorted(int(name) for name in names if name.isdigit())


def _container_of(pid):
    """Name the container by the last part of its cgroup (docker-0123456789ab.scope); empty without one."""
    return os.path.basename(text_of(f"/proc/{pid}/cgroup").strip().rpartition(":")[2])


def describe_processes(pids, kept, seconds):
    """Describe processes and their parents, secrets masked; of their environment only the variables in ``kept``."""
    boot = re.search(r"^btime (\d+)", text_of("/proc/stat"), re.MULTILINE)
    booted = int(boot.group(1)) if boot else None
    return describe_with_parents(pids, lambda pid: _describe(pid, kept, booted), seconds)


def describe_with_parents(
    pids, describe, seconds
):
    """Describe processes and their parents; ``describe`` gives None for one that is gone."""
    deadline = time.monotonic() + seconds
    described = {}
    wanted = list(pids)
    while wanted and time.monotonic() < deadline:
        pid = wanted.pop()
        found = None if pid in described else describe(pid)
        if found is None:
            continue
        described[pid] = found
        parent = found["parent"]
        if parent and parent > 1 and len(described) < _MOST_PROCESSES:
            wanted.append(parent)
    return list(described.values())


def _describe(pid, kept, boot):
    stat = text_of(f"/proc/{pid}/stat", "surrogateescape")
    if not stat:  # it ended between two readings
        return None
    name, fields = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
    argv = _argv_of(pid)
    is_cut = len(name) >= 15 and argv and os.path.basename(argv[0]).startswith(name)
    uid = _uid_of(pid)
    return {
        "pid": pid,
        "name": os.path.basename(argv[0]) if is_cut else name,
        "argv": list(mask_argv(tuple(argv))),
        "exe": link_of(f"/proc/{pid}/exe"),
        "user": None if uid is None else _user_of(uid),
        "uid": uid,
        "cwd": link_of(f"/proc/{pid}/cwd"),
        "started": None if boot is None else int(fields[19]) / os.sysconf("SC_CLK_TCK") + boot,
        "state": _STATES.get(fields[0], "?"),
        "parent": int(fields[1]),
        "environment": mask_environment(_environment_of(pid, kept)),
        "namespace": namespace_of(str(pid)),
    }


def _argv_of(pid):
    """The words of its command line; a process that wrote its title over them may have put blanks between."""
    line = text_of(f"/proc/{pid}/cmdline", "surrogateescape")
    between = "\0" if line.endswith("\0") else " "
    argv = _removesuffix(line, between).split(between) if line else []
    return argv[0].split(" ") if len(argv) == 1 else argv


def _uid_of(pid):
    """The real user id."""
    found = re.search(r"^Uid:\s+(\d+)", text_of(f"/proc/{pid}/status"), re.MULTILINE)
    return int(found.group(1)) if found else None


def _user_of(uid):
    assert sys.platform == "linux"
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _environment_of(pid, kept):
    lines = text_of(f"/proc/{pid}/environ", "surrogateescape").partition("\0\0")[0].split("\0")
    pairs = [line.partition("=") for line in lines]
    found = {key: value for key, equals, value in pairs if equals and key in kept}
    return dict(sorted(found.items()))


TABLE = json.loads(r"""{
 "version": "0.1.0",
 "max_bytes": 67108864,
 "path": [
  "/usr/sbin",
  "/usr/bin",
  "/sbin",
  "/bin"
 ],
 "denied": [
  "operation not permitted",
  "permission denied",
  "you must be root",
  "need to be root"
 ],
 "modules": {
  "nf_tables": "CONFIG_NF_TABLES",
  "ip_tables": "CONFIG_IP_NF_IPTABLES",
  "ip6_tables": "CONFIG_IP6_NF_IPTABLES",
  "ip_set": "CONFIG_IP_SET",
  "nf_conntrack": "CONFIG_NF_CONNTRACK",
  "xfrm_user": "CONFIG_XFRM_USER",
  "wireguard": "CONFIG_WIREGUARD"
 },
 "virtual": [
  "QEMU",
  "KVM",
  "VMware",
  "VirtualBox",
  "innotek",
  "Xen",
  "Amazon EC2",
  "Google Compute",
  "Virtual"
 ],
 "variables": [
  "ASPNETCORE_ENVIRONMENT",
  "COMMANDLINE_ARGS",
  "DANGEROUSLY_DISABLE_HOST_CHECK",
  "DJANGO_SETTINGS_MODULE",
  "DOTNET_ENVIRONMENT",
  "FLASK_APP",
  "FLASK_DEBUG",
  "FLASK_ENV",
  "FLASK_RUN_CERT",
  "FLASK_RUN_DEBUGGER",
  "FLASK_RUN_EXTRA_FILES",
  "FLASK_RUN_KEY",
  "FLASK_RUN_PORT",
  "GRADIO_SERVER_NAME",
  "GRADIO_SERVER_PORT",
  "GRANIAN_INTERFACE",
  "GRANIAN_PORT",
  "GUNICORN_CMD_ARGS",
  "HOST",
  "HTTPS",
  "JUPYTER_CONFIG_DIR",
  "LANGFLOW_PORT",
  "LITESTAR_APP",
  "LITESTAR_PORT",
  "MEILI_DB_PATH",
  "MEILI_ENV",
  "MLFLOW_TRACKING_URI",
  "N8N_HOST",
  "N8N_LISTEN_ADDRESS",
  "N8N_PORT",
  "N8N_PROTOCOL",
  "N8N_USER_FOLDER",
  "NODE_ENV",
  "NUXT_PORT",
  "OLLAMA_HOST",
  "OLLAMA_MODELS",
  "PORT",
  "PYTHONPATH",
  "QUART_APP",
  "QUART_DEBUG",
  "RACK_ENV",
  "RAILS_ENV",
  "STREAMLIT_SERVER_HEADLESS",
  "STREAMLIT_SERVER_PORT",
  "SUPERSET_CONFIG_PATH",
  "UVICORN_APP",
  "UVICORN_PORT",
  "VIRTUAL_ENV",
  "WEBPACK_DEV_SERVER_BASE_PORT",
  "WEB_CONCURRENCY",
  "WERKZEUG_RUN_MAIN"
 ],
 "first": [
  {
   "name": "machine",
   "kind": "call"
  },
  {
   "name": "nft-ruleset",
   "kind": "command",
   "argv": [
    "nft",
    "-j",
    "list",
    "ruleset"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  },
  {
   "name": "iptables-save",
   "kind": "command",
   "argv": [
    "iptables-nft-save"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  },
  {
   "name": "ip6tables-save",
   "kind": "command",
   "argv": [
    "ip6tables-nft-save"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  },
  {
   "name": "iptables-legacy-save",
   "kind": "command",
   "argv": [
    "iptables-legacy-save",
    "-c"
   ],
   "ok": [
    0
   ],
   "module": "ip_tables"
  },
  {
   "name": "ip6tables-legacy-save",
   "kind": "command",
   "argv": [
    "ip6tables-legacy-save",
    "-c"
   ],
   "ok": [
    0
   ],
   "module": "ip6_tables"
  },
  {
   "name": "ipset-save",
   "kind": "command",
   "argv": [
    "ipset",
    "save"
   ],
   "ok": [
    0
   ],
   "module": "ip_set"
  },
  {
   "name": "file:/proc/net/ip_tables_names",
   "kind": "file",
   "path": "/proc/net/ip_tables_names"
  },
  {
   "name": "file:/proc/net/ip6_tables_names",
   "kind": "file",
   "path": "/proc/net/ip6_tables_names"
  },
  {
   "name": "file:/proc/net/netfilter/nfnetlink_queue",
   "kind": "file",
   "path": "/proc/net/netfilter/nfnetlink_queue"
  },
  {
   "name": "ss-listeners",
   "kind": "command",
   "argv": [
    "ss",
    "-H",
    "-lntpe"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-addresses",
   "kind": "command",
   "argv": [
    "ip",
    "-j",
    "-d",
    "addr",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-routes-4",
   "kind": "command",
   "argv": [
    "ip",
    "-j",
    "-4",
    "route",
    "show",
    "table",
    "all"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-routes-6",
   "kind": "command",
   "argv": [
    "ip",
    "-j",
    "-6",
    "route",
    "show",
    "table",
    "all"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-rules-4",
   "kind": "command",
   "argv": [
    "ip",
    "-j",
    "-4",
    "rule",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-rules-6",
   "kind": "command",
   "argv": [
    "ip",
    "-j",
    "-6",
    "rule",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-neighbours",
   "kind": "command",
   "argv": [
    "ip",
    "-j",
    "neigh",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "namespaces",
   "kind": "call"
  },
  {
   "name": "xfrm-policies",
   "kind": "command",
   "argv": [
    "ip",
    "xfrm",
    "policy"
   ],
   "ok": [
    0
   ],
   "module": "xfrm_user"
  },
  {
   "name": "wireguard-allowed-ips",
   "kind": "command",
   "argv": [
    "wg",
    "show",
    "all",
    "allowed-ips"
   ],
   "ok": [
    0
   ],
   "module": "wireguard"
  },
  {
   "name": "tc-qdiscs",
   "kind": "command",
   "argv": [
    "tc",
    "qdisc",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "bpftool net",
   "kind": "command",
   "argv": [
    "bpftool",
    "-j",
    "net",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "file:/proc/sys/net/ipv4/ip_forward",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/ip_forward"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/rp_filter",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/rp_filter"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/src_valid_mark",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/src_valid_mark"
  },
  {
   "name": "file:/proc/sys/net/ipv4/ip_unprivileged_port_start",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/ip_unprivileged_port_start"
  },
  {
   "name": "file:/proc/sys/net/ipv4/icmp_echo_ignore_all",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/icmp_echo_ignore_all"
  },
  {
   "name": "file:/proc/sys/net/ipv4/tcp_l3mdev_accept",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/tcp_l3mdev_accept"
  },
  {
   "name": "file:/proc/sys/net/ipv6/conf/all/forwarding",
   "kind": "file",
   "path": "/proc/sys/net/ipv6/conf/all/forwarding"
  },
  {
   "name": "file:/proc/sys/net/ipv6/bindv6only",
   "kind": "file",
   "path": "/proc/sys/net/ipv6/bindv6only"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/accept_local",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/accept_local"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/arp_ignore",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/arp_ignore"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/proxy_arp",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/proxy_arp"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/arp_filter",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/arp_filter"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/arp_announce",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/arp_announce"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/all/route_localnet",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/all/route_localnet"
  },
  {
   "name": "file:/proc/sys/net/ipv4/tcp_fwmark_accept",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/tcp_fwmark_accept"
  },
  {
   "name": "file:/proc/sys/net/ipv4/tcp_syncookies",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/tcp_syncookies"
  },
  {
   "name": "file:/proc/sys/net/ipv4/fwmark_reflect",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/fwmark_reflect"
  },
  {
   "name": "file:/proc/sys/net/ipv4/ip_default_ttl",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/ip_default_ttl"
  },
  {
   "name": "file:/proc/sys/net/netfilter/nf_conntrack_count",
   "kind": "file",
   "path": "/proc/sys/net/netfilter/nf_conntrack_count"
  },
  {
   "name": "file:/proc/sys/net/netfilter/nf_conntrack_max",
   "kind": "file",
   "path": "/proc/sys/net/netfilter/nf_conntrack_max"
  },
  {
   "name": "file:/proc/sys/net/netfilter/nf_conntrack_tcp_loose",
   "kind": "file",
   "path": "/proc/sys/net/netfilter/nf_conntrack_tcp_loose"
  },
  {
   "name": "file:/proc/sys/net/bridge/bridge-nf-call-iptables",
   "kind": "file",
   "path": "/proc/sys/net/bridge/bridge-nf-call-iptables"
  },
  {
   "name": "file:/proc/sys/net/bridge/bridge-nf-call-ip6tables",
   "kind": "file",
   "path": "/proc/sys/net/bridge/bridge-nf-call-ip6tables"
  },
  {
   "name": "file:/etc/ufw/ufw.conf",
   "kind": "file",
   "path": "/etc/ufw/ufw.conf"
  },
  {
   "name": "file:/etc/default/ufw",
   "kind": "file",
   "path": "/etc/default/ufw"
  },
  {
   "name": "file:/etc/firewalld/firewalld.conf",
   "kind": "file",
   "path": "/etc/firewalld/firewalld.conf"
  },
  {
   "name": "firewall-units",
   "kind": "command",
   "argv": [
    "systemctl",
    "is-active",
    "firewalld",
    "nftables",
    "iptables",
    "netfilter-persistent"
   ],
   "ok": [
    0,
    1,
    3,
    4
   ]
  },
  {
   "name": "file:/proc/modules",
   "kind": "file",
   "path": "/proc/modules"
  },
  {
   "name": "systemd-features",
   "kind": "command",
   "argv": [
    "systemctl",
    "show",
    "--property=Version,Features"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "systemd-services",
   "kind": "command",
   "argv": [
    "systemctl",
    "show",
    "--property=Id,Type,ActiveState,SubState,Result,NRestarts,MainPID,PrivateNetwork,Slice,User,\
NetworkNamespacePath,JoinsNamespaceOf,RestrictAddressFamilies,SocketBindAllow,SocketBindDeny",
    "*.service",
    "*.slice"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "systemd-sockets",
   "kind": "command",
   "argv": [
    "systemctl",
    "show",
    "--property=Id,ActiveState,Result,BindIPv6Only,Listen,Triggers,PrivateNetwork,NetworkNamespacePath",
    "*.socket"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "fail2ban-client banned",
   "kind": "command",
   "argv": [
    "fail2ban-client",
    "banned"
   ],
   "ok": [
    0
   ]
  }
 ],
 "rules": [
  "nft-ruleset",
  "iptables-save",
  "ip6tables-save",
  "iptables-legacy-save",
  "ip6tables-legacy-save",
  "ipset-save",
  "file:/proc/net/ip_tables_names",
  "file:/proc/net/ip6_tables_names"
 ],
 "ufw": [
  {
   "name": "file:/etc/ufw/user.rules",
   "kind": "file",
   "path": "/etc/ufw/user.rules"
  },
  {
   "name": "file:/etc/ufw/user6.rules",
   "kind": "file",
   "path": "/etc/ufw/user6.rules"
  }
 ],
 "nft": "nft-ruleset",
 "nft_text": [
  {
   "name": "nft-text",
   "kind": "command",
   "argv": [
    "nft",
    "-t",
    "list",
    "ruleset"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  }
 ],
 "hides_frames": [
  "\"bridge\"",
  "\"xt\""
 ],
 "frames": [
  {
   "name": "ebtables-save",
   "kind": "command",
   "argv": [
    "ebtables-nft-save"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  }
 ],
 "table_flags": "\"table\": ?\\{[^{}]*\"flags\"",
 "device_chain": "\"chain\": ?\\{[^{}]*\"hook\": ?\"(?:in|e)gress\"[^{}]*\\}",
 "listeners": "ss-listeners",
 "addresses": "ip-addresses",
 "proc_tcp": [
  {
   "name": "file:/proc/net/tcp",
   "kind": "file",
   "path": "/proc/net/tcp"
  },
  {
   "name": "file:/proc/net/tcp6",
   "kind": "file",
   "path": "/proc/net/tcp6"
  }
 ],
 "units": "(?:/[^/]+\\.slice(?=/|$))*(?:/[^/]+\\.(?:service|scope|socket)(?=/|$))?",
 "unit": {
  "name": "unit {unit}",
  "kind": "command",
  "argv": [
   "systemctl",
   "show",
   "--property=Id,Triggers,IPAddressAllow,IPAddressDeny,IPIngressFilterPath,RestrictNetworkInterfaces",
   "--",
   "-.slice",
   "{unit}"
  ],
  "ok": [
   0
  ]
 },
 "interface": [
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/rp_filter",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/rp_filter"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/arp_ignore",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/arp_ignore"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/proxy_arp",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/proxy_arp"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/arp_filter",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/arp_filter"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/arp_announce",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/arp_announce"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/route_localnet",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/route_localnet"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/src_valid_mark",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/src_valid_mark"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/accept_local",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/accept_local"
  },
  {
   "name": "file:/proc/sys/net/ipv4/conf/{interface}/forwarding",
   "kind": "file",
   "path": "/proc/sys/net/ipv4/conf/{interface}/forwarding"
  },
  {
   "name": "file:/proc/sys/net/ipv6/conf/{interface}/hop_limit",
   "kind": "file",
   "path": "/proc/sys/net/ipv6/conf/{interface}/hop_limit"
  },
  {
   "name": "tc-ingress {interface}",
   "kind": "command",
   "argv": [
    "tc",
    "filter",
    "show",
    "dev",
    "{interface}",
    "ingress"
   ],
   "ok": [
    0,
    2
   ]
  },
  {
   "name": "tc-egress {interface}",
   "kind": "command",
   "argv": [
    "tc",
    "filter",
    "show",
    "dev",
    "{interface}",
    "egress"
   ],
   "ok": [
    0,
    2
   ]
  },
  {
   "name": "tc-root {interface}",
   "kind": "command",
   "argv": [
    "tc",
    "filter",
    "show",
    "dev",
    "{interface}",
    "root"
   ],
   "ok": [
    0,
    2
   ]
  },
  {
   "name": "tc-classes {interface}",
   "kind": "command",
   "argv": [
    "tc",
    "class",
    "show",
    "dev",
    "{interface}"
   ],
   "ok": [
    0
   ]
  }
 ],
 "namespace": [
  {
   "name": "ss-listeners netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ss",
    "-H",
    "-lntpe"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-addresses netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip",
    "-j",
    "-d",
    "addr",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-routes-4 netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip",
    "-j",
    "-4",
    "route",
    "show",
    "table",
    "all"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-routes-6 netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip",
    "-j",
    "-6",
    "route",
    "show",
    "table",
    "all"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-rules-4 netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip",
    "-j",
    "-4",
    "rule",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "ip-rules-6 netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip",
    "-j",
    "-6",
    "rule",
    "show"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "sysctl netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "sysctl",
    "net.ipv4.conf"
   ],
   "ok": [
    0
   ]
  },
  {
   "name": "nft-ruleset netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "nft",
    "-j",
    "list",
    "ruleset"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  },
  {
   "name": "iptables-save netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "iptables-nft-save"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  },
  {
   "name": "ip6tables-save netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip6tables-nft-save"
   ],
   "ok": [
    0
   ],
   "module": "nf_tables"
  },
  {
   "name": "iptables-legacy-save netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "iptables-legacy-save",
    "-c"
   ],
   "ok": [
    0
   ],
   "module": "ip_tables"
  },
  {
   "name": "ip6tables-legacy-save netns={namespace}",
   "kind": "command",
   "argv": [
    "nsenter",
    "-t",
    "{pid}",
    "-n",
    "ip6tables-legacy-save",
    "-c"
   ],
   "ok": [
    0
   ],
   "module": "ip6_tables"
  }
 ],
 "most_interfaces": 200,
 "most_namespaces": 24
}""".replace("\\\n", ""))  # a backslash ends a line that goes on
MAX_BYTES = TABLE["max_bytes"]


def read_file(path, most=MAX_BYTES):
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    pieces, total = [], 0
    try:
        while total <= most:
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                break
            pieces.append(piece)
            total += len(piece)
    finally:
        os.close(descriptor)
    return b"".join(pieces)


def find_program(name):
    for folder in TABLE["path"]:
        candidate = os.path.join(folder, name)
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    return None


def is_present(module):
    if not os.path.exists("/proc/modules") or os.path.isdir("/sys/module/" + module):
        return True
    release = os.uname().release
    if (module + " ") in text_of("/proc/modules"):
        return True
    if "/%s.ko" % module in text_of("/lib/modules/%s/modules.builtin" % release):
        return True
    wanted = "\n%s=y\n" % TABLE["modules"].get(module, "?")
    try:
        with gzip.open("/proc/config.gz", "rt", encoding="ascii", errors="replace") as file:
            return wanted in file.read()
    except (OSError, EOFError):
        return wanted in text_of("/boot/config-" + release)


def remedy_of(source):
    if source["kind"] == "file":
        return "sudo cat " + shlex.quote(source["path"])
    argv = source["argv"]
    program = find_program(argv[0]) or argv[0]
    return " ".join(shlex.quote(word) for word in ["sudo", program] + argv[1:])


def failed(source, status, detail):
    return {"source": source["name"], "argv": source.get("argv"), "status": status, "detail": detail,
            "remedy": None if source["kind"] == "call" else remedy_of(source)}


def run(source, deadline):
    argv = source["argv"]
    if source.get("module") and not is_present(source["module"]):
        return failed(source, "not-loaded", "the kernel has no %s loaded" % source["module"])
    program = find_program(argv[0])
    if program is None:
        return failed(source, "missing", "the program " + argv[0] + " is not installed")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        environment = {"PATH": os.pathsep.join(TABLE["path"]), "LC_ALL": "C", "LANG": "C"}
        try:
            child = subprocess.Popen([program] + argv[1:], stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                                     env=environment, cwd="/", start_new_session=True)
        except OSError as error:
            return failed(source, "failed", "%s could not be run: %s" % (argv[0], error.strerror))
        ended = None
        while child.poll() is None and ended is None:
            if time.time() > deadline:
                ended = ("timed-out", "did not answer in time")
            elif os.fstat(out.fileno()).st_size > MAX_BYTES:
                ended = ("too-large", "said more than can be read")
            else:
                time.sleep(0.002)
        if ended is None and os.fstat(out.fileno()).st_size > MAX_BYTES:
            ended = ("too-large", "said more than can be read")
        if ended is not None:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except OSError:
                pass
            child.wait()
        out.seek(0)
        errors.seek(0)
        said = errors.read(1 << 16).decode("utf-8", "backslashreplace")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        detail = lines[0][:300] if lines else ""
        answer = {"source": source["name"], "argv": argv, "status": "ok", "detail": detail}
        if ended is not None:
            answer.update(status=ended[0], detail="%s %s" % (argv[0], ended[1]), data=out.read(1 << 16))
            return answer
        answer["data"] = out.read()
        if child.returncode not in source["ok"]:
            low = said.lower()
            denied = any(words in low for words in TABLE["denied"])
            answer.update(status="denied" if denied else "failed", remedy=remedy_of(source),
                          detail=detail or "%s ended with status %d" % (argv[0], child.returncode))
        return answer


def read(source, deadline):
    path = source["path"]
    try:
        data = read_file(path)
    except PermissionError:
        return failed(source, "denied", path + " is readable for root only")
    except (FileNotFoundError, NotADirectoryError):
        return failed(source, "missing", "there is no " + path)
    except OSError as error:
        return failed(source, "failed", "%s could not be read: %s" % (path, error.strerror))
    if len(data) > MAX_BYTES:
        return {"source": source["name"], "status": "too-large", "detail": "it is too large", "data": data[:1 << 16]}
    return {"source": source["name"], "status": "ok", "data": data}


def machine():
    names = {}
    for line in (text_of("/etc/os-release") or text_of("/usr/lib/os-release")).splitlines():
        name, sign, value = line.partition("=")
        names[name.strip()] = value.strip().strip("\"'")
    uname = os.uname()
    return {
        "now": time.time(), "utc_offset": time.localtime().tm_gmtoff, "platform": sys.platform, "os": names.get("PRETTY_NAME", "Linux"),
        "kernel": "%s %s" % (uname.sysname, uname.release), "machine": uname.machine,
        "hostname": socket.gethostname(), "privileged": os.geteuid() == 0, "user_id": os.getuid(),
        "environment": environment_of(uname.release.lower()), "namespace": namespace_of("self"), "landiag": "landiag",
    }


def environment_of(release):
    is_distribution = "microsoft" in release and os.path.exists("/run/WSL")
    if not is_distribution and any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv"))):
        return "container"
    if "microsoft" in release:
        return "wsl2" if "wsl2" in release or "microsoft-standard" in release else "wsl1"
    vendor = text_of("/sys/class/dmi/id/sys_vendor") + text_of("/sys/class/dmi/id/product_name")
    return "vm" if any(word in vendor for word in TABLE["virtual"]) else "bare"


def call(source, deadline):
    answers = {"machine": machine, "namespaces": list_namespaces}
    try:
        if source["name"] in answers:
            answer = answers[source["name"]]()
        else:
            answer = describe_processes(source["pids"], TABLE["variables"], deadline - time.time())
    except (OSError, ValueError) as error:
        return failed(source, "failed", str(error))
    return {"source": source["name"], "status": "ok", "data": json.dumps(answer).encode()}


def read_all(sources, deadline, readings):
    def work(source):
        started = time.time()
        ways = {"command": run, "file": read, "call": call}
        answer = ways[source["kind"]](source, deadline)
        answer["seconds"] = round(time.time() - started, 6)
        done[source["name"]] = answer

    wanted = [source for source in sources if source["name"] not in readings]
    done = {}
    commands = [source for source in wanted if source["kind"] == "command"]
    threads = [threading.Thread(target=work, args=(source,)) for source in commands]
    for thread in threads:
        thread.daemon = True
        thread.start()
    for source in wanted:
        if source["kind"] != "command":
            work(source)
    for thread in threads:
        thread.join(max(0.0, deadline + 1 - time.time()))
    for source in wanted:
        readings[source["name"]] = done.get(source["name"]) or failed(source, "timed-out", "no answer in time")


def data_of(readings, name):
    reading = readings.get(name) or {}
    return reading.get("data", b"") if reading.get("status") == "ok" else b""


def fill(sources, **words):
    def filled(value):
        if isinstance(value, str):
            for key, word in words.items():
                value = value.replace("{%s}" % key, word)
            return value
        return [filled(item) for item in value] if isinstance(value, list) else value

    return [{key: filled(value) for key, value in source.items()} for source in sources]


def second_round(readings):
    wanted = []
    rules = b"".join(data_of(readings, name) for name in TABLE["rules"])
    if b"ufw-user-input" in rules:
        wanted += TABLE["ufw"]
    nft = data_of(readings, TABLE["nft"])
    chains = re.findall(TABLE["device_chain"].encode(), nft)
    if re.search(TABLE["table_flags"].encode(), nft) or any(b'"dev"' not in chain for chain in chains):
        wanted += TABLE["nft_text"]
    if all(word.encode() in nft for word in TABLE["hides_frames"]):
        wanted += TABLE["frames"]
    listeners = data_of(readings, TABLE["listeners"]).decode("utf-8", "backslashreplace")
    if (readings.get(TABLE["listeners"]) or {}).get("status") != "ok":
        wanted += TABLE["proc_tcp"]
    pids = sorted(set(int(pid) for pid in re.findall(r"pid=(\d+),fd=\d+\)", listeners)))
    if pids:
        name = "processes pids=" + ",".join(str(pid) for pid in pids)
        wanted.append({"kind": "call", "name": name, "pids": pids})
    for group in sorted(set(re.findall(r" cgroup:(\S+)", listeners))):
        units = re.match(TABLE["units"], group).group(0).split("/")[1:]
        if units:
            unit = dict(TABLE["unit"], name=TABLE["unit"]["name"].replace("{unit}", units[-1]))
            unit["argv"] = unit["argv"][:-1] + units
            wanted.append(unit)
    try:
        links = json.loads(data_of(readings, TABLE["addresses"]).decode("utf-8", "replace") or "[]")
    except ValueError:
        links = []
    for link in links[:TABLE["most_interfaces"]]:
        if isinstance(link, dict) and "ifname" in link:
            wanted += fill(TABLE["interface"], interface=str(link["ifname"]))
    try:
        others = json.loads(data_of(readings, "namespaces").decode() or "{}").get("namespaces", [])
    except ValueError:
        others = []
    for entry in others[:TABLE["most_namespaces"]]:
        wanted += fill(TABLE["namespace"], pid=str(entry["pid"]), namespace=str(entry["name"]))
    return wanted


def render(reading):
    item = {"source": reading["source"], "argv": reading.get("argv"), "status": reading["status"],
            "seconds": reading.get("seconds", 0.0)}
    data = reading.get("data", b"")
    item["bytes"] = len(data)
    try:
        item["text"] = data.decode("utf-8")
    except UnicodeDecodeError:
        item["base64"] = base64.b64encode(data).decode("ascii")
    for key in ("detail", "remedy"):
        if reading.get(key):
            item[key] = reading[key]
    return item


def record(seconds):
    deadline = time.time() + seconds
    readings = {}
    read_all(TABLE["first"], deadline, readings)
    read_all(second_round(readings), deadline, readings)
    created = datetime.now(timezone.utc).replace(microsecond=0).isoformat()
    return {
        "schema": "landiag.recording/1", "tool": {"name": "landiag-recorder", "version": TABLE["version"]},
        "created": created,
        "target": {"protocol": "tcp", "port": None, "peer": None, "address": None, "interface": None, "scheme": "auto"},
        "options": {"command": "record"}, "readings": [render(reading) for reading in readings.values()],
    }


def main():
    parser = argparse.ArgumentParser(description="Record this host for landiag; only reads.")
    parser.add_argument("--output", help="a new file, .json or .json.gz, readable for you alone")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for the whole [30]")
    asked = parser.parse_args()
    text = json.dumps(record(asked.timeout), indent=1) + "\n"
    if asked.output is None:
        sys.stdout.write(text)
        return
    data = text.encode("ascii")
    descriptor = os.open(asked.output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as file:
        file.write(gzip.compress(data, 6) if asked.output.endswith(".gz") else data)


if __name__ == "__main__":
    main()
