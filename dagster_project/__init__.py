"""Dagster's side: the only place that knows every other part. Start reading in definitions.py."""
