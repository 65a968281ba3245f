"""How packets come out of one hook."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from landiag.firewall.engine.ends import Doubts, End, times
from landiag.firewall.engine.fields import PacketFields
from landiag.model.action import Translate
from landiag.model.ruleset import TraceLine

MAX_BRANCHES = 8


class Passage(Struct):
    """A packet that passed a hook, perhaps: its fields, and the translation it got there.

    ``doubts`` say on what it hangs that it passed, and passed so; ``share`` is the part of connections that do.
    """

    fields: PacketFields
    untracked: bool | None = False
    translate: Translate | None = None
    doubts: Doubts = ()
    share: float | None = 1.0

    def hang(self, end: End) -> End:
        """An end of the packet that passed so far."""
        return replace(end, doubts=(*self.doubts, *end.doubts), share=times(self.share, end.share))


class HookResult(Struct):
    """What a hook did: the ways in which the packet passed it, and the ways in which it was stopped.

    ``lines`` is the trace. No passages: it was stopped for certain, by one of ``stops``.
    """

    passages: list[Passage]
    stops: list[End]
    lines: list[TraceLine] = field(default_factory=list)
