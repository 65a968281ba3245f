"""From events to attempts: what became of each client's SYN, as far as packets and the kernel show it. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from heapq import heappop, heappush

from landiag.watch.events import (
    Begin,
    Counters,
    Drop,
    End,
    Event,
    Facts,
    HalfOpen,
    Maker,
    Question,
    Reading,
    Refusal,
    Segment,
)
from landiag.watch.flow import (
    FACTS_PATIENCE,
    KEPT_SECONDS,
    KNOWN_DROP,
    NO_ANSWER,
    SILENCE,
    Flow,
    Key,
    Observed,
    Seen,
    after,
    from_client,
    is_over,
    is_syn,
    is_unanswered,
)
from landiag.watch.packets import ACK, FIN, RST, SYN
from landiag.watch.questions import Questions

MAX_SEEKERS = 256
MAX_FLOWS = 20_000
_DROP_WINDOW = (-0.0005, 0.004)
_SAME_PACKET = 0.01


class Watcher:
    """Takes events in order and yields attempts as they are concluded. ``clients`` are addresses to care for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.now = 0.0
        self.flows: OrderedDict[Key, Flow] = OrderedDict()
        self.waiting: dict[Key, Flow] = {}
        self.own: frozenset[str] | None = None
        self.reading_since: float | None = None
        self.local_attempts = 0
        self.seekers: OrderedDict[str, float] = OrderedDict()
        self.lost = 0
        self._questions = Questions()
        self._due_next: list[tuple[float, int, Key]] = []
        self._number = 0
        self._drops: deque[Drop] = deque(maxlen=4096)
        self._counters: dict[str, int] = {}
        self._rises: dict[str, int] = {}

    def feed(self, event: Event) -> Iterator[Seen]:
        """Take the next event; first comes what the time until then concludes."""
        yield from self.advance(event.at)
        touched: Key | None = None
        match event:
            case Segment():
                touched = self._segment(event)
            case Refusal():
                touched = self._refuse(event)
            case Question():
                self._neighbour(event)
            case Drop():
                self._drops.append(event)
                yield from self._check_all()
            case Counters():
                self._count(event)
            case HalfOpen():
                self._hold(event)
            case Reading():
                self.reading_since = event.at
            case Facts():
                self.reading_since = None
                yield from self._check_all()
            case Begin() | Maker():
                self.now = max(self.now, event.at)
            case End():
                self.lost = event.lost
                yield from self._check_all(final=True)
                yield from self._unfound()
        if touched is not None and (flow := self.waiting.get(touched)) is not None:
            yield from self._check(touched, flow)

    def advance(self, now: float) -> Iterator[Seen]:
        """Let time pass: attempts whose wait is over are concluded."""
        if now <= self.now:
            return
        self.now = now
        while self._due_next and self._due_next[0][0] <= now:
            _, _, key = heappop(self._due_next)
            if (flow := self.waiting.get(key)) is not None:
                yield from self._check(key, flow)
        yield from self._unfound()
        self._forget()

    @property
    def deadline(self) -> float | None:
        """When the next wait may be over; None while nothing waits."""
        waits = (self._due_next[0][0] if self._due_next else None, self._questions.deadline)
        return min((one for one in waits if one is not None), default=None)

    def unanswered(self) -> list[Flow]:
        """List the attempts that wait for an answer of any kind."""
        return [flow for flow in self.waiting.values() if is_unanswered(flow)]

    def _segment(self, segment: Segment) -> Key | None:
        """Note a segment with its attempt: the key of that, None where it belongs to none."""
        if segment.interface == "lo":
            self.local_attempts += is_syn(segment) and not segment.outgoing
            return None
        if segment.outgoing:
            key = (segment.destination, segment.destination_port, segment.source)
            flow = self.flows.get(key) if segment.source_port == self.port else None
            if flow is not None:
                self._from_here(key, flow, segment)
            return key
        if segment.destination_port != self.port or segment.kind != "host":
            return None
        key = (segment.source, segment.source_port, segment.destination)
        if is_syn(segment):
            self._arrive(key, segment)
        elif (flow := self.flows.get(key)) is not None:
            from_client(flow, segment)
            self._wake(key, flow)
        return key

    def _arrive(self, key: Key, segment: Segment) -> None:
        if self.own is not None and segment.destination not in self.own:
            return
        self._questions.drop(segment.source, segment.destination)
        flow = self.flows.get(key)
        if flow is not None and flow.syn.sequence == segment.sequence:
            if segment.at - flow.arrivals[-1] < _SAME_PACKET and segment.interface not in flow.interfaces:
                flow.interfaces.append(segment.interface)
            elif segment.interface in flow.interfaces and segment.at - flow.arrivals[-1] >= _SAME_PACKET:
                flow.arrivals.append(segment.at)
            return
        self.flows[key] = self.waiting[key] = Flow(segment, [segment.interface], [segment.at])
        self.flows.move_to_end(key)
        if len(self.flows) > MAX_FLOWS:
            old, _ = self.flows.popitem(last=False)
            self.waiting.pop(old, None)

    def _from_here(self, key: Key, flow: Flow, segment: Segment) -> None:
        if segment.flags & SYN and segment.flags & ACK:
            flow.answered_at = flow.answered_at or segment.at
            if segment.interface not in flow.answered_by:
                flow.answered_by.append(segment.interface)
        elif segment.flags & RST:
            flow.reset_at = flow.reset_at or segment.at
        else:
            if flow.asked_at is not None and after(segment.acknowledged, flow.asked_until):
                flow.taken = True
            if segment.data and flow.replied_at is None:
                flow.replied_at, flow.head = segment.at, segment.head
            if segment.flags & FIN:
                flow.ended_at = flow.ended_at or segment.at
        self._wake(key, flow)

    def _wake(self, key: Key, flow: Flow) -> None:
        """Look again at a flow that was concluded too early: its answer came after all."""
        if flow.concluded is None or flow.late:
            return
        better = flow.replied_at is not None and flow.concluded is not Observed.CONNECTED
        completed = flow.completed_at is not None and flow.concluded in (
            Observed.NO_ANSWER,
            Observed.ANSWER_UNTAKEN,
        )
        if better or completed:
            flow.late = True
            self.waiting[key] = flow

    def _refuse(self, refusal: Refusal) -> Key | None:
        if not refusal.outgoing:
            return None
        key = (refusal.source, refusal.source_port, refusal.destination)
        flow = self.flows.get(key)
        if flow is not None and flow.refusal is None:
            flow.refusal = refusal
        return key

    def _neighbour(self, question: Question) -> None:
        if question.outgoing and not question.is_answer:
            for flow in self.waiting.values():
                if flow.syn.source == question.target and flow.sought_at is None:
                    flow.sought_at = question.at
        elif question.outgoing:
            self._questions.answer(question.target)
        elif not question.is_answer and (self.own is None or question.target in self.own):
            self._questions.ask(question, self.own)
            self.seekers[question.sender] = question.at
            self.seekers.move_to_end(question.sender)
            if len(self.seekers) > MAX_SEEKERS:
                self.seekers.popitem(last=False)

    def _unfound(self) -> Iterator[Seen]:
        """Conclude questions that this machine did not answer: their clients never send a packet for the port."""
        for question in self._questions.take(self.now):
            syn = Segment(
                question.at, question.interface, False, question.sender, 0, question.target, self.port, SYN, 0
            )
            flow = Flow(syn, [question.interface], [question.at])
            yield Seen(flow, Observed.UNFOUND, self.now, (), {})

    def _count(self, event: Counters) -> None:
        for name, value in event.values.items():
            before = self._counters.get(name, value)
            if value > before:
                self._rises[name] = self._rises.get(name, 0) + value - before
            self._counters[name] = value

    def _hold(self, event: HalfOpen) -> None:
        held = set(event.clients)
        for flow in self.waiting.values():
            flow.half_open = flow.half_open or f"{flow.syn.source} {flow.syn.source_port}" in held

    def _check_all(self, *, final: bool = False) -> Iterator[Seen]:
        for key, flow in list(self.waiting.items()):
            yield from self._check(key, flow, final=final)

    def _check(self, key: Key, flow: Flow, *, final: bool = False) -> Iterator[Seen]:
        """Conclude an attempt where that can be done; otherwise remember when to look again."""
        observed = self._observe(flow, final)
        if observed is None or (not final and self._must_wait(flow, observed)):
            again = self._due(flow) if observed is None else flow.first + FACTS_PATIENCE
            self._number += 1
            heappush(self._due_next, (again, self._number, key))
            return
        is_late, flow.concluded = flow.concluded is not None, observed
        del self.waiting[key]
        yield Seen(flow, observed, self.now, self._drops_of(flow), dict(self._rises), is_late)
        if observed is not Observed.CONNECTED:
            self._rises.clear()

    def _observe(self, flow: Flow, final: bool) -> Observed | None:
        """Say what became of a flow; None while that is open."""
        if flow.replied_at is not None:
            return Observed.CONNECTED
        if flow.refusal is not None:
            return Observed.REJECTED
        if flow.answered_at is None:
            if flow.reset_at is not None:
                return Observed.REFUSED
            return Observed.NO_ANSWER if final or self.now >= self._due(flow) else None
        if flow.completed_at is None:
            if flow.left_at is not None:
                return Observed.CONNECTED  # a scanner hangs up as soon as it is answered
            return Observed.ANSWER_UNTAKEN if final or self.now >= self._due(flow) else None
        if final or self.now >= self._due(flow) or is_over(flow):
            return Observed.SILENT if flow.asked_at is not None else Observed.CONNECTED
        return None

    def _due(self, flow: Flow) -> float:
        """When the wait for a flow ends."""
        if flow.completed_at is not None:
            return flow.asked_at + SILENCE if flow.asked_at is not None else flow.completed_at + SILENCE / 2
        is_explained = is_unanswered(flow) and bool(self._drops_of(flow))
        return flow.first + (KNOWN_DROP if is_explained else NO_ANSWER)

    def _must_wait(self, flow: Flow, observed: Observed) -> bool:
        """Whether the facts are being read again, and there is time to wait for them."""
        if self.reading_since is None or observed is Observed.CONNECTED:
            return False
        return self.now < flow.first + FACTS_PATIENCE

    def _drops_of(self, flow: Flow) -> tuple[Drop, ...]:
        """Find the kernel's drops at the times of the flow's SYNs: they name no address."""
        version = 6 if ":" in flow.syn.source else 4
        low, high = _DROP_WINDOW
        return tuple(
            drop
            for drop in self._drops
            if drop.version == version and any(low <= drop.at - at <= high for at in flow.arrivals)
        )

    def _forget(self) -> None:
        while self.flows:
            key, flow = next(iter(self.flows.items()))
            if key in self.waiting or self.now - flow.arrivals[-1] < KEPT_SECONDS:
                return
            del self.flows[key]
