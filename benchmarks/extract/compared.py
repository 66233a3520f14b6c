"""Everything that is measured, in the order of the table."""

from benchmarks.extract.extractors import AirbyteSalesforce, Extractor, Ours, TapHubspot, TapSalesforce
from benchmarks.extract.floor import Floor

HISTORY = ("Opportunity", "OpportunityHistory")


def every_extractor() -> list[Extractor]:
    """The floor and ours first, CRM by CRM."""
    return [
        Floor("salesforce"),
        Ours("salesforce"),
        Floor("salesforce", *HISTORY),
        Ours("salesforce", *HISTORY),
        TapSalesforce(),
        AirbyteSalesforce(),
        Floor("hubspot"),
        Ours("hubspot"),
        Floor("hubspot", "deals"),
        Ours("hubspot", "deals"),
        TapHubspot(),
    ]
