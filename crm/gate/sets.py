"""The gate's questions about whole audiences, as SQL; the answers are the codes of `rules`.

A test holds the two against each other. Hours and the WhatsApp window are left to the moment of
sending: campaigns bring templates.
"""

from crm.gate.rules import CAPS

# For a query with the address `a`, its suppression `s`, and the words said there in `k` (CONSENTS).
REASON = """
    case
        when {status} in ('erased', 'deceased') then {status}
        when s.reason is not null then s.reason
        when not coalesce(k.said, cast(:basis as bool) and (cast(:is_owner as bool) or
            coalesce(k.care, false))) then 'no_consent'
        when {marketing} then 'frequency_cap'
    end
"""

_LAST = "(array_agg(w.{what} order by w.id desc) filter (where w.purpose = {purpose}))[1]"
_WORDS = ",\n            ".join(
    f"{_LAST.format(what=what, purpose=purpose)} as {name}_{what}"
    for name, purpose in (("said", ":purpose"), ("care", "'care'"), ("whole", "'all'"))
    for what in ("is_granted", "id")
)
# The last word on the purpose and on care, unless everything was withdrawn after it, in one scan.
# On a family's phone each speaks for themselves; what was said without a name is said for all
# (`p`: the person).
CONSENTS = f"""
    left join lateral (
        select
            case when whole_is_granted or whole_id is null or said_id > whole_id
                then said_is_granted end as said,
            case when whole_is_granted or whole_id is null or care_id > whole_id
                then care_is_granted end as care
        from (select
            {_WORDS}
            from consents w
            where w.address_id = a.id and (w.patient_id is null or w.patient_id = p.id)
        ) words
    ) k on true
"""  # noqa: S608 -- the pieces are our own


def heard_enough(person: str) -> str:
    """True when the person (a column of messages and of `p`) has reached a cap; marketing only."""
    caps = " or ".join(
        f"count(*) filter (where n.due_at > :now - interval '{span.days} days') >= {most}"
        for span, most in CAPS
    )
    return f"""
        cast(:is_marketing as bool) and (
            select {caps} from messages n
            where n.{person} = p.id and n.id >= :oldest and n.purpose = 'marketing'
                and n.direction = 'out' and not n.is_test and n.status in
                    ('queued', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read')
        )
    """  # noqa: S608 -- the pieces are our own
