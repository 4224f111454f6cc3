"""One's own account: who one is, preferences, second factor, sessions, API keys."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID
from zoneinfo import available_timezones

from fastapi import APIRouter
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from starlette.responses import Response

from api.access import ALL, Rule, allow
from api.portal.agents import programme
from api.portal.parts import Choice, Notice
from api.portal.qr import qr
from api.portal.visit import PostDep, Visit, VisitDep
from api.v1 import api_keys, sessions
from schemas.accounts import CreatedApiKey, NewApiKey, Scope
from ticketos.db.repositories import credentials
from ticketos.domain import totp
from ticketos.domain.errors import DomainError

router = APIRouter(include_in_schema=False)
_OWN = allow(ALL, page=True)
RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/account"): _OWN,
    ("GET", "/account/factor"): _OWN,
    ("POST", "/account/factor"): _OWN,
    ("POST", "/account/factor/off"): _OWN,
    ("POST", "/account/sessions/{session_id}/end"): _OWN,
    ("POST", "/account/keys"): _OWN,
    ("POST", "/account/keys/{key_id}/revoke"): _OWN,
}
_OFFER_LIFE_S = 900


async def _show(visit: Visit, status: int = 200, **more: Any) -> Response:
    def read(connection: Connection) -> dict[str, Any]:
        me = visit.principal.user_id
        return {
            "sessions": credentials.sessions_of(connection, me, visit.call.now),
            "keys": credentials.keys_of(connection, me),
            "factor": visit.services.second_factor.of(connection, me),
        }

    zone = visit.viewer.zone.key
    return visit.page(
        "account/account",
        status,
        **{"new_key": None, "recovery": None, "key_form": {}, **more},
        **await visit.read(read),
        programme=programme,
        current=visit.principal.caller.credential_id,
        grants=visit.principal.caller.grants,
        scopes=get_args(Scope),
        zones=[
            Choice(name, name, name == zone)
            for name in sorted(available_timezones())
            if "/" in name or name == "UTC"
        ],
    )


@router.get("/account")
async def show(visit: VisitDep) -> Response:
    """The whole account."""
    return await _show(visit)


@router.post("/account/sessions/{session_id}/end")
async def end_session(visit: PostDep, session_id: UUID) -> Response:
    """End a session somewhere else."""
    return await visit.act(
        lambda: sessions.end_other_session(visit.call, session_id),
        to="/account#sessions",
        said="account.session_ended",
    )


@router.post("/account/keys")
async def create_key(visit: PostDep) -> Response:
    """A new key. Its secret is on the very next page and nowhere else, so this answer is no redirect."""
    form = visit.form
    typed = {
        "name": form.text("name", 500),
        "scopes": form.texts("scopes"),
        "expires": form.text("expires", 10),
    }
    try:
        body = visit.body(
            NewApiKey,
            name=typed["name"],
            scopes=typed["scopes"],
            expires_at=_expiry(visit, form.text("expires", 10)),
        )
        answer = await api_keys.create_key(visit.call, body)
    except DomainError as error:

        async def again(notice: Notice, status: int) -> Response:
            return await _show(visit, status, notice=notice, key_form=typed)

        return await visit.refused(error, again)
    made = json.loads(bytes(answer.body))
    if "key" not in made:  # the form came twice; the secret was shown the first time
        return await _show(visit)
    return await _show(visit, 201, new_key=CreatedApiKey.model_validate(made))


def _expiry(visit: Visit, day: str) -> datetime | None:
    if not day:
        return None
    try:
        chosen = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=visit.viewer.zone)
    except ValueError as error:
        raise DomainError("date-unreadable", field="expires", given=day) from error
    return chosen + timedelta(days=1)


@router.post("/account/keys/{key_id}/revoke")
async def revoke_key(visit: PostDep, key_id: UUID) -> Response:
    """End a key."""
    return await visit.act(
        lambda: api_keys.revoke_key(visit.call, key_id), to="/account#api-keys", said="account.key_revoked"
    )


def _offers(visit: Visit) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        visit.services.keyring.derive("portal-factor-offer"), salt=str(visit.principal.user_id)
    )


@router.get("/account/factor")
async def offer_factor(visit: VisitDep) -> Response:
    """A new secret to put into an authenticator; it counts only after a code proves that it is there."""
    return _offer(visit, totp.SECRET_BYTES, None)


def _offer(visit: Visit, size: int, kept: bytes | None, status: int = 200, **more: Any) -> Response:
    secret, t = kept or secrets.token_bytes(size), visit.portal.texts
    address = totp.address(secret, visit.principal.caller.email, t("shell.product"))
    return visit.page(
        "account/factor",
        status,
        secret=totp.spelled(secret),
        address=address,
        picture=qr(address, t("account.setup_picture")),
        offer=_offers(visit).dumps(base64.b64encode(secret).decode()),
        **more,
    )


@router.post("/account/factor")
async def switch_on(visit: PostDep) -> Response:
    """Switch the second factor on; the recovery codes are shown this once."""
    call, kept = visit.call, None
    try:
        try:
            kept = base64.b64decode(
                _offers(visit).loads(visit.form.text("offer", 500), max_age=_OFFER_LIFE_S)
            )
        except (BadSignature, ValueError) as error:
            raise DomainError("form-expired") from error
        secret, code = kept, visit.form.text("code", 40)
        codes = await call.read(
            lambda connection: call.services.second_factor.switch_on(
                connection,
                visit.principal.home,
                visit.principal.user_id,
                secret,
                code,
                now=call.now,
                actor=visit.principal.actor(visit.principal.home),
            )
        )
    except DomainError as error:
        shown = kept

        async def again(notice: Notice, status: int) -> Response:
            return _offer(visit, totp.SECRET_BYTES, shown, status, notice=notice)

        return await visit.refused(error, again)
    return await _show(visit, recovery=codes)


@router.post("/account/factor/off")
async def switch_off(visit: PostDep) -> Response:
    """Switch it off: with the password, so that an open screen is not enough."""
    call = visit.call

    async def off() -> None:
        email, password = visit.principal.caller.email, str(visit.form.data.get("password") or "")[:200]
        await sessions.checked_login(visit.services, email, password, address=visit.principal.address)
        await call.read(
            lambda connection: call.services.second_factor.switch_off(
                connection,
                visit.principal.home,
                visit.principal.user_id,
                now=call.now,
                actor=visit.principal.actor(visit.principal.home),
            )
        )

    async def again(notice: Notice, status: int) -> Response:
        return await _show(visit, status, notice=notice)

    return await visit.act(off, to="/account#factor", said="account.factor_off", again=again)
