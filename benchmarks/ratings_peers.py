"""How the peers do each task: their own calls, at their kindest, on the inputs they ask for.

Settings are the defaults unless the name of the way says otherwise. Preparing text columns counts
as part of the task, as it does for headtohead; only loading them does not.
"""

from importlib import import_module
from math import log
from pathlib import Path
from typing import Any

from benchmarks.ratings_tasks import BOOTSTRAPS, COVARIATES, Ready, ToolAnswer, Way

Foreign = Any  # what peers hand back: their packages have no types here
_ELO = 400 / log(10)
TEXT = ["model_a", "model_b", "winner"]
_NO_SHRINKING = 1e-9


def frame(folder: str, columns: list[str]) -> Foreign:
    """The votes as a pandas frame."""
    return import_module("pandas").read_parquet(Path(folder) / "votes.parquet", columns=columns)


def _arena_rank(folder: str, ci: str) -> Ready:
    models = import_module("arena_rank.models.bradley_terry")
    data = import_module("arena_rank.utils.data_utils")
    jax = import_module("jax")
    votes = frame(folder, TEXT)

    def run() -> object:
        dataset = data.PairDataset.from_pandas(votes)
        model = models.BradleyTerry(n_competitors=len(dataset.competitors))
        found = model.compute_ratings_and_cis(
            dataset, ci_method=ci, num_bootstrap=BOOTSTRAPS, seed=0
        )
        return jax.block_until_ready(found)

    return Ready(run, _arena_rank_answer)


def _arena_rank_style(folder: str, *, intervals: bool, reg: float) -> Ready:
    models = import_module("arena_rank.models.contextual_bradley_terry")
    data = import_module("arena_rank.utils.data_utils")
    jax = import_module("jax")
    votes = frame(folder, [*TEXT, *COVARIATES])

    def run() -> object:
        dataset = data.ContextualPairDataset.from_pandas(
            votes, feature_cols=list(COVARIATES), reweighted=False
        )
        model = models.ContextualBradleyTerry(len(dataset.competitors), len(COVARIATES), reg=reg)
        if intervals:
            return jax.block_until_ready(model.compute_ratings_and_cis(dataset))
        params = jax.block_until_ready(model.fit(dataset).params)
        return {
            "competitors": dataset.competitors,
            "ratings": params["ratings"] * _ELO,
            "coeffs": params["coeffs"],
        }

    return Ready(run, _arena_rank_answer)


def _arena_rank_answer(found: dict[str, Any]) -> ToolAnswer:
    half: list[float] = []
    if "rating_upper" in found:
        half = ((found["rating_upper"] - found["rating_lower"]) / 2 / _ELO).tolist()
    return ToolAnswer(
        names=list(found["competitors"]),
        ratings=(found["ratings"] / _ELO).tolist(),
        half=half,
        effects=found["coeffs"].tolist() if "coeffs" in found else [],
    )


def _evalica(folder: str, *, bootstraps: int) -> Ready:
    evalica = import_module("evalica")
    numpy = import_module("numpy")
    votes = frame(folder, TEXT)
    # Lists are its quickest input; making them is left out of its time.
    first, second, words = (votes[column].tolist() for column in TEXT)
    kinds = evalica.Winner
    winner = {"model_a": kinds.X, "model_b": kinds.Y, "tie": kinds.Draw, "both_bad": kinds.Draw}

    def point() -> object:
        return evalica.bradley_terry(first, second, [winner[word] for word in words])

    def many() -> object:
        return evalica.bootstrap(
            evalica.bradley_terry,
            first,
            second,
            [winner[word] for word in words],
            n_resamples=bootstraps,
            bootstrap_method="percentile",
            random_state=0,
        )

    def answer(found: Foreign) -> ToolAnswer:
        scores = numpy.log((found.result if bootstraps else found).scores)
        half = (numpy.log(found.high) - numpy.log(found.low)) / 2 if bootstraps else []
        return ToolAnswer(list(scores.index), scores.tolist(), list(half))

    return Ready(many if bootstraps else point, answer)


def _choix(folder: str) -> Ready:
    """Its input is a matrix of wins by position, so the counting is ours, in pandas and numpy."""
    choix, pandas, numpy = (import_module(name) for name in ("choix", "pandas", "numpy"))
    votes = frame(folder, TEXT)

    def run() -> object:
        codes, names = pandas.factorize(pandas.concat([votes["model_a"], votes["model_b"]]))
        a, b = codes[: len(votes)], codes[len(votes) :]
        kinds, words = pandas.factorize(votes["winner"])
        score = numpy.array([{"model_a": 1.0, "model_b": 0.0}.get(word, 0.5) for word in words])
        won, m = score[kinds], len(names)
        wins = numpy.bincount(a * m + b, won, m * m) + numpy.bincount(b * m + a, 1 - won, m * m)
        return names, choix.ilsr_pairwise_dense(wins.reshape(m, m))

    return Ready(run, lambda found: ToolAnswer(list(found[0]), found[1].tolist()))


def _fastchat(folder: str, *, bootstraps: int) -> Ready:
    systems = import_module("rating_systems")
    votes = frame(folder, TEXT)

    def run() -> object:
        if bootstraps:
            return systems.compute_bootstrap_bt(votes, bootstraps)
        return systems.compute_bt(votes)

    def answer(found: Foreign) -> ToolAnswer:
        ratings = found.median() if bootstraps else found
        half = (found.quantile(0.975) - found.quantile(0.025)) / 2 / _ELO if bootstraps else []
        return ToolAnswer(list(ratings.index), (ratings / _ELO).tolist(), list(half))

    return Ready(run, answer)


def _fastchat_style(folder: str) -> Ready:
    """Covariates are given ready-made: its own reading of them takes a Python call per vote."""
    systems, numpy = import_module("rating_systems"), import_module("numpy")
    votes = frame(folder, [*TEXT, *COVARIATES])

    def run() -> object:
        matchups, outcomes, models = systems.preprocess_for_elo(votes)
        features = numpy.ascontiguousarray(votes[list(COVARIATES)].to_numpy())
        return models, systems.fit_contextual_bt(matchups, features, outcomes, models)

    def answer(found: Foreign) -> ToolAnswer:
        models, x = found
        m = len(models)
        return ToolAnswer(models, (x[:m] * log(10)).tolist(), effects=x[m:].tolist())

    return Ready(run, answer)


def _duckdb(folder: str) -> Ready:
    """The path stands in the query: binding a parameter makes some versions import pandas."""
    duckdb = import_module("duckdb")
    path = str(Path(folder) / "votes.parquet").replace("'", "''")
    query = f"select model_a, model_b, winner, count(*) from read_parquet('{path}') group by all"
    duckdb.execute("select 1").fetchall()

    def run() -> object:
        return duckdb.execute(query).fetchall()

    return Ready(run, lambda rows: ToolAnswer(votes=sum(row[-1] for row in rows)))


def _only_import(_: str) -> Ready:
    return Ready(lambda: None, lambda _: ToolAnswer())


_JAX = ("pandas", "pyarrow", "arena_rank.models.bradley_terry", "arena_rank.utils.data_utils")
_JAX_STYLE = (*_JAX, "arena_rank.models.contextual_bradley_terry")
_RUST = ("pandas", "pyarrow", "evalica")
_FASTCHAT = ("pandas", "pyarrow", "rating_systems")

PEERS: dict[tuple[str, str], Way] = {
    ("fit", "arena-rank"): Way(_JAX, lambda at: _arena_rank(at, "sandwich")),
    ("point", "evalica"): Way(_RUST, lambda at: _evalica(at, bootstraps=0)),
    ("point", "choix"): Way(("pandas", "pyarrow", "choix"), _choix),
    ("point", "FastChat"): Way(_FASTCHAT, lambda at: _fastchat(at, bootstraps=0)),
    ("bootstrap", "evalica"): Way(_RUST, lambda at: _evalica(at, bootstraps=BOOTSTRAPS)),
    ("bootstrap", "FastChat"): Way(_FASTCHAT, lambda at: _fastchat(at, bootstraps=BOOTSTRAPS)),
    ("bootstrap", "arena-rank"): Way(_JAX, lambda at: _arena_rank(at, "bootstrap")),
    ("style", "arena-rank"): Way(
        _JAX_STYLE, lambda at: _arena_rank_style(at, intervals=False, reg=1.0)
    ),
    ("style", "arena-rank, reg=1e-9"): Way(
        _JAX_STYLE, lambda at: _arena_rank_style(at, intervals=False, reg=_NO_SHRINKING)
    ),
    ("style", "FastChat"): Way(_FASTCHAT, _fastchat_style),
    ("style-intervals", "arena-rank"): Way(
        _JAX_STYLE, lambda at: _arena_rank_style(at, intervals=True, reg=1.0)
    ),
    ("style-intervals", "arena-rank, reg=1e-9"): Way(
        _JAX_STYLE, lambda at: _arena_rank_style(at, intervals=True, reg=_NO_SHRINKING)
    ),
    ("parquet", "DuckDB group by"): Way(("duckdb",), _duckdb),
    ("parquet", "DuckDB beside headtohead"): Way(("duckdb",), _duckdb, "own"),
    ("parquet-huge", "DuckDB group by"): Way(("duckdb",), _duckdb),
    ("import", "arena-rank"): Way(("arena_rank.models.bradley_terry",), _only_import),
    ("import", "evalica"): Way(("evalica",), _only_import),
    ("import", "choix"): Way(("choix",), _only_import),
}
