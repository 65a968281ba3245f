"""The files of a fleet: a folder of recordings, each of which may be anything at all."""

from __future__ import annotations

import time
from pathlib import Path

from landiag.cli.files.inputs import read_input
from landiag.cli.files.outputs import UNDETERMINED, Stop
from landiag.fleet.hosts import Host, make_host, with_age_limit, without_doubles
from landiag.fleet.names import host_name
from landiag.fleet.reach import Reach
from landiag.host import parse_recording
from landiag.model.facts import ParseError
from landiag.model.regex import regex
from landiag.replay import Rulesets

MAX_HOSTS = 20_000
_AGE = regex(r"(\d+(?:\.\d+)?)\s*([smhdw]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def read_fleet(folder: Path, max_age: str | None = None, deadline: float | None = None) -> Reach:
    """Read a folder of recordings. One that cannot be used is a host of which nothing is known."""
    try:
        files = sorted(one for one in folder.iterdir() if host_name(one.name) is not None)
    except OSError as error:
        raise Stop(f"{folder} is no folder of recordings: {error.strerror}") from error
    if not files:
        raise Stop(
            f"{folder} holds no recordings: make them with landiag record --output {folder}/NAME.json.gz"
        )
    if len(files) > MAX_HOSTS:
        raise Stop(f"{folder} holds {len(files)} recordings, more than {MAX_HOSTS}")
    rulesets: Rulesets = {}
    hosts = without_doubles(_read_host(file, rulesets, deadline) for file in files)
    if max_age is not None:
        hosts = with_age_limit(hosts, time.time(), parse_age(max_age))
    return Reach(hosts)


def _read_host(file: Path, rulesets: Rulesets, deadline: float | None) -> Host:
    name = host_name(file.name) or file.name
    if not file.is_file():
        return Host(name, file.name, problem=f"{file.name} is no file")
    try:
        text = read_input(file, deadline=deadline).decode("utf-8", "surrogateescape")
        return make_host(name, file.name, parse_recording(text), rulesets)
    except Stop as stop:
        if stop.status == UNDETERMINED:  # the time of the whole command is over, not that of this file
            raise
        return Host(name, file.name, problem=str(stop))
    except ParseError as error:
        return Host(name, file.name, problem=f"its recording cannot be used: {error}")


def parse_age(text: str) -> float:
    """Parse an age in seconds, or with a unit: ``90m``, ``24h``, ``7d``. Stops for anything else."""
    match = _AGE.fullmatch(text.strip().lower())
    if match is None:
        raise Stop(f"--max-age {text} is no age: write 24h, 7d or a number of seconds")
    return float(match[1]) * _UNITS[match[2]]
