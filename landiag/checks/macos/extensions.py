"""Content filters of other makers on macOS: active ones may stop connections where nobody sees it."""

from __future__ import annotations

from landiag.checks.case import Case
from landiag.collect import bsd_sources
from landiag.collect.mac_extensions import Extension, Work, parse_extensions
from landiag.model.facts import ReadStatus, Unknown, parse_reading
from landiag.model.report import Evidence, Finding, Fix, Outcome


def check_extensions(case: Case) -> list[Finding]:
    """Content filters of other makers (Little Snitch, LuLu, VPNs): active ones may stop connections unseen."""
    reading = case.readings.get(bsd_sources.MAC_EXTENSIONS.name)
    if reading is None or reading.status in (ReadStatus.MISSING, ReadStatus.NOT_RECORDED):
        return []
    listed = parse_reading(reading, parse_extensions)
    if isinstance(listed, Unknown) or not reading.data.strip():
        said = listed.reason if isinstance(listed, Unknown) else "it said nothing"
        return [
            Finding(
                code="other-firewall",
                outcome=Outcome.UNKNOWN,
                title="Whether a firewall of another maker is active: the list of extensions could not be read",
                evidence=(Evidence("systemextensionsctl list", said),),
                fixes=(Fix("Show them", ("systemextensionsctl list",), needs="user-action"),),
            )
        ]
    found = [
        one
        for one in listed
        if one.active and one.category == "network_extension" and one.work is not Work.TUNNEL
    ]
    return [_active(case, one) for one in found[:2]]


def _active(case: Case, extension: Extension) -> Finding:
    """A filter may stop any connection; of an extension that nobody knows nobody can say that it does not."""
    is_filter = extension.work is Work.FILTER
    title = (
        f"Whether {extension.name} lets other devices in: it is a firewall of another maker"
        if is_filter
        else f"Whether {extension.name} lets other devices in: this network extension may be a firewall"
    )
    step = (
        f"In {extension.name}, allow incoming connections to port {case.port}, or switch it off for a test."
    )
    return Finding(
        code="other-firewall",
        outcome=Outcome.UNKNOWN,
        title=title,
        detail="Its rules cannot be read from here.",
        evidence=(Evidence("systemextensionsctl list", extension.line),),
        fixes=(Fix(f"Allow the port in {extension.name}", needs="user-action", steps=(step,)),),
    )
