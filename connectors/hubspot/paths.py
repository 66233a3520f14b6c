"""Where HubSpot's endpoints live: v3 and v4 paths, or the date-based ones that replace them."""

from dataclasses import dataclass

DATED = "2026-03"  # supported until September 2027
VERSIONED = "v3"  # unsupported from September 2027; associations v4 until 30 March 2027


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
    def account(self) -> str:
        """Portal id, time zone and currency."""
        return f"/account-info/{self.version}/details"

    @property
    def record_counts(self) -> str:
        """How many records each type has."""
        return f"{self._area('limits')}/records"

    @property
    def owners(self) -> str:
        """List of owners."""
        return self._area("owners")

    def objects(self, kind: str) -> str:
        """List of records."""
        return f"{self._area('objects')}/{kind}"

    def search(self, kind: str) -> str:
        """Search over records."""
        return f"{self.objects(kind)}/search"

    def batch_read(self, kind: str) -> str:
        """Records by id."""
        return f"{self.objects(kind)}/batch/read"

    @property
    def deal_splits(self) -> str:
        """Who shares each of many deals."""
        return (
            f"/deal-splits/{self.version}/batch/read" if self.is_dated else f"{self.objects('deals')}/splits/batch/read"
        )

    def properties(self, kind: str) -> str:
        """Definitions of properties."""
        return f"{self._area('properties')}/{kind}"

    def pipelines(self, kind: str) -> str:
        """Pipelines with their stages."""
        return f"{self._area('pipelines')}/{kind}"

    def pipeline_audit(self, kind: str, pipeline_id: str, stage_id: str | None = None) -> str:
        """Changes of a pipeline, or of one of its stages."""
        stage = f"/stages/{stage_id}" if stage_id is not None else ""
        return f"{self.pipelines(kind)}/{pipeline_id}{stage}/audit"

    @property
    def schemas(self) -> str:
        """Custom object types."""
        return f"/crm-object-schemas/{self.version}/schemas" if self.is_dated else f"/crm/{self.version}/schemas"

    @property
    def usage(self) -> str:
        """Calls of today."""
        return f"/account-info/{self.version}/api-usage/daily/private-apps"

    @property
    def token(self) -> str:
        """OAuth's token endpoint, which has a version of its own."""
        return f"/oauth/{self.version if self.is_dated else 'v1'}/token"

    def associations(self, kind: str, to_kind: str) -> str:
        """Links of many records. The v3 form ignores its own cursor, so there is none here."""
        version = self.version if self.is_dated else None
        area = f"/crm/associations/{version}" if version else "/crm/v4/associations"
        return f"{area}/{kind}/{to_kind}/batch/read"

    def _area(self, name: str) -> str:
        return f"/crm/{name}/{self.version}" if self.is_dated else f"/crm/{self.version}/{name}"
