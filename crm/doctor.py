"""`crm doctor`: one line per thing that must be right, what was found, and what to do where it is not."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from rich.console import RenderableType
from rich.text import Text

from connectors.errors import ConfigurationError, CrmError, DamagedLogError
from connectors.forget import find_rewriting
from connectors.reading_rules import ReadingRules
from connectors.streams import Connector, Metered, Probe, Probes
from crm.answer import Answer, message_of
from crm.choice import choose_crms
from crm.reach import Reach, reach_crms
from crm.standing import read_holder
from crm.terminal import Terminal, new_table
from dagster_project.crms import open_log, reading_rules
from dagster_project.settings import Settings, read_settings

SKEW = timedelta(minutes=5)  # a login by assertion is refused beyond that
LITTLE_SPACE = 2 * 1024**3
SHOWN_COLUMNS = 5

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red"), "unverified": ("?", "yellow")}


@dataclass(frozen=True)
class Finding:
    """A probe and what it is about: a CRM, or the project itself."""

    about: str
    probe: Probe


def examine(terminal: Terminal, crm: str | None) -> Answer:
    """Look at the settings, the data folder, and each connected CRM."""
    findings: list[Finding] = []
    settings = read_settings()
    crms = choose_crms(settings, crm)
    findings += [Finding("project", probe) for probe in _project(settings)]
    with reach_crms(settings, terminal) as reach:
        for name in crms:
            terminal.note(f"Asking {name} ...")
            findings += [Finding(name, probe) for probe in _crm(reach, name)]
    failed = [finding for finding in findings if finding.probe.status == "failed"]
    document = {
        "is_healthy": not failed,
        "findings": [{"about": finding.about, **asdict(finding.probe)} for finding in findings],
    }
    return Answer(document, tuple(_parts(findings)), exit_code=1 if failed else 0)


def _parts(findings: list[Finding]) -> Iterator[RenderableType]:
    for about in dict.fromkeys(finding.about for finding in findings):
        probes = [finding.probe for finding in findings if finding.about == about]
        table = new_table(about, "", "what", "found")
        for probe in probes:
            mark, style = MARKS[probe.status]
            found = Text(probe.found)
            if probe.action and probe.status != "ok":
                found.append(f"\n→ {probe.action}", style="yellow" if probe.status != "failed" else "red")
            table.add_row(Text(mark, style=style), probe.name, found)
        yield table
        yield Text("")
    counts = {status: sum(finding.probe.status == status for finding in findings) for status in MARKS}
    yield Text(
        f"{counts['ok']} are well, {counts['warning']} to look at, {counts['unverified']} could not be seen, "
        f"{counts['failed']} to mend."
    )


def _project(settings: Settings) -> Iterator[Probe]:
    source = "the built-in CRMs (CRM_SOURCE=sandbox)" if settings.is_sandbox else " and ".join(settings.connected_crms)
    yield Probe("settings", "ok", f"connected: {source}")
    yield _rules(settings)
    budget = f"{settings.api_budget:,} calls per run" if settings.api_budget else "no cap of your own"
    yield Probe("budget", "ok", f"{budget}; {settings.daily_reserve:.0%} of each day's calls are left to others")
    folder = settings.paths.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        yield Probe("data folder", "failed", f"{folder} cannot be written to", "Give this user the right to write.")
        return
    free = shutil.disk_usage(folder).free
    status, action = ("ok", "") if free > LITTLE_SPACE else ("warning", "Make room: see docs/runbooks.md, disk full.")
    yield Probe("data folder", "warning" if status == "warning" else "ok", f"{free / 1e9:,.1f} GB free", action)


def _rules(settings: Settings) -> Probe:
    try:
        rules = reading_rules(settings)
    except ConfigurationError as error:
        return Probe("reading rules", "failed", str(error), "Mend the file that CRM_READING_RULES names.")
    named = settings.reading_rules.name if settings.reading_rules else "those that come along"
    hashing = [crm for crm in settings.connected_crms if rules.hashes(crm)]
    if hashing and settings.hash_key is None:
        return Probe(
            "reading rules",
            "failed",
            f"{named}; they hash columns of {' and '.join(hashing)}, and there is no key",
            "Set CRM_HASH_KEY to a long random text, and keep a copy of it elsewhere.",
        )
    landed = _landed_before(settings, rules)
    if landed:
        shown = ", ".join(landed[:SHOWN_COLUMNS]) + (" ..." if len(landed) > SHOWN_COLUMNS else "")
        found = f"{named}; landed before they blocked or hashed it: {shown}"
        return Probe("reading rules", "warning", found, "Look with: crm log rules. Treat it with: crm log rules --yes")
    return Probe("reading rules", "ok", f"{named}; {'columns are hashed' if hashing else 'no column is hashed'}")


def _landed_before(settings: Settings, rules: ReadingRules) -> list[str]:
    try:
        with open_log(settings) as log:
            found = {crm: find_rewriting(log, crm, rules).columns for crm in settings.connected_crms}
    except DamagedLogError:  # what the probe of the log is about
        return []
    return [f"{name}.{column}" for objects in found.values() for name, columns in objects.items() for column in columns]


def _crm(reach: Reach, name: str) -> list[Probe]:
    """Our own questions and the connector's; where both ask the same, the connector knows better."""
    found: dict[str, Probe] = {}
    try:
        with reach.connector(name) as connector:
            identity = connector.identity()
            found["login"] = Probe("login", "ok", f"answers as {identity}")
            found["landing log"] = _log(reach, name, identity)
            found["running sync"] = _holder(reach, name)
            found["clock"] = _clock(reach, connector.server_clock())
            found["quota"] = _quota(connector)
            for probe in connector.probes() if isinstance(connector, Probes) else ():
                # the sandbox's clock is a played one
                if not (reach.settings.is_sandbox and probe.name == "clock"):
                    found[probe.name] = probe
    except CrmError as error:
        action = "Do what the message says, then run crm doctor again."
        found["answers"] = Probe("answers", "failed", message_of(error), action)
    return list(found.values())


def _log(reach: Reach, name: str, identity: str) -> Probe:
    with reach.log() as log:
        try:
            log.check_identity(name, identity)
        except ConfigurationError as error:
            return Probe("landing log", "failed", str(error), "See docs/runbooks.md, sandbox refresh.")
        loads = len(log.manifests(name))
    return Probe("landing log", "ok", f"{loads:,} loads, all of this org" if loads else "nothing loaded yet")


def _holder(reach: Reach, name: str) -> Probe:
    with reach.log() as log:
        holder = read_holder(log, name)
    if holder:
        return Probe("running sync", "warning", holder, "Wait for it; its lease ends with its process.")
    return Probe("running sync", "ok", "none")


def _clock(reach: Reach, clock: datetime) -> Probe:
    if reach.settings.is_sandbox:
        return Probe("clock", "ok", f"the sandbox plays {clock:%Y-%m-%d %H:%M} UTC")
    skew = abs(datetime.now(UTC) - clock)
    found = f"{skew.total_seconds():.0f} s between this machine and the CRM"
    if skew > SKEW:
        return Probe("clock", "warning", found, "Set this machine's clock. Windows follow the CRM's, logins may not.")
    return Probe("clock", "ok", found)


def _quota(connector: Connector) -> Probe:
    quota = connector.quota() if isinstance(connector, Metered) else None
    if quota is None:
        return Probe("quota", "unverified", "the CRM does not say how many API calls are used")
    found = f"{quota.used:,} of {quota.maximum:,} API calls are used, {quota.available:,} may still be made"
    if quota.available == 0:
        return Probe("quota", "failed", found, "See docs/runbooks.md, limit reached.")
    return Probe("quota", "ok", found)
