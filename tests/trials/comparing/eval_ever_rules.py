"""What Every Eval Ever 0.3.0 asks of the two kinds of file, as far as we write them.

Its package needs Python 3.12, so its validator cannot run in these tests; on 2026-11-29 it accepted
what they write. Any field that is not listed here is refused: where we begin to write one, look up
what is asked of it. https://github.com/evaleval/every_eval_ever
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0)]
Time = Annotated[float, Meta(ge=0)]
Details = dict[str, str]  # values of open maps are texts, numbers too
_UUID4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SamplesPath = Annotated[str, Meta(pattern=rf"^data/[^/]+/[^/]+/[^/]+/{_UUID4}_samples\.jsonl$")]


class _Rules(msgspec.Struct, forbid_unknown_fields=True):
    """Fields without a default must be there."""


class Origin(_Rules):
    source_name: str
    source_type: Literal["documentation", "evaluation_run"]
    source_organization_name: str
    evaluator_relationship: Literal["first_party", "third_party", "collaborative", "other"]


class Harness(_Rules):
    name: str
    version: str


class Deployment(_Rules):
    deployment_type: Literal["self_deployed", "externally_managed", "unknown"]
    model_availability: Literal["open_weights", "closed_weights", "unknown"]


class Described(_Rules):
    name: str
    id: str
    developer: str
    additional_details: Deployment


class Dataset(_Rules):
    dataset_name: str
    source_type: Literal["other"]
    additional_details: Details = {}


class Metric(_Rules):
    metric_name: str
    lower_is_better: bool
    score_type: Literal["continuous"]
    min_score: float
    max_score: float
    metric_kind: str = ""
    metric_unit: str = ""


class ConfidenceInterval(_Rules):
    lower: float
    upper: float
    confidence_level: Annotated[float, Meta(ge=0, le=1)]
    method: str


class Uncertainty(_Rules):
    num_samples: int
    confidence_interval: ConfidenceInterval | None = None


class MetricScore(_Rules):
    score: float
    uncertainty: Uncertainty


class MetricResult(_Rules):
    evaluation_result_id: str
    evaluation_name: str
    source_data: Dataset
    metric_config: Metric
    score_details: MetricScore


class Samples(_Rules):
    format: Literal["jsonl"]
    file_path: SamplesPath
    hash_algorithm: Literal["sha256", "md5"]
    checksum: str
    total_rows: int


class Document(_Rules):
    """One evaluation of one model."""

    schema_version: str
    evaluation_id: str
    retrieved_timestamp: str
    source_metadata: Origin
    eval_library: Harness
    model_info: Described
    evaluation_results: list[MetricResult]
    detailed_evaluation_results: Samples | None = None


class SampleInput(_Rules):
    raw: str
    reference: list[str]


class SampleOutput(_Rules):
    raw: list[str]


class Graded(_Rules):
    score: float
    is_correct: bool


class TokenCounts(_Rules):
    input_tokens: Count
    output_tokens: Count
    total_tokens: Count
    input_tokens_cache_write: Count | None
    input_tokens_cache_read: Count | None
    reasoning_tokens: Count | None


class Performance(_Rules):
    latency_ms: Time | None = None
    additional_details: Details = {}


class Sample(_Rules):
    """One answer: a turn of one question, so there are no messages beside it."""

    schema_version: str
    evaluation_id: str
    model_id: str
    evaluation_name: str
    evaluation_result_id: str
    sample_id: str
    sample_hash: str | None
    interaction_type: Literal["single_turn"]
    input: SampleInput
    output: SampleOutput
    messages: None
    answer_attribution: Annotated[list[str], Meta(max_length=0)]
    evaluation: Graded
    token_usage: TokenCounts | None
    performance: Performance | None
    metadata: Details
