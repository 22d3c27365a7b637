"""Runs one Rego policy over some inputs: a process of its own, limited, without Django.

Reads ``{"text", "inputs", "seconds"}`` from standard input and writes ``{"findings"}``
or ``{"error"}``. What the interpreter itself prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from typing import Any

import regopy

MEMORY = 1 << 30
LONGEST_ANSWER, LONGEST = 1_000_000, 1500
NEWLINE = b"\n"
ERRORS = re.compile(r"\(error \d+:policy\|(\d+)\|\d+\s+\(errormsg \d+:([^)]*)\)")
QUERY = "data.paybill.findings"
# What is not the same twice has no place in a judgement.
FORBIDDEN = ("time.now_ns", "rand.intn", "opa.runtime", "uuid.rfc4122")


def limit(seconds: int) -> None:
    """Bound time and memory; no file, socket or process can be made any more."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def evaluate(text: str, inputs: list[Any]) -> list[Any]:
    """The findings for each input. Raises ValueError or RegoError."""
    used = [name for name in FORBIDDEN if name in text]
    if used:
        raise ValueError(f"{used[0]} is not the same twice, so no policy may ask it")
    interpreter = regopy.Interpreter()
    # Else a function that is not there (http.send) would count as true.
    interpreter.strict_built_in_errors = True
    interpreter.add_module("policy", text)
    answers = []
    for one in inputs:
        interpreter.set_input(one)
        answers.append(_findings(str(interpreter.query(QUERY))))
    return answers


def _findings(said: str) -> Any:
    """The list in what the interpreter says; it says ``undefined`` where is none."""
    if said.startswith("<error"):
        raise ValueError("a function that it calls failed, or is not there")
    try:
        answer = json.loads(said) if said.startswith("{") else {}
    except ValueError:
        raise ValueError("it can not be evaluated") from None
    found = (answer.get("expressions") or [None])[0]
    if not isinstance(found, list):
        raise ValueError("it does not define findings, a set, in package paybill")
    return found


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What to write."""
    try:
        return {"findings": evaluate(asked["text"], asked["inputs"])}
    except regopy.RegoError as error:
        return {"error": _readable(str(error), asked["text"])}
    except ValueError as error:
        return {"error": str(error)}


def _readable(error: str, text: str) -> str:
    """The interpreter's tree of errors as "line 3: unclosed brace"."""
    told = [
        f"line {text.encode()[: int(at)].count(NEWLINE) + 1}: {what}"
        for at, what in ERRORS.findall(error)
    ]
    return "; ".join(dict.fromkeys(told))[:LONGEST] or "it can not be evaluated"


def main() -> None:
    """One question, one answer."""
    asked = json.load(sys.stdin)
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    limit(int(asked["seconds"]))
    text = json.dumps(answer(asked))
    if len(text) > LONGEST_ANSWER:
        text = json.dumps({"error": "it finds more than can be read"})
    os.write(out, text.encode())


if __name__ == "__main__":
    main()
