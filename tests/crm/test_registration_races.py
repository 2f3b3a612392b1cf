"""One person, one record, also when their number registers on both channels at the same moment."""

from datetime import date

from sqlalchemy import func, select

from bot.channels.carrier import Channel
from crm import addresses, patients
from crm.models import AddressHolder, Patient
from tests.at_once import race

NUMBER = "+2348031230099"


def test_both_channels_of_a_number_at_once_write_one_person_down(crowd, now):
    with crowd.begin() as session:
        phones = [
            addresses.find_or_make(session, channel, NUMBER, now=now).id
            for channel in (Channel.SMS, Channel.WHATSAPP)
        ]
    acts = [
        lambda session, phone=phone: patients.register(
            session,
            address_id=phone,
            full_name="Bisi Akande",
            born_on=date(1988, 3, 12),
            wording="care-test",
            source="test",
            now=now,
        )
        for phone in phones * 3
    ]
    outcomes = race(crowd, acts)
    assert len({each.patient.id for each in outcomes}) == 1
    assert sum(each.is_new for each in outcomes) == 1
    with crowd() as session:
        named = Patient.full_name == "Bisi Akande"
        assert session.scalar(select(func.count()).select_from(Patient).where(named)) == 1
        held = select(func.count()).where(AddressHolder.patient_id == outcomes[0].patient.id)
        assert session.scalar(held) == 2
