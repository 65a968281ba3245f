"""What is asked ahead of the plan is what the plan asks: nothing twice, nothing for nobody."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from landiag.collect.exchanges.http import End
from landiag.collect.exchanges.icmp import Ping
from landiag.host import Recorder
from landiag.model.facts import Reading, Source
from landiag.probe.target import Request, parse_request
from landiag.probing import begin_asking, run
from tests.test_probing import CONNECTED, MemoryHost, exchange, page


class CountingHost(MemoryHost):
    """The same host; it notes what it is asked."""

    def __init__(self) -> None:
        def answer_ping(params: dict[str, str]) -> Ping:
            return Ping(params["address"], "datagram", 3, (0.001,) * 3)

        super().__init__({"http": exchange(CONNECTED, End.COMPLETE, page()), "ping": answer_ping})
        self.asked: list[str] = []

    def read(self, source: Source) -> Reading:
        """See ``Host.read``."""
        self.asked.append(source.name)
        return super().read(source)


@pytest.mark.parametrize(
    "request_",
    [
        parse_request("192.168.77.10", ("5000",)),
        replace(parse_request("192.168.77.10", ("5000",)), icmp=False),
        replace(parse_request("192.168.77.10", ("5000",)), interface="eth0"),
        parse_request("192.168.77.10"),
        parse_request("fe80::10%eth0", ("5000",)),
        parse_request("fd77::10", ("5000",)),
        parse_request("http://192.168.77.10:5000/shop"),
        parse_request("192.168.77.0/29", ("5000",)),
    ],
    ids=lambda request: f"{request.text} {request.ports} {request.interface} {request.icmp}",
)
def test_first_round_belongs_to_the_plan(request_: Request) -> None:
    host = CountingHost()
    recorder = Recorder(host)
    begin_asking(request_, recorder)
    assert recorder.waiting or host.asked
    run(request_, recorder, float("inf"))
    assert sorted(host.asked) == sorted(recorder.readings)
