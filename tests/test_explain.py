"""Every code has its page, every page all its parts, and the commands on it can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from landiag.explain import SECTIONS, SYSTEMS, UnknownCodeError, all_pages, explain, list_codes
from landiag.model.causes import CODES

LANGUAGES = {"sh", "powershell"}


def headings(page: str, level: int) -> list[str]:
    without_commands = re.sub(r"(?ms)^```.*?^```$", "", page)
    return re.findall(rf"(?m)^{'#' * level} (.+)$", without_commands)


def commands(page: str) -> list[tuple[str, str]]:
    return re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", page)


@pytest.mark.parametrize("code", CODES)
def test_every_page_has_all_its_parts(code: str) -> None:
    page = explain(code)
    title = headings(page, 1)
    assert len(title) == 1
    assert title[0].startswith(f"{code}: ")
    assert tuple(headings(page, 2)) == SECTIONS
    systems = headings(page, 3)
    assert systems[:3] == list(SYSTEMS)
    assert systems[3:] in ([], ["WSL2"])
    for section in re.split(r"(?m)^##+ ", page)[1:]:
        assert section.partition("\n")[2].strip(), f"{code}: nothing under {section.splitlines()[0]}"


@pytest.mark.parametrize("code", CODES)
def test_every_page_says_where_its_knowledge_comes_from(code: str) -> None:
    sources = explain(code).partition("## Sources")[2]
    assert re.search(
        r"RFC \d+|\(\d\)|Documentation/|documentation|standard|#\d+|Microsoft|Apple|xnu", sources
    )


@pytest.mark.parametrize("code", CODES)
def test_the_commands_of_every_page_parse(code: str) -> None:
    page = explain(code)
    found = commands(page)
    assert page.count("```") == 2 * len(found)
    assert found
    for language, text in found:
        assert language in LANGUAGES, f"{code}: {language}"
        for line in text.splitlines():
            assert shlex.split(line, posix=language == "sh"), f"{code}: {line!r}"
        if language == "sh":
            checked = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)
            assert not checked.returncode, f"{code}: {checked.stderr}"


@pytest.mark.parametrize("code", CODES)
def test_no_page_opens_more_than_it_must(code: str) -> None:
    for _, text in commands(explain(code)):
        assert not re.search(r"ufw (disable|reset)|--flush|-F\b|flush ruleset|-P INPUT ACCEPT|StateOff", text)
        assert not re.search(r"Set-NetFirewallProfile.*-Enabled +False|setglobalstate off|setenforce 0", text)


def test_codes_named_in_a_page_exist() -> None:
    known = set(CODES)
    for code in CODES:
        page = re.sub(r"(?ms)^```.*?^```$", "", explain(code))
        for name in re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", page):
            looks_like_a_code = name.split("-")[0] in {c.split("-")[0] for c in known} - {"default", "name"}
            assert not looks_like_a_code or name in known or name in {"port-forward"}, f"{code} names {name}"


def test_the_list_has_every_code_in_order_with_its_title() -> None:
    listed = list_codes()
    assert tuple(code for code, _ in listed) == CODES
    assert len({title for _, title in listed}) == len(CODES)
    assert all(title and not title.endswith(".") for _, title in listed)


def test_the_whole_document_has_every_page_once() -> None:
    document = all_pages()
    assert headings(document, 1) == ["What landiag's findings mean"]
    assert headings(document, 2) == list(CODES)
    assert headings(document, 3) == list(SECTIONS) * len(CODES)


@pytest.mark.parametrize("typed", ["Bound-To-Loopback", " bound_to_loopback ", "bound to loopback"])
def test_spelling_is_forgiven(typed: str) -> None:
    assert explain(typed) == explain("bound-to-loopback")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bound-to-lopback", "bound-to-loopback"),
        ("loopback", "published-on-loopback"),
        ("firewall", "firewall-drops"),
    ],
)
def test_an_unknown_code_names_those_like_it(typed: str, meant: str) -> None:
    with pytest.raises(UnknownCodeError, match=meant):
        explain(typed)


@pytest.mark.parametrize("typed", ["", "\x1b[31m", "../../etc/passwd", "x" * 1000, "servers.toml"])
def test_nonsense_gives_one_sentence_that_can_be_shown(typed: str) -> None:
    with pytest.raises(UnknownCodeError) as caught:
        explain(typed)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300
