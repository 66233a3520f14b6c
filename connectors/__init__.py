"""CRM → landing log → raw tables. Knows no Dagster, no dbt and no business rule."""

__version__ = "0.1.0"
