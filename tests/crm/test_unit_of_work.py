"""One transaction: statements as they stand and objects see, keep and lose the same."""

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crm.kit import driver
from crm.kit.unit_of_work import Units
from crm.models import Hospital

pytestmark = pytest.mark.usefixtures("database_url")  # what is committed stays in it

_RENAME = "update hospitals set name = %(name)s where code = 'IKJ'"
_NAME = "select name from hospitals where code = 'IKJ'"
_TWICE = "update hospitals set code = 'WUS' where code = 'IKJ'"


def test_statements_alone_last_when_it_is_committed(sessions):
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Renamed"})
        work.commit()
    assert name(sessions) == "Renamed"


def test_statements_alone_are_undone_without_a_commit(sessions):
    before = name(sessions)
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Renamed"})
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Renamed"})
        work.rollback()
        assert driver.fetch(work, _NAME, {}) == [(before,)]
    assert name(sessions) == before


def test_no_session_begins_for_statements_alone(sessions):
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Renamed"})
        assert not work.in_transaction()
        work.commit()


def test_objects_see_what_statements_did_and_share_their_end(sessions):
    before = name(sessions)
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Renamed"})
        ikeja = hospital(work)
        assert ikeja.name == "Renamed"
        ikeja.name = "Renamed again"
        assert driver.fetch(work, _NAME, {}) == [("Renamed again",)]
        work.rollback()
    assert name(sessions) == before
    with sessions() as work:
        hospital(work).name = "Once more"
        driver.run(
            work, "update hospitals set address = %(city)s where code = 'IKJ'", {"city": "Ebute"}
        )
        work.commit()
    assert name(sessions) == "Once more"


def test_it_goes_on_after_a_commit(sessions):
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "First"})
        work.commit()
        hospital(work).name = "Second"
        work.commit()
        driver.run(work, _RENAME, {"name": "Third"})
        work.rollback()
    assert name(sessions) == "Second"


def test_a_savepoint_takes_back_statements_too(sessions):
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Kept"})
        savepoint = work.begin_nested()
        driver.run(work, _RENAME, {"name": "Taken back"})
        with pytest.raises(IntegrityError):
            driver.run(work, _TWICE, {})
        savepoint.rollback()
        assert driver.fetch(work, _NAME, {}) == [("Kept",)]
        work.commit()
    assert name(sessions) == "Kept"


def test_a_savepoint_alone_lasts_too(sessions):
    with sessions() as work:
        with work.begin_nested():
            driver.run(work, _RENAME, {"name": "Inside"})
        work.commit()
    assert name(sessions) == "Inside"


def test_a_statement_that_fails_leaves_a_line_for_the_next(sessions, engine):
    before = name(sessions)
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Lost"})
        with pytest.raises(IntegrityError):
            driver.run(work, _TWICE, {})
    assert name(sessions) == before
    assert engine.pool.checkedout() == 0


def test_who_listens_hears_of_one_beginning_and_one_end(sessions, engine):
    heard = []
    event.listen(engine, "begin", lambda *_: heard.append("begin"))
    event.listen(engine, "commit", lambda *_: heard.append("commit"))
    with sessions() as work:
        driver.run(work, _RENAME, {"name": "Heard"})
        hospital(work).name = "Heard again"
        work.commit()
    assert heard == ["begin", "commit"]


def test_a_lost_connection_takes_the_pool_with_it(sessions):
    with sessions() as work:
        driver.fetch(work, _NAME, {})
        work.connection().exec_driver_sql("select pg_sleep(0)")
        with sessions() as other:
            other.execute(
                text("select pg_terminate_backend(:pid)"),
                {"pid": work.line().connection.driver_connection.info.backend_pid},
            )
        with pytest.raises(DBAPIError) as lost:
            driver.fetch(work, _NAME, {})
    assert lost.value.connection_invalidated
    assert name(sessions)


def test_the_last_to_rest_is_taken_with_its_line_and_none_of_its_objects(sessions, engine):
    units = Units(sessions, most=2)
    unit = units.take()
    ikeja, line = hospital(unit), unit.line()
    unit.commit()
    units.give_back(unit)
    again = units.take()
    assert again.line() is line
    assert ikeja not in again
    again.close()
    units.close()
    assert engine.pool.checkedout() == 0


def test_no_more_rest_than_were_asked_for(sessions, engine):
    units = Units(sessions, most=1)
    taken = [units.take() for _ in range(3)]
    lines = {id(unit.line()) for unit in taken}
    assert len(lines) == 3
    for unit in taken:
        unit.commit()
        units.give_back(unit)
    assert engine.pool.checkedout() == 1
    units.close()
    assert engine.pool.checkedout() == 0


def test_a_line_that_has_grown_old_is_changed(sessions):
    units = Units(sessions, most=1, longest_s=0)
    unit = units.take()
    line = unit.line()
    unit.commit()
    units.give_back(unit)
    assert units.take().line() is not line
    unit.close()


def hospital(work):
    return work.scalars(select(Hospital).where(Hospital.code == "IKJ")).one()


def name(sessions):
    with sessions() as work:
        return driver.fetch(work, _NAME, {})[0][0]
