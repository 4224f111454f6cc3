"""The Temporal client every process uses: payloads encrypted, errors too."""

from __future__ import annotations

from temporalio.client import Client

from ticketos.crypto import Keyring
from ticketos.payloads import data_converter


async def connect(address: str, namespace: str, keyring: Keyring) -> Client:
    """Open a connection; raises ``RuntimeError`` when nobody answers."""
    return await Client.connect(address, namespace=namespace, data_converter=data_converter(keyring))
