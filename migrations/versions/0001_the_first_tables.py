"""The first tables.

The types are spelled out here rather than taken from the code: a migration goes on meaning what it meant.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text()
JSON = sa.Text()
WHOLE = sa.Integer()
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _catalog()
    _runs()
    _releases()
    _state()
    _draft()
    _takedowns()
    _shoppers()
    _people()
    _keys()
    _audit()


def downgrade() -> None:
    for table in (
        "audit_entry",
        "api_key",
        "person",
        "dislike",
        "segment_member",
        "takedown",
        "draft_change",
        "shop_state",
        "release_rule",
        "rule_revision",
        "release",
        "run",
        "item",
    ):
        op.drop_table(table)


def _catalog() -> None:
    op.create_table(
        "item",
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("price", sa.Double(), nullable=True),
        sa.Column("currency", TEXT, nullable=True),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("markets", JSON, nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("group_id", ID, nullable=True),
        sa.Column("image_url", TEXT, nullable=True),
        sa.Column("url", TEXT, nullable=True),
        sa.Column("added_at", MOMENT, nullable=True),
        sa.Column("stock", BIG, nullable=True),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("revision", WHOLE, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_item"),
        sa.UniqueConstraint("item_id", name="uq_item_item_id"),
    )
    op.create_index("ix_item_revision", "item", ["revision"])


def _runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", ID, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("gate", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("cutoff", MOMENT, nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("error", TEXT, nullable=True),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.CheckConstraint(
            "status IN ('training', 'ready', 'failed', 'accepted', 'rejected')", name=op.f("ck_run_status")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_status", "run", ["status"])


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("number", WHOLE, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("from_release", WHOLE, nullable=True),
        sa.Column("restored", TEXT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('first', 'publish', 'accept', 'rollback')", name=op.f("ck_release_kind")
        ),
        sa.ForeignKeyConstraint(["from_release"], ["release.number"], name="fk_release_from_release_release"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_release_run_id_run"),
        sa.PrimaryKeyConstraint("number", name="pk_release"),
    )
    op.create_index("ix_release_created_at", "release", ["created_at"])
    op.create_table(
        "rule_revision",
        sa.Column("id", BIG, nullable=False),
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("schema_version", WHOLE, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("published", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["published"], ["release.number"], name="fk_rule_revision_published_release"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_revision"),
        sa.UniqueConstraint("rule_id", "published", name="uq_rule_revision_rule_id_published"),
    )
    op.create_table(
        "release_rule",
        sa.Column("release_number", WHOLE, nullable=False),
        sa.Column("revision_id", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["release_number"], ["release.number"], name="fk_release_rule_release_number_release"
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["rule_revision.id"], name="fk_release_rule_revision_id_rule_revision"
        ),
        sa.PrimaryKeyConstraint("release_number", "revision_id", name="pk_release_rule"),
    )
    op.create_index("ix_release_rule_revision_id", "release_rule", ["revision_id"])


def _state() -> None:
    state = op.create_table(
        "shop_state",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("live", WHOLE, nullable=True),
        sa.Column("catalog_revision", WHOLE, nullable=False),
        sa.Column("overlay_revision", WHOLE, nullable=False),
        sa.Column("draft_revision", WHOLE, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_shop_state_one_row")),
        sa.ForeignKeyConstraint(["live"], ["release.number"], name="fk_shop_state_live_release"),
        sa.PrimaryKeyConstraint("id", name="pk_shop_state"),
    )
    op.bulk_insert(
        state, [{"id": 1, "live": None, "catalog_revision": 0, "overlay_revision": 0, "draft_revision": 0}]
    )


def _draft() -> None:
    op.create_table(
        "draft_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("rule_id", ID, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("schema_version", WHOLE, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_draft_change_rule_id", "draft_change", ["rule_id"])


def _takedowns() -> None:
    op.create_table(
        "takedown",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=True),
        sa.Column("selector", JSON, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", TEXT, nullable=True),
        sa.Column("lift_reason", TEXT, nullable=True),
        sa.CheckConstraint("(item_id IS NULL) <> (selector IS NULL)", name=op.f("ck_takedown_one_target")),
        sa.PrimaryKeyConstraint("id", name="pk_takedown"),
    )
    op.create_index("ix_takedown_lifted_at", "takedown", ["lifted_at"])


def _shoppers() -> None:
    op.create_table(
        "segment_member",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("segment", ID, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "segment", name="pk_segment_member"),
    )
    op.create_index("ix_segment_member_segment", "segment_member", ["segment"])
    op.create_table(
        "dislike",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("shopper", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('user', 'session')", name=op.f("ck_dislike_kind")),
        sa.PrimaryKeyConstraint("kind", "shopper", "item_id", name="pk_dislike"),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("email", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", WHOLE, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'publisher', 'admin')", name=op.f("ck_person_role")),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email", name="uq_person_email"),
    )


def _keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("key_hash", TEXT, nullable=False),
        sa.Column("prefix", TEXT, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("publishable", sa.Boolean(), nullable=False),
        sa.Column("origins", JSON, nullable=False),
        sa.Column("rate_limit", WHOLE, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("key_hash", name="uq_api_key_key_hash"),
    )


def _audit() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", ID, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("command", ID, nullable=False),
        sa.Column("target", ID, nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("schema_version", WHOLE, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor"])
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"])
    op.create_index("ix_audit_entry_command", "audit_entry", ["command"])
    op.create_index("ix_audit_entry_target_command", "audit_entry", ["target", "command"])
