"""What a request asks for that does not fit this machine."""

from __future__ import annotations

from landiag.probe.case import Case
from landiag.probe.target import UsageError, refuse_broadcast


def refuse(case: Case) -> None:
    """Refuse what only this machine's own settings show to be a mistake. Raises UsageError."""
    request = case.request
    names = [interface.name for interface in case.interfaces]
    for wanted in (request.interface, request.zone):
        if wanted and names and not wanted.isdecimal() and wanted not in names:
            raise UsageError(f"there is no interface {wanted} here: choose one of {', '.join(names)}")
    interface = case.interface(request.interface or request.zone)
    if interface is not None and interface.kind == "loopback":
        raise UsageError(f"{interface.name} leads nowhere but to this machine: name another interface")
    if interface is not None and not interface.up:
        raise UsageError(f"the interface {interface.name} is down: switch it on, or name another")
    if request.address is None:
        return
    if (
        request.address.version == 6
        and request.address.is_link_local
        and not (request.zone or request.interface)
    ):
        example = next((name for name in names if name != "lo"), "eth0")
        raise UsageError(
            f"{request.address} is a link-local address, which needs its interface: {request.address}%{example}"
        )
    if case.is_own(str(request.address)):
        raise UsageError(
            f"{request.address} is this machine itself: run landiag probe on the client, or landiag check here"
        )
    refuse_broadcast(request, tuple(own.network for _, own in case.own_addresses))
