"""The docs say the truth: links resolve, commands exist, every rule has its section and the other way round."""

import re
from pathlib import Path

import expectations
from dagster_project.settings import PROJECT_DIR, variables

PAGES = sorted(
    [*PROJECT_DIR.glob("*.md"), *(PROJECT_DIR / "docs").rglob("*.md"), *(PROJECT_DIR / "benchmarks").rglob("*.md")]
)


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_link_between_our_pages_resolves() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            found = page if not file else (page.parent / file).resolve()
            if not found.exists() or (anchor and anchor not in _anchors(found)):
                broken.append(f"{page.relative_to(PROJECT_DIR)} -> {target}")

    assert broken == []


def test_every_rule_has_a_section_that_states_it_and_every_section_a_rule() -> None:
    text = (PROJECT_DIR / "docs" / "stage-definitions.md").read_text()
    sections = re.findall(r"^## (.+)\n\n\*\*(C\d\d) `(\w+)`, ", text, re.MULTILINE)

    assert [(rule_id, name) for _, rule_id, name in sections] == [(rule.id, rule.name) for rule in expectations.rules()]
    assert [heading.lower().replace(" ", "-") for heading, _, _ in sections] == [
        rule.runbook for rule in expectations.rules()
    ]
    assert all(rule.description in text for rule in expectations.rules())


def test_every_make_target_the_docs_name_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_DIR / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^|\s{2})make ([a-z]+)\b", page.read_text(), re.MULTILINE)
    }

    assert named <= targets


def test_every_file_the_docs_name_exists() -> None:
    missing = []
    for page in PAGES:
        for name in re.findall(
            r"`((?:connectors|dagster_project|dbt|expectations|docs|tests|benchmarks)/[\w./-]+)`", page.read_text()
        ):
            if not (PROJECT_DIR / name).exists():
                missing.append(f"{page.relative_to(PROJECT_DIR)}: {name}")

    assert missing == []


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((PROJECT_DIR / "README.md").read_text().splitlines()) <= 150


def test_the_readme_lists_every_variable_as_the_settings_describe_it() -> None:
    listed = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", (PROJECT_DIR / "README.md").read_text(), re.MULTILINE))

    assert listed == variables()
