"""Events, and what they make of shoppers.

Code of the version before goes on working: it knows nothing of the new tables, the columns that it does
not fill have defaults, and a dislike that was undone still counts for it, which errs on the safe side.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
WHOLE = sa.Integer()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _line()
    _events()
    _shoppers()
    _counts()
    op.add_column("run", sa.Column("event_revision", BIG, nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM dislike WHERE NOT standing")
    op.drop_index("ix_dislike_revision", "dislike")
    with op.batch_alter_table("dislike") as dislike:
        for column in ("standing", "revision", "event_revision"):
            dislike.drop_column(column)
    with op.batch_alter_table("run") as run:
        run.drop_column("event_revision")
    for table in ("rule_count", "shopper_item", "event", "event_line"):
        op.drop_table(table)


def _line() -> None:
    line = op.create_table(
        "event_line",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("revision", BIG, nullable=False),
        sa.Column("taken", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_event_line_one_row")),
        sa.PrimaryKeyConstraint("id", name="pk_event_line"),
    )
    op.bulk_insert(line, [{"id": 1, "revision": 0, "taken": 0}])


def _events() -> None:
    op.create_table(
        "event",
        sa.Column("seq", BIG, nullable=False),
        sa.Column("namespace", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("session_id", ID, nullable=True),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("recommendation_id", TEXT, nullable=True),
        sa.Column("position", WHOLE, nullable=True),
        sa.Column("quantity", sa.Double(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("revision", BIG, nullable=False),
        sa.CheckConstraint("user_id IS NOT NULL OR session_id IS NOT NULL", name=op.f("ck_event_shopper")),
        sa.PrimaryKeyConstraint("seq", name="pk_event"),
        sa.UniqueConstraint("namespace", "event_id", name="uq_event_namespace_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_revision", "event", ["revision"])


def _counts() -> None:
    op.create_table(
        "rule_count",
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arm", TEXT, nullable=False),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("events", BIG, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.CheckConstraint("arm IN ('placed', 'with', 'without')", name=op.f("ck_rule_count_arm")),
        sa.PrimaryKeyConstraint("rule_id", "day", "arm", "type", name="pk_rule_count"),
    )
    op.create_index("ix_rule_count_day", "rule_count", ["day"])


def _shoppers() -> None:
    op.create_table(
        "shopper_item",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("shopper", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("bought_revision", BIG, nullable=True),
        sa.Column("revision", BIG, nullable=False),
        sa.CheckConstraint("kind IN ('user', 'session')", name=op.f("ck_shopper_item_kind")),
        sa.PrimaryKeyConstraint("kind", "shopper", "item_id", name="pk_shopper_item"),
    )
    op.create_index("ix_shopper_item_bought_revision", "shopper_item", ["bought_revision"])
    op.create_index("ix_shopper_item_revision", "shopper_item", ["revision"])
    op.add_column("dislike", sa.Column("standing", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("dislike", sa.Column("revision", BIG, nullable=True))
    op.add_column("dislike", sa.Column("event_revision", BIG, nullable=True))
    # What is there already was written before the line began.
    op.execute("UPDATE dislike SET revision = 0")
    op.create_index("ix_dislike_revision", "dislike", ["revision"])
