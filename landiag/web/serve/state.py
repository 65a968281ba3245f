"""What a running page knows: its tokens, the phones that came, what they met, and the report. Thread-safe."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct, field

from landiag.model.report import Report
from landiag.web.serve.arrivals import Stuck
from landiag.web.serve.judge import Answer, Measured, Scene, judge_phone
from landiag.web.serve.telling import CHECK_SECONDS, Telling

MAX_PHONES = 2000
MAX_BUCKETS = 4096
BURST, PER_SECOND = 1200.0, 60.0
"""Requests that one IPv4 address or one IPv6 /64 may make at once, and per second in the long run."""


class Phone(Struct):
    """One visit: an address, when it came, what it met, what it was told."""

    id: str
    address: str
    agent: str
    at: float
    page_url: int | None = None
    measured: tuple[Measured, ...] = ()
    answer: Answer | None = None


class Tokens(Struct, frozen=True):
    """The secrets in the URLs: one for phones, one for the person at the computer."""

    phone: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    owner: str = field(default_factory=lambda: secrets.token_urlsafe(18))


def is_same(given: str, expected: str) -> bool:
    """Compare a secret in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


class State:
    """Everything that the page's requests share. ``say`` prints a line on the terminal."""

    def __init__(
        self, scene: Scene, say: Callable[[str], None], clock: Callable[[], float] = time.time
    ) -> None:
        self.scene = scene
        self.tokens = Tokens()
        self._say, self._clock = say, clock
        self._lock = threading.Condition()
        self._phones: OrderedDict[str, Phone] = OrderedDict()
        self._report: Report | None = None
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._version = 0
        self.viewers = threading.BoundedSemaphore(3)
        self._stuck: list[Stuck] = []
        self.wanted: OrderedDict[str, str] = OrderedDict()
        self.is_over = False
        self._telling = Telling()

    @property
    def report(self) -> Report | None:
        """The check of this machine; None until it is there."""
        return self._report

    @property
    def phones(self) -> tuple[Phone, ...]:
        """The visits, in order."""
        with self._lock:
            return tuple(self._phones.values())

    @property
    def stuck(self) -> tuple[Stuck, ...]:
        """The devices whose packets for the page arrived, and that did not get through, in order."""
        with self._lock:
            return tuple(self._stuck)

    def take_stuck(self, stuck: Stuck) -> None:
        """Take what the watch of the page's port has seen, and say so."""
        with self._lock:
            self._stuck.append(stuck)
            self._change()
        self._say(f"For this page: {stuck.summary}")

    def may_ask(self, prefix: str) -> bool:
        """Whether those of a prefix (see ``prefix_of``) have requests left: a token bucket for each."""
        now = self._clock()
        with self._lock:
            left, since = self._buckets.pop(prefix, (BURST, now))
            left = min(BURST, left + (now - since) * PER_SECOND)
            self._buckets[prefix] = (max(0.0, left - 1), now)
            if len(self._buckets) > MAX_BUCKETS:
                self._buckets.popitem(last=False)
            return left >= 1

    def arrive(self, address: str, agent: str, page_url: int | None) -> Phone:
        """Remember a visit; the terminal says so when what it met is known."""
        phone = Phone(secrets.token_urlsafe(9), address, agent, self._clock(), page_url)
        with self._lock:
            self._phones[phone.id] = phone
            if len(self._phones) > MAX_PHONES:
                self._phones.popitem(last=False)
            line = self._telling.arrive(address, agent, self._clock())
            self._change()
        if line is not None:
            self._say(line)
        return phone

    def measure(self, name: str, measured: tuple[Measured, ...]) -> Answer | None:
        """Take what a phone met and judge it with what is known; None where no such phone came."""
        with self._lock:
            phone = self._phones.get(name)
            if phone is None:
                return None
            phone.measured = measured
            self._judge(phone)
            self.wanted[phone.address] = phone.id
            self._tell(phone, CHECK_SECONDS)
            self._change()
        return phone.answer

    def answer(self, name: str) -> Answer | None:
        """What a phone is told now; None where there is nothing yet."""
        with self._lock:
            phone = self._phones.get(name)
            return None if phone is None else phone.answer

    def take_report(self, report: Report, address: str | None = None) -> None:
        """Take the check of this machine: for one client's address, or for all."""
        with self._lock:
            self._report = report
            for phone in self._phones.values():
                if phone.measured and address in (None, phone.address):
                    self._judge(phone, report)
                    self._tell(phone, 0.0)
            self._change()

    def _judge(self, phone: Phone, report: Report | None = None) -> None:
        phone.answer = judge_phone(self.scene, phone.page_url, phone.measured, report or self._report)

    def _tell(self, phone: Phone, within: float) -> None:
        if phone.answer is not None:
            self._telling.answer(phone.address, phone.answer, self._clock() + within)

    def tell_due(self, *, at_the_end: bool = False) -> None:
        """Say what is due of the devices that came, one line for each; at the end all that was not said yet."""
        with self._lock:
            lines = self._telling.take_due(float("inf") if at_the_end else self._clock())
        for line in lines:
            self._say(line)

    def _change(self) -> None:
        self._version += 1
        self._lock.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait until something is new; the number of the newest change."""
        with self._lock:
            if self._version == seen and not self.is_over:
                self._lock.wait(seconds)
            return self._version

    def end(self) -> None:
        """Let everybody who waits go."""
        with self._lock:
            self.is_over = True
            self._lock.notify_all()
