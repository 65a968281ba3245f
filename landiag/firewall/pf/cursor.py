"""A cursor over the words of one pf statement: names, hosts, comparisons, lists in braces."""

from __future__ import annotations

from collections.abc import Callable

from landiag.firewall.pf.syntax import Name, Port
from landiag.model.facts import ParseError


class Words:
    """A cursor over the words of one statement."""

    def __init__(self, words: list[str], at: int = 0) -> None:
        self.words = words
        self.at = at

    def peek(self, ahead: int = 0) -> str:
        """The next word; empty at the end."""
        at = self.at + ahead
        return self.words[at] if at < len(self.words) else ""

    def take(self) -> str:
        """The next word, and step over it. Raises ParseError at the end."""
        if self.at >= len(self.words):
            raise ParseError("it is cut off")
        self.at += 1
        return self.words[self.at - 1]

    def accept(self, *wanted: str) -> str:
        """The next word where it is one of these, else the empty text."""
        if self.peek() in wanted and self.peek():
            return self.take()
        return ""

    def group(self) -> str:
        """Everything up to the parenthesis that closes the one that comes next, as text."""
        if self.peek() != "(":
            return ""
        depth, start = 0, self.at
        while True:
            word = self.take()
            depth += {"(": 1, ")": -1}.get(word, 0)
            if depth == 0:
                return join(self.words[start : self.at])

    def listed(self, one: Callable[[], None]) -> None:
        """One item, or a list of them in braces; commas are optional."""
        if not self.accept("{"):
            one()
            return
        while not self.accept("}"):
            if self.peek() == "{":
                self.listed(one)
            elif not self.accept(","):
                one()

    def names(self) -> list[Name]:
        """One name or a list of them."""
        found: list[Name] = []
        self.listed(lambda: found.append(Name(negated=bool(self.accept("!")), text=self.take())))
        return found

    def host(self) -> Name:
        """One address, network, table, interface; ranges and parentheses belong to it."""
        negated = bool(self.accept("!"))
        if self.peek() == "(":
            text = self.group()
            if self.peek().startswith("/"):
                text += self.take()
        else:
            text = self.take()
            if text == "route":
                text += " " + self.take()
            elif self.peek() == "-":
                self.take()
                text += " - " + self.take()
        return Name(text, negated)

    def hosts(self) -> list[Name]:
        """The hosts behind ``from`` or ``to``; empty for ``any``."""
        found: list[Name] = []
        self.listed(lambda: found.append(self.host()))
        return [] if any(name == Name("any") for name in found) else found

    def comparison(self) -> Port:
        """One comparison."""
        operator = self.accept("=", "!=", "<", "<=", ">", ">=")
        low = self.take()
        if operator:
            return Port(low, operator)
        if self.peek() in ("><", "<>"):
            return Port(low, self.take(), self.take())
        first, colon, last = low.partition(":")
        return Port(first, ":", last) if colon else Port(low)

    def comparisons(self) -> list[Port]:
        """One comparison or a list of them."""
        found: list[Port] = []
        self.listed(lambda: found.append(self.comparison()))
        return found


def join(words: list[str]) -> str:
    """Words as pfctl prints them: no blanks inside of parentheses, one behind commas."""
    text = " ".join(words)
    return text.replace("( ", "(").replace(" )", ")").replace(" ,", ",")
