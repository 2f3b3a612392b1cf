"""Our templates, before the eyes of WhatsApp's reviewers."""

import pytest

from bot.sandbox import contents as carrier
from bot.sandbox.store import Store
from bot.texts import NAMES
from workers import contents

TEMPLATES = {shape.name: shape for shape in contents.shapes(tuple(NAMES)) if shape.category}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_of_ours_is_one_that_whatsapp_approves(tmp_path, name):
    shape, store = TEMPLATES[name], Store(tmp_path / "carrier.sqlite3")
    document = {
        "friendly_name": name,
        "language": shape.language,
        "variables": shape.samples,
        "types": shape.types,
    }
    made = carrier.create(store, document, at=0)
    asked = {"name": name, "category": shape.category}
    judged = carrier.submit(store, made, asked, at=0, pace=0)
    assert (judged.approval_status(at=1), judged.approval["rejection_reason"]) == ("approved", "")
    store.close()
