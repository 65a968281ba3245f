"""What is known so far: the request, this machine, and every reading, parsed when it is asked for."""

from __future__ import annotations

from msgspec.structs import replace

from landiag.collect import names
from landiag.collect.exchanges.dns import NameServers, parse_name_servers
from landiag.collect.exchanges.http import Exchange, parse_exchange
from landiag.collect.exchanges.proxies import Proxies, parse_proxies
from landiag.collect.exchanges.resolve import Resolution, parse_resolution
from landiag.model.addresses import parse_ip
from landiag.model.facts import Call, Source, Unknown
from landiag.probe.client import Client

MOST_ADDRESSES = 4


class Case(Client, frozen=True):
    """One request and the readings for it. Accessors give None for what was not read (yet)."""

    def focus(self, port: int) -> Case:
        """The same case, asked about one port."""
        return Case(replace(self.request, ports=(port,)), self.readings, self.parsed)

    @property
    def is_survey(self) -> bool:
        """Whether several ports or hosts are asked for, not one request."""
        return self.request.network is not None or len(self.request.ports) != 1

    @property
    def proxies(self) -> Proxies | None:
        """The proxies that programs here would use."""
        return self.known(Call("proxies"), parse_proxies)

    def resolution(self) -> Resolution | Unknown | None:
        """What the system resolver said of the name."""
        assert self.request.name is not None
        return self.parse(names.resolve(self.request.name, self.family_word), parse_resolution)

    @property
    def family_word(self) -> str:
        """The family that the user wants, as a parameter."""
        return "" if self.request.family is None else str(int(self.request.family))

    def name_servers(self) -> NameServers | None:
        """What name servers and mDNS said of the name."""
        source = self.name_servers_source()
        return self.known(source, parse_name_servers) if source else None

    def name_servers_source(self) -> Call | None:
        """The question to the name servers, once it is known who they are."""
        if self.request.name is None or names.RESOLV_CONF.name not in self.readings:
            return None
        return names.name_servers(self.request.name, names.read_servers(self.readings))

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses to try, with their zones, in the order in which a browser would."""
        if self.request.address is not None:
            return (self.request.with_zone(self.request.address),)
        if self.request.name is None:
            return ()
        resolution = self.resolution()
        found = resolution.addresses if isinstance(resolution, Resolution) else ()
        if not found and (asked := self.name_servers()) is not None:
            found = tuple(address for one in asked.answers for address in one.addresses)
        wanted = [one for one in dict.fromkeys(found) if self._is_wanted(one)]
        return tuple(wanted[:MOST_ADDRESSES])

    @property
    def alternatives(self) -> tuple[str, ...]:
        """Addresses that name servers or mDNS give for the name, and the system resolver does not."""
        asked = self.name_servers() if self.request.name is not None else None
        if asked is None:
            return ()
        found = dict.fromkeys(address for one in asked.answers for address in one.addresses)
        known = self.addresses
        return tuple(one for one in found if one not in known and self._is_wanted(one))[:2]

    def _is_wanted(self, address: str) -> bool:
        family = self.request.family
        return family is None or parse_ip(address).version == int(family)

    def exchange(self, source: Source) -> Exchange | None:
        """The transcript of an HTTP exchange."""
        return self.known(source, parse_exchange)
