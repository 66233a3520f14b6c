"""The portal's currencies: the one that deals are summed in, and what the others are worth in it, by date.

HubSpot lists every rate that holds or held, a hundred a page, and says not how many there are. A token without the
scope reads neither; coverage says so, and everything else is read.
"""

from connectors.errors import NoAccessError, RejectedRequestError
from connectors.hubspot.definition_sources import CURRENCY, RATE, company_currency_source, rates_source
from connectors.hubspot.objects import COMPANY_CURRENCY, COMPANY_CURRENCY_COLUMNS, RATE_COLUMNS
from connectors.hubspot.parts import Group
from connectors.hubspot.session import Session
from connectors.hubspot.walks import list_pages
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

RATES_PAGE = 100
_NOT_THERE = (404, 410)


class CurrenciesLane:
    """Plans and fetches company currency and exchange rates, each a full list."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """One call, of the rates one for each hundred: a portal that sets them by hand has no more."""
        columns = COMPANY_CURRENCY_COLUMNS if stream.object_name == COMPANY_CURRENCY else RATE_COLUMNS
        return PlanLine(stream, window, TableSchema.of(columns), "list", calls=1)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the full list.

        Raises:
            NoAccessError: the token lacks the scope, or this portal has no such addresses.
        """
        if load.parts:
            load.restart()
        try:
            if line.stream.object_name == COMPANY_CURRENCY:
                return self._fetch_company_currency(load)
            return self._fetch_rates(load)
        except RejectedRequestError as error:
            if isinstance(error, NoAccessError) or error.status not in _NOT_THERE:
                raise
            raise NoAccessError(
                f"HubSpot has no currencies of this portal to read (HTTP {error.status}). Nothing to do: rates come "
                "from Salesforce or from the seed exchange_rates.",
                status=error.status,
                code=error.code,
            ) from None

    def _fetch_company_currency(self, load: OpenLoad) -> Fetched:
        client, group = self._session.client, Group(load)
        group.add([b"[%s]" % client.get("currencies", client.paths.company_currency).body])
        load.land(company_currency_source(group.files), CURRENCY)
        return Fetched(expected_rows=1)

    def _fetch_rates(self, load: OpenLoad) -> Fetched:
        client, group, rows = self._session.client, Group(load), 0
        for page in list_pages(client, "currencies", client.paths.exchange_rates, {"limit": str(RATES_PAGE)}):
            group.add([page.body])
            rows += len(page.ids)
        load.land(rates_source(group.files), RATE)
        return Fetched(expected_rows=rows)
