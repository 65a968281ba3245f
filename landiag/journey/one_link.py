"""Which interfaces are on one link: a macvlan and those beside it share that of the card which carries them."""

from __future__ import annotations

from landiag.model.facts import Interface, Unknown
from landiag.model.host import Facts

_OF_ITS_OWN = "vlan"
"""What a card carries by a tag is a link of its own."""


def on_one_link(one: Interface, other: Interface) -> bool:
    """Whether what is sent by one interface is heard by the neighbours of the other."""
    return _card(one) == _card(other)


def _card(interface: Interface) -> str:
    if interface.lower is None or interface.kind == _OF_ITS_OWN:
        return interface.name
    return interface.lower


def all_on_link(facts: Facts, interface: Interface) -> tuple[Interface, ...]:
    """Every interface on the link of one, that one first."""
    known = () if isinstance(facts.interfaces, Unknown) else facts.interfaces
    return (interface, *(one for one in known if one.name != interface.name and on_one_link(one, interface)))
