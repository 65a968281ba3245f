"""Content filters of other makers on macOS: active ones may stop connections where nobody sees it."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.collect import bsd as collected
from landiag.model.facts import ReadStatus
from landiag.model.report import Evidence, Finding, Fix, Outcome


def check_extensions(case: Case) -> list[Finding]:
    """Content filters of other makers (Little Snitch, LuLu, VPNs): active ones may stop connections unseen."""
    reading = case.readings.get(collected.MAC_EXTENSIONS.name)
    if reading is None or reading.status in (ReadStatus.MISSING, ReadStatus.NOT_RECORDED):
        return []
    if reading.status is not ReadStatus.OK or not reading.data.strip():
        said = reading.detail or (
            "it said nothing" if reading.status is ReadStatus.OK else reading.status.value
        )
        return [
            Finding(
                code="other-firewall",
                outcome=Outcome.UNKNOWN,
                title="Whether a firewall of another maker is active could not be read",
                evidence=(Evidence("systemextensionsctl list", said),),
                fixes=(Fix("Show them", ("systemextensionsctl list",), needs="user-action"),),
            )
        ]
    lines = [line for line in reading.text.splitlines() if "[activated enabled]" in line]
    filters = [line for line in lines if any(word in line.lower() for word in _FILTERS)]
    return [
        Finding(
            code="other-firewall",
            outcome=Outcome.UNKNOWN,
            title=f"A firewall of another maker is active: {_extension_name(line)}",
            detail="Its rules cannot be read from here.",
            evidence=(Evidence("systemextensionsctl list", line.strip()),),
        )
        for line in filters[:2]
    ]


_FILTERS = ("littlesnitch", "little snitch", "lulu", "radiosilence", "vallum", "murus", "handsoff")


def _extension_name(line: str) -> str:
    columns = [column.strip() for column in line.split("\t") if column.strip()]
    return columns[-2] if len(columns) >= 2 else line.strip()
