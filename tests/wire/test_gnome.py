"""GNOME's proxy settings: gsettings itself on a folder of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from landiag.collect.exchanges.proxies import parse_proxies, proxy_for
from landiag.wire.proxies import proxies


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
