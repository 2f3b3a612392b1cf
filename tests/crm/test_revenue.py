import io
import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from crm import revenue
from crm.kit.errors import Invalid, NotFound
from crm.kit.paging import PageRequest
from crm.kit.permissions import Permission, Role
from crm.models import Basis, RevenueEntry, RevenueKind
from crm.revenue import AlreadyCollected, EntryKnown, SheetUnreadable
from tests.crm.estate import hospital, staff

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
LAST_OF_OCTOBER, LAST_OF_NOVEMBER = date(2026, 10, 31), date(2026, 11, 30)
HEADER = "hospital,service_line,kind,amount,billed_on,collected_on,external_ref"


@pytest.fixture
def finance(ikeja):
    return staff(Role.FINANCE, ikeja.id)


@pytest.fixture
def earn(session, ikeja, finance, now):
    def earn(kobo=100_000, *, on=date(2026, 10, 5), collected_on=None, **more):
        kind = RevenueKind.CHARGE if kobo > 0 else RevenueKind.REFUND
        asked = {"service_line": "Laboratory", "kind": kind, "source": "desk", "by": finance}
        return revenue.record(
            session,
            hospital_id=ikeja.id,
            amount_kobo=kobo,
            billed_on=on,
            collected_on=collected_on,
            now=now,
            **{**asked, **more},
        )

    return earn


@pytest.fixture
def load(session, finance, now):
    def load(*lines, header=HEADER, **more):
        asked = {"source": "hmis", "is_dry_run": False, "by": finance, "now": now}
        sheet = io.StringIO("\n".join([header, *lines]))
        return revenue.load(session, sheet, **{**asked, **more})

    return load


def totals(session, place, basis=Basis.CASH, first=OCTOBER, last=LAST_OF_OCTOBER, **more):
    return revenue.totals(session, place.id, basis=basis, first=first, last=last, **more)


def count(session) -> int:
    return session.scalar(select(func.count()).select_from(RevenueEntry))


# -- entries --------------------------------------------------------------------------------------


def test_cash_counts_when_it_came_in_and_a_bill_when_it_was_written(session, ikeja, earn):
    earn(100_000, on=date(2026, 9, 30), collected_on=date(2026, 10, 2))
    earn(50_000, on=date(2026, 10, 3))

    assert totals(session, ikeja).gross_kobo == 100_000
    assert totals(session, ikeja, Basis.BILLED).gross_kobo == 50_000


def test_refunds_and_write_offs_come_off_and_lines_can_be_left_out(session, ikeja, earn):
    day = date(2026, 10, 2)
    earn(100_000, collected_on=day)
    earn(-30_000, collected_on=day)
    earn(-5_000, kind=RevenueKind.WRITE_OFF)
    earn(70_000, collected_on=day, service_line="Pharmacy")

    cash = totals(session, ikeja, without=("Pharmacy",))
    billed = totals(session, ikeja, Basis.BILLED, without=("Pharmacy",))

    assert (cash.charges_kobo, cash.refunds_kobo, cash.write_offs_kobo) == (100_000, -30_000, 0)
    assert (cash.gross_kobo, billed.gross_kobo) == (70_000, 65_000)
    assert totals(session, ikeja).gross_kobo == 140_000


def test_other_hospitals_are_not_counted(session, earn):
    earn(collected_on=date(2026, 10, 2))
    assert totals(session, hospital(session, "WUS")) == revenue.Totals()


def test_what_comes_late_counts_in_the_first_open_month_and_shows_as_late(session, ikeja, earn):
    earn(100_000, collected_on=date(2026, 10, 2))
    before = totals(session, ikeja)
    revenue.close(session, ikeja.id, through=LAST_OF_OCTOBER)

    late = earn(-40_000, on=date(2026, 10, 20), collected_on=date(2026, 10, 20))

    assert (late.billing_recognised_on, late.cash_recognised_on) == (NOVEMBER, NOVEMBER)
    assert totals(session, ikeja) == before
    november = totals(session, ikeja, first=NOVEMBER, last=LAST_OF_NOVEMBER)
    assert (november.gross_kobo, november.late_kobo, november.entries) == (0, -40_000, 1)


def test_books_never_open_again(session, ikeja):
    revenue.close(session, ikeja.id, through=LAST_OF_OCTOBER)
    revenue.close(session, ikeja.id, through=date(2026, 9, 30))
    assert revenue.closed_through(session, ikeja.id) == LAST_OF_OCTOBER


@given(st.dates(), st.none() | st.dates(max_value=date(9000, 1, 1)))
def test_nothing_counts_before_it_happened_or_in_closed_books(day, closed):
    counts = revenue.recognised_on(day, closed)
    assert counts >= day
    assert closed is None or counts > closed
    assert counts == day or counts.toordinal() == closed.toordinal() + 1


def test_collecting_a_bill_later_counts_then(session, ikeja, earn, finance, now):
    entry = earn(on=date(2026, 9, 1))
    revenue.close(session, ikeja.id, through=LAST_OF_OCTOBER)
    revenue.collect(session, entry.id, collected_on=date(2026, 10, 30), by=finance, now=now)

    assert (entry.billing_recognised_on, entry.cash_recognised_on) == (date(2026, 9, 1), NOVEMBER)
    with pytest.raises(AlreadyCollected):
        revenue.collect(session, entry.id, collected_on=NOVEMBER, by=finance, now=now)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("amount_kobo", {"kobo": -1, "kind": RevenueKind.CHARGE}),
        ("amount_kobo", {"kobo": 1, "kind": RevenueKind.REFUND}),
        ("amount_kobo", {"kobo": 0}),
        ("billed_on", {"on": date(2026, 11, 23)}),
        ("collected_on", {"collected_on": date(2026, 11, 23)}),
    ],
)
def test_wrong_signs_and_days_to_come_are_refused(earn, field, wrong):
    with pytest.raises(Invalid) as refusal:
        earn(**wrong)
    assert refusal.value.field == field


def test_a_reference_counts_once_at_each_source(session, earn):
    earn(external_ref="R1")
    earn(external_ref="R1", source="other")
    with pytest.raises(EntryKnown):
        earn(external_ref="R1")
    assert count(session) == 2


def test_entries_of_other_hospitals_are_neither_seen_nor_written(session, earn, now):
    entry = earn()
    wuse = staff(Role.FINANCE, hospital(session, "WUS").id)
    scope = wuse.scope(Permission.REVENUE_READ)

    assert revenue.search(session, scope=scope, page=PageRequest()).items == []
    with pytest.raises(NotFound):
        revenue.get(session, entry.id, scope=scope)
    with pytest.raises(NotFound):
        earn(by=wuse)
    with pytest.raises(NotFound):
        revenue.collect(session, entry.id, collected_on=NOVEMBER, by=wuse, now=now)


def test_entries_are_found_by_what_they_are_newest_bill_first(session, earn, finance):
    old = earn(on=date(2026, 8, 1), collected_on=date(2026, 8, 1))
    new = earn(-5, on=date(2026, 10, 1), service_line="Pharmacy")
    scope = finance.scope(Permission.REVENUE_READ)

    def found(**by):
        return [
            each.id for each in revenue.search(session, scope=scope, page=PageRequest(), **by).items
        ]

    assert found() == [new.id, old.id]
    assert found(kind=RevenueKind.REFUND) == [new.id]
    assert found(service_line="Laboratory") == [old.id]
    assert found(is_collected=False) == [new.id]
    assert found(billed_from=date(2026, 9, 1)) == [new.id]
    assert found(billed_to=date(2026, 9, 1), source="desk") == [old.id]


def test_the_database_keeps_the_sign(session, earn):
    earn().amount_kobo = -1
    with pytest.raises(IntegrityError, match="ck_revenue_entries_sign"):
        session.flush()


# -- sheets ---------------------------------------------------------------------------------------

GOOD = (
    'IKJ,Laboratory,charge,"12,500.50",2026-10-03,2026-10-04,A1',
    "ikj,Pharmacy,Refund,-200,03/10/2026,03/10/2026,A2",
    "IKJ,Ward,charge,₦99,2026-10-05,,A3",
)


def test_a_sheet_comes_in_with_naira_and_days_as_people_write_them(session, ikeja, load):
    report = load(*GOOD)

    assert (report.lines, report.added, report.is_written) == (3, 3, True)
    assert report.amount_kobo == 1_250_050 - 20_000 + 9_900
    assert totals(session, ikeja).gross_kobo == 1_230_050
    assert totals(session, ikeja, Basis.BILLED).gross_kobo == 1_239_950


def test_a_dry_run_says_the_same_and_writes_nothing(session, load):
    report = load(*GOOD, is_dry_run=True)
    assert (report.added, report.amount_kobo, report.is_written) == (3, 1_239_950, False)
    assert count(session) == 0


def test_the_same_sheet_again_changes_nothing(session, load):
    load(*GOOD)
    report = load(*GOOD)
    assert (report.added, report.known, report.faulty, report.is_written) == (0, 3, 0, True)
    assert count(session) == 3


def test_a_bill_that_was_paid_since_is_noted(session, ikeja, load):
    load(*GOOD)
    report = load("IKJ,Ward,charge,99,2026-10-05,2026-10-20,A3", *GOOD[:2])
    assert (report.collected, report.known, report.added) == (1, 2, 0)
    assert totals(session, ikeja).gross_kobo == 1_239_950
    assert load(*GOOD).known == 3


@pytest.mark.parametrize(
    "line",
    [
        "IKJ,Ward,charge,98,2026-10-05,,A3",
        "IKJ,Ward,charge,99,2026-10-06,,A3",
        'IKJ,Laboratory,charge,"12,500.50",2026-10-03,2026-10-06,A1',
    ],
)
def test_a_line_that_contradicts_the_books_is_a_fault(load, line):
    load(*GOOD)
    report = load(line)
    assert [(each.line, each.code) for each in report.faults] == [(2, "contradicts")]
    assert not report.is_written


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ("XXX,Ward,charge,99,2026-10-05,,B1", "hospital", "unknown_hospital"),
        ("WUS,Ward,charge,99,2026-10-05,,B1", "hospital", "unknown_hospital"),
        ("IKJ,,charge,99,2026-10-05,,B1", "service_line", "missing"),
        ("IKJ,Ward,gift,99,2026-10-05,,B1", "kind", "enum"),
        ("IKJ,Ward,charge,ninety,2026-10-05,,B1", "amount", "amount_invalid"),
        ("IKJ,Ward,charge,NaN,2026-10-05,,B1", "amount", "out_of_range"),
        ("IKJ,Ward,charge,1e40,2026-10-05,,B1", "amount", "out_of_range"),
        ("IKJ,Ward,charge,0.005,2026-10-05,,B1", "amount", "out_of_range"),
        ("IKJ,Ward,charge,-99,2026-10-05,,B1", "amount_kobo", "sign"),
        ("IKJ,Ward,refund,99,2026-10-05,,B1", "amount_kobo", "sign"),
        ("IKJ,Ward,charge,99,31/02/2026,,B1", "billed_on", "date_invalid"),
        ("IKJ,Ward,charge,99,2027-10-05,,B1", "billed_on", "in_future"),
        ("IKJ,Ward,charge,99,2026-10-05,soon,B1", "collected_on", "date_invalid"),
        ("IKJ,Ward,charge,99,2026-10-05,,", "external_ref", "missing"),
        ("IKJ,Ward\x00,charge,99,2026-10-05,,B1", "service_line", "invalid"),
        ("IKJ,Ward,charge", "amount", "missing"),
        ("IKJ,Laboratory,charge,5,2026-10-03,,A1", "external_ref", "duplicate"),
    ],
)
def test_every_wrong_line_is_named_and_then_nothing_is_written(session, load, line, field, code):
    report = load(*GOOD, "", line)
    assert [(each.line, each.field, each.code) for each in report.faults] == [(6, field, code)]
    assert not report.is_written
    assert count(session) == 0


@pytest.mark.parametrize(
    "header",
    [
        "",
        "hospital,service_line",
        HEADER.replace("amount", "money"),
        HEADER + ",amount_kobo",
    ],
)
def test_a_sheet_with_another_header_is_refused(load, header):
    with pytest.raises(SheetUnreadable):
        load(*GOOD, header=header)


def test_broken_quotes_are_no_csv(session, load):
    with pytest.raises(SheetUnreadable):
        load('IKJ,"Ward"x,charge,99,2026-10-05,,B1')
    assert count(session) == 0


def test_only_the_first_hundred_faults_are_told(load):
    report = load(*(f"IKJ,Ward,charge,,2026-10-05,,{n}" for n in range(150)))
    assert (len(report.faults), report.faulty) == (100, 150)


def test_a_sheet_for_closed_books_counts_in_the_next_month(session, ikeja, load):
    revenue.close(session, ikeja.id, through=LAST_OF_OCTOBER)
    load(*GOOD)
    november = totals(session, ikeja, first=NOVEMBER, last=LAST_OF_NOVEMBER)
    assert (november.gross_kobo, november.late_kobo) == (0, 1_230_050)


def test_ten_thousand_lines_come_in_and_are_known_the_next_time(session, load):
    lines = [
        f"IKJ,Laboratory,charge,{n},2026-10-{n % 28 + 1:02},2026-10-28,N{n}"
        for n in range(1, 10_001)
    ]
    assert load(*lines).added == 10_000
    assert load(*lines).known == 10_000


# -- at once --------------------------------------------------------------------------------------


def test_closing_waits_for_an_entry_that_is_being_written(sessions, now):
    """Two at once: the entry is in the month when the books close, or counts after it."""
    with sessions() as first:
        ikeja = hospital(first, "IKJ")
        revenue.record(
            first,
            hospital_id=ikeja.id,
            service_line="Ward",
            kind=RevenueKind.CHARGE,
            amount_kobo=5,
            billed_on=OCTOBER,
            collected_on=OCTOBER,
            source="desk",
            by=staff(Role.FINANCE),
            now=now,
        )
        found = []
        closing = threading.Thread(target=_close, args=(sessions, ikeja, found))
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        first.commit()
        closing.join()
    assert found == [5]


def _close(sessions, ikeja, found) -> None:
    with sessions() as session:
        revenue.close(session, ikeja.id, through=LAST_OF_OCTOBER)
        found.append(totals(session, ikeja).gross_kobo)
        session.commit()
