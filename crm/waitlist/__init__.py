"""The waiting list: who would come sooner, and whom a time that became free is offered to."""

from crm.waitlist.entries import (
    AlreadyWaiting,
    Names,
    NotWaiting,
    Wish,
    WrongVisit,
    change,
    get,
    join,
    leave,
    names,
    search,
    visible,
)
from crm.waitlist.matching import offer_free, waited_for
from crm.waitlist.offers import (
    LiveOffer,
    NotOffered,
    OfferOver,
    accept,
    get_offer,
    live_offer,
    offer,
    offers_of,
    pass_on,
)
from crm.waitlist.tidying import tidy

__all__ = [
    "AlreadyWaiting",
    "LiveOffer",
    "Names",
    "NotOffered",
    "NotWaiting",
    "OfferOver",
    "Wish",
    "WrongVisit",
    "accept",
    "change",
    "get",
    "get_offer",
    "join",
    "leave",
    "live_offer",
    "names",
    "offer",
    "offer_free",
    "offers_of",
    "pass_on",
    "search",
    "tidy",
    "visible",
    "waited_for",
]
