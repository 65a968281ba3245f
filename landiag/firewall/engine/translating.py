"""Which rule of a hook has changed where a packet goes."""

from __future__ import annotations

from landiag.firewall.engine.fields import PacketFields
from landiag.firewall.engine.passage import HookResult
from landiag.firewall.engine.socket_fields import SOCKET_PORT
from landiag.model.action import Divert
from landiag.model.ruleset import Rule, TraceLine


def translating_line(result: HookResult, hook: str, fields: PacketFields) -> TraceLine | None:
    """The line of the rule that changed a destination or chose another socket, where the hook can do that."""
    if hook not in ("prerouting", "output"):
        return None
    lines = [one for one in reversed(result.lines) if one.rule is not None]
    if fields[SOCKET_PORT] != 0:
        lines = [one for one in lines if one.rule is not None and _diverts(one.rule)]
    return next(iter(lines), None)


def _diverts(rule: Rule) -> bool:
    return any(isinstance(step, Divert) for step in rule.steps)
