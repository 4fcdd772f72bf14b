"""Leases of the store for those who are made before it is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.errors import Overloaded
from service.store import StoreUnavailable

if TYPE_CHECKING:
    from service.store import Store


class StoredLeases:
    """Leases that all processes of a site share; none can be had before `store` is set."""

    def __init__(self) -> None:
        """Nobody asks before the application has started."""
        self.store: Store | None = None

    async def take_lease(self, name: str, holder: str, seconds: float) -> bool:
        """True when `holder` has it now; raises `Overloaded` where nobody can say."""
        if self.store is None:
            raise Overloaded("The service is starting or ending; try again in a second.")
        try:
            return await self.store.take_lease(name, holder, seconds)
        except StoreUnavailable:
            raise Overloaded("The service's store does not answer; try again in a second.") from None

    async def release_lease(self, name: str, holder: str) -> None:
        """Gives it back."""
        if self.store is not None:
            await self.store.release_lease(name, holder)
