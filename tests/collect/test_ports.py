"""What port numbers say by themselves."""

from __future__ import annotations

import pytest

from landiag.collect.ports import development_ports, is_unsafe_in_browsers, service_name


def test_development_ports_are_ports_and_flask_is_first() -> None:
    ports = development_ports()
    assert ports[0] == 5000
    assert len(set(ports)) == len(ports)
    assert all(0 < port < 65536 for port in ports)
    assert {8000, 3000, 5173, 8080} <= set(ports)


@pytest.mark.parametrize("port", [6000, 6667, 10080, 5060, 22, 4190])
def test_ports_that_browsers_refuse(port: int) -> None:
    assert is_unsafe_in_browsers(port)


@pytest.mark.parametrize("port", [80, 443, 3000, 5000, 5173, 6001, 8000, 8080, 8888, 10081])
def test_ports_that_browsers_open(port: int) -> None:
    assert not is_unsafe_in_browsers(port)


def test_no_development_port_is_refused_by_browsers() -> None:
    assert not [port for port in development_ports() if is_unsafe_in_browsers(port)]


def test_service_names() -> None:
    assert service_name(5432) == "postgresql"
    assert service_name(5000) is None
