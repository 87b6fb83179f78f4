"""Publications that are proposed and scheduled, and who is at the desk.

Code of the version before goes on working: it knows nothing of the new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
WHOLE = sa.Integer()
MOMENT = sa.DateTime(timezone=True)
STATUSES = "status IN ('open', 'scheduled', 'published', 'returned', 'withdrawn', 'failed')"


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("author", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("changes", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("publish_at", MOMENT, nullable=True),
        sa.Column("release", WHOLE, nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("word", TEXT, nullable=False),
        sa.CheckConstraint(STATUSES, name=op.f("ck_proposal_status")),
        sa.ForeignKeyConstraint(["release"], ["release.number"], name="fk_proposal_release_release"),
        sa.PrimaryKeyConstraint("id", name="pk_proposal"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_proposal_status", "proposal", ["status"])
    op.create_table(
        "presence",
        sa.Column("person", ID, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("person", name="pk_presence"),
    )
    op.create_index("ix_presence_seen_at", "presence", ["seen_at"])


def downgrade() -> None:
    op.drop_table("presence")
    op.drop_table("proposal")
