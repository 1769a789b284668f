"""Epoch AI's Capabilities Index: the scores behind it that Epoch gathered from other publishers.

The same file as in `epoch_eci`, and the rows that source leaves out: they keep their publishers'
terms, so they never ship and come only with a user's own download. The two sources together are the
whole file. Most rows print where the score is from; `note` repeats that. A day is the model's
release, not the day of the run.

Who measured is worked out from the printed source: a report counts as the maker's own only for
models of the lab that wrote it. A rival's model in the same report was run by another lab, so that
row is third-party, as rows of leaderboards are.
"""

from headtohead.evidence.shared import EPOCH_OWN_RUNS, epoch_scores
from headtohead.evidence.sourcing import Download, Parsed, RawFiles, Source
from headtohead.names.names import Names

_ID = "epoch_eci_gathered"
_FILES = ("eci_benchmarks.csv", "eci_scores.csv")
# Until the summer of 2026 the index stood here, by other names.
_OLD_INDEX = "epoch_capabilities_index.csv"

SOURCE = Source(
    source_id=_ID,
    publisher="Epoch AI",
    product="Epoch Capabilities Index: scores gathered from other publishers",
    citation=(
        "Epoch AI (2026). Epoch Capabilities Index. https://epoch.ai/benchmarks/eci, "
        "with scores of the publishers named in each row."
    ),
    url="https://epoch.ai/benchmarks/eci",
    # Some seventy publishers, most of which state no licence for their scores.
    licence="LicenseRef-mixed-see-row",
    evaluator="mixed",
    ship="no",
    downloads=tuple(Download(name, f"https://epoch.ai/data/{name}") for name in _FILES),
    patterns=(*_FILES, _OLD_INDEX),
    rows={"benchmark_scores": (500, 50_000)},
    whole=True,
)

# Start of the printed source, in lower case -> the lab that wrote it or runs the leaderboard.
_WRITTEN_BY = {
    "anthropic annou": "anthropic",
    "baichuan 2": "baichuan",
    "deepseek-v3 technical report": "deepseek",
    "falcon2-11b technical report": "tii",
    "gemini 1.5 report": "google",
    "gemma: open models": "google",
    "gpt-4 technical report": "openai",
    "grok 4 ": "xai",
    "https://cognition.com/": "cognition",
    "https://cursor.com/": "cursor",
    "intellect-1 technical report": "prime-intellect",
    "llama 2: open foundation": "meta",
    "llama: open and efficient": "meta",
    "mixtral of experts": "mistral",
    "model card and evaluations for claude": "anthropic",
    "nemotron-4 15b technical report": "nvidia",
    "opus 4.5 system card": "anthropic",
    "opus 4.6 system card": "anthropic",
    "palm 2 technical report": "google",
    "phi-3 technical report": "microsoft",
    "phi-4 technical report": "microsoft",
    "qwen technical report": "alibaba",
    "qwen2.5-coder technical report": "alibaba",
    "releasing claude instant": "anthropic",
    "textbooks are all you need": "microsoft",
    "the claude 3 model family": "anthropic",
    "the falcon series": "tii",
    "the llama 3 herd": "meta",
    "training compute-optimal": "google",
    "xgen-7b technical report": "salesforce",
    "yi: open foundation models": "01-ai",
}
# Start of the printed source, in lower case, of leaderboards and papers by nobody who makes models.
_INDEPENDENT = (
    *("aider llm leaderboards", "arc prize leaderboard", "balrog leaderboard", "cadeval dashboard"),
    *("cybench leaderboard", "deepresearchbench leaderboard", "fiction.live leaderboard"),
    *("geobench leaderboard", "gso leaderboard", "lechmazur/", "metr - ", "os world website"),
    *("paperswithcode", "scienceqa leaderboard", "simplebench leaderboard", "stanford crfm"),
    *("stanford helm", "terminal-bench", "theagentcompany ", "tweet from vpct creator"),
    *("vpct leaderboard", "weirdml leaderboard"),
    *("https://arcprize.org/", "https://deepswe.datacurve.ai/", "https://drb.futuresearch.ai/"),
    *("https://gso-bench.github.io/", "https://htihle.github.io/", "https://lmcouncil.ai/"),
    *("https://metr.org/", "https://osworld-v2.xlang.ai/", "https://www.tbench.ai/"),
    *("https://www.vals.ai/", "https://yhenon.github.io/"),
)
# Benchmarks whose rows name no source, because Epoch copies one leaderboard -> the lab that runs
# it; None if its publisher makes no models.
_ONE_LEADERBOARD = {
    "apex_agents": None,
    "arc_agi": None,
    "arc_agi_2": None,
    "cl_bench": "tencent",
    "cl_bench_life": "tencent",
    "critpt": None,
    "deepresearch_bench": None,
    "exploitbench": None,
    "gdpval": "openai",
    "hle": None,
    "metr_time_horizons": None,
    "posttrainbench": None,
    "remote_labor_index": None,
    "terminal_bench": None,
}


def parse(raw: RawFiles) -> Parsed:
    """The gathered scores of one vintage."""
    parsed = Parsed()
    makers: dict[str, str | None] = {}
    old = any(raw.matching(_OLD_INDEX))
    for record in raw.csv(_OLD_INDEX if old else "eci_scores.csv"):
        model = record.maybe("Model name", "") if old else record.take("Model")
        makers[model] = record.maybe("Organization")
        record.rest()
    for source, row in epoch_scores(raw, makers):
        if EPOCH_OWN_RUNS in source:
            parsed.drop("Epoch's own runs: in epoch_eci")
            continue
        maker = _lab(row["model_name"], row["organisation"])
        evaluator, note = _evaluator(source, row["benchmark"], maker)
        parsed.add("benchmark_scores", row | {"evaluator": evaluator, "note": note})
    return parsed


def _lab(model: str, organisation: str | None) -> str | None:
    """Who made the model: by the printed organisation, or by the model's name where none is."""
    names = Names.load()
    lab = names.lab_of(organisation) if organisation else None
    return lab.id if lab else names.resolve(model).lab


def _evaluator(source: str, benchmark: str, maker: str | None) -> tuple[str, str]:
    """Who measured, and the note that says how we know."""
    if not source:
        if benchmark not in _ONE_LEADERBOARD:
            return "unstated", "No source is stated."
        note = "No source is stated; taken as the benchmark's own leaderboard."
        author = _ONE_LEADERBOARD[benchmark]
        return "first_party" if author and author == maker else "third_party", note
    start = source.lower()
    note = f"Source as printed: {source}."
    author = next((lab for text, lab in _WRITTEN_BY.items() if start.startswith(text)), None)
    if author is not None:
        return "first_party" if author == maker else "third_party", note
    if start.startswith(_INDEPENDENT):
        return "third_party", note
    return "unstated", f"{note} Who that is, is not known here."
