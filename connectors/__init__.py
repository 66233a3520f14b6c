"""CRM → landing log → raw tables. Knows no Dagster, no dbt and no business rule."""
