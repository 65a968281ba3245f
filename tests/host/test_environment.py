"""What kind of machine this is, by the kernel's name and the files that WSL and container engines leave."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from landiag.host import calls
from landiag.record.recorder import write_recorder

WSL2, WSL1, DEBIAN = "6.6.87.2-microsoft-standard-WSL2", "4.4.0-19041-Microsoft", "6.12.48+deb13-amd64"
DOCKER, PODMAN, WSL = "/.dockerenv", "/run/.containerenv", "/run/WSL"


def _recorders() -> Callable[[str], str]:
    """The same function of the recorder for hosts without landiag, which asks in small letters."""
    space: dict[str, object] = {"__name__": "recorder"}
    exec(compile(write_recorder(), "recorder", "exec"), space)
    found = space["environment_of"]
    assert callable(found)
    return lambda release: str(found(release.lower()))


FUNCTIONS = {"landiag": calls._environment, "recorder": _recorders()}


@pytest.mark.parametrize("who", FUNCTIONS)
@pytest.mark.parametrize(
    ("release", "files", "right"),
    [
        (WSL2, (WSL,), "wsl2"),
        (WSL2, (), "wsl2"),
        (WSL1, (), "wsl1"),
        (WSL2, (DOCKER,), "container"),
        (WSL2, (PODMAN,), "container"),
        (WSL2, (DOCKER, WSL), "wsl2"),
        (DEBIAN, (DOCKER,), "container"),
        (DEBIAN, (PODMAN,), "container"),
    ],
)
def test_a_container_on_the_kernel_of_wsl_is_a_container(
    monkeypatch: pytest.MonkeyPatch, who: str, release: str, files: tuple[str, ...], right: str
) -> None:
    monkeypatch.setattr(os.path, "exists", files.__contains__)
    assert FUNCTIONS[who](release) == right
