"""Rules as pfctl prints them: what was read, written again."""

from __future__ import annotations

from collections.abc import Iterable

from landiag.firewall.pf.syntax import Item, Macro, Name, PfRule, Port, RuleLine, Table


def write_item(item: Item) -> str:
    """One item in pfctl's words."""
    if isinstance(item, RuleLine):
        item = item.rule
    if isinstance(item, PfRule):
        return write_rule(item)
    if isinstance(item, Table):
        return write_table(item)
    return f"{item.name} = {item.value}" if isinstance(item, Macro) else item.text


def write_rule(rule: PfRule) -> str:
    """One rule. Lists of several are in braces, as pf.conf writes them."""
    words = ["no" if rule.no else "", rule.action, f'"{rule.name}"' if rule.name else ""]
    words += [
        "pass" if rule.passes else "",
        rule.returns,
        rule.direction,
        rule.log,
        "quick" if rule.quick else "",
    ]
    if rule.rdomain:
        words += ["on rdomain", rule.rdomain]
    if rule.interfaces:
        words += ["on", _several(map(_name, rule.interfaces))]
    words += [f"{option.name} {option.value}".strip() for option in rule.route]
    words += [rule.af]
    if rule.protocols:
        words += ["proto", _several(map(_name, rule.protocols))]
    words += _hosts(rule)
    words += [_option(option.name, option.value) for option in rule.options]
    if rule.target:
        words += ["->", rule.target]
    if rule.body is not None:
        words.append("{")
    return " ".join(word for word in words if word)


def _hosts(rule: PfRule) -> list[str]:
    if not rule.hosts_given:
        return []
    if not (rule.sources or rule.source_ports or rule.destinations or rule.destination_ports or rule.os):
        return ["all"]
    words = ["from", _several(map(_name, rule.sources)) or "any"]
    if rule.source_ports:
        words += ["port", _several(map(_port, rule.source_ports))]
    if rule.os:
        words += ["os", _several(rule.os)]
    words += ["to", _several(map(_name, rule.destinations)) or "any"]
    if rule.destination_ports:
        words += ["port", _several(map(_port, rule.destination_ports))]
    return words


def _name(name: Name) -> str:
    return f"! {name.text}" if name.negated else name.text


def _port(port: Port) -> str:
    if port.operator == ":":
        return f"{port.low}:{port.high}"
    if port.high is not None:
        return f"{port.low} {port.operator} {port.high}"
    return f"{port.operator} {port.low}".strip()


def _option(name: str, value: str) -> str:
    if name == "state":
        return value
    if name == "?":
        return value
    if name == "set" and value.startswith("("):
        return f"set ( {value[1:-1]} )"
    if "\0" in value:
        value = _several(value.split("\0"))
    return f"{name} {value}".strip()


def _several(parts: Iterable[str]) -> str:
    words = list(parts)
    return words[0] if len(words) == 1 else f"{{ {', '.join(words)} }}" if words else ""


def write_table(table: Table) -> str:
    """A table's declaration."""
    parts = (f"file {part}" if isinstance(part, str) else _elements(part) for part in table.parts)
    return " ".join((f"table <{table.name}>", *table.flags, *parts))


def _elements(elements: Iterable[Name]) -> str:
    return "{ " + " ".join(("!" if name.negated else "") + name.text for name in elements) + " }"


def write_all(items: Iterable[Item]) -> list[str]:
    """Every item, one a line; the rules of an anchor are indented."""
    return [line for item in items for line in (write_item(item), *_body(item))]


def _body(item: Item) -> list[str]:
    if not isinstance(item, PfRule) or item.body is None:
        return []
    return [*("  " + line for line in write_all(item.body)), "}"]
