"""The waiting list, every minute: what is over ends, what is free is offered."""

from bot.wiring import Wiring
from crm import waitlist
from workers.runtime import Counts, job


@job
def offer_free(wiring: Wiring) -> Counts:
    """End offers and waits that are over, then offer free times, a transaction for each service."""
    with wiring.transaction() as session:
        counts = waitlist.tidy(session, now=wiring.now())
        wanted = waitlist.waited_for(session)
    for service_id in wanted:
        with wiring.transaction() as session:
            counts["offered"] += waitlist.offer_free(
                session,
                service_id,
                now=wiring.now(),
                forms=wiring.forms,
            )
    return dict(counts)
