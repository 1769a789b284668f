"""Two answers at one pace: nothing that is shown tells which of the two models is the fast one."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.models.conftest_parts import TinyModels
from tests.waiting import LONG_S

from headtohead.arena.endpoints import LiveEntrant, open_caller
from headtohead.arena.pacing import Pacer, Release, ShowingPace, equalised
from headtohead.trials.replay.client import Endpoint

Arrivals = Sequence[tuple[float, str]]
TICK = 0.1
SLOW = ShowingPace(chars_per_s=100.0, slowest=10.0, tick_s=TICK)


def _paced(
    left: Arrivals, right: Arrivals, pace: ShowingPace = SLOW
) -> list[tuple[float, Release]]:
    """All releases, where pieces arrive at their times and the last of a side ends it."""
    pacer, releases = Pacer(pace), []
    due = sorted(
        (at, side, n) for side, all_ in enumerate((left, right)) for n, (at, _) in enumerate(all_)
    )
    for tick in itertools.count():
        now = tick * pace.tick_s
        while due and due[0][0] <= now:
            _, side, n = due.pop(0)
            whole = (left, right)[side]
            pacer.add(side, whole[n][1])
            if n == len(whole) - 1:
                pacer.end(side)
        releases.append((now, pacer.release(now)))
        if pacer.over:
            break
    return releases


def _lengths(releases: Sequence[tuple[float, Release]]) -> list[tuple[int, int]]:
    """Characters shown of each after each tick."""
    left = itertools.accumulate(len(r.left) for _, r in releases)
    right = itertools.accumulate(len(r.right) for _, r in releases)
    return list(zip(left, right, strict=True))


arrivals = st.lists(
    st.tuples(st.floats(0, 3), st.text("abc ", min_size=1, max_size=40)), min_size=1, max_size=12
).map(lambda pieces: sorted(pieces, key=lambda p: p[0]))


@given(arrivals, arrivals)
def test_both_show_the_same_number_of_characters_until_the_shorter_ends(
    left: Arrivals, right: Arrivals
) -> None:
    releases = _paced(left, right)
    assert "".join(r.left for _, r in releases) == "".join(text for _, text in left)
    assert "".join(r.right for _, r in releases) == "".join(text for _, text in right)
    shorter = min(sum(len(text) for _, text in side) for side in (left, right))
    for one, other in _lengths(releases):
        assert one == other or min(one, other) == shorter


@given(arrivals, arrivals)
def test_who_was_slow_does_not_show(left: Arrivals, right: Arrivals) -> None:
    """Swapping when the two wrote, but not what, changes nothing that is seen of equal lengths."""

    def rewritten(when: Arrivals, text: str) -> Arrivals:
        cuts = [0, *itertools.accumulate(len(piece) for _, piece in when)]
        return [(at, text[a:b]) for (at, _), a, b in zip(when, cuts, cuts[1:], strict=False)]

    size = min(sum(len(text) for _, text in side) for side in (left, right))

    def cut(when: Arrivals) -> Arrivals:
        texts = itertools.accumulate(len(text) for _, text in when)
        kept = [
            (at, text[: max(0, len(text) - max(0, end - size))])
            for (at, text), end in zip(when, texts, strict=True)
        ]
        return [piece for piece in kept if piece[1]]

    left, right = cut(left), cut(right)
    one, other = "l" * size, "r" * size
    assert _paced(rewritten(left, one), rewritten(right, other)) == _paced(
        rewritten(right, one), rewritten(left, other)
    )


def test_nothing_is_shown_before_both_have_begun() -> None:
    releases = _paced([(0.0, "fast and long")], [(2.0, "slow")])
    assert next(at for at, r in releases if r.left or r.right) == pytest.approx(2.0)


def test_a_pause_of_one_stops_both_and_is_not_made_up_for() -> None:
    slow = [(0.0, "a" * 20), (1.5, "a" * 200)]
    sizes = _lengths(_paced([(0.0, "b" * 220)], slow))
    assert sizes[2:15] == [(20, 20)] * 13
    steps = [b[0] - a[0] for a, b in itertools.pairwise(sizes[14:])]
    # A little more than 10 a tick where a part of a character was left over.
    assert max(steps) <= 11


def test_no_piece_is_larger_than_the_pace_allows() -> None:
    releases = _paced([(0.0, "a" * 500)], [(0.0, "b" * 500)], ShowingPace(33.0, 10.0, TICK))
    assert {len(r.left) for _, r in releases} <= {2, 3, 4}
    assert releases[-1][0] == pytest.approx(500 / 33, abs=0.2)


def test_the_longer_goes_on_at_the_speed_that_both_had() -> None:
    """Whether the shorter or the longer was the one of 20 characters a second."""
    for slow_is_short in (True, False):
        short = [(n * 1.0, "s" * 20) for n in range(4)] if slow_is_short else [(0.0, "s" * 80)]
        times = range(20) if not slow_is_short else [0] * 20
        long = [(n * 1.0, "l" * 20) for n in times]
        releases = _paced(short, long)
        ends = next(at for at, r in releases if r.ended[0])
        after = [(at, len(r.right)) for at, r in releases if at > ends]
        speed = sum(n for _, n in after) / (after[-1][0] - ends)
        assert 17 < speed < 25
        assert max(n for _, n in after) <= 3


def test_no_change_of_speed_tells_whether_the_longer_answer_is_the_slow_one() -> None:
    rng = np.random.default_rng(1)
    changes: dict[bool, list[float]] = {True: [], False: []}
    for n in range(60):
        longer_is_slow = n % 2 == 0
        pieces = [(8, 50.0, 2.0), (50, 500.0, 0.1)][:: 1 if longer_is_slow else -1]
        lengths = (int(rng.integers(900, 1500)), 600)
        sides = [
            [(first + at / speed, "x" * min(size, length - at)) for at in range(0, length, size)]
            for (size, speed, first), length in zip(pieces, lengths, strict=True)
        ]
        releases = _paced(sides[0], sides[1], ShowingPace())
        begins = next(at for at, r in releases if r.left)
        ends = next(at for at, r in releases if r.ended[1])
        after = sum(len(r.left) for at, r in releases if at > ends) / (releases[-1][0] - ends)
        changes[longer_is_slow].append(after / (600 / (ends - begins)))
    assert np.mean(changes[True]) == pytest.approx(0.9, abs=0.03)
    assert np.mean(changes[False]) == pytest.approx(float(np.mean(changes[True])), abs=0.02)


def test_the_longer_is_not_held_up_below_the_slowest_pace() -> None:
    short = [(n * 1.0, "s") for n in range(10)]
    releases = _paced(short, [(0.0, "l" * 500)])
    ends = next(at for at, r in releases if r.ended[0])
    assert releases[-1][0] - ends == pytest.approx(490 / 10, rel=0.05)


async def _from(pieces: Sequence[tuple[float, str]]) -> AsyncIterator[str]:
    for wait_s, text in pieces:
        await asyncio.sleep(wait_s)
        yield text


FAST = ShowingPace(chars_per_s=5000.0, slowest=100.0, tick_s=0.01)


def test_pieces_of_two_streams_come_paced_and_whole() -> None:
    async def run() -> list[Release]:
        slow = _from([(0.05, "one "), (0.05, "two "), (0.05, "three")])
        return [r async for r in equalised(_from([(0.0, "x" * 40)]), slow, FAST)]

    releases = asyncio.run(run())
    assert "".join(r.left for r in releases) == "x" * 40
    assert "".join(r.right for r in releases) == "one two three"
    assert releases[-1].ended == (True, True)
    assert all(r.left or r.right or any(r.ended) for r in releases)


def test_a_failure_of_one_ends_both() -> None:
    left_open: list[str] = []

    async def fails() -> AsyncIterator[str]:
        yield "so far"
        raise ValueError("no more")

    async def waits() -> AsyncIterator[str]:
        try:
            yield "begun"
            await asyncio.Event().wait()  # for ever, if nobody ends it
        finally:
            left_open.append("closed")

    async def run() -> None:
        async for _ in equalised(waits(), fails(), FAST):
            pass

    with pytest.raises(ValueError, match="no more"):
        asyncio.run(run())
    assert left_open == ["closed"]


def test_leaving_ends_both() -> None:
    async def run() -> int:
        shown = equalised(_from([(0.0, "a"), (60.0, "b")]), _from([(0.0, "a"), (60.0, "b")]), FAST)
        await anext(shown)
        await shown.aclose()  # type: ignore[attr-defined]
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_the_first_text_is_shown_as_soon_as_both_have_one() -> None:
    """Once awake, a loop hands on the first text without waiting for a tick of an hour."""

    async def run() -> Release:
        pace = ShowingPace(tick_s=3600.0)
        async for shown in equalised(_from([(0.0, "first")]), _from([(0.15, "second")]), pace):
            return shown
        raise AssertionError

    shown = asyncio.run(asyncio.wait_for(run(), LONG_S))
    assert (shown.left[:1], shown.right[:1]) == ("f", "s")


def test_two_real_models_are_shown_at_one_pace(tiny_models: TinyModels) -> None:
    fact = max(tiny_models.facts, key=lambda f: len(f.answer_a))

    async def run() -> list[Release]:
        sides = [
            LiveEntrant(
                Endpoint(tiny_models.base_url(s), tiny_models.alias(s)), params={"temperature": 0}
            )
            for s in ("a", "b")
        ]
        async with open_caller(sides[0]) as left, open_caller(sides[1]) as right:
            asked = [{"role": "user", "content": fact.prompt}]
            both = aiter(left.ask(asked, "1")), aiter(right.ask(asked, "2"))
            return [r async for r in equalised(*both, ShowingPace(chars_per_s=20.0))]

    releases = asyncio.run(run())
    assert "".join(r.left for r in releases) == fact.answer_a
    assert "".join(r.right for r in releases) == fact.answer_b
    assert max(len(r.left) for r in releases) <= 3
