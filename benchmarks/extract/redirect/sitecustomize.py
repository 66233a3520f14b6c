"""Sends what a package addresses to its vendor to the sandbox instead, and lets it live in the sandbox's time.

Python imports a module of this name by itself from PYTHONPATH. Only the environments of the other extractors see it.
The clock goes on from the sandbox's present: a package that remembers its own "now" would else never see the sandbox's
next day.
"""

import os

import requests
import time_machine
from requests.adapters import HTTPAdapter

_VENDORS = ("https://login.salesforce.com", "https://test.salesforce.com", "https://api.hubapi.com")
_sandbox = os.environ["SANDBOX_URL"]
_send = HTTPAdapter.send


def _redirected(
    self: HTTPAdapter, request: requests.PreparedRequest, *args: object, **kwargs: object
) -> requests.Response:
    for vendor in _VENDORS:
        if request.url is not None and request.url.startswith(vendor):
            request.url = _sandbox + request.url[len(vendor) :]
    return _send(self, request, *args, **kwargs)  # type: ignore[arg-type]


HTTPAdapter.send = _redirected  # type: ignore[method-assign]
time_machine.travel(os.environ["SANDBOX_CLOCK"], tick=True).start()
