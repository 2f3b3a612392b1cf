from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.carrier import Channel
from crm import outbox, owners
from crm.kit.errors import Invalid, NotFound, StaleVersion
from crm.kit.paging import PageRequest
from crm.kit.permissions import EVERYTHING, Permission, Role, Scope
from crm.models import Conversation, Message, MessageStatus, OwnerKind, OwnerStatus
from tests.crm.estate import ALHAJI, a_contract, an_owner, staff

PAGE = PageRequest()


@pytest.fixture
def alhaji(session, ikeja, now):
    return an_owner(session, at=ikeja, now=now, tin="1234567890")


def at(place) -> Scope:
    return staff(Role.FINANCE, place.id).scope(Permission.OWNERS_READ)


def names(found) -> list[str]:
    return [owner.name for owner in found.items]


def test_an_owner_is_seen_at_home_and_nowhere_else(session, alhaji, ikeja, wuse):
    assert owners.get(session, alhaji.id, scope=at(ikeja)) is alhaji
    with pytest.raises(NotFound):
        owners.get(session, alhaji.id, scope=at(wuse))


def test_a_contract_opens_the_owner_to_its_hospital(session, alhaji, wuse, now):
    a_contract(session, alhaji, at=wuse, now=now)
    assert owners.get(session, alhaji.id, scope=at(wuse)) is alhaji


def test_owners_see_themselves_alone(session, alhaji, ikeja, now):
    other = an_owner(session, at=ikeja, now=now, name="Chief Okoro", phone="+2349140000022")
    myself = Scope(frozenset(), owner_id=alhaji.id)

    assert names(owners.search(session, scope=myself, page=PAGE)) == ["Alhaji Danladi"]
    with pytest.raises(NotFound):
        owners.get(session, other.id, scope=myself)


def test_a_patient_sees_no_owner(session, alhaji):
    patient = Scope(frozenset(), patient_id=alhaji.id)
    assert names(owners.search(session, scope=patient, page=PAGE)) == []


def test_owners_are_found_by_a_part_of_their_name_and_by_their_whole_phone(
    session, alhaji, ikeja, now
):
    an_owner(session, at=ikeja, now=now, name="Chief 100% Okoro", phone="+2349140000022")

    def found(**by):
        return names(owners.search(session, scope=at(ikeja), page=PAGE, **by))

    assert found(name="danl") == ["Alhaji Danladi"]
    assert found(name="%") == ["Chief 100% Okoro"]
    assert found(phone=ALHAJI) == ["Alhaji Danladi"]
    assert found(phone=ALHAJI[:-1]) == []
    assert found(status=OwnerStatus.INACTIVE) == []


def test_owners_come_in_pages_by_name(session, ikeja, now):
    for name in ("Bola", "Ada", "Chidi"):
        an_owner(session, at=ikeja, now=now, name=name, phone=None)

    first = owners.search(session, scope=at(ikeja), page=PageRequest(2))
    rest = owners.search(session, scope=at(ikeja), page=PageRequest(2, first.next_cursor))

    assert names(first) + names(rest) == ["Ada", "Bola", "Chidi"]
    assert rest.next_cursor is None


def test_nobody_writes_down_an_owner_of_another_hospital(session, ikeja, wuse, now):
    by = staff(Role.FINANCE, ikeja.id)
    someone = {"kind": OwnerKind.COMPANY, "name": "Zuma Estates Ltd", "by": by, "now": now}

    with pytest.raises(NotFound):
        owners.make(session, hospital_id=wuse.id, **someone)
    with pytest.raises(Invalid):
        owners.make(session, hospital_id=None, **someone)


def test_the_tax_number_is_sealed_and_checked(session, alhaji, ikeja, now):
    assert owners.tin(session, alhaji) == "1234567890"
    assert alhaji.has_tin
    assert b"1234567890" not in alhaji.tin_sealed
    with pytest.raises(Invalid) as refusal:
        an_owner(session, at=ikeja, now=now, tin="12345")
    assert refusal.value.field == "tin"


def test_whoever_read_an_older_version_changes_nothing(session, alhaji, ikeja, now):
    change = {"by": staff(Role.FINANCE, ikeja.id), "now": now}
    owners.update(session, alhaji.id, changes={"name": "Alhaji D."}, version=1, **change)

    with pytest.raises(StaleVersion) as refusal:
        owners.update(session, alhaji.id, changes={"resident": False}, version=1, **change)

    assert refusal.value.facts["version"] == 2
    assert (alhaji.name, alhaji.resident) == ("Alhaji D.", True)


def test_taking_the_tax_number_away_shows_in_the_rate(session, alhaji, ikeja, now):
    by = staff(Role.FINANCE, ikeja.id)
    owners.update(session, alhaji.id, changes={"tin": None}, version=1, by=by, now=now)
    assert (alhaji.has_tin, alhaji.tin_sealed) == (False, None)


def test_nobody_changes_an_owner_of_another_hospital(session, alhaji, wuse, now):
    by = staff(Role.FINANCE, wuse.id)
    with pytest.raises(NotFound):
        owners.update(session, alhaji.id, changes={"name": "X"}, version=1, by=by, now=now)


def test_the_best_address_is_on_the_preferred_channel_and_then_where_they_last_wrote(
    session, alhaji, now
):
    sms = owners.add_address(session, alhaji, Channel.SMS, ALHAJI, now=now)
    other = owners.add_address(session, alhaji, Channel.WHATSAPP, "+2349140000029", now=now)
    session.add(Conversation(address_id=other.id, heard_at=now))
    session.flush()
    assert owners.best_address(session, alhaji.id).id == other.id

    alhaji.preferred_channel = Channel.SMS
    session.flush()
    assert owners.best_address(session, alhaji.id).id == sms.id


def test_an_owner_without_an_address_is_not_reached(session, ikeja, now):
    quiet = an_owner(session, at=ikeja, now=now, phone=None)
    assert owners.best_address(session, quiet.id) is None


def test_an_address_added_twice_is_one_and_its_first_no_counts(session, alhaji, now):
    first = owners.add_address(session, alhaji, Channel.SMS, ALHAJI, now=now)
    again = owners.add_address(session, alhaji, Channel.SMS, ALHAJI, now=now + timedelta(days=1))

    assert first.id == again.id
    values = {(each.channel, each.value) for each in owners.reached_at(session, alhaji.id)}
    assert values == {(Channel.SMS, ALHAJI), (Channel.WHATSAPP, ALHAJI)}


def test_a_removed_address_hears_it_a_last_time(session, alhaji, now):
    address = owners.best_address(session, alhaji.id)
    owners.remove_address(session, alhaji, address.id, now=now)

    assert owners.reached_at(session, alhaji.id) == []
    said = session.scalars(select(Message).where(Message.address_id == address.id)).one()
    body = outbox.unseal(session.info["vault"], said.body_sealed, row=said.id)
    assert said.status == MessageStatus.QUEUED
    assert "will not write to you here any more" in body.text
    with pytest.raises(NotFound):
        owners.remove_address(session, alhaji, address.id, now=now)


def test_the_whole_group_sees_every_owner(session, alhaji):
    assert names(owners.search(session, scope=EVERYTHING, page=PAGE)) == [alhaji.name]
