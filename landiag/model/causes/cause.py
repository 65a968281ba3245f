"""One cause as one row: all that other parts need to know of a code."""

from __future__ import annotations

from msgspec import Struct

from landiag.model.report import Outcome
from landiag.model.terms import CheckName, StageName, Symptom

HOOKS = (
    StageName.INGRESS,
    StageName.PREROUTING,
    StageName.INPUT,
    StageName.FORWARD,
    StageName.REPLY,
)
"""The stages at which packet filters decide."""

OF_CLIENTS = frozenset(
    (StageName.NAME, StageName.NEIGHBOUR, StageName.ICMP, StageName.TCP, StageName.TLS)
    + (StageName.HTTP, StageName.MTU)
)
"""The stages that only a client's machine passes."""


class Plain(Struct, frozen=True):
    """What a phone is told: no more than its owner needs, nothing about the machine. ``{port}`` is filled in."""

    headline: str
    advice: str = ""


class Cause(Struct, frozen=True, kw_only=True):
    """What is known of a code wherever it is found.

    ``check`` is the line of the report that it belongs to when it was not a check that found it. ``stages`` are
    where it can stop the conversation, the first where its finding names none; empty: it stops none.
    ``symptoms`` are what a client can see of it; with several, the finding says which.
    ``met`` are the causes that ``landiag probe`` names on a client that this one stops, beside its own code.
    ``worst`` is the worst outcome of a finding with this code.
    ``excludes`` are causes that are the same fault under a poorer name.
    ``is_everywhere``: it stops every way in, whichever its finding names. ``is_clients_own``: it stops a client
    before its packets come near the server. ``is_useless``: the server answers, and the client gains nothing.
    ``drop_reasons`` are how the kernel's drop reasons for it begin (include/net/dropreason-core.h).
    ``between`` says who does it where the server's machine is fine; empty for what nothing between does.
    """

    code: str
    check: CheckName
    stages: tuple[StageName, ...]
    symptoms: tuple[Symptom, ...]
    met: tuple[Cause, ...] = ()
    worst: Outcome = Outcome.BLOCKS
    excludes: tuple[Cause, ...] = ()
    is_everywhere: bool = False
    is_clients_own: bool = False
    is_useless: bool = False
    drop_reasons: tuple[str, ...] = ()
    between: str = ""
    phone: Plain | None = None

    @property
    def is_of_rules(self) -> bool:
        """Whether a rule or a policy of a packet filter is what decides."""
        return (
            self.check is CheckName.FIREWALL
            and self.worst is Outcome.BLOCKS
            and set(self.stages) <= {*HOOKS, StageName.LINK}
        )

    @property
    def is_of_sockets(self) -> bool:
        """Whether no socket takes the connection, so that the machine answers RST."""
        return (
            self.check is CheckName.LISTENING and Symptom.REFUSED in self.symptoms and not self.is_of_clients
        )

    @property
    def is_of_reply_routes(self) -> bool:
        """Whether the answer goes a wrong way, or none."""
        return StageName.REPLY_ROUTE in self.stages

    @property
    def is_of_clients(self) -> bool:
        """Whether only a client, or somebody who watches, can find it."""
        return bool(self.stages) and OF_CLIENTS.issuperset(self.stages)

    @property
    def is_of_answers(self) -> bool:
        """Whether the server answers, with something else than what was asked for."""
        return self.check is CheckName.APPLICATION and Symptom.ANSWERED in self.symptoms

    def explains(self, met: str) -> bool:
        """Whether this cause on the server's machine makes a client meet that code."""
        return met == self.code or any(one.code == met for one in self.met)
