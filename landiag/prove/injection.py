"""What is put onto the wire, and what came of it: the parameters of the call and its transcript."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from landiag.model.facts import Call


class Injection(Struct, frozen=True):
    """One SYN: from ``source`` to ``destination`` and ``port``, as if it came in by ``interface``.

    ``mac`` is the sender's; empty for one that nobody has. ``to_mac`` is the interface's own; empty where no rule
    asks for it. ``legacy`` names the tables of iptables-legacy that
    are in use: the kernel traces none of them, so markers are put around each.
    """

    interface: str
    source: str
    destination: str
    port: int
    mac: str = ""
    legacy: tuple[str, ...] = ()
    to_mac: str = ""

    @property
    def is_ipv6(self) -> bool:
        """Whether it is an IPv6 packet."""
        return ":" in self.destination

    @property
    def call(self) -> Call:
        """The source of the reading: this question, asked of the door."""
        params = {
            "interface": self.interface,
            "source": self.source,
            "destination": self.destination,
            "port": str(self.port),
            "mac": self.mac,
            "legacy": ",".join(self.legacy),
            "to_mac": self.to_mac,
        }
        return Call("prove", tuple((name, value) for name, value in params.items() if value))

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> Injection:
        """Read the parameters of the call back."""
        legacy = params.get("legacy", "")
        return cls(
            params["interface"],
            params["source"],
            params["destination"],
            int(params["port"]),
            params.get("mac", ""),
            tuple(legacy.split(",")) if legacy else (),
            params.get("to_mac", ""),
        )


class Transcript(Struct, frozen=True):
    """What happened: ``trace`` holds the lines of ``nft monitor trace``, ``sent`` how many frames got through.

    ``before`` and ``after`` are the counters of iptables-legacy; empty where it is not in use. ``error`` says why
    the kernel could not be asked, ``left`` what could not be removed again; both are empty when all is well.
    """

    trace: tuple[str, ...] = ()
    sent: int = 0
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    has_ingress: bool = False
    error: str = ""
    left: str = ""
