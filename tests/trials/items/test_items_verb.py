"""`h2h items`: planted faults are found, few items foretell a full score, hard inputs are told."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.logs.formats import test_inspect_log, test_lm_eval
from tests.simulations import leading
from tests.trials.items.made_results import made_test

import headtohead
from headtohead.cli import main
from headtohead.core.errors import InputError
from headtohead.trials.items import short_test
from headtohead.trials.items.report import ItemReport, correlations, rest_scores
from headtohead.trials.items.sheet import items_sheet

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: Any) -> Result:
        found = CliRunner().invoke(main, ["items", *map(str, arguments)], prog_name="h2h")
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return invoke


def report(*results: Any, **choices: Any) -> ItemReport:
    made: ItemReport = headtohead.items(*map(str, results), **choices).details
    return made


# ---------------------------------------------------------------- planted faults


def test_items_with_a_wrong_key_are_found_and_no_others(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=40, items=40, wrong_keys=3)
    made = report(*world.paths)
    assert {s.item for s in made.suspects.listed} == set(world.wrong_keys)
    assert {s.answer for s in made.suspects.listed} <= set("ABCD")  # as the files spell it
    for suspect in made.suspects.listed:
        assert suspect.answer != suspect.reference.lower()
        assert suspect.agree >= 7
        assert suspect.best == 10
        assert suspect.rise
        assert suspect.rise.value > 0
    against = {row.item for row in made.rows if row.says == "runs against"}
    assert against <= set(world.wrong_keys)
    assert against


def test_an_item_looks_mislabelled_only_if_its_rise_is_above_zero(tmp_path: Path) -> None:
    # Ten models: three planted keys come out, but ten models cannot decide each of them.
    world = made_test(tmp_path, models=10, items=40, wrong_keys=3, seed=5)
    result = headtohead.items(*map(str, world.paths))
    made = result.details
    assert {s.item for s in made.suspects.listed} == set(world.wrong_keys)
    assert {s.answer for s in made.suspects.listed} <= set("ABCD")  # as the files spell it
    for suspect in made.suspects.listed:
        assert suspect.sure == (suspect.rise is not None and suspect.rise.low > 0)
    sure = made.suspects.sure
    assert 0 < sure < 3
    text = " ".join(result.to_markdown().split())
    looks = "1 looks mislabelled" if sure == 1 else f"{sure} look mislabelled"
    assert f"{looks} ({3 - sure} more may be, which the evidence does not decide)" in text
    rows = next(figure for figure in result.sheet.figures if figure.slug == "mislabelled").rows
    assert [row[4] for row in rows] == ["looks so"] * sure + ["undecided"] * (3 - sure)


def test_what_all_runs_answer_alike_has_no_slope(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=8, items=20)
    for path in world.paths:
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        rows[3] |= {"score": 1.0, "output": f"ANSWER: {rows[3]['reference']}"}
        path.write_text("\n".join(map(json.dumps, rows)))
    result = headtohead.items(*map(str, world.paths))
    made = {row.item: row for row in result.details.rows}
    assert made["q3"].says == "all the same"
    assert made["q3"].slope is None
    assert made["q3"].difficulty is None
    assert made["q3"].discrimination is None
    row = next(row for row in result.results if row["label"] == "q3")
    assert row["slope"] == row["difficulty"] == {"value": None, "low": None, "high": None}
    assert row["infit"] is None
    assert "one score in every run, so nothing shows" in " ".join(result.to_markdown().split())


@pytest.mark.parametrize("models", leading([8, 30], always=1))
def test_the_chart_draws_what_its_title_says(tmp_path: Path, models: int) -> None:
    world = made_test(tmp_path, models=models, items=40)
    result = headtohead.items(*map(str, world.paths))
    figure = result.sheet.figures[0]
    assert figure.bars is not None
    found = {r.item: r.discrimination for r in result.details.rows if r.discrimination}
    lowest = sorted(found, key=lambda item: found[item].value)[:20]
    assert [bar.label for bar in figure.bars.bars] == lowest
    assert f"the 20 of lowest discrimination of the {len(found)} whose score" in figure.says


def test_items_that_no_ability_helps_with_tell_nothing(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=120, items=40, dead=4, epochs=2)
    made = report(*world.paths)
    by_item = {row.item: row for row in made.rows}
    for item in world.dead:
        assert by_item[item].says in ("tells little", "undecided")
        found = by_item[item].discrimination
        assert found is not None
        assert found.low <= 0.1
        assert found.high < 0.4
    others = [row for row in made.rows if row.item not in world.dead]
    assert sum(row.says == "tells" for row in others) > 0.9 * len(others)


def test_without_answers_items_are_suspected_by_who_fails(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=60, items=40, wrong_keys=3, answers=False)
    result = headtohead.items(*map(str, world.paths))
    made = result.details
    assert not made.suspects.answered
    assert {s.item for s in made.suspects.listed} <= set(world.wrong_keys)
    assert made.suspects.listed
    text = result.to_markdown()
    assert "files hold no answers that can be compared" in " ".join(text.split())


def test_shuffled_choices_are_not_compared(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=8, items=12)
    rows = [json.loads(line) for line in world.paths[0].read_text().splitlines()]
    for row in rows:
        row["reference"] = "ABCD"[("ABCD".index(row["reference"]) + 1) % 4]
    world.paths[0].write_text("\n".join(map(json.dumps, rows)))
    made = report(*world.paths)
    assert made.suspects.shuffled == 12
    assert not made.suspects.listed


# ---------------------------------------------------------------- few items for all


def _new_models(folder: Path, models: int, seed: int) -> tuple[float, float, float]:
    """RMS error measured on models held out, that for new models, and how many are in reach."""
    world = made_test(folder, models=models, items=60, seed=seed)
    short = report(*world.paths, k=20, level=0.9).short
    assert len(short.items) == 20
    assert short.chosen is not None
    assert short.chosen.reach < short.chosen.by_chance
    new = made_test(folder, models=100, items=60, seed=seed, start=500)
    off = []
    for path, full in zip(new.paths, new.full, strict=True):
        score = {r["id"]: r["score"] for r in map(json.loads, path.read_text().splitlines())}
        asked, weights = np.array([score[item] for item in short.items]), np.array(short.weights)
        if short.constant is not None:
            foretold = short.constant + asked @ weights
        else:
            x, y = np.array(short.others).T
            rest = np.interp(asked @ weights / weights.sum(), x, y)
            foretold = (asked.sum() + (short.total - 20) * rest) / short.total
        off.append(foretold - full)
    rms = float(np.sqrt(np.mean(np.square(off))))
    return short.chosen.rms.value, rms, float(np.mean(np.abs(off) <= short.chosen.reach))


def test_the_chosen_items_foretell_the_score_of_new_models(tmp_path: Path) -> None:
    measured, real, inside = _new_models(tmp_path, models=40, seed=3)
    assert real == pytest.approx(measured, rel=0.35)
    assert inside > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("models", [16, 40])
def test_what_is_measured_on_models_held_out_holds_for_new_ones(
    tmp_path: Path, models: int
) -> None:
    found = []
    for seed in range(1, 13):
        folder = tmp_path / str(seed)
        folder.mkdir()
        found.append(_new_models(folder, models, seed))
    measured, real, inside = np.mean(found, axis=0)
    assert real == pytest.approx(measured, rel=0.2)
    assert 0.85 <= inside <= 0.95


# That the score of new models is foretold as said always runs.
@pytest.mark.slow
def test_more_items_err_less_and_all_items_not_at_all(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=24, items=40)
    made = report(*world.paths, margin="4pp")
    curve = made.short.curve
    assert curve[-1].k == 40
    assert curve[-1].reach == pytest.approx(0, abs=1e-6)
    assert curve[0].reach > curve[-2].reach
    needed = made.short.needed
    assert needed is not None
    assert len(made.short.items) == needed
    assert all(short.reach <= 0.04 for short in curve if short.k >= needed)
    tighter = report(*world.paths, margin=0.01)
    assert tighter.short.needed is not None
    assert tighter.short.needed > needed


def test_repeats_shorten_what_is_open(tmp_path: Path) -> None:
    once = report(*made_test(tmp_path, models=16, items=24, epochs=1).paths)
    (tmp_path / "often").mkdir()
    often = report(*made_test(tmp_path / "often", models=16, items=24, epochs=8).paths)
    width = [np.mean(m.fitted.theta_high - m.fitted.theta_low) for m in (once, often)]
    assert width[1] < width[0]
    assert often.short.chosen is not None
    assert once.short.chosen is not None
    assert (often.short.needed or 99) <= (once.short.needed or 99)


# ---------------------------------------------------------------- coverage


def _coverage(models: int, items: int, worlds: int, seed: int) -> tuple[float, float]:
    """How often the interval holds the true correlation; how often dead items seem to run on."""
    rng = np.random.default_rng(seed)
    slope = np.exp(rng.normal(0.2, 0.5, items))
    slope[:5] = 0
    slope[5:8] *= -1
    difficulty = rng.normal(-0.3, 1.2, items)

    def marks(n: int) -> Any:
        theta = rng.normal(size=(n, 1))
        return (rng.random((n, items)) < 1 / (1 + np.exp(-slope * (theta - difficulty)))) * 1.0

    many = marks(100_000)
    every = np.ones(many.shape, dtype=np.bool_)
    rest = rest_scores(many, every)
    true = [np.corrcoef(many[:, j], rest[:, j])[0, 1] for j in range(items)]
    inside, alarms = [], []
    for _ in range(worlds):
        score = marks(models)
        met = np.ones(score.shape, dtype=np.bool_)
        found = correlations(score, rest_scores(score, met), met, np.arange(models), 0.9)
        known = np.isfinite(found.value)
        inside.append(np.mean(((found.low <= true) & (true <= found.high))[known]))
        alarms.append(np.mean(found.p_value[:5] < 0.1))
    return float(np.mean(inside)), float(np.mean(alarms))


def test_intervals_of_discrimination_cover() -> None:
    inside, alarms = _coverage(30, 30, 60, seed=5)
    assert 0.87 <= inside <= 0.94
    assert alarms < 0.16


@pytest.mark.slow
@pytest.mark.parametrize("models", [8, 20, 40, 80])
def test_intervals_of_discrimination_cover_in_full(models: int) -> None:
    inside, alarms = _coverage(models, 60, 300, seed=models)
    assert 0.885 <= inside <= 0.93
    assert alarms < 0.125


def test_runs_of_one_model_count_as_one_witness() -> None:
    rng = np.random.default_rng(2)
    solved = rng.random((20, 15)) < 0.3 + 0.4 * rng.random((20, 1))
    score = solved.astype(np.float64)
    met = np.ones(score.shape, dtype=np.bool_)
    alone = correlations(score, rest_scores(score, met), met, np.arange(20), 0.9)
    thrice, all_met = np.repeat(score, 3, axis=0), np.repeat(met, 3, axis=0)
    group = np.repeat(np.arange(20), 3)
    again = correlations(thrice, rest_scores(thrice, all_met), all_met, group, 0.9)
    np.testing.assert_allclose(again.low, alone.low, atol=1e-9)
    np.testing.assert_allclose(again.high, alone.high, atol=1e-9)


# ---------------------------------------------------------------- hard inputs


def test_too_few_models_are_refused(tmp_path: Path, run: Run) -> None:
    world = made_test(tmp_path, models=2, items=10)
    result = run(*world.paths)
    assert result.exit_code == 64
    assert "2 models" in result.stderr
    assert run(world.paths[0]).exit_code == 64
    with pytest.raises(InputError, match="Give the results"):
        headtohead.items()


def test_three_models_leave_nearly_everything_open(tmp_path: Path) -> None:
    result = headtohead.items(*map(str, made_test(tmp_path, models=3, items=12).paths))
    made = result.details
    open_ = [row.discrimination for row in made.rows if row.discrimination]
    assert all(found.high - found.low > 1 or found.value > 0.99 for found in open_)
    assert made.short.chosen is None
    assert made.short.items == ()
    assert not any(row.says == "runs against" for row in made.rows)
    text = result.to_markdown()
    assert "too few" in text
    assert "none is known to tell good models from bad ones (" in text
    assert " are undecided" in text


def test_a_fit_that_fails_without_some_models_costs_the_short_test_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ArithmeticError("it did not converge")

    monkeypatch.setattr(short_test, "fit_curves", fails)
    made = headtohead.items(*map(str, made_test(tmp_path, models=8, items=12).paths))
    assert len(made.details.rows) == 12
    assert made.details.short.items == ()
    assert "How well fewer items would do is unknown" in made.to_markdown()


def test_where_items_at_random_do_better_the_first_sentence_says_so(tmp_path: Path) -> None:
    made = report(*made_test(tmp_path, models=8, items=12).paths, k=5)
    assert made.short.chosen is not None
    for drawn, said in ((0.01, True), (0.5, False)):
        chosen = replace(made.short.chosen, reach=0.03, by_chance=drawn)
        sheet = items_sheet(replace(made, short=replace(made.short, chosen=chosen)))
        assert ("drawn at random do better" in sheet.sentence) is said


def test_a_test_that_all_solve_is_refused(tmp_path: Path, run: Run) -> None:
    for m in range(4):
        rows = [{"id": f"q{j}", "model": f"m{m}", "score": 1} for j in range(6)]
        (tmp_path / f"m{m}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = run(*sorted(tmp_path.glob("m*.jsonl")))
    assert result.exit_code == 64
    assert "nothing tells these models apart" in result.stderr


def test_wrong_choices_are_said_in_options(tmp_path: Path, run: Run) -> None:
    world = made_test(tmp_path, models=6, items=10)
    for arguments, message in (
        (("--k", "11"), "--k is 11, but the test has 10 items"),
        (("--margin", "0"), "--margin is 0"),
        (("--level", "95"), "--level is 95.0"),
    ):
        result = run(*world.paths, *arguments)
        assert result.exit_code == 64
        assert message in result.stderr
    with pytest.raises(InputError, match="`k` is 11"):
        headtohead.items(*map(str, world.paths), k=11)


def test_scores_beyond_shares_and_other_texts_are_refused(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=4, items=6)
    text = world.paths[1].read_text()
    world.paths[1].write_text(text.replace('"score": 1.0', '"score": 7.0'))
    with pytest.raises(InputError, match="outside 0 to 1"):
        report(*world.paths)


def test_items_that_some_runs_lack_are_no_obstacle(tmp_path: Path) -> None:
    world = made_test(tmp_path, models=20, items=30)
    lines = world.paths[3].read_text().splitlines()
    world.paths[3].write_text("\n".join(lines[:20]))
    made = report(*world.paths)
    runs = {row.item: row.runs for row in made.rows}
    assert runs["q0"] == 20
    assert runs["q29"] == 19
    assert made.short.chosen is not None


# ---------------------------------------------------------------- doors


def test_one_file_of_many_models_and_one_model_of_it(tmp_path: Path, run: Run) -> None:
    world = made_test(tmp_path, models=8, items=12)
    whole = tmp_path / "all.jsonl"
    whole.write_text("\n".join(path.read_text() for path in world.paths))
    one = json.loads(run(whole, "--json").stdout)
    many = json.loads(run(*world.paths, "--json").stdout)
    assert one["results"][0]["value"] == pytest.approx(many["results"][0]["value"])
    some = run(f"{whole}::model-1", f"{whole}::model-2", f"{whole}::model-5", "--json")
    assert json.loads(some.stdout)["results"][0]["n"] == 3


def test_text_json_csv_and_page_tell_the_same(tmp_path: Path, run: Run) -> None:
    world = made_test(tmp_path, models=14, items=24, wrong_keys=1, seed=3)
    page = tmp_path / "items.html"
    result = run(*world.paths, "--html", page)
    assert result.exit_code == 0
    report_, _, _ = result.stdout.partition("Again:")
    assert max(map(len, report_.splitlines())) <= 80
    assert "1 looks mislabelled" in " ".join(result.stdout.split())
    assert "q0" in page.read_text(encoding="utf-8")
    made = json.loads(run(*world.paths, "--json").stdout)
    assert made["verb"] == "items"
    assert len(made["results"]) == 25
    assert made["results"][-1]["items"]
    assert {s["source_id"] for s in made["sources"]} == {f"results_{n}" for n in range(1, 15)}
    table = list(csv.DictReader(io.StringIO(run(*world.paths, "--csv").stdout)))
    assert [row["item"] for row in table] == [r["label"] for r in made["results"][:-1]]
    twin = headtohead.items(*map(str, world.paths))
    assert json.loads(twin.to_json())["results"] == made["results"]
    assert twin.to_frame().height == 24
    assert len(repr(twin).splitlines()) <= 25


def test_reads_logs_of_inspect(tmp_path: Path, run: Run) -> None:
    samples, header = test_inspect_log._sample, test_inspect_log._header
    for m in range(4):
        made = [
            samples(key, "C" if key + m > 5 else "I", epoch)
            for key in range(1, 8)
            for epoch in (1, 2)
        ]
        log = {**header(14, model=f"lab/model-{m}"), "samples": made}
        (tmp_path / f"{m}.json").write_text(json.dumps(log), encoding="utf-8")
    result = run(*sorted(tmp_path.glob("*.json")), "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)["results"]
    assert {r["label"] for r in rows} == {str(k) for k in range(1, 8)}
    assert {r["says"] for r in rows} >= {"all the same"}


def test_reads_results_of_lm_eval(tmp_path: Path, run: Run) -> None:
    for m in range(4):
        folder = tmp_path / str(m)
        folder.mkdir()
        made = test_lm_eval.example(folder)
        for path in made.rglob("*"):
            if path.is_file():
                text = path.read_text().replace("small-1", f"small-{m}")
                path.write_text('"exact_match": 0.0'.join(text.rsplit('"exact_match": 1.0', m)))
    result = run(*(tmp_path / str(m) / "out" for m in range(4)), "--json")
    assert result.exit_code == 0, result.stderr
    assert len(json.loads(result.stdout)["results"]) == 4


@pytest.mark.parametrize(("every", "models_n"), leading([(2, 56), (1, 98)], 1))
def test_epochs_own_runs(every: int, models_n: int, shared_evidence: Path, tmp_path: Path) -> None:
    """All runs; in short, every second one."""
    import polars as pl

    rows = pl.read_parquet(shared_evidence / "epoch_items" / "epoch_items.parquet").filter(
        (pl.col("task") == "OTIS Mock AIME 2024-2025") & pl.col("score").is_finite()
    )
    path = tmp_path / "otis.parquet"
    models = rows["run_id"].unique().sort()[::every]
    rows.filter(pl.col("run_id").is_in(models.to_list())).write_parquet(path)
    made = report(path, mapping={"key": "item", "run": "run_id"})
    assert len(made.rows) == 45
    assert len(set(made.runs.models)) == models_n
    assert made.count("tells") == 45
    assert made.short.needed is not None
    assert 20 <= made.short.needed <= 38
    hardest = {row.item for row in made.rows[:3]}
    assert "2024-Mock-AIME-Problem-14" in hardest
