"""docs/privacy.md names every column that is blocked by default, and no other; published tables hold no contact."""

import re
import tomllib

from connectors.reading_rules import DEFAULTS
from dagster_project.settings import PROJECT_DIR

# columns that hold a person, or might (a number of e-mails holds none); dim_user is about the company's own users
PERSONAL = re.compile(
    r"- name: (?!\w+_count$)((?:contact_|lead_)?(?:e?mail|first_name|last_name|full_name|phone)\w*)$", re.MULTILINE
)


def test_the_page_names_what_is_blocked_by_default() -> None:
    page = (PROJECT_DIR / "docs" / "privacy.md").read_text()
    table = page[page.index("## What is never asked for") : page.index("## Change it")]
    rows = [line.split("|")[1:-1] for line in table.splitlines() if re.match(r"\| (Salesforce|HubSpot) ", line)]
    named = {(row[0].strip().lower(), name) for row in rows for name in re.findall(r"`([^`]+)`", row[2])}

    blocked = {
        (crm, column)
        for crm, sections in tomllib.loads(DEFAULTS.read_text()).items()
        for columns in sections["columns"].values()
        for column, treatment in columns.items()
        if treatment == "block"
    }

    assert named == blocked


def test_no_mart_describes_a_column_that_holds_a_contact() -> None:
    found = {
        (page.stem, column)
        for page in (PROJECT_DIR / "dbt" / "models" / "marts").rglob("*.yml")
        for column in PERSONAL.findall(page.read_text())
    }

    assert {model for model, _ in found} == {"dim_user"}
