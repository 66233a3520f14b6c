"""HubSpot on its way into the landing log.

extract.py                               the connector: a lane for each of
  rows.py · history.py · links.py · deletions.py · erasures.py · calculated.py · backfill.py
  metadata.py · definitions.py · discovery.py
walks.py · search.py · batches.py        ways through records, none of which skips one that changes meanwhile
known.py · vanished.py · sweeps.py       what the log knows, who is missing, who is looked at again
sources.py · definition_sources.py · parts.py   answers as SQL, and together as parts of a load
carry.py · scratch.py · session.py       what one reading leaves to the lanes after it
objects.py · properties.py · probes.py   streams and declared columns, what the portal's metadata adds, what is so there
client.py · auth.py · limits.py · paths.py · mending.py   one pool, one login, one pace, one map
"""
