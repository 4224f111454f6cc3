"""Who is asking, and what they may do over which client."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from schemas.acts import ActorRef
from ticketos.db.repositories.credentials import Caller
from ticketos.domain.state import Actor

CLIENT_ROLES = frozenset({"client_user", "client_admin"})
"""Roles of people who belong to a client; every other role belongs to the provider's people."""


@dataclass(frozen=True)
class Principal:
    """A signed-in person or a key. ``address`` is where the request came from; ``cookie`` says that a
    browser sent the token by itself."""

    caller: Caller
    address: str
    cookie: bool = False

    @property
    def user_id(self) -> UUID:
        """The login."""
        return self.caller.user_id

    @property
    def home(self) -> UUID:
        """The company the login belongs to."""
        return self.caller.client_id

    @property
    def clients(self) -> tuple[UUID, ...]:
        """The clients some role covers: their rows are what the caller sees."""
        return self.caller.clients

    @cached_property
    def reach(self) -> frozenset[UUID]:
        """``clients`` and the home company, where the login's own rows are."""
        return frozenset((*self.clients, self.home))

    @cached_property
    def roles(self) -> frozenset[str]:
        """Every role held over some client."""
        return frozenset(grant.role for grant in self.caller.grants)

    def roles_over(self, client_id: UUID) -> frozenset[str]:
        """The roles held over one client."""
        return frozenset(
            g.role for g in self.caller.grants if g.client_id is None or g.client_id == client_id
        )

    def clients_with(self, roles: frozenset[str]) -> tuple[UUID, ...]:
        """The clients over which one of these roles is held."""
        return tuple(client for client in self.clients if self.roles_over(client) & roles)

    def has_scope(self, scope: str | None) -> bool:
        """Whether the key's scopes allow it; a person's session is limited by roles alone."""
        return scope is None or self.caller.scopes is None or scope in self.caller.scopes

    @property
    def staff(self) -> bool:
        """Whether the caller works for the provider."""
        return bool(self.roles - CLIENT_ROLES)

    def staff_over(self, client_id: UUID) -> bool:
        """Whether the caller does the provider's work for that client."""
        return bool(self.roles_over(client_id) - CLIENT_ROLES)

    @property
    def name(self) -> str:
        """What limits and idempotency keys are counted by."""
        if self.caller.via == "key":
            return f"key:{self.caller.credential_id}"
        return f"user:{self.user_id}"

    def actor(self, client_id: UUID | None = None) -> Actor:
        """The caller as the trail names them, with the roles over that client."""
        roles = self.roles if client_id is None else self.roles_over(client_id)
        return Actor("user" if self.staff else "client", str(self.user_id), roles, self.address)

    def actor_ref(self, client_id: UUID) -> ActorRef:
        """The caller as a workflow's update carries them."""
        actor = self.actor(client_id)
        return ActorRef(kind=actor.kind, id=actor.id, roles=tuple(sorted(actor.roles)), origin=actor.origin)
