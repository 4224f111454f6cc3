"""A client's own chart of accounts: an account can be addressed, switched off, and changed by one at a time.

Revision ID: chart
Revises: month_guards
Create Date: 2026-11-22 19:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "chart"
down_revision = "month_guards"
branch_labels = None
depends_on = None

TABLE = "ledger_account"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    # Charts are short and written rarely: the rewrite that new ids cost is over at once.
    op.add_column(
        TABLE, sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)
    )
    op.add_column(TABLE, sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column(TABLE, sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column(
        TABLE,
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
    )
    op.drop_constraint(op.f("pk_ledger_account"), TABLE, type_="primary")
    op.create_primary_key(op.f("pk_ledger_account"), TABLE, ["id"])
    op.create_unique_constraint(op.f("uq_ledger_account_client_id_code"), TABLE, ["client_id", "code"])
    op.execute(f"grant delete on {TABLE} to ticketos_app")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute(f"revoke delete on {TABLE} from ticketos_app")
    op.drop_constraint(op.f("uq_ledger_account_client_id_code"), TABLE, type_="unique")
    op.drop_constraint(op.f("pk_ledger_account"), TABLE, type_="primary")
    op.create_primary_key(op.f("pk_ledger_account"), TABLE, ["client_id", "code"])
    for column in ("updated_at", "row_version", "active", "id"):
        op.drop_column(TABLE, column)
