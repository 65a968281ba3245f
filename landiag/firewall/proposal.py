"""What would let clients pass, before it is tried."""

from __future__ import annotations

from msgspec import Struct

from landiag.firewall.lifting import Told
from landiag.model.changes import Change
from landiag.model.ruleset import Ruleset


class Proposal(Struct, frozen=True):
    """An opening, typed, and what it makes of the ruleset. ``ruleset`` is None where that cannot be evaluated.

    ``told`` is what lifts something that is no rule for a port. ``keep`` says how to keep it, where not as usual.
    """

    title: str
    changes: tuple[Change, ...] = ()
    steps: tuple[str, ...] = ()
    ruleset: Ruleset | None = None
    told: Told | None = None
    keep: str | None = None
