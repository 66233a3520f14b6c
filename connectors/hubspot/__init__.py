"""HubSpot on its way into the landing log.

auth.py · limits.py · paths.py      who we are, how fast, where                client.py     one pool, one request
objects.py · properties.py          streams, and columns from metadata         sources.py    answers as SQL
walks.py · batches.py               ways through records                       landing.py    answers become parts
rows.py · history.py · links.py · deletions.py · metadata.py                   a lane each   extract.py  all of them
carry.py                            what one reading leaves to the lanes after it
"""
