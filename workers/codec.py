"""The converter of the workers' Temporal client; it lives in `ticketos.payloads`, as the API needs it too."""

from __future__ import annotations

from ticketos.payloads import EncryptingCodec, data_converter

__all__ = ["EncryptingCodec", "data_converter"]
