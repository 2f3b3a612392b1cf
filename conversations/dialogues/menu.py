"""The menu: what one can do here."""

from conversations.dialogue import Dialogue


class Menu(Dialogue):
    """The door to the other talks; free words are tried before the list is shown again."""

    name = "menu"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "ask"),
        ("ask", "book", None, None, "to_booking"),
        ("ask", "appointments", None, None, "to_appointments"),
        ("ask", "person", None, None, "to_person"),
        ("ask", "change_language", None, None, "to_language"),
        ("ask", "anything", None, None, "ask"),
    )
    offers = {"ask": ("book", "appointments", "person", "change_language")}
    leads_to = {
        "to_booking": "booking",
        "to_appointments": "appointments",
        "to_person": "person",
        "to_language": "language",
    }
