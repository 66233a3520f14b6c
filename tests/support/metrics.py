"""A process in which MetricFlow answers questions on one warehouse, as `mf query` does, without starting anew for each.

Each line of its input is a JSON object, `{"metrics": [...], "group_by": [...], "where": [...]}` for MetricFlow or
`{"sql": ...}` for the warehouse itself; each line of its output is one with `rows`, or with `error`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[2]
SEMANTIC_MANIFEST = "semantic_manifest.json"
Row = tuple[Any, ...]


class Metrics:
    """MetricFlow on a warehouse with the semantic manifest that dbt wrote; `folder` is empty and its own."""

    def __init__(self, warehouse: Path, semantic_manifest: Path, folder: Path) -> None:
        # MetricFlow looks for target/semantic_manifest.json beside dbt_project.yml
        (folder / "target").mkdir()
        shutil.copyfile(PROJECT / "dbt" / "dbt_project.yml", folder / "dbt_project.yml")
        shutil.copyfile(semantic_manifest, folder / "target" / SEMANTIC_MANIFEST)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.metrics", folder],
            cwd=PROJECT,
            env={
                **os.environ,
                "CRM_WAREHOUSE": str(warehouse),
                "DBT_LOG_PATH": str(folder / "logs"),
                "DBT_TARGET_PATH": str(folder / "dbt"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, metrics: Sequence[str], group_by: Sequence[str] = (), where: Sequence[str] = ()) -> list[Row]:
        """The groups, and after them the metrics, in the order given."""
        return self._answer({"metrics": list(metrics), "group_by": list(group_by), "where": list(where)})

    def rows(self, sql: str) -> list[Row]:
        """What the warehouse itself says."""
        return self._answer({"sql": sql})

    def close(self) -> None:
        """End the process, which frees the warehouse."""
        self._process.communicate()

    def _answer(self, question: dict[str, Any]) -> list[Row]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "MetricFlow died"}')
        assert "rows" in answer, f"{question} failed:\n{answer['error'][-4000:]}"
        return [tuple(row) for row in answer["rows"]]


def serve(folder: Path, questions: IO[str], answers: IO[str]) -> None:
    """Answer until the input ends."""
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    configuration = CLIConfiguration()
    configuration.setup(dbt_profiles_path=PROJECT / "dbt", dbt_project_path=folder, configure_file_logging=False)
    for line in questions:
        question, answer = json.loads(line), dict[str, Any]()
        try:
            if "sql" in question:
                rows = [list(row) for row in configuration.sql_client.query(question["sql"]).rows]
            else:
                names = [*question["group_by"], *question["metrics"]]
                table = configuration.mf.query(
                    MetricFlowQueryRequest.create(
                        metric_names=question["metrics"],
                        group_by_names=question["group_by"],
                        where_constraints=question["where"],
                    )
                ).result_df
                assert table is not None
                columns = [table.column_name_index(name) for name in names]
                rows = [[row[column] for column in columns] for row in table.rows]
            answer["rows"] = rows
        except Exception as error:  # noqa: BLE001 - the test says what was asked, and fails
            answer["error"] = str(error)
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    # dbt prints to the standard output: answers keep the real one to themselves
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        serve(Path(sys.argv[1]), sys.stdin, answers)
