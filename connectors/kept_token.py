"""The file that an OAuth app's refresh token lives in, so that no crash loses it when the CRM gives a new one."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from connectors.errors import ConfigurationError
from connectors.landing.durable import sync_folder
from connectors.secret import Secret


@dataclass(frozen=True)
class KeptToken:
    """The token in use, and the one before it until the new one has worked.

    `origin` is a hash of the token that a person gave: another one puts what the file holds aside.
    """

    origin: str
    current: Secret
    previous: Secret | None = None

    @classmethod
    def read(cls, store: Path, first: Secret, *, cure: str) -> "KeptToken":
        """What `store` holds for the token that a person gave, or that token itself.

        `cure` says what a person does where the file is damaged: "approve the app again and set …".

        Raises:
            ConfigurationError: the file cannot be read or is damaged.
        """
        origin = hashlib.sha256(first.reveal().encode()).hexdigest()
        try:
            values = orjson.loads(store.read_bytes())
            if values["origin"] != origin:
                return cls(origin, first)
            previous = values["previous"]
            return cls(origin, Secret(values["current"]), Secret(previous) if previous else None)
        except FileNotFoundError:
            return cls(origin, first)
        except OSError as error:
            raise ConfigurationError(f"{store} cannot be read ({type(error).__name__}).") from None
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise ConfigurationError(f"{store} is damaged. Remove it, {cure}.") from None

    def write(self, store: Path) -> None:
        """On disk, readable by its owner alone, before this returns.

        Raises:
            ConfigurationError: it cannot be put there.
        """
        values = {
            "origin": self.origin,
            "current": self.current.reveal(),
            "previous": self.previous.reveal() if self.previous else None,
        }
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            _write_secretly(store, orjson.dumps(values))
        except OSError as error:
            raise ConfigurationError(
                f"{store} cannot be written ({type(error).__name__}), and the CRM may replace the refresh token at "
                "any login. Make its folder writable."
            ) from None


def _write_secretly(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.unlink(missing_ok=True)
    # its mode is right from the first byte on
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
