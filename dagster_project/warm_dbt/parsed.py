"""dbt's project as it was parsed before: where no file of it differs, it is read back, in a second and not in twenty.

dbt's own partial parse compares every file, too, but works through all nodes again, and holds on to the path of the
warehouse: a data folder that was moved or copied is parsed anew. Here, what a parse depends on names the kept file.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

SUFFIXES = {".sql", ".yml", ".yaml", ".md", ".csv", ".py"}
# where a plain dbt writes what it compiled, unless it is told another place
WRITTEN_BY_DBT = {"target", "logs"}
# their macros and their classes are in a parsed project, too
PACKAGES = ("dbt-core", "dbt-adapters", "dbt-duckdb", "dbt-common", "dbt-semantic-interfaces", "mashumaro")
# so many parsed projects stay in a folder: that of these files, and that of before somebody tried something
KEPT = 2


def project_files(project: Path) -> list[Path]:
    """What dbt parses of a project's folder, in one order."""
    files = (path for path in project.rglob("*") if path.suffix in SUFFIXES and not path.name.startswith("."))
    return sorted(path for path in files if path.relative_to(project).parts[0] not in WRITTEN_BY_DBT)


def parsed_project(
    project: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    kept_in: Path,
    writes_artifacts: bool = False,
) -> Any:
    """The manifest of a project, as `dbt parse` with these arguments makes it; kept for the next time.

    Args:
        project: the folder with dbt_project.yml and profiles.yml.
        arguments: what builds give dbt and parsing depends on (`--vars`).
        environment: this process's own, from which dbt reads the rest.
        kept_in: the folder that parsed projects are kept in.
        writes_artifacts: parse in any case, and leave manifest.json and semantic_manifest.json in dbt's target folder.

    Raises:
        RuntimeError: the project does not parse; a plain dbt will say why.
    """
    import dbt.adapters.duckdb  # noqa: F401 - what the profile would load at the first build
    from dbt.cli.main import dbtRunner

    key = _key(project, arguments, environment)
    kept = kept_in / f"parsed-{key}.msgpack"
    if not writes_artifacts and (manifest := _read(kept, environment)) is not None:
        return manifest
    outcome = dbtRunner().invoke(["--quiet", "parse", *([] if writes_artifacts else ["--no-write-json"]), *arguments])
    if not outcome.success:
        raise RuntimeError(f"dbt could not parse the project: {outcome.exception}")
    # what was saved in the meantime may be in the manifest and not in the key
    if _key(project, arguments, environment) == key:
        with suppress(OSError):  # on a full disk, the next run parses, too
            _keep(outcome.result, kept)
    return outcome.result


def _key(project: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for path in project_files(project):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(project)} {len(content)} ".encode() + content)
    # relations carry the name of the database, which is that of the file; seeds carry the folder of the project
    warehouse = Path(environment.get("CRM_WAREHOUSE", "")).stem
    versions = [version(package) for package in PACKAGES]
    digest.update(json.dumps([str(project.resolve()), list(arguments), warehouse, versions]).encode())
    return digest.hexdigest()[:32]


def _read(kept: Path, environment: Mapping[str, str]) -> Any:
    """The kept manifest; None where there is none, or none that holds, and the project is to be parsed."""
    from dbt.constants import DEFAULT_ENV_PLACEHOLDER
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    try:
        manifest = Manifest.from_msgpack(kept.read_bytes(), decoder=extended_mashumuro_decoder)
        os.utime(kept)
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        # there is none, or it is cut off, or nothing that these versions write: parsing makes a new one
        return None
    # variables that the project's files read when they are parsed
    if any(environment.get(name, DEFAULT_ENV_PLACEHOLDER) != value for name, value in manifest.env_vars.items()):
        return None
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]  # dbt leaves it without types
    return manifest


def _keep(manifest: Any, kept: Path) -> None:
    from dbt.parser.manifest import extended_mashumaro_encoder

    kept.parent.mkdir(parents=True, exist_ok=True)
    begun = kept.with_suffix(f".{os.getpid()}")
    flat_graph, manifest.flat_graph = manifest.flat_graph, {}  # who reads it builds it again in less time
    try:
        begun.write_bytes(manifest.to_msgpack(extended_mashumaro_encoder))
        begun.replace(kept)
    finally:
        manifest.flat_graph = flat_graph
        begun.unlink(missing_ok=True)
    for old in sorted(kept.parent.glob("parsed-*.msgpack"), key=_last_used)[:-KEPT]:
        old.unlink(missing_ok=True)


def _last_used(kept: Path) -> float:
    try:
        return kept.stat().st_mtime
    except FileNotFoundError:  # another process was first to remove it
        return 0.0
