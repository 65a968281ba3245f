"""The words that redaction leaves alone are all of those that landiag's code looks for, under every Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import landiag
from landiag.redact.own_words import WORD, _strings, own_words

CODE = '''"""What the module says."""
TOP = "top word"


class One:
    """What the class says."""

    KEY = "class word"


def plain(name):
    return name == "first constant"


def told(name):
    """What the function says."""
    return name in ("second", "third") or name == b"fourth"
'''


def looked_for(tree: ast.AST) -> Iterator[str]:
    """Every string of a module but its documentation, which are statements of their own."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value


def test_documentation_alone_is_left_out() -> None:
    code = compile(CODE, "one.py", "exec")
    assert isinstance(code, CodeType)
    found = set(_strings(code))
    assert {"top word", "class word", "first constant", "second", "third", "fourth"} <= found
    assert not [one for one in found if "says" in one]


def test_every_word_of_the_code_is_known() -> None:
    unknown = {
        word.lower()
        for path in Path(landiag.__file__).parent.rglob("*.py")
        for text in looked_for(ast.parse(path.read_text(encoding="utf-8")))
        for word in WORD.findall(text)
    } - own_words()
    assert unknown == set()
