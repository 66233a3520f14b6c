"""The generated world of two CRMs: deterministic from a seed, played day by day, with the truth about itself."""

from connectors.sandbox.world.imports import ImportRefusedError, ImportSummary
from connectors.sandbox.world.world import PLANTS, World

__all__ = ["PLANTS", "ImportRefusedError", "ImportSummary", "World"]
