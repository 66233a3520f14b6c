"""Salesforce: login, Bulk 2.0 and REST reading, deletions; `extract.connect` gives the connector."""
