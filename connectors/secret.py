"""A string that no log, message or repr can show."""


class Secret:
    """Holds a token or password; `reveal()` is the only way to the text.

    Not a `str` and without `__eq__` on text, so that it can neither be formatted nor compared by accident.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: call it where the request is made, and keep no copy."""
        return self._text

    def __repr__(self) -> str:
        return "[secret]"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")
