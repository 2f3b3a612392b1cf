"""The approved template that campaigns say."""

import pytest

from tests.crm.senders import a_template


@pytest.fixture
def eyes(session):
    a_template(session)
