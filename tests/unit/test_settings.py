"""Settings: names, defaults, what is refused, and the master key."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from ticketos.settings import (
    MASTER_KEY_BYTES,
    Settings,
    SettingsError,
    default_home,
    ensure_master_key,
    master_keys,
)
from workers import wiring

OWNER = "postgresql+psycopg://ticketos_owner:p%40ss@db:5432/ticketos"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("TICKETOS_") or name in ("DATABASE_URL", "TEMPORAL_ADDRESS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TICKETOS_HOME", str(tmp_path / "home"))


def test_an_empty_environment_gives_a_local_setup_on_loopback(tmp_path: Path) -> None:
    settings = Settings()
    assert (settings.environment, settings.host, settings.port) == ("local", "127.0.0.1", 8080)
    assert settings.public_url == "http://localhost:8080"
    assert settings.objects_url == (tmp_path / "home" / "objects").as_uri()
    assert settings.outbox_dir == tmp_path / "home" / "mail"
    assert settings.max_upload_bytes == 50 * 1024 * 1024


@pytest.mark.parametrize("scheme", ["postgres://", "postgresql://", "postgresql+psycopg://"])
@pytest.mark.parametrize("variable", ["DATABASE_URL", "TICKETOS_DATABASE_URL"])
def test_the_database_url_is_read_under_both_names_and_every_scheme(
    monkeypatch: pytest.MonkeyPatch, scheme: str, variable: str
) -> None:
    monkeypatch.setenv(variable, OWNER.replace("postgresql+psycopg://", scheme))
    assert Settings().owner_url == OWNER


def test_another_kind_of_database_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://root:secret@db/x")
    with pytest.raises(ValidationError, match="starts with postgresql://") as refused:
        Settings()
    assert "secret" not in str(refused.value)


def test_a_missing_database_url_is_told_with_the_name_to_set() -> None:
    with pytest.raises(SettingsError, match="TICKETOS_APP_DATABASE_URL is not set"):
        _ = Settings().app_url


def test_passwords_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", OWNER)
    monkeypatch.setenv("TICKETOS_OUTBOUND_SMTP_URL", "smtp://me:hidden@mail:587")
    shown = repr(Settings())
    assert "p%40ss" not in shown
    assert "hidden" not in shown


def test_blank_variables_count_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "TICKETOS_OUTBOUND_SMTP_URL", "TICKETOS_TEMPORAL_UI_URL"):
        monkeypatch.setenv(name, "")
    settings = Settings()
    assert (settings.database_url, settings.outbound_smtp_url, settings.temporal_ui_url) == (None, None, None)


def test_settings_cannot_be_changed_after_reading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_production_needs_an_https_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETOS_ENVIRONMENT", "production")
    monkeypatch.setenv("TICKETOS_PUBLIC_URL", "https://tickets.example")
    assert Settings().public_url == "https://tickets.example"
    monkeypatch.setenv("TICKETOS_PUBLIC_URL", "http://tickets.example")
    with pytest.raises(ValidationError, match="https://"):
        Settings()


def test_the_default_home_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home() == tmp_path / "ticketos"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_home() == Path.home() / ".local" / "share" / "ticketos"


def test_the_master_key_is_made_once_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    key = ensure_master_key(tmp_path / "home")
    assert len(key) == MASTER_KEY_BYTES
    assert ensure_master_key(tmp_path / "home") == key
    assert (tmp_path / "home" / "master.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["master.key"]


def test_a_master_key_others_can_read_is_refused(tmp_path: Path) -> None:
    ensure_master_key(tmp_path)
    (tmp_path / "master.key").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        ensure_master_key(tmp_path)


def test_a_cut_master_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(ensure_master_key(tmp_path)[:-1])
    with pytest.raises(SettingsError, match="31 bytes, not 32"):
        ensure_master_key(tmp_path)


def test_retired_master_keys_are_read_from_the_home_or_from_anywhere(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "vault"
    for folder, name in ((home, "a.key"), (elsewhere, "b.key")):
        ensure_master_key(folder)
        (folder / "master.key").rename(folder / name)
    given = f"a.key{os.pathsep} {elsewhere / 'b.key'} {os.pathsep}"
    present, retired = master_keys(Settings(home=home, retired_master_keys=given))
    assert present == ensure_master_key(home)
    assert retired == ((home / "a.key").read_bytes(), (elsewhere / "b.key").read_bytes())
    assert master_keys(Settings(home=home)) == (present, ())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: path.unlink(), "is not there"),
        (lambda path: path.chmod(0o644), "chmod 600"),
        (lambda path: path.write_bytes(b"short"), "5 bytes, not 32"),
    ],
)
def test_a_retired_key_that_cannot_be_used_stops_the_start(
    tmp_path: Path, change: Callable[[Path], object], says: str
) -> None:
    ensure_master_key(tmp_path)
    old = (tmp_path / "master.key").rename(tmp_path / "old.key")
    change(old)
    with pytest.raises(SettingsError, match=says):
        master_keys(Settings(home=tmp_path, retired_master_keys="old.key"))


def test_a_provider_is_configured_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().oidc_issuer is None
    monkeypatch.setenv("TICKETOS_OIDC_CLIENT_ID", "ticketos")
    with pytest.raises(ValidationError, match="TICKETOS_OIDC_ISSUER must be set"):
        Settings()
    monkeypatch.setenv("TICKETOS_OIDC_ISSUER", "http://id.example")
    monkeypatch.setenv("TICKETOS_OIDC_CLIENT_SECRET", "very secret")
    settings = Settings()
    assert (settings.oidc_issuer, settings.oidc_trust_factor) == ("http://id.example", False)
    assert "very secret" not in repr(settings)
    monkeypatch.setenv("TICKETOS_ENVIRONMENT", "production")
    monkeypatch.setenv("TICKETOS_PUBLIC_URL", "https://desk.example")
    with pytest.raises(ValidationError, match="OIDC_ISSUER must start with https"):
        Settings()
    monkeypatch.setenv("TICKETOS_OIDC_ISSUER", "https://id.example")
    assert Settings().oidc_issuer == "https://id.example"
    monkeypatch.delenv("TICKETOS_OIDC_CLIENT_ID")
    with pytest.raises(ValidationError, match="TICKETOS_OIDC_CLIENT_ID must be set"):
        Settings()


def test_a_model_outside_needs_a_name_and_its_key_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wiring.model_outside(Settings()) is None
    monkeypatch.setenv("TICKETOS_MODEL_URL", "models.example/v1")
    with pytest.raises(ValidationError, match="starts with https://"):
        Settings()
    monkeypatch.setenv("TICKETOS_MODEL_URL", "https://models.example/v1")
    with pytest.raises(ValidationError, match="TICKETOS_MODEL_NAME must be set"):
        Settings()
    monkeypatch.setenv("TICKETOS_MODEL_NAME", "small-reader")
    monkeypatch.setenv("TICKETOS_MODEL_KEY", "sk-secret")
    monkeypatch.setenv("TICKETOS_MODEL_PRICE_IN", "0.15")
    settings = Settings()
    assert "sk-secret" not in repr(settings)
    model = wiring.model_outside(settings)
    assert model is not None
    assert (model.model, model.endpoint) == ("small-reader", "models.example")
    assert (model.price.incoming, model.price.currency) == (Decimal("0.15"), "USD")


@pytest.mark.parametrize("price", ["-1", "free"])
def test_a_models_price_is_an_amount(monkeypatch: pytest.MonkeyPatch, price: str) -> None:
    monkeypatch.setenv("TICKETOS_MODEL_PRICE_OUT", price)
    with pytest.raises(ValidationError):
        Settings()
