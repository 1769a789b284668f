"""The answer matches a pattern, or what its group caught is the reference."""

import contextlib
import json
import queue
import re
import subprocess
import sys
import threading
import weakref

from headtohead.core.errors import InputError
from headtohead.logs.calls import Call
from headtohead.trials.scoring.likeness import same
from headtohead.trials.scoring.scored import Scored, Scorer, right, unparsed, unscored, wrong

SCORER = "regex"
_START_SECONDS = 60.0
# Only what the standard library has: the process starts in some hundredths of a second.
_SERVE = """
import json, re, sys
pattern, group = json.loads(sys.stdin.readline())
search = re.compile(pattern)
print("[]", flush=True)
for line in sys.stdin:
    last = None
    for last in search.finditer(json.loads(line)):
        if not group:
            break
    found = [last is not None, last.group(group) if last is not None and group else None]
    sys.stdout.write(json.dumps(found) + "\\n")
    sys.stdout.flush()
"""


def prepare(argument: str) -> Scorer:
    """The scorer for this pattern in Python's syntax; (?:...) is no group, (?i) ignores case.

    Of a pattern with a group (the one called 'answer', else the first) the last match counts.
    Patterns run in a process of their own, so that one which takes forever on some answer can be
    stopped: that item is then not scored.

    Raises:
        InputError: If it is empty or no pattern.
    """
    if not argument:
        raise InputError("`scorer=regex` needs a pattern, as regex:'Total: (\\d+)'.")
    try:
        compiled = re.compile(argument)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(
            f"`scorer=regex:{argument}` is no pattern of Python's re: {error}."
        ) from None
    groups = compiled.groups
    caught = compiled.groupindex.get("answer", 1 if groups else 0)
    pattern = TimedPattern(argument, caught)

    def rule(output: str, reference: str | None, call: Call) -> Scored:
        try:
            matched, text = pattern.last(output)
        except TimeoutError:
            return unscored(f"the pattern took longer than {pattern.seconds:g} seconds")
        if not caught:
            return right() if matched else wrong("the pattern is not in the answer")
        if text is None:
            return unparsed("the pattern's group caught nothing")
        return right() if same(text, reference or "") else wrong(f"found {text[:80]!r}")

    return Scorer(needs_reference=bool(caught), rule=rule)


class TimedPattern:
    """A pattern with a time limit: Python's re cannot be interrupted, a process can.

    It takes `seconds` at most for one text. `group` is what to give back of the last match; 0 asks
    only whether there is one.
    """

    def __init__(self, pattern: str, group: int, seconds: float = 2.0) -> None:
        self.seconds = seconds
        self._first = json.dumps([pattern, group])
        self._lock = threading.Lock()
        self._worker: _Worker | None = None

    def last(self, text: str) -> tuple[bool, str | None]:
        """Whether the pattern is in the text, and what the group caught in its last match.

        Raises:
            TimeoutError: If it takes too long; the next text starts afresh.
        """
        with self._lock:
            if self._worker is None:
                self._worker = _Worker(self._first)
            try:
                matched, caught = self._worker.ask(json.dumps(text), self.seconds)
            except OSError:
                self._worker.stop()
                self._worker = None
                raise
        return bool(matched), caught if isinstance(caught, str) else None


class _Worker:
    """A running process; it ends with its owner."""

    def __init__(self, first: str) -> None:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="ascii",
        )
        self._process = process
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_pass_on, args=(process, self._lines), daemon=True).start()
        self.stop = weakref.finalize(self, _end, process)
        # Starting counts apart: on a busy machine it may take longer than any match.
        self.ask(first, _START_SECONDS)

    def ask(self, line: str, seconds: float) -> list[object]:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        try:
            answer = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        if not answer:
            raise OSError("the process that runs the pattern ended")
        groups: list[object] = json.loads(answer)
        return groups


def _pass_on(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    with process.stdout as answers:
        for line in answers:
            lines.put(line)
    lines.put("")


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    if process.stdin is not None:
        # What was still to be sent no longer matters.
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.wait()
