#!/usr/bin/env python3
"""Score the answers of any tool: python3 score.py ANSWERS.jsonl [--json]. Python's standard library alone.

A line of ANSWERS.jsonl is one answer: {"case": "ufw-enabled", "status": "blocked", "cause": "firewall-drops"}.
``status`` is "blocked", "clear" or "undetermined"; ``cause`` is one of causes.json, or null. What a tool does not
answer is missing. A line that is no answer ends this with status 2 and its number.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

STATUSES = ("blocked", "clear", "undetermined")
MARKS = {
    "right": "the status, and the cause where one stops the client",
    "other-cause": "blocked, by something else than it said",
    "careful": "it could not tell, and it could have been told",
    "overconfident": "it said how it is, and nobody can tell from what was read",
    "false-alarm": "it said blocked, and nothing stops the client",
    "missed": "it said clear, and the client is stopped: the worst",
    "missing": "no answer",
}


def mark(label: dict[str, Any], answer: dict[str, Any] | None) -> str:
    """Hold one answer against the label of its case."""
    if answer is None:
        return "missing"
    said, status = answer.get("status"), label["status"].split("|")
    if said in status:
        is_cause_right = said != "blocked" or not label["causes"] or answer.get("cause") in label["causes"]
        return "right" if is_cause_right else "other-cause"
    if said == "undetermined":
        return "careful"
    if "undetermined" in status:
        return "overconfident"
    return "missed" if said == "clear" else "false-alarm"


def read_labels(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the label of every case, by its name."""
    files = sorted((folder / "cases").glob("*/case.json"))
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {case["name"]: case["label"] for case in cases}


def read_answers(file: str) -> dict[str, dict[str, Any]]:
    """Read the answers, by the name of their case; raises ValueError with a sentence where a line is no answer."""
    answers: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(Path(file).read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            answer, fault = read_answer(line)
            fault = fault or (f"{answer['case']} is answered twice" if answer["case"] in answers else "")
            if fault:
                raise ValueError(f"{file}, line {number}: {fault}")
            answers[answer["case"]] = answer
    return answers


def read_answer(line: str) -> tuple[dict[str, Any], str]:
    """One answer, and what is wrong with it: empty where nothing is."""
    try:
        answer = json.loads(line)
    except ValueError as error:
        return {}, f"no JSON: {error}"
    if not isinstance(answer, dict) or not isinstance(answer.get("case"), str):
        return {}, 'no object with the name of a "case"'
    if answer.get("status") not in STATUSES:
        return answer, f"the status is none of {', '.join(STATUSES)}"
    cause = answer.get("cause")
    return answer, "" if cause is None or isinstance(cause, str) else "the cause is neither a word nor null"


def main() -> None:
    """Print how many answers have which mark, and which they are."""
    words = [word for word in sys.argv[1:] if word != "--json"]
    if len(words) != 1:
        sys.exit("usage: python3 score.py ANSWERS.jsonl [--json]")
    labels = read_labels(Path(__file__).parent)
    try:
        answers = read_answers(words[0])
    except (OSError, ValueError) as error:
        sys.stderr.write(f"score: {error}\n")
        sys.exit(2)
    for name in sorted(set(answers) - set(labels)):
        sys.stderr.write(f"score: {name} is no case here; its answer does not count\n")
    marks = {name: mark(label, answers.get(name)) for name, label in labels.items()}
    if "--json" in sys.argv:
        print(json.dumps(marks, indent=1))
        return
    count = Counter(marks.values())
    for name, meaning in MARKS.items():
        print(f"{count[name]:5}  {name:14} {meaning}")
        if name not in ("right", "missing"):
            print("".join(f"         {case}\n" for case, found in marks.items() if found == name), end="")
    print(f"{count['right']} of {len(labels)} right")


if __name__ == "__main__":
    main()
