"""The store of a site that has subscriptions on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.security.hooks import store_key
from service.settings import SettingsError, variable_of
from service.store import StoreUnavailable

if TYPE_CHECKING:
    from pydantic import SecretStr

    from service.settings import Settings
    from service.store import Store


async def open_store(settings: Settings, key: SecretStr) -> Store:
    """The store with the newest schema; raises `SettingsError` where it cannot be used."""
    from service.store import Store

    try:
        return await Store.open(settings.store.get_secret_value(), store_key(key))
    except StoreUnavailable as error:
        raise SettingsError(str(error)) from None


async def require_store(settings: Settings) -> None:
    """Opens the store once where subscriptions are on, so that what is wrong with it is said before serving."""
    if settings.service_key is not None:
        await (await open_store(settings, settings.service_key)).close()


def require_subscriptions(settings: Settings) -> tuple[SecretStr, str]:
    """The key of the secrets and the address of this service; raises `SettingsError` naming what is not set."""
    if settings.service_key is None:
        raise SettingsError(f"{variable_of('service_key')}: subscriptions are off; set it to turn them on.")
    if settings.public_url is None:
        raise SettingsError(f"{variable_of('public_url')}: set it to where FHIR servers reach this service.")
    return settings.service_key, settings.public_url
