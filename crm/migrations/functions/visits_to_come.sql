-- How many visits a patient has to come, counted under a lock of the patient's own: of two bookings
-- at the same moment the later one waits and counts the earlier. The count is a query of its own,
-- so that it sees what was committed while it waited. The lock comes before any row is inserted,
-- and whoever holds it waits for no other of its kind.
create function visits_to_come(p_patient uuid, p_now timestamptz) returns bigint
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('visits of ' || p_patient, 0));
    return (
        select count(*) from appointments
        where patient_id = p_patient and status = 'booked' and lower(during) > p_now
    );
end $$;
