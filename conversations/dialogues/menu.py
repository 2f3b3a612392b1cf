"""The menu: what one can do here, on two pages."""

from conversations.dialogue import Dialogue


class Menu(Dialogue):
    """The door to the other talks; free words are tried before the list is shown again."""

    name = "menu"
    script = (
        # at, hears, when, does, then asks
        ("start", "anything", None, None, "ask"),
        ("ask", "book", None, None, "to_booking"),
        ("ask", "appointments", None, None, "to_appointments"),
        ("ask", "points", None, None, "to_points"),
        ("ask", "rewards", None, None, "to_rewards"),
        ("ask", "feedback", None, None, "to_feedback"),
        ("ask", "person", None, None, "to_person"),
        ("ask", "change_language", None, None, "to_language"),
        ("ask", "next_page", None, None, "rest"),
        ("ask", "anything", None, None, "ask"),
        ("rest", "codes", None, None, "to_codes"),
        ("rest", "invite", None, None, "to_invite"),
        ("rest", "place", None, None, "to_place"),
        ("rest", "preferences", None, None, "to_preferences"),
        ("rest", "privacy", None, None, "to_privacy"),
        ("rest", "menu", None, None, "ask"),
        ("rest", "anything", None, None, "rest"),
    )
    offers = {
        "ask": (
            "book",
            "appointments",
            "points",
            "rewards",
            "feedback",
            "person",
            "change_language",
            "next_page",
        ),
        "rest": ("codes", "invite", "place", "preferences", "privacy", "menu"),
    }
    leads_to = {
        "to_booking": "booking",
        "to_appointments": "appointments",
        "to_points": "points",
        "to_rewards": "rewards",
        "to_feedback": "feedback",
        "to_person": "person",
        "to_language": "language",
        "to_codes": "codes",
        "to_invite": "invite",
        "to_place": "place",
        "to_preferences": "preferences",
        "to_privacy": "privacy",
    }
