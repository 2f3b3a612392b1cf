"""Templates with versions, campaigns with their recipients, and whose every message is."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0009"
down_revision = "0008"

_MOMENT = sa.TIMESTAMP(timezone=True)
_PURPOSES = ("reply", "alert", "reminder", "notice", "survey", "marketing")
_NEW_PURPOSES = ("care", "loyalty")

# What anchors there are, in kobo: a retail SMS in 2025 (technext24.com, 30 April 2025) and Meta's
# prices for Nigeria at 1,520 naira to the dollar. Replace them by those of the contract.
_PRICES = (
    ("sms", False, 600),
    ("sms", True, 600),
    ("whatsapp", False, 1_000),
    ("whatsapp", True, 7_800),
    ("email", False, 50),
    ("email", True, 50),
)
_SINCE = date(2020, 1, 1)

_KEEP_WORDS = """
create function keep_approved_words() returns trigger language plpgsql as $$
begin
    if old.approved_at is not null and (tg_op = 'DELETE' or
        (new.template_id, new.version, new.subject, new.body, new.variables, new.created_by,
            new.approved_by, new.approved_at)
        is distinct from
        (old.template_id, old.version, old.subject, old.body, old.variables, old.created_by,
            old.approved_by, old.approved_at)
    ) then
        raise exception 'an approved version keeps its words' using errcode = 'restrict_violation';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$
"""

_VIEW = """
create view {person}_communications as
select id, {person}_id, direction, channel, purpose, status, address_id, conversation_id, about_id,
    body_sealed, segments, due_at, expires_at, attempts, error_code, reason, status_at,
    campaign_recipient_id, template_version_id, sent_by, is_test
from messages where {person}_id is not null
"""


def words(name: str, *values: str) -> sa.Enum:
    """A text column that holds only these words."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)


def required(name: str, kind: Any, default: str | None = None) -> sa.Column[Any]:
    """A column that is never empty."""
    return sa.Column(name, kind, nullable=False, server_default=default and sa.text(default))


def identified() -> list[sa.Column[Any]]:
    """The columns of a row with an id and two moments."""
    return [
        sa.Column("id", sa.Uuid(), primary_key=True),
        required("created_at", _MOMENT, "now()"),
        required("updated_at", _MOMENT, "now()"),
    ]


def channel(*, nullable: bool = False) -> sa.Column[Any]:
    """A column that names a channel."""
    return sa.Column("channel", words("channel", "whatsapp", "sms", "email"), nullable=nullable)


def purpose() -> sa.Column[Any]:
    """A column that says what a message is for."""
    return required("purpose", words("purpose", *_PURPOSES, *_NEW_PURPOSES))


def upgrade() -> None:
    """Apply."""
    _widen_messages()
    _make_templates()
    _make_campaigns()
    op.add_column("patient_profiles", sa.Column("birth_year", sa.SmallInteger()))


def _widen_messages() -> None:
    _allow_purposes(*_PURPOSES, *_NEW_PURPOSES)
    for column in (
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("campaign_recipient_id", sa.BigInteger()),
        sa.Column("template_version_id", sa.Uuid()),
        sa.Column("sent_by", sa.Uuid()),
        required("is_test", sa.Boolean(), "false"),
    ):
        op.add_column("messages", column)
    for name, columns, condition in (
        ("ix_messages_patient", ["patient_id", "id"], "patient_id is not null"),
        ("ix_messages_owner", ["owner_id", "id"], "owner_id is not null"),
        ("ix_messages_of_campaigns", ["status_at"], "campaign_recipient_id is not null"),
        (
            "ix_messages_templates",
            ["template_version_id", "id"],
            "template_version_id is not null",
        ),
        ("ix_messages_tests", ["sent_by", "id"], "is_test"),
    ):
        op.create_index(name, "messages", columns, postgresql_where=sa.text(condition))
    for person in ("patient", "owner"):
        op.execute(_VIEW.format(person=person))
    op.create_table(
        "message_references",
        sa.Column("reference", sa.Text(), primary_key=True),
        required("message_id", sa.Uuid()),
        required("created_at", _MOMENT),
    )
    prices = op.create_table(
        "message_prices",
        channel(),
        required("is_marketing", sa.Boolean()),
        required("since", sa.Date()),
        required("price_kobo", sa.BigInteger()),
        sa.PrimaryKeyConstraint("channel", "is_marketing", "since"),
    )
    names = ("channel", "is_marketing", "price_kobo")
    op.bulk_insert(prices, [dict(zip(names, row, strict=True), since=_SINCE) for row in _PRICES])


def _allow_purposes(*purposes: str) -> None:
    allowed = ", ".join(f"'{each}'" for each in purposes)
    op.drop_constraint("purpose", "messages", type_="check")
    op.create_check_constraint("purpose", "messages", f"purpose in ({allowed})")


def _make_templates() -> None:
    op.create_table(
        "templates",
        *identified(),
        required("code", sa.Text()),
        channel(),
        required("language", sa.Text()),
        required("category", words("templatecategory", "utility", "marketing", "authentication")),
        purpose(),
        sa.UniqueConstraint("code", "channel", "language", name="uq_templates_once"),
        sa.CheckConstraint("(category = 'marketing') = (purpose = 'marketing')", name="marketing"),
    )
    statuses = ("draft", "submitted", "approved", "rejected", "archived")
    op.create_table(
        "template_versions",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("template_id", sa.Uuid(), sa.ForeignKey("templates.id"), nullable=False),
        required("version", sa.BigInteger()),
        required("subject", sa.Text(), "''"),
        required("body", sa.Text()),
        required("variables", JSONB(), "'[]'"),
        required("status", words("templatestatus", *statuses), "'draft'"),
        sa.Column("provider_status", sa.Text()),
        sa.Column("rejection_reason", sa.Text()),
        sa.Column("created_by", sa.Uuid()),
        required("created_at", _MOMENT),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("approved_at", _MOMENT),
        sa.UniqueConstraint("template_id", "version", name="uq_template_versions_once"),
        sa.CheckConstraint("approved_by <> created_by", name="four_eyes"),
        sa.CheckConstraint("status <> 'approved' or approved_at is not null", name="approved"),
    )
    op.create_index(
        "uq_template_versions_in_use",
        "template_versions",
        ["template_id"],
        unique=True,
        postgresql_where=sa.text("status = 'approved'"),
    )
    op.execute(_KEEP_WORDS)
    op.execute(
        "create trigger template_versions_keep_words before update or delete on template_versions "
        "for each row execute function keep_approved_words()"
    )


def _make_campaigns() -> None:
    op.create_table(
        "communication_campaigns",
        *identified(),
        sa.Column("hospital_id", sa.Uuid(), sa.ForeignKey("hospitals.id")),
        required("name", sa.Text()),
        required(
            "kind",
            words(
                "campaignkind",
                "marketing",
                "health_education",
                "screening",
                "survey",
                "loyalty",
                "reactivation",
                "owner_notice",
            ),
        ),
        required("audience", words("personkind", "patient", "owner")),
        purpose(),
        required("filter", JSONB()),
        required("channels", ARRAY(sa.Text())),
        required("template_code", sa.Text()),
        required("variables", JSONB(), "'{}'"),
        required(
            "status",
            words(
                "campaignstatus",
                "draft",
                "approved",
                "scheduled",
                "running",
                "paused",
                "completed",
                "cancelled",
                "failed",
            ),
            "'draft'",
        ),
        sa.Column("status_reason", sa.Text()),
        sa.Column("scheduled_at", _MOMENT),
        sa.Column("throttle_per_min", sa.BigInteger()),
        sa.Column("budget_kobo", sa.BigInteger()),
        required("estimated_cost_kobo", sa.BigInteger(), "0"),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("approved_by", sa.Uuid()),
        sa.Column("approved_at", _MOMENT),
        sa.Column("started_at", _MOMENT),
        sa.Column("finished_at", _MOMENT),
        sa.Column("released_at", _MOMENT),
        sa.Column("synced_at", _MOMENT),
        required("version", sa.BigInteger(), "1"),
        *(required(state, sa.BigInteger(), "0") for state in _STATES),
        sa.CheckConstraint("approved_by <> created_by", name="four_eyes"),
        sa.CheckConstraint("cardinality(channels) > 0", name="channels"),
        sa.CheckConstraint("throttle_per_min > 0", name="throttle"),
    )
    campaigns = "communication_campaigns"
    op.create_index(f"ix_{campaigns}_created_at_id", campaigns, ["created_at", "id"])
    for suffix, column, status in (
        ("scheduled_at", "scheduled_at", "scheduled"),
        ("running", "id", "running"),
    ):
        where = sa.text(f"status = '{status}'")
        op.create_index(f"ix_{campaigns}_{suffix}", campaigns, [column], postgresql_where=where)
    op.create_table(
        "campaign_texts",
        sa.Column("campaign_id", sa.Uuid(), sa.ForeignKey(f"{campaigns}.id"), nullable=False),
        required("variant", sa.SmallInteger()),
        channel(),
        required("language", sa.Text()),
        sa.Column(
            "template_version_id", sa.Uuid(), sa.ForeignKey("template_versions.id"), nullable=False
        ),
        sa.PrimaryKeyConstraint("campaign_id", "variant", "channel", "language"),
    )
    _make_recipients()


_STATES = (
    "planned",
    "excluded",
    "queued",
    "sent",
    "delivered",
    "read",
    "failed_temporary",
    "failed_permanent",
    "cancelled",
)


def _make_recipients() -> None:
    op.create_table(
        "campaign_recipients",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "campaign_id", sa.Uuid(), sa.ForeignKey("communication_campaigns.id"), nullable=False
        ),
        required("person_kind", words("personkind", "patient", "owner")),
        required("person_id", sa.Uuid()),
        sa.Column("address_id", sa.Uuid()),
        channel(nullable=True),
        required("language", sa.Text()),
        required("variant", sa.SmallInteger(), "0"),
        required("state", words("recipientstate", *_STATES)),
        sa.Column("reason", sa.Text()),
        sa.Column("message_id", sa.Uuid()),
        required("attempts", sa.SmallInteger(), "0"),
        required("updated_at", _MOMENT),
        sa.UniqueConstraint(
            "campaign_id", "person_kind", "person_id", name="uq_campaign_recipients_once"
        ),
        sa.CheckConstraint("(state = 'excluded') <= (reason is not null)", name="reason"),
    )
    op.create_index(
        "ix_campaign_recipients_state", "campaign_recipients", ["campaign_id", "state", "id"]
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("patient_profiles", "birth_year")
    for table in (
        "campaign_recipients",
        "campaign_texts",
        "communication_campaigns",
        "template_versions",
        "templates",
        "message_prices",
        "message_references",
    ):
        op.drop_table(table)
    op.execute("drop function keep_approved_words()")
    for person in ("patient", "owner"):
        op.execute(f"drop view {person}_communications")
    for name in ("tests", "templates", "of_campaigns", "owner", "patient"):
        op.drop_index(f"ix_messages_{name}", table_name="messages")
    for column in (
        "is_test",
        "sent_by",
        "template_version_id",
        "campaign_recipient_id",
        "owner_id",
    ):
        op.drop_column("messages", column)
    op.execute("delete from messages where purpose in ('care', 'loyalty')")
    _allow_purposes(*_PURPOSES)
