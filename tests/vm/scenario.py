"""A scenario on a whole machine: a fault, what a real client gets, and what landiag must say. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.lab.scenario import CLEAR, UNDETERMINED, Expected, blocked
from tests.vm.image import RELEASES
from tests.vm.network import SERVER

__all__ = ["CLEAR", "UNDETERMINED", "Expected", "Scenario", "blocked", "service", "unit"]

SHOP = "/usr/bin/python3 -m http.server --directory /srv"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One case on a whole machine, where nothing is wrong unless it says so.

    ``files`` are written first, then ``setup`` is typed as root; the case begins when ``ready`` succeeds. ``visits``
    is typed on the client once the server listens, and before ``ready`` is asked. ``truth``
    is what the client gets (words of tests/lab/exchange.py), ``expected`` the verdict as root, ``as_user`` that of an
    ordinary user (None: not asked). ``says`` are words that the finding of the verdict must hold, with its evidence
    and its fixes (that of ``cause``, where the verdict has none); ``never`` are words that no fix may hold.
    ``fixed`` is what the client gets after the fix as printed; empty where there is none. ``by_hand`` does what the
    steps of the fix say, where they are no commands. ``also`` are more lines typed as root before the fix, each with
    words that it must print. ``who`` measures: ``client``, ``branch`` behind the gateway, or a network namespace of the
    machine by its name. ``own_kernel``: it needs an emulated machine, for what the kernel under the tests may lack.
    ``kernel`` are words that its kernel is started with, on a machine that is booted for them.
    """

    name: str
    fault: str
    truth: str = "served"
    expected: Expected = CLEAR
    setup: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    visits: str = ""
    ready: str = ""
    as_user: Expected | None = None
    cause: str = ""
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    fixed: str = ""
    by_hand: str = ""
    also: tuple[tuple[str, str], ...] = ()
    options: str = ""
    address: str = SERVER
    port: int = 5000
    who: str = "client"
    reboots: bool = False
    own_kernel: bool = False
    kernel: str = ""
    releases: tuple[str, ...] = RELEASES

    @property
    def scheme(self) -> str:
        """What the client asks for: a page, or a connection alone where landiag is asked for that."""
        return "tcp" if "--scheme tcp" in self.options else "http"

    @property
    def is_ready(self) -> str:
        """The line that succeeds once the machine is as the scenario wants it."""
        return self.ready or self.listens

    @property
    def listens(self) -> str:
        """The line that succeeds once a server listens on the port."""
        return f"ss -Hltn 'sport = :{self.port}' | grep -q ."


def unit(name: str, section: str, *lines: str) -> dict[str, str]:
    """A unit file: ``lines`` under ``section``."""
    return {f"/etc/systemd/system/{name}": "\n".join([f"[{section}]", *lines, ""])}


def service(*lines: str, command: str = f"{SHOP} 5000", name: str = "shop") -> dict[str, str]:
    """A service that serves a page on port 5000, with these lines in its ``[Service]``."""
    return unit(
        f"{name}.service", "Service", f"ExecStart={command}", "Restart=always", "RestartSec=1", *lines
    )


START = "systemctl daemon-reload && systemctl start shop.service"
# The steps of a fix that a person takes, where a service listens on 127.0.0.1.
REBOUND = (
    "sed -i s/127.0.0.1/0.0.0.0/ /etc/systemd/system/shop.service; systemctl daemon-reload; "
    "systemctl restart shop.service"
)
# ``as`` types a command as the user, for whom systemd and its folders are there.
AS_ADA = (
    "cd /home/ada; as() { setpriv --reuid=ada --regid=ada --init-groups env HOME=/home/ada USER=ada "
    'XDG_RUNTIME_DIR=/run/user/1000 PATH=$PATH "$@"; }'
)
