"""HubSpot on its way into the landing log.

extract.py                               the connector: a lane for each of
  rows.py · history.py · links.py · deletions.py · metadata.py
walks.py · search.py · batches.py        ways through records, none of which skips one that changes meanwhile
sources.py · parts.py                    answers as SQL, and together as parts of a load
carry.py · scratch.py · session.py       what one reading leaves to the lanes after it
objects.py · properties.py               streams and declared columns, and what the portal's metadata adds
client.py · auth.py · limits.py · paths.py   one pool, one token, one pace, one map of addresses
"""
