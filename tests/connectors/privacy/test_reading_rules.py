"""The rules of reading: what the defaults keep out, what a person may change, and what nobody may."""

from pathlib import Path

import pytest

from connectors.errors import ConfigurationError
from connectors.reading_rules import ReadingRules

HUBSPOT_BODIES = [
    ("calls", "hs_call_body"),
    ("calls", "hs_call_transcription_id"),
    ("emails", "hs_email_headers"),
    ("emails", "hs_email_html"),
    ("emails", "hs_email_text"),
    ("emails", "hs_email_to_email"),
    ("meetings", "hs_internal_meeting_notes"),
    ("meetings", "hs_meeting_body"),
    ("notes", "hs_note_body"),
    ("tasks", "hs_task_body"),
    ("tasks", "hs_body_preview"),
]
SALESFORCE_BODIES = [
    ("Task", "Description"),
    ("Event", "Description"),
    ("EmailMessage", "TextBody"),
    ("EmailMessage", "HtmlBody"),
    ("EmailMessage", "ToAddress"),
    ("Note", "Body"),
]


def rules(folder: Path, text: str) -> ReadingRules:
    """A person's own rules."""
    path = folder / "rules.toml"
    path.write_text(text)
    return ReadingRules.read(path)


@pytest.mark.parametrize(("object_name", "column"), HUBSPOT_BODIES)
def test_what_people_wrote_is_blocked_in_hubspot(object_name: str, column: str) -> None:
    assert ReadingRules.default().treatment("hubspot", object_name, column) == "block"


@pytest.mark.parametrize(("object_name", "column"), SALESFORCE_BODIES)
def test_what_people_wrote_is_blocked_in_salesforce(object_name: str, column: str) -> None:
    default = ReadingRules.default()

    assert default.treatment("salesforce", object_name, column) == "block"
    assert default.treatment("salesforce", object_name.upper(), column.lower()) == "block"


def test_all_else_is_kept_and_salesforce_s_custom_objects_wait_to_be_named() -> None:
    default = ReadingRules.default()

    assert default.treatment("salesforce", "OpportunityStage", "Description") == "keep"
    assert default.treatment("hubspot", "emails", "hs_email_subject") == "keep"
    assert default.allows_object("salesforce", "Opportunity", is_custom=False)
    assert not default.allows_object("salesforce", "Invoice__c", is_custom=True)
    assert default.allows_object("hubspot", "p123_invoices", is_custom=True)
    assert default.allows_column("hubspot", "contacts", "email")
    assert not default.hashes("hubspot")


def test_a_person_s_file_extends_and_overrides_the_defaults(tmp_path: Path) -> None:
    own = rules(
        tmp_path,
        """
        [salesforce.columns.Task]
        description = "keep"
        [salesforce.columns.Lead]
        "*email*" = "hash"
        [hubspot.columns.contacts]
        email = "hash"
        """,
    )

    assert own.treatment("salesforce", "Task", "Description") == "keep"
    assert own.treatment("salesforce", "Event", "Description") == "block"
    assert own.treatment("salesforce", "Lead", "Email") == "hash"
    assert own.treatment("hubspot", "contacts", "email") == "hash"
    assert own.hashes("hubspot")


def test_of_several_lines_that_fit_the_last_one_wins(tmp_path: Path) -> None:
    own = rules(
        tmp_path,
        """
        [hubspot.columns."*"]
        "*" = "block"
        [hubspot.columns.contacts]
        "job*" = "keep"
        """,
    )

    assert own.treatment("hubspot", "contacts", "jobtitle") == "keep"
    assert own.treatment("hubspot", "contacts", "firstname") == "block"


def test_lists_say_which_objects_are_read(tmp_path: Path) -> None:
    own = rules(
        tmp_path,
        """
        [salesforce.objects]
        deny = ["lead"]
        [salesforce.custom_objects]
        allow = ["Invoice*"]
        deny = ["*_Secret__c"]
        """,
    )

    assert not own.allows_object("salesforce", "Lead", is_custom=False)
    assert own.allows_object("salesforce", "Contact", is_custom=False)
    assert own.allows_object("salesforce", "Invoice__c", is_custom=True)
    assert not own.allows_object("salesforce", "Invoice_Secret__c", is_custom=True)
    assert not own.allows_object("salesforce", "Holiday__c", is_custom=True)
    assert own.allows_object("hubspot", "contacts", is_custom=False)


def test_lists_say_which_columns_are_read_and_never_take_ids_and_stamps(tmp_path: Path) -> None:
    own = rules(
        tmp_path,
        """
        [salesforce.allow_columns]
        Contact = ["Title"]
        [hubspot.deny_columns]
        contacts = ["hs_ip_*"]
        """,
    )

    read = [
        name
        for name in ("Id", "AccountId", "SystemModstamp", "Title")
        if own.allows_column("salesforce", "Contact", name)
    ]
    assert read == ["Id", "AccountId", "SystemModstamp", "Title"]
    assert not own.allows_column("salesforce", "Contact", "Email")
    assert own.allows_column("salesforce", "Lead", "Email")
    assert not own.allows_column("hubspot", "contacts", "hs_ip_city")
    assert own.allows_column("hubspot", "contacts", "email")


def test_a_glob_does_not_reach_ids_stamps_and_foreign_keys(tmp_path: Path) -> None:
    own = rules(tmp_path, '[salesforce.columns."*"]\n"*" = "block"\n[hubspot.columns."*"]\n"*" = "hash"\n')

    for name in ("Id", "OwnerId", "WhoId", "MasterRecordId", "SystemModstamp", "CreatedDate", "IsDeleted", "StageName"):
        assert own.treatment("salesforce", "Contact", name) == "keep"
    for name in ("id", "hs_object_id", "lastmodifieddate", "hubspot_owner_id", "dealstage", "archived_at"):
        assert own.treatment("hubspot", "contacts", name) == "keep"
    assert own.treatment("salesforce", "Contact", "Amount") == "block"


def test_a_field_taken_out_of_opportunities_asks_what_becomes_of_its_history(tmp_path: Path) -> None:
    rule = '[salesforce.columns.Opportunity]\nNextStep = "block"\n'
    decision = '[salesforce.columns.OpportunityFieldHistory]\n"*Value" = "block"\n'

    with pytest.raises(ConfigurationError, match="OldValue and NewValue"):
        rules(tmp_path, rule)

    own = rules(tmp_path, rule + decision)
    assert own.treatment("salesforce", "OpportunityFieldHistory", "OldValue") == "block"
    own = rules(tmp_path, rule + '[salesforce.objects]\ndeny = ["OpportunityFieldHistory"]\n')
    assert own.treatment("salesforce", "Opportunity", "NextStep") == "block"


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        (
            '[salesforce.columns.Contact]\nEmail = "hide"',
            ["salesforce.columns.Contact.Email", "'hide'", "keep, hash, block"],
        ),
        ("[salesforce.columns.Contact]\nEmail = true", ["salesforce.columns.Contact.Email", "keep, hash, block"]),
        ('[salesforce.collumns.Contact]\nEmail = "hash"', ["salesforce.collumns", "allow_columns, columns"]),
        ('[pipedrive.columns.x]\ny = "hash"', ["pipedrive", "hubspot, salesforce"]),
        ('[hubspot.objects]\nignore = ["x"]', ["hubspot.objects.ignore", "allow, deny"]),
        ('[hubspot.objects]\ndeny = "x"', ["hubspot.objects.deny", "list"]),
        ('[hubspot]\ncolumns = "x"', ["hubspot.columns", "table"]),
        ('[salesforce.columns.Contact]\nAccountId = "hash"', ["salesforce.columns.Contact.AccountId", "foreign key"]),
        ('[salesforce.columns.Contact]\nid = "block"', ["salesforce.columns.Contact.id", "must be read"]),
        ('[hubspot.columns.deals]\nHS_LastModifiedDate = "block"', ["HS_LastModifiedDate", "must be read"]),
        ('[hubspot.columns.deals]\namount = "hash"', ["hubspot.columns.deals.amount", "keep, block"]),
        ('[hubspot.columns.owners]\nemail = "hash"', ["hubspot.columns.owners.email", "whole"]),
        ('[salesforce.deny_columns]\nTask = ["WhoId"]', ["salesforce.deny_columns.Task (whoid)", "must be read"]),
        ("[salesforce", ["TOML"]),
    ],
)
def test_what_no_rule_knows_is_named_with_the_file_the_key_and_what_is_allowed(
    tmp_path: Path, text: str, complaints: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        rules(tmp_path, text)

    assert [part for part in [str(tmp_path / "rules.toml"), *complaints] if part not in str(refused.value)] == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.toml cannot be read"):
        ReadingRules.read(tmp_path / "nothing.toml")
