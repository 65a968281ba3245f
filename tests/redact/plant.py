"""A recording with planted strings in every field that a reader fills; they are looked for in what is redacted."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from msgspec.structs import replace

from landiag.host import Recording
from landiag.model.facts import Reading
from landiag.redact.masking import mask_argv

STEM = "zqxv"
"""Stands in every planted word, so that one search finds them all."""

NUMBERS = ("91736451", "4155550134", "7778889991")
"""A password of digits, a telephone number, a part of an account's identifier."""

TOOLS = (
    f"mysql -p{STEM}my -u root",
    f"curl -u ada:{STEM}curl -H 'Authorization: Bearer {STEM}bearer1234' http://{STEM}user:{STEM}pw@{STEM}.fritz.box/",
    f"sshpass -p {STEM}ssh ssh {STEM}me@{STEM}host.example.org",
    f"redis-cli -a {STEM}redis",
    f"psql postgresql://{STEM}a:{STEM}b@db.{STEM}.internal/{STEM}db",
    f"docker run -e DB_PASSWORD={STEM}docker -v /srv/{STEM}/x:/data {STEM}/image:{STEM}tag",
    f"java -Dtoken={STEM}java -jar /opt/{STEM}/{STEM}.jar",
    f"node server.js --api-key {STEM}node --data=/mnt/{STEM}",
    f"smbclient //{STEM}server/{STEM}share -U {STEM}user%{STEM}pass",
    f"restic -r s3:s3.{STEM}.com/{STEM} backup /home/{STEM}/docs",
    f"openvpn --config /etc/openvpn/{STEM}.conf --auth-user-pass {STEM}",
    f"wg-quick up {STEM}wg",
    f"kubectl --token={STEM}kube -n {STEM}ns get pods",
    f"aws s3 ls s3://{STEM}-bucket --profile {STEM}",
    f"git clone https://{STEM}:{STEM}x@github.com/{STEM}/{STEM}repo.git",
    f"rsync -av {STEM}@10.9.8.7:/export/{STEM}/ .",
    f"x -z{STEM}z -q {STEM}q -w{NUMBERS[0]} -v {NUMBERS[0]} /z:{STEM} --{STEM}={STEM}",
    f"php artisan serve --name={STEM} APP_KEY=base64:{base64.b64encode(STEM.encode() * 3).decode()}",
    f"python -c print('{STEM}') {quote(f'/srv/{STEM} x/')} {html.escape(f'<{STEM}>')} \\u007a{STEM[1:]}",
    f"\\\\{STEM}server\\{STEM}share\\file D:\\{STEM}\\x S-1-5-21-{NUMBERS[2]}-{NUMBERS[2]}-1001 tel:{STEM}",
)

ANSWER = {
    "Server": None,
    "X-Powered-By": f"{STEM}engine",
    "Set-Cookie": f"sid={STEM}cookie",
    "Location": f"http://{STEM}.example.org/{STEM}?{STEM}={STEM}",
    "ETag": f'"{STEM}"',
    "Via": f"1.1 {STEM}proxy",
    f"X-{STEM}-Trace": f"{STEM}",
}


def plant(recording: Recording) -> Recording:
    """The recording as if these strings had been on that machine."""
    readings = {source: _planted(reading) for source, reading in recording.readings.items()}
    return replace(recording, readings=readings)


def _planted(reading: Reading) -> Reading:
    source = reading.source.partition(" ")[0]
    text = reading.data.decode("utf-8", "surrogateescape")
    try:
        value = json.loads(text)
    except ValueError:
        return replace(reading, data=_text(source, text).encode("utf-8", "surrogateescape"))
    return replace(reading, data=json.dumps(_value(source, "", value)).encode())


def _value(source: str, key: str, value: Any) -> Any:
    if isinstance(value, list):
        if key == "argv" and value:
            words = (*map(str, value), *(word for line in TOOLS for word in line.split()))
            return list(mask_argv(words))  # as the door does
        done = [_value(source, key, one) for one in value]
        if source == "registry":
            done = [_registry(one) for one in done]
        if key == "headers" and all(isinstance(one, list) for one in value):
            return [*done, *([name, said] for name, said in ANSWER.items() if said)]
        return done
    if isinstance(value, dict):
        return _record(source, {name: _value(source, name, one) for name, one in value.items()})
    return _string(source, key, value) if isinstance(value, str) else value


def _record(source: str, done: dict[str, Any]) -> dict[str, Any]:
    if source == "ip-addresses" and "ifname" in done:
        done |= {"ifalias": f"{STEM} alias", "altnames": [f"{STEM}alt"]}
    if source == "processes" and "pid" in done:
        done |= {"cwd": f"{_folder(done)}{STEM}", "user": _user(done)}
        done["environment"] = {
            **done["environment"],
            "FLASK_APP": f"{STEM}app:{STEM}",
            "VIRTUAL_ENV": f"/srv/{STEM}",
        }
    if source == "nft-ruleset" and ("rule" in done or "set" in done or "chain" in done):
        kind = next(iter(done))
        if kind != "chain" and isinstance(done[kind], dict):
            done[kind] = {**done[kind], "comment": f"{STEM} comment +{NUMBERS[1]}"}
    return done


def _folder(item: dict[str, Any]) -> str:
    return "D:\\data\\" if "\\" in str(item.get("exe") or item.get("cwd") or "") else "/srv/"


def _user(item: dict[str, Any]) -> Any:
    known = ("root", "nobody", "www-data", None)
    if item.get("user") in known or ("\\" in str(item.get("user")) and "NT " in str(item.get("user"))):
        return item.get("user")
    return f"{STEM}DOM\\{STEM}user" if "\\" in str(item.get("user")) else f"{STEM}user"


def _registry(value: Any) -> Any:
    """A rule of Windows has a name, a description, a group, an owner."""
    if not (
        isinstance(value, list) and len(value) == 4 and isinstance(value[3], str) and "|Action=" in value[3]
    ):
        return value
    rest = re.sub(r"\|Name=[^|]*", f"|Name={STEM} rule", value[3]).rstrip("|")
    more = f"|Desc={STEM} tells|EmbedCtxt={STEM}|LUOwn=S-1-5-21-{NUMBERS[2]}-{NUMBERS[2]}-{NUMBERS[2]}-1001|"
    return [value[0], f"{STEM}-{value[1]}", value[2], rest + more]


_NAMED = ("hostname", "network", "issuer", "subject", "ssid", "title", "description")


def _string(source: str, key: str, text: str) -> str:
    if key in _NAMED and text:
        return f"{STEM}{key}"
    if key == "text" and source == "http" and text:
        packed = base64.b64encode(f"{STEM} inside {STEM}".encode()).decode()
        return f"{text}<p>{STEM} {quote(STEM + ' ü')} {packed} {STEM.encode().hex()} {NUMBERS[1]} {STEM}@{STEM}.org</p>"
    return text


def _text(source: str, text: str) -> str:
    if source in ("pf-rules", "pf-nat"):
        return re.sub(r"(?m)$", f' label "{STEM}"', text) if "label" not in text and text.strip() else text
    if source == "ss-listeners":
        return text.replace('users:(("', f'users:(("{STEM}",pid=999,fd=9),("')
    if source in ("iptables-save", "ip6tables-save", "iptables-legacy-save"):
        return re.sub(r"(?m)^(-A .*?)( -j )", rf'\1 -m comment --comment "{STEM} 1"\2', text)
    if source == "hardware-ports":
        return text.replace("Wi-Fi", f"{STEM} Wi-Fi")
    if source == "file:/etc/hosts":
        return f"{text}\n192.168.77.55 {STEM}.lan {STEM}\n"
    return text


def found(text: str) -> list[str]:
    """Where planted strings show, in whatever way they are written."""
    places = []
    for variant in _readable(text):
        low = variant.lower()
        for word in (STEM, STEM[::-1], *NUMBERS):
            at = low.find(word)
            if at >= 0:
                places.append(variant[max(0, at - 80) : at + 40])
    return places


def _readable(text: str) -> Iterator[str]:
    yield text
    yield unquote(text)
    yield html.unescape(text)
    yield html.unescape(unquote(unquote(text)))
    yield re.sub(r"\\u00([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
    yield "\n".join(_unpacked(set(re.findall(r"[A-Za-z0-9+/_-]{8,}", text))))
    yield "\n".join(
        bytes.fromhex(word).decode("latin-1") for word in set(re.findall(r"(?:[0-9a-fA-F]{2}){4,}", text))
    )


def _unpacked(words: set[str]) -> Iterator[str]:
    """Each word read as base64, from each place where a group of four may begin."""
    for word in words:
        body = word.replace("-", "+").replace("_", "/")
        for start in range(4):
            piece = body[start:]
            yield base64.b64decode(piece[: len(piece) // 4 * 4]).decode("latin-1")
