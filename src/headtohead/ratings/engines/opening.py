"""Tables of votes inside an engine: a user's own, or files that the engine opens."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.opening import content, files_of
from headtohead.files.tables import is_engine_table

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Ibis = Any
"""A table, column or backend of Ibis, or what Spark has in its place: they have no types."""

ENGINES = ("duckdb", "spark")

_ZONE = "spark.sql.session.timeZone"
_DUPLICATE_KEYS = "spark.sql.mapKeyDedupPolicy"
_KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_INSTALL = {"duckdb": "headtohead[ibis]", "spark": "headtohead[spark]"}


@dataclass(frozen=True, slots=True, eq=False)
class EngineSource:
    """A table inside an engine."""

    name: str
    table: Any
    backend: Any

    def fetch(self, expression: Ibis) -> "pa.Table":
        """The rows of an expression, run in the engine.

        Raises:
            InputError: If the engine cannot read or compute it.
        """
        with utc(self.backend):
            try:
                return self.backend.to_pyarrow(expression)
            except Exception as error:
                if not _is_engines(error):
                    raise
                what = " ".join(str(error).split())[:300]
                raise InputError(
                    f"{self.backend.name} could not read {self.name}: {what}"
                ) from error


def open_source(source: Ibis, engine: str) -> EngineSource:
    """The table in a source.

    Args:
        source: An Ibis table, a Spark data frame, a path, or a list of paths of one kind (Parquet,
            CSV or JSON; Spark takes addresses such as s3a:// and hdfs:// too).
        engine: "duckdb" or "spark" for paths; not used for tables, which have their own.

    Raises:
        UnknownName: If there is no such engine.
        InputError: If the engine is not installed, or a file is missing or of another kind.
    """
    if is_engine_table(source):
        if type(source).__module__.startswith("pyspark."):
            return _from_spark(source)
        return EngineSource("the table", source, _ibis("duckdb").get_backend(source))
    if engine not in ENGINES:
        raise UnknownName("engine", engine, ENGINES)
    several = isinstance(source, list | tuple)
    paths = [
        os.fspath(path)
        for path in (source if several else [source])
        if isinstance(path, str | os.PathLike)
    ]
    if not paths or (several and len(paths) != len(source)):
        raise InputError(
            f"The engine {engine} reads files, Ibis tables and Spark data frames. Leave out "
            f"`engine` for votes held in memory."
        )
    files = [file for path in paths for file in _files(path)]
    kinds = set()
    for file in files:
        at = Path(file)
        suffix = (Path(at.stem).suffix if at.suffix == ".gz" else at.suffix).lower()
        if suffix not in _KINDS and "://" not in file:
            raise InputError(f"{file} is of no kind that an engine reads: Parquet, CSV or JSON.")
        kinds.add(_KINDS.get(suffix, "parquet"))
    if len(kinds) > 1:
        raise InputError(f"Files of several kinds ({', '.join(sorted(kinds))}): give one kind.")
    name = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    opener = _with_duckdb if engine == "duckdb" else _with_spark
    return opener(name, files, kinds.pop())


@contextmanager
def utc(backend: Ibis) -> Iterator[None]:
    """Days are by UTC while this lasts; a Spark session has its own zone again afterwards."""
    if backend.name != "pyspark":
        yield
        return
    with _kept(backend._session, (_ZONE,)):
        backend._session.conf.set(_ZONE, "UTC")
        yield


def _from_spark(frame: Ibis) -> EngineSource:
    ibis = _ibis("spark")
    session = frame.sparkSession
    # Ibis changes settings of the session it is given, which is not ours.
    with _kept(session, (_ZONE, _DUPLICATE_KEYS)):
        backend = ibis.pyspark.connect(session)
    view = f"headtohead_votes_{id(frame):x}"
    frame.createOrReplaceTempView(view)
    return EngineSource("the table", backend.table(view), backend)


def _with_duckdb(name: str, files: Sequence[str], kind: str) -> EngineSource:
    backend = _ibis("duckdb").duckdb.connect()
    read: dict[str, Callable[[], Any]] = {
        "parquet": lambda: backend.read_parquet(files, union_by_name=True),
        # Guessed types would turn a model called 007 into the number 7.
        "csv": lambda: backend.read_csv(files, all_varchar=True, header=True),
        "json": lambda: backend.read_json(files),
    }
    return EngineSource(name, _opened("duckdb", name, read[kind]), backend)


def _with_spark(name: str, files: Sequence[str], kind: str) -> EngineSource:
    _ibis("spark")
    reader = _session().read
    listed, local = list(files), "://" not in files[0]
    is_array = kind == "json" and local and content(Path(files[0]), 64).lstrip()[:1] == b"["
    read: dict[str, Callable[[], Any]] = {
        "parquet": lambda: reader.option("mergeSchema", "true").parquet(*listed),
        "csv": lambda: reader.csv(
            listed,
            header=True,
            sep="\t" if ".tsv" in listed[0] else ",",
            quote='"',
            escape='"',
            multiLine=True,
        ),
        "json": lambda: reader.json(listed, multiLine=is_array),
    }
    result = _opened("spark", name, lambda: _from_spark(read[kind]()))
    return EngineSource(name, result.table, result.backend)


def _opened(engine: str, name: str, read: Callable[[], Any]) -> Ibis:
    try:
        return read()
    except Exception as error:
        if not _is_engines(error):
            raise
        raise InputError(f"{engine} could not open {name}: {error}") from error


def _session() -> Ibis:
    """The session that is active, or a local one."""
    from pyspark import SparkConf
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    builder = SparkSession.builder.appName("headtohead")
    if not SparkConf().contains("spark.master"):
        local = {
            "spark.master": "local[*]",
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.log.level": "ERROR",
            "spark.ui.showConsoleProgress": "false",
        }
        for key, value in local.items():
            builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise InputError(
            f"Spark did not start ({' '.join(str(error).split())[:200]}). It needs Java 17: set "
            f"JAVA_HOME, or leave out `engine`."
        ) from error


def _ibis(engine: str) -> Ibis:
    try:
        import ibis  # type: ignore[import-untyped]

        if engine == "spark":
            import pyspark  # noqa: F401
    except ImportError:
        raise InputError(
            f"The engine {engine} is not installed: pip install '{_INSTALL[engine]}'."
        ) from None
    return ibis


@contextmanager
def _kept(session: Ibis, keys: Sequence[str]) -> Iterator[None]:
    """Put settings of a session back afterwards."""
    before: Mapping[str, str | None] = {key: session.conf.get(key, None) for key in keys}
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                session.conf.unset(key)
            else:
                session.conf.set(key, value)


def _is_engines(error: Exception) -> bool:
    """True for what an engine, Ibis or Arrow raises about data, and not for a mistake of ours."""
    module = type(error).__module__.partition(".")[0]
    return module in ("ibis", "duckdb", "_duckdb", "pyspark", "py4j", "pyarrow", "polars")


def _files(path: str) -> list[str]:
    if "://" in path:
        return [path]
    at = Path(path)
    if at.is_dir():
        result = [str(p) for p in files_of(at) if _KINDS.get(p.suffix.lower()) == "parquet"]
        if not result:
            raise InputError(f"{path} holds no Parquet files. Give the files themselves.")
        return result
    if not at.is_file():
        raise InputError(f"{path} does not exist. Give the file of votes.")
    return [str(at)]
