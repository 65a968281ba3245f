"""Readers take their seeds whole, and refuse or read them damaged."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.firewall.readers import READERS, read, seeds


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_its_seeds(name: str) -> None:
    for data in seeds(name):
        assert read(name, data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_seeds_are_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(READERS)))
    text = data.draw(st.sampled_from(seeds(name)))
    at, size = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
    assert read(name, text[:at] + data.draw(st.binary(max_size=8)) + text[at + size :]) in (True, False)
