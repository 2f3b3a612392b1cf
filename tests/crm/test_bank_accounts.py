from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.channels.carrier import Channel
from crm import bank_accounts, outbox, owners
from crm.bank_accounts import AccountKnown, AccountReplaced, SamePerson
from crm.kit.errors import Invalid, NotFound
from crm.kit.permissions import Permission, Role
from crm.models import BankAccount, Message, MessageStatus, Purpose
from tests.crm.estate import ALHAJI, an_owner, hospital, staff

GTBANK, ACCESS = "058", "044"
GOOD = "1234567896"


@pytest.fixture
def change(session, alhaji, ikeja, now):
    def change(number=GOOD, **more):
        asked = {"owner_id": alhaji.id, "bank_code": GTBANK, "account_name": "DANLADI ALHAJI"}
        by = staff(Role.FINANCE, ikeja.id)
        return bank_accounts.change(
            session, **{**asked, "number": number, "by": by, "now": now, **more}
        )

    return change


def test_a_first_account_waits_for_nothing_and_nobody_is_told(session, change, alhaji, now):
    account = change()

    assert bank_accounts.active(session, alhaji.id) is account
    assert not bank_accounts.is_cooling(account, now=now)
    assert session.scalars(select(Message)).all() == []


def test_the_number_is_sealed_and_its_end_readable(session, change):
    account = change()
    assert bank_accounts.number(session, account) == GOOD
    assert GOOD.encode() not in account.number_sealed
    assert account.number_last4 == "7896"


def test_a_new_account_replaces_the_old_cools_a_week_and_the_owner_hears_everywhere(
    session, change, alhaji, now
):
    owners.add_address(session, alhaji, Channel.SMS, ALHAJI, now=now)
    old = change()
    new = change("1234567895", bank_code=ACCESS, now=now)

    assert (old.is_active, new.is_active) == (False, True)
    assert bank_accounts.is_cooling(new, now=now + timedelta(days=6, hours=23))
    assert not bank_accounts.is_cooling(new, now=now + timedelta(days=7))
    told = session.scalars(select(Message)).all()
    assert {each.channel for each in told} == {Channel.SMS, Channel.WHATSAPP}
    assert {(each.status, each.purpose) for each in told} == {
        (MessageStatus.QUEUED, Purpose.NOTICE)
    }
    for each in told:
        text = outbox.unseal(session.info["vault"], each.body_sealed, row=each.id).text
        assert "7895" in text
        assert "1234567895" not in text


def test_the_same_account_is_not_changed_to_itself(change):
    change()
    with pytest.raises(AccountKnown):
        change()


def test_an_account_taken_up_again_cools_too(change, now):
    change()
    change("1234567895", bank_code=ACCESS)
    assert bank_accounts.is_cooling(change(), now=now)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("number", {"number": "123456789"}), ("bank_code", {"bank_code": "58"})],
)
def test_what_is_no_number_and_no_bank_is_refused(change, field, wrong):
    with pytest.raises(Invalid) as refusal:
        change(**wrong)
    assert refusal.value.field == field


def test_a_wrong_check_digit_is_a_warning_only(session, change):
    assert bank_accounts.warnings(session, change()) == []
    assert bank_accounts.warnings(session, change("1234567895")) == ["check_digit"]


def test_an_account_of_two_owners_is_a_warning(session, change, ikeja, now):
    change()
    other = an_owner(session, at=ikeja, now=now, name="Chief Okoro", phone=None)
    assert bank_accounts.warnings(session, change(owner_id=other.id)) == ["shared"]


def test_a_second_person_verifies(session, change, ikeja, now):
    ngozi, bayo = staff(Role.FINANCE, ikeja.id), staff(Role.FINANCE, ikeja.id, "Bayo")
    account = change(by=ngozi)
    said = {"verified_name": "ALHAJI DANLADI", "now": now}

    with pytest.raises(SamePerson):
        bank_accounts.verify(session, account.id, by=ngozi, **said)
    verified = bank_accounts.verify(session, account.id, by=bayo, **said)
    again = bank_accounts.verify(
        session, account.id, by=ngozi, verified_name="OTHER", now=now + timedelta(days=1)
    )

    assert verified is again
    assert (again.verified_at, again.verified_name) == (now, "ALHAJI DANLADI")


def test_the_database_keeps_the_four_eyes(session, change):
    account = change()
    account.verified_by = account.created_by
    with pytest.raises(IntegrityError, match="four_eyes"):
        session.flush()


def test_an_account_that_was_replaced_is_not_verified(session, change, now):
    old = change()
    change("1234567895")
    with pytest.raises(AccountReplaced):
        bank_accounts.verify(
            session, old.id, verified_name="X", by=staff(Role.HOSPITAL_ADMIN), now=now
        )


def test_an_account_of_another_hospitals_owner_is_not_found(session, change, now):
    account = change()
    wuse = staff(Role.FINANCE, hospital(session, "WUS").id)

    with pytest.raises(NotFound):
        bank_accounts.get(session, account.id, scope=wuse.scope(Permission.OWNERS_READ))
    with pytest.raises(NotFound):
        bank_accounts.verify(session, account.id, verified_name="X", by=wuse, now=now)
    with pytest.raises(NotFound):
        change("1234567895", by=wuse)


def test_an_owner_has_one_active_account(session, change):
    first = change()
    change("1234567895")
    first.is_active = True
    with pytest.raises(IntegrityError, match="uq_bank_accounts_owner_id"):
        session.flush()
    session.rollback()
    assert session.scalars(select(BankAccount)).all() == []
