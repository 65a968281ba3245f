"""Every cause is one row; each row is whole, agrees with itself, and with a second book kept apart from it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest

from landiag.model import causes
from landiag.model.causes import (
    CAUSES,
    CODES,
    application,
    cause_of,
    clients,
    find_cause,
    firewall,
    listening,
    network,
    rank,
)
from landiag.model.causes.cause import Cause
from landiag.model.report import Finding, Outcome
from landiag.model.terms import Symptom
from landiag.verdict.algebra import check_of
from landiag.verdict.paths import stage_of
from landiag.watch.events import Drop
from landiag.watch.meanings import cause_of_drop
from tests.model.expected import (
    BETWEEN,
    CLIENTS_OWN,
    DROPS,
    POORER,
    REPLY_ROUTES,
    ROWS,
    RULES,
    SOCKETS,
    USELESS,
    Row,
)

FAMILIES = (application, clients, firewall, listening, network)


def finding(code: str, outcome: Outcome = Outcome.BLOCKS) -> Finding:
    return Finding(code, outcome, f"seen: {code}")


def test_the_two_books_name_the_same_codes_in_the_same_order() -> None:
    assert tuple(row.code for row in ROWS) == CODES


def test_every_row_of_every_family_is_in_the_table_once() -> None:
    rows = [one for family in FAMILIES for one in vars(family).values() if isinstance(one, Cause)]
    assert {one.code for one in rows} == set(CODES)
    assert len(CODES) == len(set(CODES))
    for family in FAMILIES:
        for name, one in vars(family).items():
            if isinstance(one, Cause):
                assert name == one.code.upper().replace("-", "_")


def test_every_row_has_its_page_and_every_page_its_row() -> None:
    pages = {page.name.removesuffix(".md") for page in (files("landiag.knowledge") / "causes").iterdir()}
    assert pages == set(CODES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_row_says_what_the_second_book_says(row: Row) -> None:
    cause = cause_of(row.code)
    assert check_of(finding(row.code)) == row.check
    assert cause.stages == row.stages
    assert stage_of(finding(row.code)) == (row.stages[0] if row.stages else None)
    assert tuple(one.value for one in cause.symptoms) == row.symptoms
    assert tuple(one.code for one in cause.met) == row.met
    assert cause.worst.value == row.worst
    assert cause.is_everywhere is row.everywhere


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        (USELESS, lambda one: one.is_useless),
        (CLIENTS_OWN, lambda one: one.is_clients_own),
        (BETWEEN, lambda one: bool(one.between)),
        (RULES, lambda one: one.is_of_rules),
        (SOCKETS, lambda one: one.is_of_sockets),
        (REPLY_ROUTES, lambda one: one.is_of_reply_routes),
    ],
    ids=["useless", "clients-own", "between", "rules", "sockets", "reply-routes"],
)
def test_groups_are_those_of_the_second_book(expected: frozenset[str], says: Callable[[Cause], bool]) -> None:
    assert {one.code for one in CAUSES if says(one)} == expected


def test_poorer_names_are_those_of_the_second_book() -> None:
    assert {one.code: {other.code for other in one.excludes} for one in CAUSES if one.excludes} == POORER


@pytest.mark.parametrize(("reason", "code"), DROPS.items())
def test_the_kernels_drop_reasons_speak_for_their_cause(reason: str, code: str | None) -> None:
    cause = cause_of_drop(Drop(0.0, reason, "somewhere", 4))
    assert (cause and cause.code) == code


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.code)
def test_no_row_contradicts_itself(cause: Cause) -> None:
    if cause.worst is Outcome.BLOCKS:
        assert cause.stages, "it stops clients, and stands nowhere"
        assert cause.symptoms, "it stops clients, and they see nothing of it"
    assert cause.stages or not cause.symptoms, "clients see it, and it stands nowhere"
    for met in cause.met:
        seen = {*cause.symptoms, *met.symptoms} if Symptom.VARIES in cause.symptoms else set(cause.symptoms)
        assert set(met.symptoms) & seen, f"a client sees nothing that {met.code} looks like"
    assert not cause.is_useless or any(one.value == "answered" for one in cause.symptoms)
    of_server = cause.worst is Outcome.BLOCKS and not cause.is_of_clients and not cause.is_clients_own
    if of_server:
        assert cause.phone is not None, "a phone would be told nothing of it"
    assert len(set(cause.stages)) == len(cause.stages)
    assert len(set(cause.symptoms)) == len(cause.symptoms)


@pytest.mark.parametrize("cause", [one for one in CAUSES if one.phone], ids=lambda cause: cause.code)
def test_what_a_phone_is_told_is_a_sentence_without_gaps(cause: Cause) -> None:
    assert cause.phone is not None
    for text in (cause.phone.headline, cause.phone.advice):
        assert "{" not in text.format(port=5000)
    assert cause.phone.headline
    assert not cause.phone.headline.endswith(".")
    assert cause.phone.advice.endswith((".", ").")) or not cause.phone.advice


def test_what_only_a_newer_landiag_knows_has_no_row_and_comes_last() -> None:
    assert find_cause("gremlins") is None
    assert rank("gremlins") > max(rank(code) for code in CODES)
    with pytest.raises(KeyError):
        causes.cause_of("gremlins")
