"""The addresses that a server's files name."""

from __future__ import annotations

import pytest

from landiag.servers.allow_list import named_networks
from landiag.servers.kinds import kind_named

NGINX = """
server { listen 192.168.77.10:80; deny 192.168.77.66;
  allow 192.168.77.10; allow fd77::/64;  # allow 10.0.0.0/8;
  location / {allow 127.0.0.1;deny all;}
}
"""
APACHE = """
Listen 192.168.77.10:80
<Location />
  Require ip 192.168.77.0/24 fd77::/64
  # Require all granted
  Allow from 10.0.0.1
</Location>
"""


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("nginx", NGINX, ["192.168.77.10", "fd77::/64", "127.0.0.1"]),
        ("nginx", "allow all;", ["0.0.0.0/0", "::/0"]),
        ("apache", APACHE, ["192.168.77.0/24", "fd77::/64", "10.0.0.1"]),
        ("apache", "Require all granted", ["0.0.0.0/0", "::/0"]),
        ("apache", "Require all denied", ["denied"]),
        ("flask", "LAN = '192.168.77.0/24'  # not 10.0.0.1\nHOST='::1'; v=1.2.3", ["192.168.77.0/24", "::1"]),
    ],
)
def test_networks_of_a_file(kind: str, text: str, found: list[str]) -> None:
    assert named_networks(kind_named(kind), text) == found
