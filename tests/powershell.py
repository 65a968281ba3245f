"""PowerShell's grammar: what is wrong with the syntax of a script, where no PowerShell is there to say it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import tree_sitter
import tree_sitter_powershell


@lru_cache(maxsize=1)
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def syntax_errors(script: str) -> list[str]:
    """Every place that the grammar refuses; empty for a script that is one."""
    text = script.encode()
    return list(_errors(_parser().parse(text).root_node, text))


def _errors(node: tree_sitter.Node, text: bytes) -> Iterator[str]:
    # The grammar misses a blank behind arguments with commas (Get-Process a,b), where PowerShell wants none.
    if node.type == "ERROR" or (node.is_missing and node.type != " "):
        yield f"{node.type} at {node.start_byte}: {text[node.start_byte : node.end_byte + 40]!r}"
    for child in node.children:
        yield from _errors(child, text)
