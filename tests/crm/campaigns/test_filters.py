"""Audiences are narrowed."""

import pytest

from crm import campaigns
from crm.kit.errors import Invalid
from crm.models import (
    Patient,
    PatientStatus,
)
from tests.crm.senders import (
    a_campaign,
    reached,
)
from tests.outbox import NOON


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"field": "password", "op": "in", "value": ["x"]}, "filter.password"),
        ({"field": "state", "op": "before", "value": "x"}, "filter.state"),
        ({"field": "state", "op": "in", "value": []}, "filter.state"),
        ({"field": "hospital", "op": "in", "value": ["1 or 1=1"]}, "filter.hospital"),
        ({"field": "age", "op": "between", "value": [40, 20]}, "filter.age"),
        ({"field": "last_visit", "op": "before", "value": "soon"}, "filter.last_visit"),
        ({"sql": "1=1"}, "filter"),
        ({"all": []}, "filter"),
        ({"not": {"not": {"not": {"not": {"not": {"field": "state"}}}}}}, "filter"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(session, eyes, given, field):
    with pytest.raises(Invalid) as refused:
        a_campaign(session, filter=given)
    assert refused.value.field == field


def test_filters_combine(session, eyes):
    ada, musa, ngozi = (reached(session, state=state) for state in ("Lagos", "Kano", "Ogun"))
    for person, year in ((ada, 1990), (musa, 1950), (ngozi, None)):
        session.get(Patient, person.patient_id).birth_year = year
    session.flush()

    def found(given):
        made = a_campaign(session, filter=given)
        return campaigns.preview(session, made, now=NOON).eligible

    old = {"field": "age", "op": "between", "value": [60, 120]}
    lagos = {"field": "state", "op": "in", "value": ["Lagos"]}
    assert found({}) == 3
    assert found({"any": [old, lagos]}) == 2
    assert found({"not": old}) == 2
    assert found({"all": [lagos, {"not": old}, {"field": "last_visit", "op": "never"}]}) == 1
    assert found({"field": "channel", "op": "in", "value": ["whatsapp"]}) == 0
    assert found({"field": "tier", "op": "in", "value": ["gold"]}) == 0


def test_a_merged_record_is_nobody(session, eyes):
    ada, twice = reached(session), reached(session)
    record = session.get(Patient, twice.patient_id)
    record.status, record.merged_into = PatientStatus.MERGED, ada.patient_id
    session.flush()

    assert campaigns.preview(session, a_campaign(session), now=NOON).audience == 1
