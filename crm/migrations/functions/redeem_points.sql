-- One redemption in one round trip: account locked, limits, stock and points asked in the order in
-- which a member wants to hear of them, lots drawn soonest to expire first. Says what came of it.
create function redeem_points(
    p_patient uuid, p_reward uuid, p_quantity bigint, p_note text, p_actor uuid, p_now timestamptz,
    p_id uuid, p_debit uuid, p_code_index bytea, p_code_last4 text,
    out outcome text, out points bigint, out available bigint, out status text,
    out expires_at timestamptz, out reasons text[], out member_limit bigint, out resets_on date,
    out stock_left bigint
) language plpgsql as $$
#variable_conflict use_column
declare
    a loyalty_points;
    r loyalty_rewards;
    today timestamp := date_trunc('day', p_now at time zone 'Africa/Lagos');
    began timestamp := '-infinity';
    drawn bigint;
begin
    select * into a from loyalty_points where patient_id = p_patient for no key update;
    if not found then
        outcome := 'not_enrolled';
        return;
    elsif a.status <> 'active' then
        outcome := 'account_frozen';
        status := a.status;
        return;
    end if;
    select * into r from loyalty_rewards where id = p_reward;
    if not found then
        outcome := 'not_found';
        return;
    elsif r.status <> 'active' or r.valid_from > p_now or r.valid_until <= p_now then
        outcome := 'reward_ended';
        return;
    end if;
    if r.min_tier is not null and r.min_tier <> a.tier and (
        select n.min_points > o.min_points from loyalty_tiers n, loyalty_tiers o
        where n.code = r.min_tier and o.code = a.tier
    ) then
        reasons := array['tier_too_low'];
    end if;
    if r.hospital_id is not null and not exists (
        select from patient_profiles where id = p_patient and home_hospital_id = r.hospital_id
    ) then
        reasons := reasons || array['other_hospital'];
    end if;
    if reasons is not null then
        outcome := 'not_eligible';
        return;
    end if;
    if r.member_limit is not null then
        if r.limit_period <> 'ever' then
            began := date_trunc(r.limit_period, today);
            resets_on := began + ('1 ' || r.limit_period)::interval;
        end if;
        member_limit := r.member_limit;
        if p_quantity + (
            select coalesce(sum(quantity), 0) from reward_redemptions
            where account_id = a.id and reward_id = r.id
              and status in ('pending', 'approved', 'fulfilled')
              and created_at >= began at time zone 'Africa/Lagos'
        ) > r.member_limit then
            outcome := 'limit_reached';
            return;
        end if;
    end if;
    stock_left := r.stock_left;
    points := r.points_cost * p_quantity;
    available := a.available;
    if r.stock_left < p_quantity then
        outcome := 'out_of_stock';
        return;
    elsif a.available < points then
        outcome := 'insufficient_points';
        return;
    end if;
    if r.stock is not null then
        update loyalty_rewards set stock_left = stock_left - p_quantity
        where id = r.id and status = 'active' and stock_left >= p_quantity
        returning loyalty_rewards.stock_left into stock_left;
        if not found then
            outcome := 'out_of_stock';
            stock_left := 0;
            return;
        end if;
    end if;
    insert into loyalty_transactions (
        id, account_id, seq, kind, points, balance_after, is_qualifying,
        source_type, source_id, actor_id, at
    ) values (
        p_debit, a.id, a.seq + 1, 'redeem', - points, a.available - points, false,
        'redemption', p_id, p_actor, p_now
    );
    with o as (
        -- a lot holds a point at least, so no more lots than points are needed
        select id, remaining, expires_at from loyalty_lots
        where account_id = a.id and remaining > 0 order by expires_at, id limit redeem_points.points
    ), w as (
        select id, remaining, sum(remaining) over (
            order by expires_at, id rows unbounded preceding
        ) - remaining as before
        from o
    ), d as (
        select id, cast(least(remaining, redeem_points.points - before) as bigint) as part
        from w where before < redeem_points.points
    ), s as (
        update loyalty_lots l set remaining = l.remaining - d.part from d where l.id = d.id
    ), g as (
        insert into loyalty_allocations (transaction_id, lot_id, points)
        select p_debit, d.id, d.part from d
    )
    select sum(part) into drawn from d;
    if drawn is distinct from points then
        raise exception 'the lots of % do not add up to its balance', a.id
            using errcode = 'data_corrupted';
    end if;
    outcome := 'redeemed';
    available := a.available - points;
    status := case when r.needs_approval then 'pending' else 'approved' end;
    expires_at := (today + make_interval(days => r.voucher_days + 1)) at time zone 'Africa/Lagos';
    insert into reward_redemptions (
        id, account_id, reward_id, status, quantity, points_spent, debit_id,
        code_index, code_last4, expires_at, note, created_at, updated_at
    ) values (
        p_id, a.id, r.id, redeem_points.status, p_quantity, redeem_points.points, p_debit,
        p_code_index, p_code_last4, redeem_points.expires_at, p_note, p_now, p_now
    );
    update loyalty_points
    set seq = a.seq + 1, available = a.available - redeem_points.points,
        redeemed = a.redeemed + redeem_points.points, updated_at = p_now
    where id = a.id;
end $$
