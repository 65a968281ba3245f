"""Which proxy stands before a target."""

from __future__ import annotations

import pytest

from landiag.collect.exchanges.proxies import Proxies, is_exempt, proxy_for


@pytest.mark.parametrize(
    ("no_proxy", "host", "exempt"),
    [
        ("*", "192.168.1.20", True),
        ("192.168.1.0/24", "192.168.1.20", True),
        ("192.168.1.20", "192.168.1.20", True),
        ("192.168.1.*", "192.168.1.20", False),
        (".lan", "shop.lan", True),
        ("lan", "shop.lan", True),
        ("*.lan", "shop.lan", True),
        ("hop.lan", "shop.lan", False),
        ("", "shop.lan", False),
    ],
)
def test_exemptions_from_the_proxy(no_proxy: str, host: str, exempt: bool) -> None:
    assert is_exempt(Proxies({"no_proxy": no_proxy}), host) is exempt


def test_the_proxy_of_a_url() -> None:
    proxy = proxy_for(Proxies({"http_proxy": "10.0.0.9:3128"}), "http", "192.168.1.20")
    assert proxy is not None
    assert (proxy.host, proxy.port, proxy.speaks_http, proxy.is_numeric) == ("10.0.0.9", 3128, True, True)
    assert proxy_for(Proxies({"http_proxy": "10.0.0.9:3128"}), "https", "192.168.1.20") is None
    assert proxy_for(Proxies({"ALL_PROXY": "socks5://10.0.0.9"}), "https", "x") is not None
