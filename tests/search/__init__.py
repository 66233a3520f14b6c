"""Random histories of both CRMs, of what goes wrong and of runs that die; afterwards raw must equal truth.

drawing.py   what is drawn: a world and the steps of its history, as plain JSON
playing.py   plays the steps against a sandbox process, and compares at the end
runner.py    syncs in processes of their own, which can be killed at any moment
reducing.py  the fewest steps that still fail        `python -m tests.search --help` searches for long
"""
