"""My data: what is kept, all of it as a file, being erased; with a code, and what the law keeps."""

import json
import re
from datetime import date
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import select

from crm import privacy
from crm.kit.permissions import EVERYTHING
from crm.models import DataRequest, RequestKind, RequestStatus
from tests.people import ADA, MUSA

KNOWN = """
        Ada: my data
        Bot: To show this...
        Ada: 25/11/1990
"""
SURE = """
        Bot: If we erase Ada, the name, date of birth, numbers, messages and insurance are...
             [Send me a code] [No]
"""


@pytest.fixture
def ada(stack):
    return stack.register(ADA, "Ada Obi")


def asked(stack) -> list[DataRequest]:
    with stack.wiring.transaction() as session:
        return list(session.scalars(select(DataRequest).order_by(DataRequest.id)))


def code_sent_to(stack, person) -> str:
    """The newest one-time code this person was sent."""
    found = [re.match(r"(\d{6}) ", message.body) for message in stack.heard_by(person)]
    return [each[1] for each in found if each][-1]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_what_is_kept_is_said_in_words(talk, ada):
    talk("""
        Ada: book eye tomorrow 3pm
        Bot: ...Shall I book it?...
        Ada: yes
        Bot: Booked...
        Ada: wetin una get about me
        Bot: To show this...
        Ada: 25/11/1990
        Bot: What we keep about Ada: name...visits 1, movements of points 1, messages...
             [Send me all of it] [Erase me] [What I asked for] [My settings]
    """)


def test_the_file_opens_with_a_code_sent_to_the_same_phone(talk, stack, ada):
    talk(
        KNOWN
        + """
        Bot: What we keep about Ada...
        Ada: [Send me all of it]
        Bot: All we keep about Ada, as a file: http...
             The page works until Sun 29 Nov and asks for a code that it sends to this number...
    """
    )
    link = re.search(r"http\S+", stack.heard_by(ADA)[-1].body)[0]
    [waiting] = asked(stack)
    assert (waiting.kind, waiting.status) == (RequestKind.EXPORT, RequestStatus.OPEN)
    page = post(link)
    stack.work()
    challenge = re.search(r'name="challenge" value="([^"]+)"', page)[1]
    file = json.loads(post(link, challenge=challenge, code=code_sent_to(stack, ADA)))
    assert file["person"]["name"] == "Ada Obi"
    assert asked(stack)[0].status is RequestStatus.DONE


def test_erasing_takes_a_code_and_is_due_within_a_month(talk, stack, ada):
    talk(
        """
        Ada: erase me
        Bot: To show this...
        Ada: 25/11/1990
"""
        + SURE
        + """
        Ada: [Send me a code]
        Bot: ... is your code to erase your records at GrandPro...
        Bot: We have sent six digits to this number. Please write them here within 10 minutes.
             [Send me a code] [No]
    """
    )
    code = code_sent_to(stack, ADA)
    talk(f"""
        Ada: wait pls
        Bot: Please send the six digits, like 123456...
        Ada: {code[:3]} {code[3:]}
        Bot: Noted: Ada is to be erased. A person checks it and it is done by 22 Dec...
        Ada: {code}
        Bot: What would you like to do?...
    """)
    [request] = asked(stack)
    assert (request.kind, request.status) == (RequestKind.ERASE, RequestStatus.OPEN)
    assert (request.asked_by, request.asked_by_id) == ("patient", ada)
    assert request.due_on == date(2026, 12, 22)


def test_five_wrong_codes_end_it(talk, stack, ada):
    talk(
        KNOWN
        + """
        Bot: What we keep about Ada...
        Ada: [Erase me]
"""
        + SURE
        + """
        Ada: [Send me a code]
        Bot: ...
        Bot: We have sent six digits...
    """
    )
    code = code_sent_to(stack, ADA)
    for left in (4, 3, 2, 1):
        talk(f"""
            Ada: {wrong(code)}
            Bot: That code is not right, or it is too old. Tries left: {left}...
        """)
    talk(f"""
        Ada: {wrong(code)}
        Bot: Five wrong codes: we stop here and nothing is erased...
        Ada: {code}
        Bot: What would you like to do?...
    """)
    assert asked(stack) == []


def test_an_old_code_is_refused_and_a_new_one_sent(talk, stack, ada):
    talk(
        KNOWN
        + """
        Bot: What we keep about Ada...
        Ada: erase me
"""
        + SURE
        + """
        Ada: yes
        Bot: ...
        Bot: We have sent six digits...
        -- 12 minutes later --
    """
    )
    old = code_sent_to(stack, ADA)
    talk(f"""
        Ada: {old}
        Bot: That code is not right, or it is too old...
        Ada: [Send me a code]
        Bot: ... is your code to erase your records...
        Bot: We have sent six digits...
    """)
    talk(f"""
        Ada: {code_sent_to(stack, ADA)}
        Bot: Noted: Ada is to be erased...
    """)
    assert len(asked(stack)) == 1


def test_a_wish_is_taken_back_before_its_day(talk, stack, ada):
    ask_for_erasure(talk, stack)
    talk("""
        Ada: my data
        Bot: You asked to be erased; we answer by 22 Dec.

             What we keep about Ada...
        Ada: [What I asked for]
        Bot: What you asked:
             22 Nov: to be erased, we answer by 22 Dec
             [Take it back] [Menu]
        Ada: [Take it back]
        Bot: Nothing is erased. Ada stays with us.
        Ada: erase me
        Bot: If we erase Ada...
        Ada: no
        Bot: Nothing is erased...
    """)
    [request] = asked(stack)
    assert (request.status, request.outcome) == (RequestStatus.REFUSED, "The person took it back.")


def test_asked_twice_it_is_one_wish(talk, stack, ada):
    ask_for_erasure(talk, stack)
    talk("""
        Ada: delete my data
        Bot: You asked for this already: it is done by 22 Dec. Should it stay so?
             [Take it back] [Leave it]
        Ada: [Leave it]
        Bot: It stays so. We answer by 22 Dec.
    """)
    assert len(asked(stack)) == 1


def test_what_the_law_keeps_is_answered(talk, stack, ada):
    with stack.wiring.transaction() as session:
        now = stack.wiring.now()
        privacy.place_legal_hold(session, ada, "a court asks", scope=EVERYTHING, now=now)
    talk("""
        Ada: forget me
        Bot: To show this...
        Ada: 25/11/1990
        Bot: The law asks us to keep the record of Ada as it is for now...by 22 Dec...
    """)
    assert [request.status for request in asked(stack)] == [RequestStatus.OPEN]


def test_a_mother_says_whom(talk, stack, ada):
    tola = stack.register(ADA, "Tola Obi", born_on=date(2019, 5, 1))
    talk("""
        Ada: erase me
        Bot: To show this...
        Ada: 25/11/1990
        Bot: Who is it about?
             [Ada] [Tola]
        Ada: Tola
        Bot: If we erase Tola, ...
        Ada: yes
        Bot: ...
        Bot: We have sent six digits...
    """)
    talk(f"""
        Ada: {code_sent_to(stack, ADA)}
        Bot: Noted: Tola is to be erased...
    """)
    assert [request.patient_id for request in asked(stack)] == [tola]


def test_who_we_keep_nothing_about_hears_so(talk):
    talk("""
        Bisi: what do you know about me
        Bot: We keep no record about you: only this number...
    """)


def test_by_text_message_in_pidgin(talk, stack):
    stack.register(MUSA, "Musa Bello")
    talk("""
        Musa: pidgin
        Bot: We go dey write Pidgin...
        Musa: comot my data
        Bot: Make we sure say na you...
        Musa: 25/11/1990
        Bot: If we clean Musa comot, ...
             1 Send me code
             2 No
        Musa: 1
        Bot: ...na your code to wipe your record for GrandPro...
        Bot: We don send six numbers to this phone...
             1 Send me code
             2 No
        Musa: STOP
        Bot: We no go send you message again...
    """)
    assert asked(stack) == []


def ask_for_erasure(talk, stack) -> None:
    talk("""
        Ada: erase me
        Bot: To show this...
        Ada: 25/11/1990
        Bot: If we erase Ada...
        Ada: yes
        Bot: ...
        Bot: We have sent six digits...
    """)
    talk(f"""
        Ada: {code_sent_to(stack, ADA)}
        Bot: Noted: Ada is to be erased...
    """)


def post(link: str, **form: str) -> str:
    with urlopen(Request(link, data=urlencode(form).encode(), method="POST")) as answer:
        return answer.read().decode()
