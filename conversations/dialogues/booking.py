"""Booking a visit, and moving one: for whom, where, what, with whom, when."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from functools import lru_cache
from typing import Any

from bot.channels.carrier import Option
from bot.texts import dates, spoken_to
from conversations.dialogue import Dialogue, as_day, as_moment
from conversations.hearing import as_answer
from conversations.understand import ANYONE, SOONEST, called, called_weekday, when
from crm.kit.clock import lagos, lagos_day

_FITS_A_LIST = 8


class Booking(Dialogue):
    """Asks only for what is missing, holds the time, checks, books."""

    name = "booking"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, "read_the_wish", "find_patients"),
        ("find_patients", "one", None, "keep_patient", "find_hospitals"),
        ("find_patients", "several", None, "keep_patients", "ask_patient"),
        ("find_patients", "nobody", None, None, "to_registration"),
        ("ask_patient", "someone_new", None, "meet_someone", "to_family"),
        ("ask_patient", "choice", None, "choose_patient", "find_hospitals"),
        ("ask_patient", "more", None, "hear_more", "find_patients"),
        ("ask_patient", "anything", None, None, "ask_patient"),
        ("find_hospitals", "one", None, "keep_hospital", "find_services"),
        ("find_hospitals", "several", None, "keep_hospitals", "ask_hospital"),
        ("ask_hospital", "choice", None, "choose_hospital", "find_services"),
        ("ask_hospital", "more", None, "hear_more", "find_patients"),
        ("ask_hospital", "anything", None, None, "ask_hospital"),
        ("find_services", "one", None, "keep_service", "find_practitioners"),
        ("find_services", "several", None, "keep_services", "ask_service"),
        ("ask_service", "other_hospital", None, "forget_hospital", "find_hospitals"),
        ("ask_service", "choice", None, "choose_service", "find_practitioners"),
        ("ask_service", "more", None, "hear_more", "find_patients"),
        ("ask_service", "anything", None, None, "ask_service"),
        ("find_practitioners", "one", None, "keep_practitioner", "find_times"),
        ("find_practitioners", "several", None, "keep_practitioners", "ask_practitioner"),
        ("ask_practitioner", "choice", None, "choose_practitioner", "find_times"),
        ("ask_practitioner", "more", None, "hear_more", "find_patients"),
        ("ask_practitioner", "anything", None, None, "ask_practitioner"),
        ("find_times", "days", None, "keep_days", "ask_day"),
        ("find_times", "times", None, "keep_times", "ask_time"),
        ("find_times", "free", None, "keep_slot", "hold_slot"),
        ("find_times", "nothing", None, None, "no_times"),
        ("ask_day", "wait_for_it", None, "wish_to_wait", "to_waitlist"),
        ("ask_day", "choice", None, "choose_day", "find_times"),
        ("ask_day", "when", None, "keep_when", "find_times"),
        ("ask_day", "anything", None, None, "ask_day"),
        ("ask_time", "hour", None, "choose_slot", "hold_slot"),
        ("ask_time", "other_day", None, "forget_when", "find_times"),
        ("ask_time", "choice", None, "choose_slot", "hold_slot"),
        ("ask_time", "when", None, "refine_when", "find_times"),
        ("ask_time", "anything", None, None, "ask_time"),
        ("hold_slot", "held", "is_moving", "keep_hold", "check_move"),
        ("hold_slot", "held", None, "keep_hold", "check"),
        ("hold_slot", "taken", None, "keep_alternatives", "ask_time"),
        ("hold_slot", "busy", None, "tell_busy", "find_times"),
        ("hold_slot", "nothing", None, None, "no_times"),
        ("hold_slot", "refused", "is_moving", "tell_refused", "not_moved"),
        ("hold_slot", "refused", None, "tell_refused", "dropped"),
        ("check", "yes", None, None, "book"),
        ("check", "other_time", None, "forget_when", "find_times"),
        ("check", "no", None, None, "drop_hold"),
        ("check", "when", None, "refine_when", "find_times"),
        ("check", "anything", None, None, "check"),
        ("check_move", "yes", None, None, "book"),
        ("check_move", "other_time", None, "forget_when", "find_times"),
        ("check_move", "no", None, None, "drop_hold"),
        ("check_move", "when", None, "refine_when", "find_times"),
        ("check_move", "anything", None, None, "check_move"),
        ("book", "booked", None, "keep_visit", "booked"),
        ("book", "moved", None, "keep_visit", "moved"),
        ("book", "taken", None, "keep_alternatives", "ask_time"),
        ("book", "busy", None, "tell_busy", "find_times"),
        ("book", "nothing", None, None, "no_times"),
        ("book", "refused", "is_moving", "tell_refused", "not_moved"),
        ("book", "refused", None, "tell_refused", "drop_hold"),
        ("drop_hold", "dropped", "is_moving", None, "not_moved"),
        ("drop_hold", "dropped", None, None, "dropped"),
        ("no_times", "wait_for_it", None, "wish_to_wait", "to_waitlist"),
        ("no_times", "other_hospital", None, "start_over", "find_hospitals"),
        ("no_times", "other_day", None, "forget_when", "find_times"),
        ("no_times", "person", None, None, "to_person"),
        ("no_times", "when", None, "keep_when", "find_times"),
        ("no_times", "anything", None, None, "no_times"),
    )
    house = frozenset(
        {
            "find_patients",
            "find_hospitals",
            "find_services",
            "find_practitioners",
            "find_times",
            "hold_slot",
            "book",
            "drop_hold",
        }
    )
    offers = {
        "ask_patient": "patients",
        "ask_hospital": "hospitals",
        "ask_service": "services",
        "ask_practitioner": "practitioners",
        "ask_day": "days",
        "ask_time": "times",
        "check": ("yes", "other_time", "no"),
        "check_move": ("yes", "other_time", "no"),
        "no_times": "other_ways",
    }
    leads_to = {
        "to_registration": "registration",
        "to_family": "registration.ask_name",
        "to_person": "person",
        "to_waitlist": "waitlist",
    }

    def read_the_wish(self, _: Any) -> None:
        """What the first words already said: "tomorrow 3pm at Ikeja"."""
        meant = when(self.answers.get("wish") or "", now=self.now)
        if meant:
            self.answers["when"] = as_answer(meant)
            self.answers["untold"] = True

    def hear_more(self, said: str) -> None:
        """An answer among other words: the house looks again at all that is said by now."""
        self.answers["earlier"] = self.answers.get("wish")
        self.answers["wish"] = said
        meant = when(said, now=self.now)
        if meant:
            self.keep_when(as_answer(meant))
            self.answers["untold"] = True

    def tell_when(self) -> None:
        """Where another question comes first, say that the day was heard; one to come."""
        meant = self.answers.get("when")
        if not self.answers.pop("untold", None) or not meant:
            return
        if meant.get("is_soonest"):
            self.note("noted_soonest")
        elif meant["last"] is None or as_day(meant["last"]) >= lagos_day(self.now):
            self.note("noted", when=dates.wish(meant, self.now, self.language))

    def keep_patient(self, found: list[str]) -> None:
        self.answers["patient"], self.answers["patient_name"] = found[:2]

    def keep_patients(self, found: list[list[str]]) -> None:
        self.answers["patients"] = found
        self.tell_when()

    def choose_patient(self, id_: str) -> None:
        self.keep_patient(_row(self.answers["patients"], id_))

    def meet_someone(self, _: Any) -> None:
        self.answers["wants_booking"] = True

    def keep_hospital(self, found: list[str]) -> None:
        if self.answers.get("hospital") not in (None, found[0]):
            self._forget("service", "practitioner")
        self.answers["hospital"], self.answers["hospital_name"] = found[:2]

    def keep_hospitals(self, found: list[list[str]]) -> None:
        self.answers["hospitals"] = found
        self.tell_when()

    def choose_hospital(self, id_: str) -> None:
        self.keep_hospital(_row(self.answers["hospitals"], id_))

    def forget_hospital(self, _: str) -> None:
        self._forget("hospital", "service", "practitioner")
        self.answers["any_hospital"] = True

    def keep_service(self, found: list[str]) -> None:
        if self.answers.get("service") not in (None, found[0]):
            self._forget("practitioner")
        self.answers["service"], self.answers["service_name"] = found[:2]

    def keep_services(self, found: dict[str, Any]) -> None:
        self.answers["services"] = found["services"]
        self.answers["also_called"] = found["also_called"]
        self.tell_when()

    def choose_service(self, id_: str) -> None:
        self.keep_service(_row(self.answers["services"], id_))

    def keep_practitioner(self, found: list[str]) -> None:
        self.answers["practitioner"], self.answers["practitioner_name"] = found[:2]

    def keep_practitioners(self, found: list[list[str]]) -> None:
        self.answers["practitioners"] = found
        self.tell_when()

    def choose_practitioner(self, id_: str) -> None:
        if id_ == "any":
            self.answers["practitioner"] = None
        else:
            self.keep_practitioner(_row(self.answers["practitioners"], id_))

    def keep_when(self, meant: dict[str, Any]) -> None:
        """A day alone is meant for the hours that were wished before."""
        if not any(meant[hour] for hour in _ANY_HOUR):
            wished = self.answers.get("when") or _ANY_HOUR
            meant = meant | {hour: wished[hour] for hour in _ANY_HOUR}
        self.answers["when"] = meant

    def refine_when(self, meant: dict[str, Any]) -> None:
        """A time alone is meant for the day we were speaking of."""
        if meant["first"] is None and self.answers.get("day"):
            meant = {**meant, "first": self.answers["day"], "last": self.answers["day"]}
        self.keep_when(meant)

    def forget_when(self, _: Any) -> None:
        self.answers["when"] = None

    def wish_to_wait(self, _: Any) -> None:
        self.answers["waits"] = True

    def choose_day(self, id_: str) -> None:
        self.keep_when(_ANY_HOUR | {"first": id_, "last": id_})

    def keep_days(self, found: dict[str, Any]) -> None:
        self.answers["free_days"] = found["days"]
        self.answers["is_full"] = found["why"] == "day_full"
        self.tell(found)

    def keep_times(self, found: dict[str, Any]) -> None:
        self.answers["slots"], self.answers["day"] = found["slots"], found["day"]
        # As it was wished for this list: the wish itself is forgotten for another day.
        self.answers["span"] = self.answers.get("when") if found.get("is_span") else None
        self.tell(found)

    def tell(self, found: dict[str, Any]) -> None:
        """Say why we ask, when it is not what was wished."""
        self.answers.pop("untold", None)
        if found.get("why"):
            days = {"first": found.get("wished"), "last": found.get("until")}
            self.note(found["why"], day=dates.wish(_ANY_HOUR | days, self.now, self.language))

    def keep_slot(self, slot: list[str]) -> None:
        self.answers.pop("untold", None)
        self.answers["slot"] = slot
        self.answers["day"] = _day_of(slot)

    def choose_slot(self, id_: str) -> None:
        self.keep_slot(self.answers["slots"][int(id_)])

    def keep_hold(self, hold: str | None) -> None:
        self.answers["hold"] = hold

    def keep_alternatives(self, slots: list[list[str]]) -> None:
        self.answers["slots"], self.answers["day"] = slots, _day_of(slots[0])
        self.note("taken", time=dates.moment(as_moment(self.answers["slot"][0]), self.language))

    def tell_busy(self, _: Any) -> None:
        self.note("busy")
        self.answers["when"] = None

    def is_moving(self, _: Any) -> bool:
        return bool(self.answers.get("moving"))

    def tell_refused(self, reason: str) -> None:
        self.note(reason, patient=self.answers["patient_name"])

    def keep_visit(self, visit: dict[str, Any]) -> None:
        self.answers["visit"] = visit

    def start_over(self, _: Any) -> None:
        self._forget("hospital", "service", "practitioner", "when")
        self.answers["any_hospital"] = True

    def _forget(self, *keys: str) -> None:
        for key in keys:
            self.answers.pop(key, None)

    def patients(self) -> Iterator[Option]:
        yield from _options(self.answers["patients"])
        yield Option("someone_new", "")

    def hospitals(self) -> Iterator[Option]:
        yield from _options(self.answers["hospitals"])

    def services(self) -> Iterator[Option]:
        yield from _options(self.answers["services"])
        if self.answers.get("has_other_hospitals", True) and not self.answers.get("moving"):
            yield Option("other_hospital", "")

    def practitioners(self) -> Iterator[Option]:
        yield Option("any", "")
        yield from _options(self.answers["practitioners"][:_FITS_A_LIST])

    def days(self) -> Iterator[Option]:
        for iso, _ in self.answers["free_days"]:
            if as_day(iso) < lagos_day(self.now):
                continue  # asked on another day
            yield Option(iso, dates.near_day(as_day(iso), self.now, self.language))
        if self.answers.get("is_full"):
            yield Option("wait_for_it", "")

    def other_ways(self) -> Iterator[Option]:
        """A visit is moved within its hospital: elsewhere its service has no name."""
        ways = ["wait_for_it", "other_day", "other_hospital", "person"]
        if self.answers.get("moving"):
            ways.remove("other_hospital")
        yield from (Option(id_, "") for id_ in ways)

    def times(self) -> Iterator[Option]:
        starts = tuple(slot[0] for slot in self.answers["slots"][:_FITS_A_LIST])
        for number, label in enumerate(_times_in_words(starts, spoken_to(self.language))):
            yield Option(str(number), label)
        yield Option("other_day", "")

    def other_names(self) -> Mapping[str, Sequence[str]]:
        """Synonyms of services, weekdays of days, "any" of practitioners, "earliest" of times."""
        if self.state == "ask_practitioner":
            return {"any": ANYONE}
        if self.state == "ask_time":
            return {"0": SOONEST}
        if self.state == "ask_day":
            return _weekdays(tuple(iso for iso, _ in self.answers["free_days"]))
        if self.state != "ask_service":
            return {}
        return called(self.answers["services"], self.answers.get("also_called", {}))

    def facts(self) -> dict[str, Any]:
        """Names as kept; the day and the time in words."""
        known = {
            "hospital": self.answers.get("hospital_name", ""),
            "service": self.answers.get("service_name", ""),
            "patient": self.answers.get("patient_name", ""),
            "practitioner": (self.answers.get("slot") or ["", "", ""])[2],
            "day": self._day_in_words(),
            "time": self._time_in_words(),
        }
        return known | {"reference": self.answers.get("visit", {}).get("reference", "")}

    def _day_in_words(self) -> str:
        iso = self.answers.get("day")
        if self.state == "ask_time":
            last = _day_of(self.answers["slots"][-1])
            several = _ANY_HOUR | {"first": iso, "last": last} if last != iso else None
            span = self.answers.get("span") or several
            if span:
                return dates.wish(span, self.now, self.language)
        return dates.near_day(as_day(iso), self.now, self.language) if iso else ""

    def _time_in_words(self) -> str:
        slot = self.answers.get("slot")
        if not slot:
            return ""
        at = dates.clock(_wall_clock(slot), self.language)
        number = self.answers["visit"].get("number") if self.state in _BOOKED else None
        return dates.in_queue(at, number, self.language)


# A list is read twice: when it is shown, and when the answer is looked for in it.
@lru_cache(maxsize=512)
def _times_in_words(starts: tuple[str, ...], language: str) -> list[str]:
    """The times of one day as hours, of several with their days."""
    moments = [lagos(as_moment(iso)) for iso in starts]
    if len({local.date() for local in moments}) == 1:
        return [dates.clock(local.time(), language) for local in moments]
    return [dates.moment(local, language) for local in moments]


@lru_cache(maxsize=512)
def _weekdays(days: tuple[str, ...]) -> dict[str, list[str]]:
    """What weekdays are called, in the week that a list begins with: "monday" is its Monday."""
    week_on = as_day(days[0]) + timedelta(days=7)
    return {iso: called_weekday(as_day(iso).weekday()) for iso in days if as_day(iso) < week_on}


_BOOKED = ("booked", "moved")
_ANY_HOUR = {"at": None, "earliest": None, "latest": None}


def _row(rows: list[list[str]], id_: str) -> list[str]:
    return next(row for row in rows if row[0] == id_)


def _options(rows: list[list[str]]) -> Iterator[Option]:
    for id_, label, *rest in rows:
        yield Option(id_, label, rest[0] if rest else "")


def _day_of(slot: list[str]) -> str:
    return lagos_day(as_moment(slot[0])).isoformat()


def _wall_clock(slot: list[str]) -> time:
    return lagos(as_moment(slot[0])).time()
