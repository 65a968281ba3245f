"""pasta's command line, as Podman writes it: which port inside a container a port of the host leads to."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from landiag.model.process import Process
from landiag.servers.carried import Carried, carried_to


@pytest.mark.parametrize(
    ("rule", "inner"),
    [
        ("5000-5000:80-80", 80),
        ("192.168.77.10/5000-5000:80-80", 80),
        ("4990-5010:90-110", 100),
        ("22,5000", 5000),
        ("5001-5002:80-81", None),
        ("none", None),
    ],
)
def test_where_pasta_carries_a_port(rule: str, inner: int | None) -> None:
    argv = ("/usr/bin/pasta", "--config-net", "-t", rule, "--netns", "/run/user/1000/netns/netns-1")
    assert carried_to(Process(7, "pasta.avx2", argv), 5000) == (None if inner is None else Carried(inner))


@pytest.mark.parametrize(("port", "carried"), [(5000, Carried(80, ip_address("172.17.0.2"))), (80, None)])
def test_where_docker_proxy_carries_a_port(port: int, carried: Carried | None) -> None:
    line = "-proto tcp -host-ip 0.0.0.0 -host-port 5000 -container-ip 172.17.0.2 -container-port 80"
    assert carried_to(Process(7, "docker-proxy", ("/usr/bin/docker-proxy", *line.split())), port) == carried


def test_others_carry_nothing() -> None:
    assert carried_to(Process(7, "python3", ("python3", "-t", "5000-5000:80-80")), 5000) is None
