-- One award, once for its source, in one round trip. The account is locked by a statement of its
-- own, so that every later one reads what is true under the lock. Says what came of it. A credit
-- makes one lot and at most one change of tier: they bear its id.
create function award_points(
    p_patient uuid, p_rule text, p_source_type text, p_source uuid, p_amount_kobo bigint,
    p_reason text, p_actor uuid, p_now timestamptz, p_id uuid,
    out outcome text, out account_id uuid, out points bigint, out available bigint,
    out qualifying bigint, out tier text, out tier_before text, out owed bigint, out detail text
) language plpgsql as $$
#variable_conflict use_column
declare
    a loyalty_points;
    r earning_rules;
    higher text;
begin
    select * into a from loyalty_points where patient_id = p_patient for no key update;
    if not found then
        outcome := 'not_enrolled';
        return;
    end if;
    select * into r from earning_rules where code = p_rule and is_active;
    if not found then
        outcome := 'rule_inactive';
        return;
    elsif a.status <> 'active' then
        outcome := 'account_frozen';
        detail := a.status;
        return;
    end if;
    points := least(coalesce(r.points, p_amount_kobo / r.kobo_per_point), r.most_points);
    if points <= 0 then
        outcome := 'nothing_earned';
        return;
    end if;
    -- a day's awards are counted among the member's last 200 transactions
    if r.daily_cap is not null and r.daily_cap <= (
        select count(*) from (
            select rule, at from loyalty_transactions where account_id = a.id and seq > a.seq - 200
        ) as recent
        where rule = p_rule
          and at >= date_trunc('day', p_now at time zone 'Africa/Lagos') at time zone 'Africa/Lagos'
    ) then
        outcome := 'cap_reached';
    else
        insert into loyalty_transactions (
            id, account_id, seq, kind, points, balance_after, is_qualifying,
            rule, source_type, source_id, reason, actor_id, at
        ) values (
            p_id, a.id, a.seq + 1, 'earn', points, a.available + points, r.is_qualifying,
            p_rule, p_source_type, p_source, p_reason, p_actor, p_now
        ) on conflict (rule, source_type, source_id) where rule is not null do nothing;
        if found then
            outcome := 'given';
        end if;
    end if;
    if outcome is distinct from 'given' then
        select id into detail from loyalty_transactions
        where rule = p_rule and source_type = p_source_type and source_id = p_source;
        if found then
            outcome := 'already_awarded';
        else
            detail := r.daily_cap;
        end if;
        return;
    end if;
    insert into loyalty_lots (id, account_id, transaction_id, points, remaining, expires_at)
    values (
        p_id, a.id, p_id, points, points,
        (date_trunc('month', p_now at time zone 'Africa/Lagos')
         + make_interval(months => r.valid_months + 1)) at time zone 'Africa/Lagos'
    );
    account_id := a.id;
    available := a.available + points;
    qualifying := a.qualifying + case when r.is_qualifying then points else 0 end;
    tier_before := a.tier;
    owed := a.owed;
    tier := a.tier;
    if r.is_qualifying then
        select code into higher from loyalty_tiers
        where min_points <= qualifying order by min_points desc limit 1;
    end if;
    -- a threshold that was raised since demotes nobody
    if higher <> a.tier and (
        select n.min_points > o.min_points from loyalty_tiers n, loyalty_tiers o
        where n.code = higher and o.code = a.tier
    ) then
        tier := higher;
        insert into loyalty_tier_changes (
            id, account_id, transaction_id, from_tier, to_tier, qualifying, at
        ) values (p_id, a.id, p_id, a.tier, higher, qualifying, p_now);
        a.tier_since := p_now;
    end if;
    update loyalty_points
    set seq = a.seq + 1, available = a.available + points, earned = a.earned + points,
        qualifying = award_points.qualifying, tier = award_points.tier, tier_since = a.tier_since,
        updated_at = p_now
    where id = a.id;
end $$
