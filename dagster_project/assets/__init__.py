"""Assets by source and layer; each body calls one thing and reports it."""
