"""Reports made of made-up rows in the real dataclasses, so that every page can be tested alone."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from headtohead.claims.claim import Bound, Claim, ClaimsFile, Condition, Reading
from headtohead.claims.result import CheckResult, ReportResult
from headtohead.claims.verdict import Judged, Verdict, judge, verdict
from headtohead.claims.versus.line import Ahead, Bears, Line
from headtohead.claims.versus.result import VersusResult
from headtohead.core.dates import Period
from headtohead.core.estimate import Citation, Estimate, leads_by
from headtohead.core.question import Answer, Exhibit, Sides
from headtohead.questions import exhibit_specs

VERSION = "9.9.9"
# Which benchmarks of the made-up profile are sure, and how many made-up records still stand.
SURE = (0, 1, 7)
STANDING = 2
AS_OF = date(2026, 10, 31)
ABOUT = Period.parse("2025-12")
HOSTILE = (
    '<img src=x onerror="window.pwned=1">',
    "</script><script>window.pwned=1</script>",
    "a'b\"c`d${window.pwned=1}{{7*7}}",
    "\u202egnp.exe\u202c رقم 🤖",
    "x" * 400,
    "datum.pwned || (window.pwned=1)",
)


def citation(source_id: str = "made_up", url: str = "https://example.org/data") -> Citation:
    return Citation(
        source_id=source_id,
        publisher="Example",
        product="made-up figures",
        citation="Example (2026). Made-up figures.",
        url=url,
        licence="CC-BY-4.0",
        evaluator="third_party",
        known_on=date(2026, 9, 30),
        retrieved_on=date(2026, 10, 1),
        sha256="ab" * 32,
    )


def estimate(
    label: str = "B minus A",
    interval: tuple[float, float, float] = (-36.0, -46.0, -26.0),
    unit: str = "elo",
    **more: Any,
) -> Estimate:
    value, low, high = interval
    given: dict[str, Any] = {
        "level": 0.95,
        "method": "made-up method",
        "n": 1234,
        "n_of": "votes",
        "about": ABOUT,
        "as_of": AS_OF,
        "source_ids": ("made_up",),
        "called": leads_by("A", "B") if label == "B minus A" else (),
    }
    return Estimate(label=label, value=value, low=low, high=high, unit=unit, **given | more)


def claim_verdict(
    number: int = 1,
    estimates: Sequence[Estimate] | None = None,
    bound: Bound | None = None,
    *,
    says: str = "B is close to A",
    name: str = "",
    section: str = "performance",
    as_of: date = AS_OF,
    narrower: Sequence[Estimate] | None = None,
) -> Verdict:
    """A verdict through the real rules; no estimates at all means not measurable."""
    found = [estimate()] if estimates is None else list(estimates)
    bound = bound or Bound(at_least=-50.0, at_most=-10.0, unit=found[0].unit if found else "elo")
    asked = Condition(says="as it says", analysis="performance.arena_frontier", bound=bound)
    stated = Reading(says="as it says", conditions=(asked,))
    small = Reading(says="a part of it", conditions=(asked,), relaxes="population")
    claim = Claim(
        id=name or f"X{number}",
        says=says,
        section=section,
        kind="gap",
        about=ABOUT,
        as_stated=stated,
        narrower=small,
        sources=("made_up",),
        expect="refuted",
        note="A note.",
    )
    return verdict(
        claim,
        Judged(reading=stated, parts=(judge(asked, _answer(found), ABOUT),)),
        Judged(
            reading=small,
            parts=(judge(asked, _answer(found if narrower is None else narrower), ABOUT),),
        ),
        as_of,
    )


def _answer(estimates: Sequence[Estimate]) -> Answer:
    if not estimates:
        return Answer(missing="nothing we may use speaks to it")
    return Answer(estimates=tuple(estimates), says="it was so and so", notes=("read with care",))


def every_word(as_of: date = AS_OF, says: str = "B is close to A") -> tuple[Verdict, ...]:
    """One verdict of each word."""
    inside, outside = estimate(), estimate(interval=(-100.0, -120.0, -80.0))
    across = estimate(interval=(-20.0, -35.0, 5.0), unverified=True)
    endless = estimate(interval=(-20.0, float("-inf"), float("inf")))
    return (
        claim_verdict(1, [inside, inside], says=says, as_of=as_of),
        claim_verdict(
            2, [outside], says=f"{says}, cheaply", as_of=as_of, narrower=[inside], section="cost"
        ),
        claim_verdict(3, [outside], says=f"{says}, always", as_of=as_of, section="openness"),
        claim_verdict(4, [across, endless], says=f"{says}, perhaps", as_of=as_of, section="impact"),
        claim_verdict(5, [], says=f"{says} at night", as_of=as_of, section="hardware"),
    )


def check(
    verdicts: Sequence[Verdict] | None = None, *, as_of: date = AS_OF, title: str = "Made-up claims"
) -> CheckResult:
    found = tuple(verdicts) if verdicts is not None else every_word(as_of)
    return CheckResult(
        file=ClaimsFile(
            title=title,
            origin="nobody",
            group="country",
            a="US",
            b="CN",
            claims=tuple(v.claim for v in found),
        ),
        about=None,
        as_of=as_of,
        verdicts=found,
        citations=(citation(),),
    )


def report(
    *,
    sides: Sides | None = None,
    names: Sequence[str] = ("Model one", "Model two", "Model three"),
    missing: Sequence[str] = (),
    checks: tuple[CheckResult | None, CheckResult | None, CheckResult | None] | None = None,
    citations: tuple[Citation, ...] | None = None,
    rows: Mapping[str, tuple[dict[str, Any], ...]] | None = None,
) -> ReportResult:
    sides = sides or Sides()
    made = evidence(sides, names)
    made |= {"price-vs-rating-then": made["price-vs-rating"]} | dict(rows or {})
    credit = (citation(),) if citations is None else citations
    then, now, today = checks or (check(as_of=ABOUT.end), check(), check())
    exhibits = {
        slug: Exhibit(
            slug=slug,
            analysis=spec.analysis,
            about=spec.about(ABOUT, AS_OF),
            answer=Answer(missing="no such rows were known by then")
            if slug in missing
            else Answer(
                estimates=(estimate(),),
                says=f"{names[0]} stood so",
                rows=made[slug],
                notes=(f"read {names[0]} with care",),
            ),
            citations=() if slug in missing else credit,
        )
        for slug, spec in exhibit_specs().items()
    }
    return ReportResult(
        sides=sides,
        about=ABOUT,
        as_of=AS_OF,
        then=then,
        now=now,
        today=today,
        exhibits=exhibits,
        versus=versus(sides, names, credit),
        citations=credit,
    )


def versus(
    sides: Sides, names: Sequence[str], credit: tuple[Citation, ...] | None = None
) -> VersusResult:
    """Two sides side by side: A is ahead, B is ahead, not told, not known."""
    rows = ({"source_id": "made_up", "known_on": AS_OF},)
    told: tuple[tuple[str, str, Ahead, Bears], ...] = (
        ("rating", "performance", "a", "quality"),
        ("index", "performance", "open", "quality"),
        ("lag", "performance", "a", "context"),
        ("tests", "performance", "a", "quality"),
        ("list-price", "cost", "b", "saving"),
        ("chips", "hardware", "unknown", "context"),
    )
    lines: dict[str, tuple[Line, ...]] = {}
    for slug, ground, ahead, bears in told:
        known = ahead != "unknown"
        line = Line(
            slug=slug,
            what=f"{slug} of 2025-12-11",
            a=f"{names[0]} has 3" if known else "",
            b=f"{names[-1]} has 2" if known else "",
            ahead=ahead,
            says=f"{names[0]} has 3 and {names[-1]} 2",
            short=f"the {slug}",
            by="1 point" if known else "",
            gain=f"costs less than {names[0]}" if ahead == "b" else "",
            bears=bears,
            difference=estimate() if known else None,
            observed_on=AS_OF if known else None,
            rows=rows if known else (),
        )
        lines[ground] = (*lines.get(ground, ()), line)
    return VersusResult(
        kind=sides.group,
        a=sides.a,
        b=sides.b,
        titles=("US models", "Chinese models"),
        about=ABOUT,
        as_of=AS_OF,
        work="Chinese models are behind US models on the rating (1 point).",
        saving=f"They cost less than {names[0]}.",
        left="Left open: not known of both: the chips.",
        lines=lines,
        citations=(citation(),) if credit is None else credit,
    )


def evidence(sides: Sides, names: Sequence[str]) -> dict[str, tuple[dict[str, Any], ...]]:
    """Rows for every exhibit, shaped as the analyses shape them."""
    both = (sides.a, sides.b)
    months = [date(2025, m, 1) for m in range(1, 13)]
    day = months[0]
    return {
        "arena-frontier": tuple(
            _row(
                d,
                side=s,
                model_name=names[(i // 4 + k) % len(names)],
                lab="lab",
                rating_elo=1300.0 + 10 * i - 40 * k,
                observed_on=d,
                rating_low_elo=None if i == 0 else 1295.0 + 10 * i - 40 * k,
                rating_high_elo=None if i == 0 else 1306.0 + 10 * i - 40 * k,
            )
            for i, d in enumerate(months)
            for k, s in enumerate(both)
        ),
        "capability-frontier": tuple(
            _row(
                date(2026, 8, 1),
                side=s,
                model_name=names[i % len(names)],
                lab="lab",
                country=s,
                score_index=100.0 + i - 5 * k - 3 * (i % 3 == 2),
                score_low_index=98.0 + i - 5 * k - 3 * (i % 3 == 2),
                score_high_index=103.0 + i - 5 * k - 3 * (i % 3 == 2),
                benchmarks_n=7,
                released_on=d,
                is_record=i % 3 != 2,
                frontier_frac=0.25,
                best_index=100.0 + i - 5 * k - (i % 3 == 2),
                best_low_index=98.5 + i - 5 * k,
                best_high_index=103.5 + i - 5 * k,
                gap_index=-5.0 - 0.25 * i,
                gap_low_index=-7.0 - 0.25 * i,
                gap_high_index=-3.0 - 0.25 * i,
            )
            for i, d in enumerate(months)
            for k, s in enumerate(both)
        ),
        "lag-arrows": tuple(_record(names, sides, i, d) for i, d in enumerate(months[:6])),
        "capability-profile": tuple(
            _row(
                date(2026, 8, 1),
                benchmark=f"b{i}",
                title=f"{names[i % len(names)]} {i}",
                domain=("maths", "coding_agentic", "knowledge_reasoning", "")[i % 4],
                gain_pp=4.0 * (i - 3),
                gain_low_pp=4.0 * i - 14.0,
                gain_high_pp=4.0 * i - 10.0,
                a_n=20,
                b_n=6,
                p_value=0.01,
                holm_value=0.05 if i in SURE else 0.5,
                is_sure=i in SURE,
            )
            for i in range(8)
        ),
        "sensitivity": tuple(
            _choice(names, i, topic)
            for i, topic in enumerate(
                ("as asked", "missing", "dates", "frontier", "model", "benchmarks", "benchmarks")
            )
        ),
        "price-vs-rating": tuple(
            _row(
                d,
                side=(*both, "FR", None)[i % 4],
                model_name=names[i % len(names)],
                model_id=f"lab/m{i}",
                lab="lab",
                rating_elo=1200.0 + 25 * i,
                rating_low_elo=1194.0 + 25 * i,
                rating_high_elo=1206.0 + 25 * i,
                price_usd_per_mtok=0.1 * 2**i,
                input_usd_per_mtok=0.05 * 2**i,
                output_usd_per_mtok=0.2 * 2**i,
                on_front=True,
                front_frac=0.7,
                valid_from=d,
            )
            for i, d in enumerate(months[:8])
        ),
        "same-quality": tuple(
            _row(
                d,
                side=(*both, "FR", None)[i % 4],
                model_name=names[i % len(names)],
                lab="lab",
                title="Test",
                score_frac=0.3 + 0.05 * i,
                score_low_frac=0.25 + 0.05 * i,
                score_high_frac=0.35 + 0.05 * i,
                cost_usd_per_task=0.01 * 2**i,
                cost_low_usd_per_task=0.008 * 2**i,
                cost_high_usd_per_task=0.012 * 2**i,
                cost_usd_per_success=0.02 * 2**i,
                on_front=True,
                front_frac=0.7,
                as_good_frac=0.1 * i,
                saved_pct=90.0 - 12 * i,
                observed_on=d,
            )
            for i, d in enumerate(months[:8])
        ),
        "price-of-level": tuple(
            _row(
                d,
                level_label=f"{1250 + 50 * k} or more (m{k})",
                rating_label=f"{1250 + 50 * k} or more",
                observed_on=d,
                fall_ratio=12.0,
                fall_low_ratio=8.0,
                fall_high_ratio=20.0,
                price_usd_per_mtok=8.0 / 2**i + k,
                model_name=names[i % len(names)],
                side=both[(i + k) % 2],
                provider="seller",
            )
            for i, d in enumerate(months[:6])
            for k in range(2)
        ),
        "trading-equity": tuple(
            _row(
                day,
                model_name=name,
                country=(*both, None)[i % 3],
                series="hold" if i == len(names) - 1 else "agent",
                observed_at=datetime(2025, 10, 17, tzinfo=UTC) + timedelta(hours=12 * t),
                return_pct=(t - 5.0) * (i - 1) * 3,
                is_final=t == 20,
            )
            for i, name in enumerate(names)
            for t in range(21)
        ),
        "openness-table": tuple(
            _row(
                d,
                model_name=names[i % len(names)],
                organisation="lab",
                country=both[i % 2],
                side=both[i % 2],
                weights_open=i % 2 == 1,
                licence="Apache-2.0",
                licence_osi=i % 3 == 1,
                code_open=(True, False, None)[i % 3],
                data_open=None,
                valid_from=d,
                flagship=True,
            )
            for i, d in enumerate(months[:6])
        ),
        "open-frontier": tuple(
            _row(
                d,
                side=side,
                observed_on=d,
                open_frac=0.5,
                open_low_frac=0.2,
                open_high_frac=0.8,
                open_n=5,
                models_n=10,
                open_models=names[0],
            )
            for d in months[:6]
            for side in both
        ),
        "compute-stock": tuple(
            _row(
                d,
                owner=f"{names[0]} {s}",
                country=s,
                side=s,
                maker="Nvidia",
                window_end=d,
                compute_h100e=1e5 * (i + 1) / (1 + 9 * k),
                compute_low_h100e=0.8e5 * (i + 1) / (1 + 9 * k),
                compute_high_h100e=1.3e5 * (i + 1) / (1 + 9 * k),
            )
            for i, d in enumerate(months[:4])
            for k, s in enumerate(both)
        ),
        "compute-trend": tuple(
            _row(
                d,
                window_end=d,
                kind="foretold" if i > 3 else "counted",
                compute_h100e=1e5 * (i + 1),
                compute_low_h100e=0.8e5 * (i + 1),
                compute_high_h100e=None if i == 5 else 1.3e5 * (i + 1),
            )
            for i, d in enumerate(months[:6])
        ),
        "training-cost": tuple(
            _row(
                day,
                subject=name,
                measure=measure,
                value=5e6 * (i + 1),
                low_value=4e6 * (i + 1),
                high_value=None if i else 6e6,
                unit="usd",
                scope="the final run",
                country=both[0],
            )
            for i, name in enumerate(names)
            for measure in ("final_run", "amortised")
        ),
        "investment": tuple(
            _row(
                d,
                subject=s,
                window_start=date(y, 1, 1),
                window_end=date(y, 12, 31),
                value=1e11 / (1 + 9 * k),
                low_value=0.99e11 / (1 + 9 * k),
                high_value=1.01e11 / (1 + 9 * k),
                unit="usd",
                measure="private investment",
            )
            for y, d in ((2024, date(2025, 4, 1)), (2025, date(2026, 4, 1)))
            for k, s in enumerate(both)
        ),
        "token-share": tuple(
            _row(
                d + timedelta(days=7),
                side=both[1],
                breakdown="lab",
                window_start=d,
                window_end=d + timedelta(days=6),
                low_frac=0.1 + 0.01 * i,
                classified_frac=0.12 + 0.01 * i,
                high_frac=0.2 + 0.01 * i,
            )
            for i, d in enumerate(months)
        ),
    }


def _record(names: Sequence[str], sides: Sides, i: int, day: date) -> dict[str, Any]:
    """A record of side A; the last `STANDING` still stand on the last day of the year."""
    stands = i >= 6 - STANDING
    until = date(2025, 12, 31) if stands else day + timedelta(days=150)
    months = (until - day).days * 12 / 365.25
    return _row(
        date(2026, 8, 1),
        side=sides.a,
        model_name=names[i % len(names)],
        lab="lab",
        country="US",
        score_index=100.0 + 2 * i,
        score_low_index=99.0 + 2 * i,
        score_high_index=101.5 + 2 * i,
        released_on=day,
        matched_by=None if stands else names[(i + 1) % len(names)],
        matched_on=None if stands else until,
        stood_until=until,
        stood_months=months,
        stood_low_months=months - 1.5,
        stood_high_months=None if stands else months + 2.0,
        is_matched=not stands,
    )


def _choice(names: Sequence[str], i: int, topic: str) -> dict[str, Any]:
    """One choice of a sensitivity table: the fourth has no answer, the last two no interval."""
    answered, drawn = i != 3, i not in (3, 5, 6)
    return _row(
        date(2026, 8, 1),
        topic=topic,
        choice=f"{names[i % len(names)]} choice {i}",
        a_model=names[0] if answered else None,
        b_model=names[-1] if answered else None,
        gap_index=-5.0 + 0.2 * i if answered else None,
        gap_low_index=-7.0 if drawn else None,
        gap_high_index=-3.0 if drawn else None,
        lag_months=6.0 + 0.5 * i if answered else None,
        lag_low_months=3.0 if drawn else 0.0 if answered else None,
        lag_high_months=9.0 if drawn and i else None,
        benchmarks_n=12.0 if answered else None,
        models_n=118.0 if answered else None,
        why=None if answered else "a side has no model left that may lead",
    )


def _row(known_on: date, **columns: Any) -> dict[str, Any]:
    return {
        **columns,
        "known_on": known_on,
        "source_id": "made_up",
        "verified": True,
        "row_url": None,
        "note": None,
    }
