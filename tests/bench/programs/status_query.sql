-- The rows of fct_voc_weekly_status as of 2026-11-16, by hand, in one DuckDB query on the tickets' Parquet file.
with versions as (
    select
        id,
        event_create_time,
        cast(date_trunc('week', cast(timezone('Asia/Seoul', event_create_time) as date)) as date) as week_start,
        coalesce(nullif(trim(category1), ''), '(미분류)') as category1,
        coalesce(nullif(trim(category2), ''), '(미분류)') as category2,
        coalesce(nullif(trim(category3), ''), '(미분류)') as category3,
        coalesce(overall_emotion = '부정', false) as is_negative
    from read_parquet($source)
    where event_create_time < timestamptz '2026-11-16 00:00:00+09'
),

tickets as (
    select *
    from versions
    qualify
        row_number() over (
            partition by week_start, id
            order by
                event_create_time desc,
                md5(category1 || '|' || category2 || '|' || category3 || '|' || is_negative)
        ) = 1
),

counts as materialized (
    select
        week_start,
        category1,
        category2,
        category3,
        count(*) as total,
        count(*) filter (where is_negative) as negative
    from tickets
    group by all
),

pairs as (
    select
        week_start,
        category1,
        category2,
        category3,
        coalesce(b.total, 0) as bt,
        coalesce(c.total, 0) as ct,
        coalesce(b.negative, 0) as bn,
        coalesce(c.negative, 0) as cn
    from counts as c
    full join (select * replace (week_start + 7 as week_start) from counts) as b
        using (week_start, category1, category2, category3)
    where
        week_start > (select min(week_start) from counts)
        and week_start <= date '2026-11-09'
),

measured as (
    select
        *,
        greatest(bt, ct) as larger,
        ct > 0 and 100 * ct >= 130 * bt as is_up_30,
        ct > 0 and 100 * ct >= 120 * bt as is_up_20,
        bt > 0 and 100 * ct <= 80 * bt as is_down_20,
        bt * ct > 0 and 100 * (cn * bt - bn * ct) >= 20 * bt * ct as is_worse_20,
        bt * ct > 0 and 100 * (cn * bt - bn * ct) >= 10 * bt * ct as is_worse_10
    from pairs
),

judged as (
    select
        *,
        case
            when larger >= 20 and (is_up_30 or is_worse_20) then 1
            when larger >= 10 and (is_up_20 or is_worse_10) then 2
            when larger >= 10 and is_down_20 then 3
            else 4
        end as status_rank
    from measured
),

trends as (
    select
        judged.week_start,
        judged.category1,
        judged.category2,
        judged.category3,
        list(coalesce(counts.total, 0) order by weeks_ago desc) as total_last_8_weeks
    from judged
    cross join range(8) as back (weeks_ago)
    left join counts
        on judged.week_start - 7 * cast(weeks_ago as integer) = counts.week_start
        and judged.category1 = counts.category1
        and judged.category2 = counts.category2
        and judged.category3 = counts.category3
    group by all
)

select
    week_start,
    category1,
    category2,
    category3,
    ['CRITICAL', 'MONITOR', 'IMPROVED', 'STABLE'][status_rank] as status,
    status_rank,
    case status_rank
        when 1 then concat_ws('+', if(is_up_30, 'volume_increase', null), if(is_worse_20, 'negative_ratio', null))
        when 2 then concat_ws('+', if(is_up_20, 'volume_increase', null), if(is_worse_10, 'negative_ratio', null))
        when 3 then 'volume_decrease'
    end as status_reason,
    bt as base_total,
    ct as comparison_total,
    bn as base_negative,
    cn as comparison_negative,
    100 * (ct - bt) / nullif(bt, 0) as total_change_pct,
    bn / nullif(bt, 0) as base_negative_ratio,
    cn / nullif(ct, 0) as comparison_negative_ratio,
    100 * (cn * bt - bn * ct) / nullif(bt * ct, 0) as negative_ratio_change_pp,
    bt = 0 as is_new,
    total_last_8_weeks
from judged
inner join trends using (week_start, category1, category2, category3)
