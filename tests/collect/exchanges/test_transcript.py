"""Bytes in a transcript."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from landiag.collect.exchanges.transcript import Blob


@given(st.binary(max_size=50))
def test_blobs_are_the_same_bytes_again(data: bytes) -> None:
    assert Blob.of(data).data == data
