"""Which fixes landiag carries out itself: only what was evaluated, may be undone, and runs as its own user."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.apply.refusal import Refusal, refusal
from landiag.model.actions import End, Run
from landiag.model.changes import UfwRule
from landiag.model.report import Fix, Opened

CHANGE = UfwRule("10.0.0.0/8", 5000)
ROOTS = Fix("open", needs="root", verified=True, actions=(Run(CHANGE.argv, change=CHANGE),))
SERVERS = Fix(
    "restart",
    needs="restart-server",
    verified=True,
    actions=(End(7, started=1.0), Run(("flask", "run"), "/srv", detached=True, user="ada")),
)
OPENED = Opened("tcp", 4, ((5000, 5000),), ())
OTHERS = replace(SERVERS, actions=(End(7), Run(("flask",), detached=True, user="eve", for_user="eve")))


@pytest.mark.parametrize(
    ("fix", "privileged", "why"),
    [
        (ROOTS, True, None),
        (SERVERS, False, None),
        (ROOTS, False, Refusal.NEEDS_ROOT),
        (replace(ROOTS, verified=None), True, Refusal.NOT_VERIFIED),
        (replace(ROOTS, verified=None, opens=(OPENED,)), True, Refusal.OPENS_MORE),
        (replace(ROOTS, actions=(Run(("reboot",)),)), True, Refusal.NOT_VERIFIED),
        (replace(ROOTS, actions=()), True, Refusal.BY_HAND),
        (OTHERS, True, Refusal.OTHER_USER),
        (replace(OTHERS, verified=None), True, Refusal.OTHER_USER),
    ],
)
def test_a_fix_is_carried_out_or_left_to_the_person(fix: Fix, privileged: bool, why: Refusal | None) -> None:
    assert refusal(fix, privileged=privileged) is why
