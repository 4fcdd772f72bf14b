"""Used tokens in the store, for those who are made before it is open."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Final

from service.errors import Overloaded
from service.store import StoreUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from service.store import Store


# Nobody waits longer to learn whether a caller is believed.
_PATIENCE_SECONDS: Final = 2.0


class StoredReplays:
    """The memory that all processes of a site share; nobody is believed before `store` is set."""

    def __init__(self, key: bytes) -> None:
        """`key` makes the hashes that are kept."""
        self._key = key
        self.store: Store | None = None

    async def first_use(self, digest: bytes, ends: datetime) -> bool:
        """Whether a token comes for the first time; raises `Overloaded` where nobody can say."""
        if self.store is None:
            raise Overloaded("The service is starting or ending; try again in a second.")
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await self.store.first_use(hmac.digest(self._key, b"token" + digest, "sha256").hex(), ends)
        except (StoreUnavailable, TimeoutError):
            raise Overloaded("The service's store does not answer; try again in a second.") from None
