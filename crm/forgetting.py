"""`crm erase` and `crm log rules`: personal data leaves the log and the raw tables, for good."""

from rich.console import RenderableType
from rich.text import Text

from connectors.errors import ConfigurationError
from connectors.forget import apply_rules, find_rewriting, forget_people
from connectors.landing import LandingLog
from crm.answer import Answer
from crm.terminal import Terminal, new_table
from crm.upkeep import logged_crms
from dagster_project.crms import open_log, reading_rules
from dagster_project.settings import read_paths, read_settings

OLD_PAGES = (
    "The marts follow with the next build (job build_warehouse); then `crm log compact --warehouse` removes old pages. "
    "Published versions and backups are yours to remove (docs/privacy.md)."
)


def erase_people(terminal: Terminal, crm: str, object_name: str, ids: tuple[str, ...], *, is_sure: bool) -> Answer:
    """Blank records in the log and the raw table, after asking."""
    paths = read_paths()
    with LandingLog(paths.landing) as log:
        logged_crms(log, crm, paths)
        name = _object_of_log(log, crm, object_name)
        if not is_sure:
            _ask(terminal, f"Erase {len(ids)} records of {crm} {name} from log and raw table? There is no way back.")
        done = forget_people(log, paths.warehouse, crm, name, ids)
    text = f"{done.records:,} records of {name} are blank now; {len(done.rewritten):,} loads of the log were rewritten."
    document = {"crm": crm, "object": name, "records": done.records, "load_id": done.load_id}
    return Answer({**document, "rewritten": list(done.rewritten)}, (Text(text), Text(OLD_PAGES, style="dim")))


def rewrite_by_rules(terminal: Terminal, crm: str | None, *, is_sure: bool) -> Answer:
    """Show what was landed in clear text that the rules block or hash today; with `is_sure` treat it so."""
    settings = read_settings()
    rules, paths = reading_rules(settings), settings.paths
    documents: dict[str, object] = {}
    parts: list[RenderableType] = []
    with open_log(settings) as log:
        for name in logged_crms(log, crm, paths):
            found = find_rewriting(log, name, rules).columns
            rewritten: tuple[str, ...] = ()
            if is_sure:  # also if nothing is found: a run that died may have left the raw tables behind
                rewritten = apply_rules(log, paths.warehouse, name, rules, key=settings.hash_key).rewritten
            columns_found = {key: dict(columns) for key, columns in found.items()}
            documents[name] = {"columns": columns_found, "rewritten": list(rewritten)}
            if not found:
                parts.append(Text(f"{name}: the log holds nothing that the rules block or hash."))
                continue
            table = new_table(f"{name}: landed before the rules", "object", "column", "treatment", whole=("object",))
            for object_name, columns in sorted(found.items()):
                for column, treatment in sorted(columns.items()):
                    table.add_row(object_name, column, treatment)
            done = f"{len(rewritten):,} loads were rewritten." if is_sure else "With --yes the log is rewritten so."
            parts += [table, Text(done + "\n")]
    return Answer({"crms": documents}, tuple(parts))


def _object_of_log(log: LandingLog, crm: str, object_name: str) -> str:
    names = sorted({manifest.request.object_name for manifest in log.manifests(crm)})
    for name in names:
        if name.casefold() == object_name.casefold():
            return name
    raise ConfigurationError(f"The log has nothing of {crm} {object_name}. It has: {', '.join(names)}.")


def _ask(terminal: Terminal, question: str) -> None:
    if terminal.as_json or not terminal.err.is_terminal:
        raise ConfigurationError(f"{question} Say so with --yes.")
    terminal.err.print(f"{question} [y/N] ", end="", markup=False)
    if input().strip().lower() not in ("y", "yes"):
        raise ConfigurationError("Nothing was changed.")
