"""The command line `crm`: what a person asks of the connectors, over the same engine that the nightly runs use."""
