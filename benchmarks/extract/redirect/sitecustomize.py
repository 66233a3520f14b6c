"""Sends what a package addresses to its vendor to the sandbox instead, and lets it live in the sandbox's time.

Python imports a module of this name by itself from PYTHONPATH. Only the environments of the other extractors see it.
Names of answer headers are put into the vendors' capitals, which our server's library writes small: one package looks
for `content-type` in a plain dict, and would take a path here that it never takes against Salesforce. The clock goes on
from the sandbox's present: a package that remembers its own "now" would else never see the sandbox's next day.
"""

import os

import requests
import time_machine
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

_VENDORS = ("https://login.salesforce.com", "https://test.salesforce.com", "https://api.hubapi.com")
_sandbox = os.environ["SANDBOX_URL"]
_send = HTTPAdapter.send


def _redirected(
    self: HTTPAdapter, request: requests.PreparedRequest, *args: object, **kwargs: object
) -> requests.Response:
    for vendor in _VENDORS:
        if request.url is not None and request.url.startswith(vendor):
            request.url = _sandbox + request.url[len(vendor) :]
    response = _send(self, request, *args, **kwargs)  # type: ignore[arg-type]
    response.headers = CaseInsensitiveDict({name.title(): value for name, value in response.headers.items()})
    return response


HTTPAdapter.send = _redirected  # type: ignore[method-assign]
time_machine.travel(os.environ["SANDBOX_CLOCK"], tick=True).start()
