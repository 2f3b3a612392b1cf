"""Templates that people wrote: made at the carrier once approved, and WhatsApp's word on them."""

from sqlalchemy.dialects.postgresql import insert

from bot.wiring import Wiring
from crm import templates
from crm.models import CarrierContent
from workers.runtime import Counts, job


@job
def ensure(wiring: Wiring, which: str = "undecided") -> Counts:
    """Make the contents that are missing, and keep what WhatsApp says of them.

    `all` also asks again for those it has judged: it pauses templates that people report.
    """
    account = wiring.settings.twilio_account_sid
    with wiring.transaction() as session:
        shapes = templates.shapes(session, account, undecided=which != "all")
    if not shapes:
        return {"contents": 0}
    sids = wiring.carrier.ensure_contents(shapes)
    words = wiring.carrier.approvals(list(sids.values()))
    statement = insert(CarrierContent).values(
        [{"account": account, "name": name, "content_sid": sid} for name, sid in sids.items()]
    )
    with wiring.transaction() as session:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["account", "name"],
                set_={"content_sid": statement.excluded.content_sid},
            )
        )
        told = templates.note_provider_status(
            session, {name: words[sid] for name, sid in sids.items() if sid in words}
        )
    return {"contents": len(sids), "told": told}
