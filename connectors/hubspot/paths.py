"""Where HubSpot's endpoints live: v3 and v4 paths, or the date-based ones that replace them."""

from dataclasses import dataclass

DATED = "2026-03"  # supported until September 2027
VERSIONED = "v3"  # unsupported from September 2027; associations v4 until 30 March 2027


class Address(str):
    """The path of an endpoint in one version of the API, which knows the same endpoint's path in the other.

    `area` is what HubSpot gives versions to together: objects, associations, owners, …
    """

    __slots__ = ("area", "twin")

    area: str
    twin: str

    def __new__(cls, path: str, *, area: str, twin: str) -> "Address":
        """The string itself is the path."""
        address = super().__new__(cls, path)
        address.area, address.twin = area, twin
        return address


@dataclass(frozen=True)
class PathMap:
    """Paths of one API version: `v3` (associations then speak v4), or a date such as `2026-03`."""

    version: str = VERSIONED

    @property
    def is_dated(self) -> bool:
        """Whether the version stands behind the area's name instead of before it."""
        return self.version != VERSIONED

    def other(self) -> "PathMap":
        """The paths to try where HubSpot does not know these."""
        return PathMap(VERSIONED if self.is_dated else DATED)

    @property
    def account(self) -> Address:
        """Portal id, time zone and currency."""
        return self._address("account-info", "/account-info/v3/details", "/account-info/{}/details")

    @property
    def record_counts(self) -> Address:
        """How many records each type has."""
        return self._of_crm("limits", "/records")

    @property
    def owners(self) -> Address:
        """List of owners."""
        return self._of_crm("owners")

    @property
    def company_currency(self) -> Address:
        """The currency that deals are summed in."""
        return self._of_currencies("company-currency")

    @property
    def exchange_rates(self) -> Address:
        """List of the rates of all times."""
        return self._of_currencies("exchange-rates")

    def objects(self, kind: str) -> Address:
        """List of records."""
        return self._of_crm("objects", f"/{kind}")

    def search(self, kind: str) -> Address:
        """Search over records."""
        return self._of_crm("objects", f"/{kind}/search")

    def batch_read(self, kind: str) -> Address:
        """Records by id."""
        return self._of_crm("objects", f"/{kind}/batch/read")

    @property
    def deal_splits(self) -> Address:
        """Who shares each of many deals."""
        return self._address("deal-splits", "/crm/v3/objects/deals/splits/batch/read", "/deal-splits/{}/batch/read")

    def properties(self, kind: str) -> Address:
        """Definitions of properties."""
        return self._of_crm("properties", f"/{kind}")

    def pipelines(self, kind: str) -> Address:
        """Pipelines with their stages."""
        return self._of_crm("pipelines", f"/{kind}")

    def pipeline_audit(self, kind: str, pipeline_id: str, stage_id: str | None = None) -> Address:
        """Changes of a pipeline, or of one of its stages."""
        stage = f"/stages/{stage_id}" if stage_id is not None else ""
        return self._of_crm("pipelines", f"/{kind}/{pipeline_id}{stage}/audit")

    @property
    def schemas(self) -> Address:
        """Custom object types."""
        return self._address("schemas", "/crm/v3/schemas", "/crm-object-schemas/{}/schemas")

    @property
    def usage(self) -> Address:
        """Calls of today, of all private apps."""
        path = "/api-usage/daily/private-apps"
        return self._address("api-usage", f"/account-info/v3{path}", "/account-info/{}" + path)

    @property
    def token(self) -> Address:
        """OAuth's token endpoint, which has a version of its own."""
        return self._address("oauth", "/oauth/v1/token", "/oauth/{}/token")

    def associations(self, kind: str, to_kind: str) -> Address:
        """Links of many records. The v3 form ignores its own cursor, so there is none here."""
        path = f"/{kind}/{to_kind}/batch/read"
        return self._address("associations", f"/crm/v4/associations{path}", "/crm/associations/{}" + path)

    def _of_crm(self, area: str, path: str = "") -> Address:
        return self._address(area, f"/crm/v3/{area}{path}", f"/crm/{area}/{{}}{path}")

    def _of_currencies(self, name: str) -> Address:
        return self._address("currencies", f"/settings/v3/currencies/{name}", "/settings/currencies/{}/" + name)

    def _address(self, area: str, versioned: str, dated: str) -> Address:
        """`{}` in `dated` is where the date stands; ids and names in it must not hold braces."""
        if self.is_dated:
            return Address(dated.replace("{}", self.version), area=area, twin=versioned)
        return Address(versioned, area=area, twin=dated.replace("{}", DATED))
