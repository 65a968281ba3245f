"""GNOME's proxy settings: the text of gsettings, and gsettings itself on a folder of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from landiag.probe.gnome import SCHEMA, parse_gnome_proxies
from landiag.probe.proxies import parse_proxies, proxies, proxy_for

LISTED = f"""\
{SCHEMA} autoconfig-url ''
{SCHEMA} ignore-hosts ['localhost', '127.0.0.0/8', '10.0.0.0/8', '::1']
{SCHEMA} mode 'MODE'
{SCHEMA} use-same-proxy true
{SCHEMA}.http authentication-password 'geheim'
{SCHEMA}.http authentication-user 'me'
{SCHEMA}.http enabled false
{SCHEMA}.http host 'proxy.lan'
{SCHEMA}.http port 3128
{SCHEMA}.https host ''
{SCHEMA}.https port 0
{SCHEMA}.socks host 'fd00::1'
{SCHEMA}.socks port 1080
"""


def test_manual_settings_are_variables_without_passwords() -> None:
    assert parse_gnome_proxies(LISTED.replace("MODE", "manual")) == {
        "http_proxy": "http://proxy.lan:3128",
        "all_proxy": "socks5://[fd00::1]:1080",
        "no_proxy": "localhost,127.0.0.0/8,10.0.0.0/8,::1",
    }


def test_mode_auto_is_a_script_that_nobody_ran() -> None:
    assert "WPAD" in parse_gnome_proxies(LISTED.replace("MODE", "auto"))["autoconfig_url"]
    text = LISTED.replace("MODE", "auto").replace("autoconfig-url ''", "autoconfig-url 'http://w/p.pac'")
    assert parse_gnome_proxies(text) == {"autoconfig_url": "http://w/p.pac"}


@pytest.mark.parametrize("text", [LISTED.replace("MODE", "none"), "", "No such schema", "\x00 ' ["])
def test_no_proxy(text: str) -> None:
    assert parse_gnome_proxies(text) == {}


@pytest.mark.skipif(sys.platform != "linux", reason="GNOME runs on Linux")
def test_gsettings_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("gsettings") is None:
        pytest.skip("there is no gsettings here")
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "GNOME")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GSETTINGS_BACKEND", "keyfile")
    settings = tmp_path / "glib-2.0" / "settings" / "keyfile"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        "[system/proxy]\nmode='manual'\n[system/proxy/http]\nhost='192.168.77.1'\nport=3128\n"
    )
    found = parse_proxies(proxies({}, 5.0).decode())
    if not found.settings:
        pytest.skip("GNOME's schemas are not installed here")
    assert found.origin == "GNOME's settings"
    proxy = proxy_for(found, "http", "192.168.77.10")
    assert proxy is not None
    assert (proxy.host, proxy.port) == ("192.168.77.1", 3128)
    assert proxy_for(found, "http", "127.0.0.1") is None
