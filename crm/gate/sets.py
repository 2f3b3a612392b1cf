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

# The last word on the purpose and on care, since everything was last withdrawn. On a family's
# phone each speaks for themselves; what was said without a name is said for all (`p`: the person).
CONSENTS = """
    left join lateral (
        select
            (array_agg(w.is_granted order by w.id desc) filter (where w.purpose = :purpose))[1]
                as said,
            (array_agg(w.is_granted order by w.id desc) filter (where w.purpose = 'care'))[1]
                as care
        from consents w
        where w.address_id = a.id and (w.patient_id is null or w.patient_id = p.id)
          and w.id > coalesce(
            (select l.id from (
                select v.id, v.is_granted from consents v
                where v.address_id = a.id and (v.patient_id is null or v.patient_id = p.id)
                    and v.purpose = 'all' order by v.id desc limit 1
            ) l where not l.is_granted),
            '00000000-0000-0000-0000-000000000000'
        )
    ) k on true
"""


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
