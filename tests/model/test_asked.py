"""What was asked, typed once more: nothing of the question is lost on the way."""

from __future__ import annotations

import shlex

import pytest

from landiag.cli.arguments import parse_server
from landiag.model.asked import typed_again
from landiag.model.report import Target
from landiag.question import Question


@pytest.mark.parametrize(
    ("question", "line"),
    [
        (Question(Target(5000)), "check --port 5000"),
        (
            Question(Target(5000, "192.168.77.20", "192.168.77.10", "eth0", "https")),
            "check --port 5000 --peer 192.168.77.20 --to 192.168.77.10 --interface eth0 --scheme https",
        ),
        (
            Question(Target(5000), "flask", "shop.lan", "/a b", asks_http=False),
            "check --port 5000 --path '/a b' --host-header shop.lan --program flask --no-http",
        ),
        (Question(Target(5000), only=("firewall",), proves=True), "check --port 5000"),
        (Question(Target(5000), host_header="shop.lan:5000", name="shop.lan"), "check shop.lan:5000"),
        (
            Question(Target(5000), host_header="other.lan", name="shop.lan"),
            "check shop.lan:5000 --host-header other.lan",
        ),
        (Question(Target(5000), host_header="$(reboot)"), "check --port 5000 --host-header '$(reboot)'"),
    ],
)
def test_a_question_is_typed_again_whole(question: Question, line: str) -> None:
    assert typed_again(question.target, question.asked) == line


def test_a_name_typed_again_is_taken_for_the_same_name_and_port() -> None:
    typed = typed_again(Target(5000), Question(Target(5000), name="shop.lan").asked)
    where = shlex.split(typed)[1]
    assert parse_server(where, None, "auto", "/").host == "shop.lan:5000"
