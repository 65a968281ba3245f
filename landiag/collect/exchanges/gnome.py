"""The proxy settings of GNOME and the desktops that share them, as gsettings prints them."""

from __future__ import annotations

from collections.abc import Mapping

from landiag.model.regex import regex
from landiag.model.urls import bracketed

SCHEMA = "org.gnome.system.proxy"
_SCHEMES = {"http": "http_proxy", "https": "https_proxy", "socks": "all_proxy"}
_STRING = regex(r"'([^']*)'")


def parse_gnome_proxies(text: str) -> dict[str, str]:
    """The settings of ``gsettings list-recursively org.gnome.system.proxy``, named like variables.

    ``autoconfig_url`` stands for a script that chooses (mode ``auto``, which without a URL asks the network
    for one). Passwords are left out. Empty where the mode is ``none``, or the text is something else.
    """
    values: dict[str, str] = {}
    for line in text.splitlines():
        schema, _, rest = line.partition(" ")
        key, _, value = rest.partition(" ")
        values[f"{schema.removeprefix(SCHEMA)}.{key}".lstrip(".")] = value.strip()
    mode = _string(values.get("mode", ""))
    if mode == "auto":
        return {"autoconfig_url": _string(values.get("autoconfig-url", "")) or "found by the network (WPAD)"}
    if mode != "manual":
        return {}
    found = {name: url for scheme, name in _SCHEMES.items() if (url := _url(values, scheme))}
    if found:
        found["no_proxy"] = ",".join(_STRING.findall(values.get("ignore-hosts", "")))
    return found


def _string(value: str) -> str:
    found = _STRING.fullmatch(value)
    return found[1] if found else ""


def _url(values: Mapping[str, str], scheme: str) -> str | None:
    host, port = _string(values.get(f"{scheme}.host", "")), values.get(f"{scheme}.port", "0")
    if not host or not port.isdecimal() or port == "0":
        return None
    return f"{'socks5' if scheme == 'socks' else 'http'}://{bracketed(host)}:{port}"
