"""The page of the way of a packet, from the rows of the causes and the places of the hooks."""

from __future__ import annotations

from collections.abc import Iterator

from landiag.explain import list_codes
from landiag.model.causes import CAUSES
from landiag.model.causes.cause import OF_CLIENTS, Cause
from landiag.model.stages import STAGE_OF_HOOK
from landiag.model.terms import StageName

HEAD = """# The way of a packet

landiag follows one client's attempt through the machine, stage by stage, as the kernel does. At each stage it knows
every end that is possible, and what a client sees there. The first stage that stops the packet is the cause; what lies
behind it is said to come later. This page is made from the program's own tables.

A machine on which a rule of ufw rejects the port, as `landiag check --port 5000` drew it there:

"""


def journey_page() -> str:
    """Write the page."""
    titles = dict(list_codes())
    client = [stage for stage in StageName if stage in OF_CLIENTS]
    server = [stage for stage in StageName if stage not in OF_CLIENTS]
    lines = [
        f"{HEAD}![The packet's way, and where it stops](journey.svg)\n",
        "## On the server's machine\n",
        *_stages(server, titles),
    ]
    lines += ["## On the client's machine, for `landiag probe`\n", *_stages(client, titles)]
    return "\n".join(lines)


def _stages(stages: list[StageName], titles: dict[str, str]) -> Iterator[str]:
    for stage in stages:
        found = [cause for cause in CAUSES if stage in cause.stages]
        hooks = [f"`{hook}`" for hook, at in STAGE_OF_HOOK.items() if at is stage]
        if not found and not hooks:
            continue
        yield f"### {stage}\n"
        if hooks:
            yield f"Hooks of packet filters that decide here: {', '.join(hooks)}.\n"
        if found:
            yield from (
                "| what stops it | what a client sees |\n|---|---|",
                *(_row(one, titles) for one in found),
            )
            yield ""


def _row(cause: Cause, titles: dict[str, str]) -> str:
    sees = ", ".join(symptom.value for symptom in cause.symptoms)
    return f"| [{cause.code}](causes.md#{cause.code}): {titles[cause.code]} | {sees} |"
