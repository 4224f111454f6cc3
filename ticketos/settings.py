"""Everything an operator can set, read once from the environment.

There is no instance at import time: whoever starts a process builds one `Settings()` and hands it on.
Values come from variables named `TICKETOS_<FIELD>`; `DATABASE_URL` and `TEMPORAL_ADDRESS` are honoured
under those plain names as well, because other tools set them so.
"""

from __future__ import annotations

import os
import secrets
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

MASTER_KEY_FILE = "master.key"
MASTER_KEY_BYTES = 32

_DRIVER = "postgresql+psycopg://"
_HERE = ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104 - compared with, not listened on


class SettingsError(Exception):
    """A setting is missing or cannot be used; the text says in words what to set."""


def default_home() -> Path:
    """The user's data folder for TicketingOS, as the platform's convention has it (not created here)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "TicketingOS"
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "share") / "ticketos"


def sqlalchemy_url(url: str) -> str:
    """`url` with the psycopg 3 driver named; hosting platforms hand out `postgres://` and `postgresql://`."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return _DRIVER + url.removeprefix(prefix)
    return url


def _database_url(value: object) -> object:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    url = sqlalchemy_url(value.strip())
    if not url.startswith(_DRIVER):
        raise ValueError("a database URL starts with postgresql://, postgres:// or postgresql+psycopg://")
    return url


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


DatabaseUrl = Annotated[SecretStr | None, BeforeValidator(_database_url)]
OptionalText = Annotated[str | None, BeforeValidator(_blank_is_none)]
OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_blank_is_none)]


class Settings(BaseSettings):
    """The settings of one process. Frozen: a changed setting is a restarted process."""

    model_config = SettingsConfigDict(
        env_prefix="TICKETOS_", frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True
    )

    environment: Literal["local", "staging", "production"] = "local"
    home: Path = Field(default_factory=default_home)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # The owner migrates; the app and the system role do the work and are held by row-level security.
    database_url: DatabaseUrl = Field(
        default=None, validation_alias=AliasChoices("TICKETOS_DATABASE_URL", "DATABASE_URL")
    )
    app_database_url: DatabaseUrl = None
    system_database_url: DatabaseUrl = None

    temporal_address: str = Field(
        default="127.0.0.1:7233",
        validation_alias=AliasChoices("TICKETOS_TEMPORAL_ADDRESS", "TEMPORAL_ADDRESS"),
    )
    temporal_namespace: str = "default"
    temporal_ui_url: OptionalText = None
    max_cached_workflows: int = Field(default=500, ge=0)
    codec_port: int = Field(default=0, ge=0, le=65535, description="0: no codec endpoint")
    codec_path: OptionalSecret = Field(
        default=None, description="random first path segment of the codec endpoint"
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    max_upload_mb: int = Field(default=50, gt=0)

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=0, ge=0, le=65535, description="port of the mail we receive; 0: off")
    outbound_smtp_url: OptionalSecret = Field(
        default=None, description="None: mail is written to home/mail as .eml"
    )
    mail_domain: str = "tickets.localhost"

    oidc_issuer: OptionalText = Field(default=None, description="None: nobody signs in through a provider")
    oidc_client_id: OptionalText = None
    oidc_client_secret: OptionalSecret = Field(default=None, description="None: a public client, PKCE alone")
    oidc_name: str = Field(default="", description="what people call the provider; empty: its host")
    oidc_trust_factor: bool = Field(
        default=False, description="a second factor shown to the provider stands for one's own"
    )

    retired_master_keys: str = Field(
        default="",
        description=f"files of earlier master keys, parted by {os.pathsep!r}; relative ones lie in home",
    )
    objects_url: str = ""
    ocr_processes: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    second_reader: str = Field(
        default="",
        pattern=r"^([A-Za-z_]{3,}(\+[A-Za-z_]{3,})*)?$",
        description="languages of tesseract (eng+hin), asked where the first reader is unsure; empty for none",
    )

    model_url: OptionalText = Field(
        default=None,
        description="base address of a model that speaks OpenAI's API; None: no model outside is ever asked",
    )
    model_name: OptionalText = None
    model_key: OptionalSecret = None
    model_price_in: Decimal = Field(default=Decimal(0), ge=0, description="per million tokens read")
    model_price_out: Decimal = Field(default=Decimal(0), ge=0, description="per million tokens written")
    model_currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    model_timeout_s: float = Field(default=20.0, gt=0, le=120)
    model_reliability: float = Field(
        default=0.85,
        gt=0,
        lt=1,
        description="how often a field the model names is right, by your own measurement",
    )

    @model_validator(mode="after")
    def _fill_and_check(self) -> Self:
        fill = object.__setattr__  # frozen: the only moment at which derived values may be put in
        fill(self, "home", self.home.expanduser().absolute())
        if not self.public_url:
            shown = "localhost" if self.host in _HERE else self.host
            fill(self, "public_url", f"http://{shown}:{self.port}")
        fill(self, "public_url", self.public_url.rstrip("/"))
        if not self.objects_url:
            fill(self, "objects_url", (self.home / "objects").as_uri())
        if self.environment != "local" and not self.public_url.startswith("https://"):
            raise ValueError("outside the local environment TICKETOS_PUBLIC_URL must start with https://")
        self._check_oidc()
        self._check_model()
        return self

    def _check_model(self) -> None:
        if self.model_url is None:
            return
        if not self.model_url.startswith(("http://", "https://")):
            raise ValueError(
                "TICKETOS_MODEL_URL starts with https:// (or http:// for a model of your own network)"
            )
        if not self.model_name:
            raise ValueError("TICKETOS_MODEL_NAME must be set where TICKETOS_MODEL_URL is")

    def _check_oidc(self) -> None:
        if self.oidc_issuer is None:
            if self.oidc_client_id is not None or self.oidc_client_secret is not None:
                raise ValueError("TICKETOS_OIDC_ISSUER must be set where other TICKETOS_OIDC_ variables are")
            return
        if self.oidc_client_id is None:
            raise ValueError("TICKETOS_OIDC_CLIENT_ID must be set where TICKETOS_OIDC_ISSUER is")
        if not self.oidc_issuer.startswith("https://") and self.environment != "local":
            raise ValueError("outside the local environment TICKETOS_OIDC_ISSUER must start with https://")

    @property
    def owner_url(self) -> str:
        """The owner's database URL in SQLAlchemy form; raises SettingsError when it is not set."""
        return _required(self.database_url, "DATABASE_URL")

    @property
    def app_url(self) -> str:
        """The URL of role ticketos_app in SQLAlchemy form; raises SettingsError when it is not set."""
        return _required(self.app_database_url, "TICKETOS_APP_DATABASE_URL")

    @property
    def system_url(self) -> str:
        """The URL of role ticketos_system in SQLAlchemy form; raises SettingsError when it is not set."""
        return _required(self.system_database_url, "TICKETOS_SYSTEM_DATABASE_URL")

    @property
    def outbox_dir(self) -> Path:
        """Where outgoing mail is written when no SMTP server is set."""
        return self.home / "mail"

    @property
    def max_upload_bytes(self) -> int:
        """The largest accepted upload in bytes."""
        return self.max_upload_mb * 1024 * 1024


def _required(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise SettingsError(
            f"{name} is not set. `ticketos up` brings its own database; else set this variable."
        )
    return value.get_secret_value()


def ensure_master_key(home: Path) -> bytes:
    """The 32-byte master key of this home, created with mode 0600 on first use.

    Raises SettingsError when the file is readable by others or has the wrong length: a key that leaked or
    was cut must not be used silently.
    """
    path = home / MASTER_KEY_FILE
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _create_key(path)
    return _read_key(path)


def master_keys(settings: Settings) -> tuple[bytes, tuple[bytes, ...]]:
    """The master key in use and the retired ones, which open what they once sealed and seal nothing new.

    Raises SettingsError for a retired key that is not there, that others can read, or that was cut: without it
    a part of what is stored would be unreadable, which must not come out one file at a time.
    """
    retired: list[bytes] = []
    for name in filter(None, (one.strip() for one in settings.retired_master_keys.split(os.pathsep))):
        path = settings.home / Path(name).expanduser()
        if not path.is_file():
            raise SettingsError(
                f"{path} of TICKETOS_RETIRED_MASTER_KEYS is not there. Restore it from your backup."
            )
        retired.append(_read_key(path))
    return ensure_master_key(settings.home), tuple(retired)


def _read_key(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path} can be read by other users. Run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != MASTER_KEY_BYTES:
        raise SettingsError(
            f"{path} holds {len(key)} bytes, not {MASTER_KEY_BYTES}. Restore it from your backup."
        )
    return key


def _create_key(path: Path) -> None:
    """Write a new key whole or not at all: two processes starting together must end with the same key."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(secrets.token_bytes(MASTER_KEY_BYTES))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(draft, path)  # fails where the other process was first; its key is then the key
        except FileExistsError:
            return
    finally:
        draft.unlink()
