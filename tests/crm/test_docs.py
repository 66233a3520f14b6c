"""Every `crm` command that a page shows exists, with every option shown."""

import re

import typer

from crm.app import app
from dagster_project.settings import PROJECT_DIR

PAGES = sorted([PROJECT_DIR / "README.md", *(PROJECT_DIR / "docs").rglob("*.md")])
SHOWN = re.compile(r"(?:^|`)(?:\.venv/bin/)?crm ((?:[a-z]+|--[a-z])[^`#\n]*)", re.MULTILINE)


def commands() -> dict[str, set[str]]:
    """Options by command: `sync`, `log compact`."""
    found: dict[str, set[str]] = {}
    root = typer.main.get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        for path, one in [
            (name, command),
            *((f"{name} {sub}", c) for sub, c in getattr(command, "commands", {}).items()),
        ]:
            found[path] = {option for parameter in one.params for option in parameter.opts} | {"--help"}
    return found


def test_every_command_and_option_that_the_docs_show_exists() -> None:
    known, wrong, seen = commands(), [], 0
    for page in PAGES:
        for shown in SHOWN.findall(page.read_text()):
            words = shown.split()
            name = f"log {words[1]}" if words[0] == "log" and len(words) > 1 else words[0]
            options = {word.split("=")[0] for word in words if word.startswith("--")}
            if not (name == "--help" or (name in known and options <= known[name])):
                wrong.append(f"{page.name}: crm {shown}")
            seen += 1

    assert wrong == []
    assert seen > 20


def test_every_command_is_shown_in_a_runbook() -> None:
    text = (PROJECT_DIR / "docs" / "runbooks.md").read_text()

    assert [name for name in commands() if name != "log" and f"crm {name}" not in text] == []
