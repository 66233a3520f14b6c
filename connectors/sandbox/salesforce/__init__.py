"""Salesforce's wire format over the sandbox's world: login, describe, SOQL, deletes, limits, Composite and Bulk 2.0."""

from starlette.routing import Route

from connectors.sandbox.state import SandboxState


def routes(state: SandboxState) -> list[Route]:
    """Every Salesforce endpoint of the sandbox."""
    return []
