"""Requests and answers of the asynchronous API: JSON to whoever sends JSON, else XML."""

import re
from collections.abc import Mapping
from html import escape

from connectors.sandbox.endpoint import Answer, Call

XML = "application/xml"
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
_ELEMENT = re.compile(r"<(?:\w+:)?(\w+)>([^<]*)</")


def asked_fields(call: Call) -> dict[str, str]:
    """A request's fields, JSON or XML."""
    given = call.json()
    if isinstance(given, dict):
        return {str(name): str(value) for name, value in given.items()}
    return dict(_ELEMENT.findall(call.body.decode("utf-8", errors="replace")))


def answer_in_kind(call: Call, name: str, fields: Mapping[str, object], status: int = 200) -> Answer:
    """JSON to whoever sent JSON, else XML."""
    if "json" in call.headers.get("content-type", ""):
        return Answer.of(fields, status=status)
    return xml_answer(name, fields, status)


def xml_answer(name: str, fields: Mapping[str, object], status: int = 200) -> Answer:
    """An XML answer of one element."""
    return xml_document(xml_element(name, fields).replace(f"<{name}>", f'<{name} xmlns="{NAMESPACE}">', 1), status)


def xml_element(name: str, fields: Mapping[str, object]) -> str:
    """An element with a child for each field."""
    inner = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in fields.items())
    return f"<{name}>{inner}</{name}>"


def xml_document(text: str, status: int = 200) -> Answer:
    """An answer of whole XML."""
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), status, media_type=XML)
