"""How a ranking was made, in words, with the papers behind each step."""

from headtohead.publish.sheet import Step
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.naming import level

_PAPERS = {
    "bradley-terry": (
        "Bradley, R. A., Terry, M. E. (1952). Rank analysis of incomplete block designs. I. The "
        "method of paired comparisons. Biometrika 39.",
        "https://doi.org/10.1093/biomet/39.3-4.324",
    ),
    "davidson": (
        "Davidson, R. R. (1970). On extending the Bradley-Terry model to accommodate ties. JASA "
        "65.",
        "https://doi.org/10.1080/01621459.1970.10481082",
    ),
    "rao-kupper": (
        "Rao, P. V., Kupper, L. L. (1967). Ties in paired-comparison experiments. JASA 62.",
        "https://doi.org/10.1080/01621459.1967.10482901",
    ),
    "sandwich": (
        "White, H. (1982). Maximum likelihood estimation of misspecified models. Econometrica 50.",
        "https://doi.org/10.2307/1912526",
    ),
    "bootstrap": (
        "Efron, B. (1979). Bootstrap methods: another look at the jackknife. Annals of Statistics "
        "7.",
        "https://doi.org/10.1214/aos/1176344552",
    ),
    "bands": (
        "Montiel Olea, J. L., Plagborg-Møller, M. (2019). Simultaneous confidence bands. Journal "
        "of Applied Econometrics 34.",
        "https://doi.org/10.1002/jae.2656",
    ),
    "ranks": (
        "Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks. "
        "Review of Economic Studies 91.",
        "https://doi.org/10.1093/restud/rdad006",
    ),
    "stepdown": (
        "Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple "
        "hypothesis testing. JASA 100.",
        "https://doi.org/10.1198/016214504000000539",
    ),
    "ford": (
        "Ford, L. R. (1957). Solution of a ranking problem from binary comparisons. American "
        "Mathematical Monthly 64.",
        "https://doi.org/10.1080/00029890.1957.11989117",
    ),
    "clopper-pearson": (
        "Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits. "
        "Biometrika 26.",
        "https://doi.org/10.1093/biomet/26.4.404",
    ),
    "style": (
        "LMSYS (2024). Does style matter?",
        "https://lmsys.org/blog/2024-08-28-style-control/",
    ),
    "flips": (
        "Broderick, T., Giordano, R., Meager, R. (2020). An automatic finite-sample robustness "
        "metric.",
        "https://arxiv.org/abs/2011.14999",
    ),
    "hodge": (
        "Jiang, X., Lim, L.-H., Yao, Y., Ye, Y. (2011). Statistical ranking and combinatorial "
        "Hodge theory. Mathematical Programming 127.",
        "https://doi.org/10.1007/s10107-010-0419-x",
    ),
    "illusion": (
        "Singh, S., et al. (2025). The leaderboard illusion.",
        "https://arxiv.org/abs/2504.20879",
    ),
}
_TIES = {
    "half": "A tie counts as half a win for each side, as LMSYS publishes its boards.",
    "drop": "Ties are left out; the score is the chance to win a decisive vote.",
    "davidson": "A tie is an outcome of its own: its chance is proportional to the geometric mean "
    "of the strengths. Ratings are stretched so that a point means the same expected score.",
    "rao-kupper": "A tie is an outcome of its own: the strengths are too near to tell, up to a "
    "threshold. Ratings are stretched so that a point means the same expected score.",
}
_INTERVALS = {
    "sandwich": "The sandwich covariance in closed form. It holds where ties make votes less noisy "
    "than the model says.",
    "bootstrap": "Votes drawn anew from the counts, rated each time; intervals are percentiles.",
    "hessian": "The curvature of the likelihood alone. With many ties such intervals are too wide.",
}


def steps(result: RankResult) -> tuple[Step, ...]:
    """The steps behind this ranking, those that were not asked for left out."""
    s, trust = result.settings, result.trust
    sure, apart = level(s.level), level(1 - s.level)
    clustered = f" Votes of one {s.cluster} are taken together." if s.cluster else ""
    told: list[tuple[object, str, str, tuple[str, ...]]] = [
        (
            True,
            "Ratings",
            "Bradley-Terry: the expected score of one model against another depends on the "
            "difference of their ratings alone; 400 points are odds of ten to one. "
            f"{_TIES[s.ties]}",
            ("bradley-terry", s.ties),
        ),
        (True, "Intervals that hold alone", _INTERVALS[s.intervals] + clustered, (s.intervals,)),
        (
            True,
            "Intervals that hold together",
            f"Of many intervals that each hold with {sure}, often some do not. The joint ones are "
            f"as wide as the largest error among all models needs ({s.draws:,} simulated boards): "
            f"all of them hold at once with {sure}.",
            ("bands",),
        ),
        (
            True,
            "Places and tie groups",
            "Every pair is tested, all at once, step by step. A model's best place is 1 plus the "
            "number of models surely better; its worst is the number of models minus those surely "
            "worse. A new tie group starts with the first model that is surely worse than the "
            f"leader of the group before. The chance of any error in all of it is at most {apart}.",
            ("ranks", "stepdown"),
        ),
        (
            True,
            "Models that never lost, or never won",
            "No largest likelihood exists for them. Their interval is open on one side; its other "
            "end is where so clean a record would be too unlikely.",
            ("ford", "clopper-pearson"),
        ),
        (
            s.style,
            "Style control",
            "Differences in style enter each vote beside the strengths, and their effects are "
            "estimated with them, not shrunk.",
            ("style",),
        ),
        (
            trust and trust.flips,
            "Votes to swap neighbours",
            "Votes are ranked by their influence on the gap, the most influential are removed, "
            "and the board is rated again without them.",
            ("flips",),
        ),
        (
            trust and trust.fitness,
            "Fit and circles",
            "Pearson's statistic compares what each pair scored with what the ratings expect. "
            "HodgeRank splits the differences between pairs into a ranking and circles.",
            ("hodge",),
        ),
        (
            trust,
            "Exposure",
            "Models that are shown more, or in more variants, have more chances to stand out.",
            ("illusion",),
        ),
    ]
    return tuple(
        Step(says, name, tuple(_PAPERS[key] for key in papers if key in _PAPERS))
        for asked, name, says, papers in told
        if asked
    )
