"""`nft -j list ruleset` to chains. Rules stay JSON until a packet meets them.

`nft` 1.0.6 writes garbage for a table's flags, so that a dormant table is only known by its text listing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct, field

from landiag.firewall.engine.uncollected import uncollected
from landiag.firewall.nft.sets import Sets, declared_set
from landiag.firewall.nft.statements import lower_rule
from landiag.firewall.nft.text import write_rule
from landiag.model.facts import ParseError
from landiag.model.ruleset import Chain, Hook, Rule, Step, Verdict
from landiag.model.sets import ElementSet
from landiag.model.strict import only_words

BACKEND = "nftables"


class RuleObject(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A rule as it is written; ``expr`` is decoded later."""

    family: str = ""
    table: str = ""
    chain: str = ""
    handle: int | None = None
    comment: str | None = None
    expr: msgspec.Raw = msgspec.Raw(b"[]")
    index: object = None
    position: object = None


class ChainObject(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A chain."""

    family: str = ""
    table: str = ""
    name: str = ""
    handle: int | None = None
    type: str | None = None
    hook: str | None = None
    prio: int | None = None
    policy: str | None = None
    dev: str | list[str] | None = None
    comment: object = None
    newname: object = None


class SetObject(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A set or a map."""

    family: str = ""
    table: str = ""
    name: str = ""
    type: object = None
    map: object = None
    flags: object = None
    elem: msgspec.Raw = msgspec.Raw(b"[]")
    stmt: object = None
    handle: object = None
    policy: object = None
    comment: object = None
    timeout: object = None
    gc_interval: object = msgspec.field(default=None, name="gc-interval")
    auto_merge: object = msgspec.field(default=None, name="auto-merge")
    size: object = None
    desc: object = None
    count: object = None


class TableObject(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """A table."""

    family: str = ""
    name: str = ""
    flags: object = None
    handle: object = None
    comment: object = None


class Item(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """One entry of the list; others (flow tables, counters) do not decide about packets."""

    table: TableObject | None = None
    chain: ChainObject | None = None
    rule: RuleObject | None = None
    set: SetObject | None = None
    map: SetObject | None = None
    element: SetObject | None = None
    add: Item | None = None
    insert: Item | None = None
    metainfo: object = None
    flowtable: object = None
    counter: object = None
    quota: dict[str, object] | None = None
    limit: dict[str, object] | None = None
    secmark: object = None
    synproxy: object = None
    tunnel: object = None
    meter: object = None
    ct_helper: object = msgspec.field(default=None, name="ct helper")
    ct_timeout: object = msgspec.field(default=None, name="ct timeout")
    ct_expectation: object = msgspec.field(default=None, name="ct expectation")


class Document(msgspec.Struct, gc=False):
    """The whole output."""

    nftables: list[Item]


_DOCUMENT = msgspec.json.Decoder(Document)
_STATEMENTS = msgspec.json.Decoder(list[object])


class NftRule(Rule):
    """A rule of `nft -j`, lowered when it is first met."""

    __slots__ = ("_expr", "_sets")

    def __init__(self, position: int, source: RuleObject, sets: Sets) -> None:
        super().__init__(position, None, None, handle=source.handle, comment=source.comment)
        self._expr = source.expr
        self._sets = sets

    @property
    def statements(self) -> list[object]:
        """The statements as JSON values."""
        try:
            return _STATEMENTS.decode(self._expr)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ["unreadable"]

    @property
    def hides_something(self) -> bool:
        """Whether it uses an extension of iptables, of which only the name is shown."""
        return b'"xt"' in bytes(self._expr)

    def write(self) -> str:
        """The rule in nft's words."""
        return write_rule(self.statements)

    def lower(self) -> tuple[Step, ...]:
        """The steps."""
        return lower_rule(self.statements, self._sets)


REWRITES = b'"mangle": {"key": {"payload"'
"""How `nft -j` begins a statement that writes into the packet."""


class NftTable(Struct):
    """A table as it was read. ``dormant`` is None where the output does not tell.

    ``may_rewrite`` is False where no rule of the whole output writes into packets.
    """

    family: str
    name: str
    dormant: bool | None = False
    may_rewrite: bool = True
    chains: dict[str, Chain] = field(default_factory=dict)
    rules: dict[str, list[RuleObject]] = field(default_factory=dict)
    sets: Sets = field(default_factory=Sets)
    elements: dict[str, list[object]] = field(default_factory=dict)


def parse_nft_json(data: bytes) -> list[NftTable]:
    """`nft -j list ruleset` to tables, in the order of the listing. Raises ParseError."""
    try:
        with uncollected():
            document = _DOCUMENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParseError(f"not the JSON of nft: {error}") from error
    tables: dict[tuple[str, str], NftTable] = {}
    for item in document.nftables:
        _take(item, tables)
    _hold_to_chains(tables)
    may_rewrite = REWRITES in data
    for table in tables.values():
        table.may_rewrite = may_rewrite
    return list(tables.values())


def _hold_to_chains(tables: Mapping[tuple[str, str], NftTable]) -> None:
    """Every rule stands in a chain that is listed, as nft lists them; Docker's dumps name them in any order."""
    lists_chains = any(table.chains for table in tables.values())
    for table in tables.values():
        missing = table.rules.keys() - table.chains.keys()
        if missing and (lists_chains or "" in missing):
            raise ParseError(f"table {table.family} {table.name} has no chain {min(missing)[:60]!r}")


def _take(item: Item, tables: dict[tuple[str, str], NftTable]) -> None:
    """Take one entry in; ``add`` and ``insert`` are how `nft -j -e` wraps what it has added."""
    if item.add is not None or item.insert is not None:
        _take(item.add or item.insert or item, tables)
    elif item.element is not None:
        element = item.element
        elements = _table(tables, element.family, element.table).elements
        elements.setdefault(element.name, []).extend(_elements(element))
    elif item.rule is not None:
        rule = item.rule
        _table(tables, rule.family, rule.table).rules.setdefault(rule.chain, []).append(rule)
    elif item.chain is not None:
        chain = item.chain
        _table(tables, chain.family, chain.table).chains[chain.name] = _chain(chain)
    elif item.table is not None:
        _table(tables, item.table.family, item.table.name).dormant = _dormancy(item.table.flags)
    elif item.limit is not None:
        _name_limit(tables, "limit", item.limit)
    elif item.quota is not None:
        _name_limit(tables, "quota", item.quota)
    elif item.set is not None or item.map is not None:
        declared = item.set or item.map
        if declared is not None:
            sets = _table(tables, declared.family, declared.table).sets
            sets[declared.name] = _set(declared, _table(tables, declared.family, declared.table).elements)


def _name_limit(tables: dict[tuple[str, str], NftTable], kind: str, declared: Mapping[str, object]) -> None:
    family, table, name = (str(declared.get(key)) for key in ("family", "table", "name"))
    _table(tables, family, table).sets.limits[kind, name] = declared


def _table(tables: dict[tuple[str, str], NftTable], family: str, name: str) -> NftTable:
    found = tables.get((family, name))
    if found is None:
        only_words((family,), _FAMILIES, "nft's families")
        found = tables[family, name] = NftTable(family, name)
    return found


def _set(declared: SetObject, elements: dict[str, list[object]]) -> ElementSet:
    mine = elements.setdefault(declared.name, [])
    mine.extend(_elements(declared))
    return declared_set(declared.name, declared.type, declared.flags, mine, declared.stmt)


def _elements(declared: SetObject) -> list[object]:
    try:
        found = msgspec.json.decode(declared.elem)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParseError(f"set {declared.name}: {error}") from error
    if isinstance(found, dict):
        found = found.get("set")
    return found if isinstance(found, list) else []


def _chain(chain: ChainObject) -> Chain:
    hook = None
    only_words((chain.policy or "accept",), _POLICIES, "a chain's policies")
    if chain.hook is None and (chain.type, chain.prio, chain.policy) != (None, None, None):
        raise ParseError(f"chain {chain.name} has no hook, but what belongs to one")
    if chain.hook is not None:
        only_words((chain.hook,), _HOOKS, "a chain's hooks")
        only_words((chain.type or "filter",), _TYPES, "a chain's types")
        devices = (chain.dev,) if isinstance(chain.dev, str) else tuple(chain.dev or ())
        hook = Hook(chain.hook, chain.prio or 0, chain.type or "filter", devices or None)
    policy = Verdict.DROP if chain.policy == "drop" else Verdict.ACCEPT
    return Chain(BACKEND, chain.family, chain.table, chain.name, (), hook, policy)


_FAMILIES = frozenset(("ip", "ip6", "inet", "arp", "bridge", "netdev"))
_POLICIES = frozenset(("accept", "drop"))
_HOOKS = frozenset(("prerouting", "input", "forward", "output", "postrouting", "ingress", "egress"))
_TYPES = frozenset(("filter", "nat", "route"))


def _dormancy(flags: object) -> bool | None:
    """Whether a table is dormant: None for flags that say nothing (a bug of nft up to 1.0.6)."""
    words = flags if isinstance(flags, list) else [flags]
    if flags is None:
        return False
    if "dormant" in words:
        return True
    return False if all(word in ("owner", "persist") for word in words) else None
