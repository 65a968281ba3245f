"""GNOME's proxy settings, as gsettings prints them."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.gnome import SCHEMA, parse_gnome_proxies

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


def test_manual_settings_without_a_proxy_are_none() -> None:
    text = LISTED.replace("MODE", "manual").replace("'proxy.lan'", "''").replace("port 1080", "port 0")
    assert parse_gnome_proxies(text) == {}


def test_mode_auto_is_a_script_that_nobody_ran() -> None:
    assert "WPAD" in parse_gnome_proxies(LISTED.replace("MODE", "auto"))["autoconfig_url"]
    text = LISTED.replace("MODE", "auto").replace("autoconfig-url ''", "autoconfig-url 'http://w/p.pac'")
    assert parse_gnome_proxies(text) == {"autoconfig_url": "http://w/p.pac"}


@pytest.mark.parametrize("text", [LISTED.replace("MODE", "none"), "", "No such schema", "\x00 ' ["])
def test_no_proxy(text: str) -> None:
    assert parse_gnome_proxies(text) == {}
