"""A person's rights through the API; and a dump of the database, searched for their secrets."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from bot.channels.carrier import Channel
from crm import outbox, patients, reencryption
from crm.kit.permissions import Role
from crm.models import Conversation, HolderRole, Lane, Misheard, Patient, Purpose
from tests.api.caller import Api

SECRET = {
    "phone": "+2349140000577",
    "email": "canary.box@example.com",
    "nin": "98765432101",
    "nhis_number": "CANARY/7741",
    "birthday": "1987-03-09",
    "home": "17 Canary Close",
    "contact": "Canarius Okoro",
    "contact_phone": "+2349140000578",
    "policy": "POLCANARY5512",
    "allergy": "canaryseed",
    "notes": "canary in the notes",
    "message": "canary in a message",
}
NAME = ("Zzcanary", "Xxcanary")
BODY = {
    "first_name": NAME[0],
    "last_name": NAME[1],
    "phone": SECRET["phone"],
    "email": SECRET["email"],
    "date_of_birth": SECRET["birthday"],
    "nin": SECRET["nin"],
    "nhis_number": SECRET["nhis_number"],
    "address": {"line": SECRET["home"]},
    "emergency_contact": {"name": SECRET["contact"], "phone": SECRET["contact_phone"]},
    "hmo": {"provider": "Hygeia", "policy_number": SECRET["policy"]},
    "allergies": [SECRET["allergy"]],
    "clinical_notes": SECRET["notes"],
    "consents": [
        {"purpose": "care", "granted": True, "wording_version": "care-2026-11"},
        {"purpose": "care", "granted": True, "wording_version": "v1", "channel": "whatsapp"},
    ],
    "external_mrn": "MRNCANARY9",
}


@pytest.fixture
def zz(api: Api) -> dict:
    """Somebody registered through the API with all that can be said, who has talked with us."""
    doctor = api.as_(Role.CLINICIAN, Role.FRONT_DESK, hospital="IKJ")
    answer = doctor.post("/patients/profile", BODY)
    assert answer.status_code == 201, answer.json
    made = answer.json["data"]
    talk(api, UUID(made["id"]))
    path = f"/patients/{made['id']}"
    doctor.patch(f"{path}/preferences", {"version": 1, "language": "yo"})
    doctor.post(f"{path}/reveal", {"fields": ["nin"], "reason": "the insurer asks"})
    return made


def talk(api: Api, patient_id: UUID) -> None:
    """A message to them, words that were not understood, and a talk that stands still."""
    with api.wiring.transaction() as session:
        vault, now = session.info["vault"], api.wiring.now()
        address = patients.best_address(session, patient_id)
        outbox.post(
            session,
            address_id=address.id,
            channel=address.channel,
            text=f"Dear {NAME[0]}, {SECRET['message']}",
            purpose=Purpose.CARE,
            lane=Lane.UTILITY,
            patient_id=patient_id,
            now=now,
        )
        conversation = Conversation(address_id=address.id, patient_id=patient_id)
        session.add(conversation)
        session.flush()
        conversation.context_sealed = vault.seal(
            f'{{"name": "{NAME[0]}"}}', where="conversations.context", row=conversation.id
        )
        slip = Misheard(conversation_id=conversation.id, question="q", language="en", at=now)
        slip.text_sealed = b""
        session.add(slip)
        session.flush()
        slip.text_sealed = vault.seal(NAME[1], where="misheard.text", row=slip.id)


def dump(api: Api) -> str:
    """Every row of every table as text; bytes as hexadecimal digits and as letters."""
    with api.wiring.sessions() as session:
        tables = session.scalars(
            text("select quote_ident(tablename) from pg_tables where schemaname = 'public'")
        ).all()
        rows = [
            row
            for table in tables
            for row in session.scalars(text(f"select t::text from {table} t"))  # noqa: S608
        ]
    return "\n".join(rows).casefold()


def opened(api: Api) -> str:
    """Everything sealed, as whoever holds the keys would read it."""
    said = []
    with api.wiring.sessions() as session:
        vault = session.info["vault"]
        for place in reencryption.register():
            rows = session.execute(
                text(
                    f"select id, {place.column.name} from {place.table.name} "  # noqa: S608
                    f"where {place.column.name} is not null"
                )
            )
            said += [vault.open(bytes(v), where=place.where, row=id_) for id_, v in rows]
    return "\n".join(said).casefold()


def found_in(haystack: str, canaries) -> list[str]:
    return [
        canary
        for canary in canaries
        if canary.casefold() in haystack
        or canary.encode().hex() in haystack
        or canary.casefold().encode().hex() in haystack
    ]


def erase(api: Api, made: dict, **more):
    body = {"reason": "she asked for it", "confirm_name": " ".join(NAME)}
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    return admin.post(f"/patients/{made['id']}/erase", body | more)


# -- the dump -------------------------------------------------------------------------------------


def test_a_dump_holds_no_secret_in_the_clear(api: Api, zz: dict):
    assert not found_in(dump(api), SECRET.values())
    assert found_in(opened(api), SECRET.values()) == list(SECRET.values())


def test_erasing_leaves_no_trace_even_for_who_holds_the_keys(api: Api, zz: dict):
    done = erase(api, zz)
    assert done.status_code == 200, done.json
    everything = [*SECRET.values(), *NAME, "MRNCANARY9"]
    assert not found_in(dump(api), everything)
    assert not found_in(opened(api), everything)

    admin = api.as_(Role.ADMIN)
    gone = admin.get(f"/patients/{zz['id']}/profile")
    assert (gone.status_code, gone.json["code"]) == (410, "erased")
    assert admin.get("/patients", q=NAME[0]).json["data"] == []
    assert admin.post("/patients/search", {"nin": SECRET["nin"]}).json["data"] == []
    assert admin.post("/patients/search", {"phone": SECRET["phone"]}).json["data"] == []
    (request,) = admin.get("/data-requests", patient_id=zz["id"]).json["data"]
    assert (request["kind"], request["status"]) == ("erase", "done")
    events = admin.get("/audit", entity_id=zz["id"]).json["data"]
    assert "the insurer asks" in {event["purpose"] for event in events}


def test_a_family_phone_outlives_one_of_its_people(api: Api, zz: dict):
    with api.wiring.transaction() as session:
        address = patients.best_address(session, UUID(zz["id"]))
        bola = patients.register(
            session,
            address_id=address.id,
            full_name="Bola Ade",
            born_on=api.wiring.now().date() - timedelta(days=3650),
            role=HolderRole.FAMILY,
            wording="w",
            source="test",
            now=api.wiring.now(),
        ).patient
        assert session.get_one(Patient, bola.id).guardian_id == UUID(zz["id"])
    assert erase(api, zz).status_code == 200
    hers = {SECRET["phone"]}
    left = set(SECRET.values()) - hers | {*NAME}
    assert not found_in(opened(api), left)
    assert not found_in(dump(api), left)
    with api.wiring.sessions() as session:
        reached = patients.best_address(session, bola.id)
        assert reached.channel is Channel.WHATSAPP


# -- rights ---------------------------------------------------------------------------------------


def test_the_name_is_said_once_more_before_it_is_forgotten(api: Api, zz: dict):
    wrong = erase(api, zz, confirm_name="Somebody Else")
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "confirm_name")
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    body = {"reason": "she asked for it", "confirm_name": " ".join(NAME)}
    assert desk.post(f"/patients/{zz['id']}/erase", body).status_code == 403
    me = api.as_patient(UUID(zz["id"]))
    assert me.post(f"/patients/{zz['id']}/erase", body).status_code == 403


def test_a_legal_hold_keeps_the_record(api: Api, zz: dict):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    path = f"/patients/{zz['id']}/legal-hold"
    assert admin.put(path, {"reason": "a court asked"}).json["data"]["is_on_legal_hold"]
    held = erase(api, zz)
    assert (held.status_code, held.json["code"]) == (423, "legal_hold")
    assert not admin.delete(path).json["data"]["is_on_legal_hold"]
    assert erase(api, zz).status_code == 200


def test_a_patient_takes_their_data_with_them(api: Api, zz: dict):
    me = api.as_patient(UUID(zz["id"]))
    made = me.post(f"/patients/{zz['id']}/export")
    assert made.status_code == 200, made.json
    held = made.text
    hidden = [v for v in SECRET.values() if v.encode().decode() not in held]
    assert not hidden
    assert made.json["data"]["records"]["patient_profiles"][0]["full_name"] == " ".join(NAME)
    looks = made.json["data"]["looked_at"]
    assert "the insurer asks" in {look["purpose"] for look in looks}
    assert "Clinician" not in held
    assert erase(api, zz).status_code == 200
    assert me.get(f"/patients/{zz['id']}/profile").status_code in {401, 410}


def test_two_records_of_one_person_become_one(api: Api, zz: dict):
    desk = api.as_(Role.FRONT_DESK, hospital="IKJ")
    second = desk.post(
        "/patients/profile",
        {
            "first_name": NAME[0],
            "last_name": NAME[1],
            "phone": "09140000588",
            "date_of_birth": SECRET["birthday"],
            "consents": BODY["consents"],
            "confirm_new": True,
        },
    ).json["data"]
    body = {"duplicate_id": second["id"], "reason": "the same woman"}
    path = f"/patients/{zz['id']}/merge"
    assert desk.post(path, body).status_code == 403
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    merged = admin.post(path, body)
    assert merged.status_code == 200, merged.json
    assert len(merged.json["data"]["contacts"]) == 3
    gone = admin.get(f"/patients/{second['id']}/profile")
    assert (gone.status_code, gone.json["code"], gone.json["merged_into"]) == (
        410,
        "merged",
        zz["id"],
    )
    assert admin.post(path, body).status_code == 410


def test_requests_are_asked_by_the_patient_and_answered_by_the_office(api: Api, zz: dict):
    me = api.as_patient(UUID(zz["id"]))
    asked = me.post(f"/patients/{zz['id']}/data-requests", {"kind": "rectify"}).json["data"]
    assert (asked["asked_by"], asked["due_on"], asked["status"]) == (
        "patient",
        "2026-12-22",
        "open",
    )
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    assert [r["id"] for r in admin.get("/data-requests", status="open").json["data"]] == [
        asked["id"]
    ]
    elsewhere = api.as_(Role.HOSPITAL_ADMIN, hospital="WUS")
    assert elsewhere.get("/data-requests").json["data"] == []
    path, body = f"/data-requests/{asked['id']}", {"status": "done", "outcome": "Corrected."}
    assert elsewhere.patch(path, body).status_code == 404
    assert api.as_(Role.AUDITOR).patch(path, body).status_code == 403
    assert admin.patch(path, body).json["data"]["status"] == "done"
    again = admin.patch(path, body)
    assert (again.status_code, again.json["code"]) == (409, "request_closed")


def test_breaches_are_logged_with_their_clock(api: Api):
    admin = api.as_(Role.HOSPITAL_ADMIN, hospital="IKJ")
    body = {
        "summary": "A laptop was stolen from a car.",
        "severity": "high",
        "detected_at": "2026-11-21T10:00:00+01:00",
        "people_affected": 12,
        "hospital_id": str(api.hospitals["IKJ"]),
    }
    logged = admin.post("/breaches", body)
    assert logged.status_code == 201, logged.json
    assert logged.json["data"]["hours_left"] == 48.0
    path = f"/breaches/{logged.json['data']['id']}"
    assert api.as_(Role.HOSPITAL_ADMIN, hospital="WUS").patch(path, {}).status_code == 404
    assert api.as_(Role.FRONT_DESK, hospital="IKJ").get("/breaches").status_code == 403
    assert admin.post("/breaches", body | {"hospital_id": None}).status_code == 403
    assert admin.post("/breaches", body | {"detected_at": "2026-11-21T10:00:00"}).status_code == 422
    told = admin.patch(path, {"reported_at": "2026-11-22T09:00:00+01:00"}).json["data"]
    assert told["hours_left"] is None
    assert admin.get("/breaches", unreported="true").json["data"] == []
    assert len(api.as_(Role.AUDITOR).get("/breaches").json["data"]) == 1
