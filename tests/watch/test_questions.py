"""Which questions of clients count as unanswered."""

from __future__ import annotations

from landiag.watch.attempts import Watcher
from landiag.watch.events import End, Question
from landiag.watch.flow import Observed
from landiag.watch.packets import SYN
from landiag.watch.questions import AGAIN, PATIENCE, Questions

OWN = frozenset(("192.168.77.10",))
CLIENT = "192.168.77.20"


def asked(at: float = 0.0, sender: str = CLIENT, target: str = "192.168.77.10") -> Question:
    return Question(at, "eth0", outgoing=False, sender=sender, target=target)


def test_a_question_without_an_answer_is_told_once_its_patience_is_over() -> None:
    questions = Questions()
    questions.ask(asked(0.0), OWN)
    questions.ask(asked(1.0), OWN)
    assert questions.deadline == PATIENCE
    assert list(questions.take(PATIENCE - 0.1)) == []
    assert [one.sender for one in questions.take(PATIENCE)] == [CLIENT]
    assert questions.deadline is None


def test_the_same_question_is_not_told_again_at_once() -> None:
    questions = Questions()
    questions.ask(asked(0.0), OWN)
    assert list(questions.take(2.0))
    questions.ask(asked(3.0), OWN)
    assert list(questions.take(10.0)) == []
    questions.ask(asked(2.0 + AGAIN), OWN)
    assert list(questions.take(5.0 + AGAIN))


def test_an_answer_or_a_packet_of_the_client_ends_it() -> None:
    questions = Questions()
    questions.ask(asked(), OWN)
    questions.answer("192.168.77.10")
    questions.ask(asked(0.1, "192.168.77.21"), OWN)
    questions.drop("192.168.77.21", "192.168.77.10")
    assert list(questions.take(9.0)) == []


def test_what_only_tries_an_address_or_comes_from_here_is_no_question() -> None:
    questions = Questions()
    questions.ask(asked(sender="0.0.0.0"), OWN)
    questions.ask(asked(sender="192.168.77.10"), OWN)
    questions.ask(asked(), None)
    assert questions.deadline is None


def test_the_watcher_concludes_it_as_an_attempt_that_never_began() -> None:
    watcher = Watcher(5000)
    watcher.own = OWN
    assert list(watcher.feed(asked(100.0))) == []
    assert watcher.deadline == 100.0 + PATIENCE
    (seen,) = watcher.feed(End(102.0))
    assert seen.observed is Observed.UNFOUND
    assert (seen.flow.syn.source, seen.flow.syn.destination) == (CLIENT, "192.168.77.10")
    assert seen.flow.syn.flags == SYN
