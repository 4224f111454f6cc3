"""A second factor at sign-in: an encrypted secret, the last step used, and hashes of recovery codes.

Revision ID: second_factor
Revises: 0006_learning
Create Date: 2026-11-22 01:50
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "second_factor"
down_revision = "0006_learning"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("app_user", sa.Column("totp_secret", sa.LargeBinary(), nullable=True))
    op.add_column("app_user", sa.Column("totp_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("app_user", sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column(
        "app_user",
        sa.Column(
            "recovery_hashes",
            postgresql.JSONB(),
            nullable=False,
            server_default=sa.text("'[]'::jsonb"),
        ),
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for name in ("recovery_hashes", "totp_step", "totp_since", "totp_secret"):
        op.drop_column("app_user", name)
