with weeks as (
    select * from {{ ref('int_weeks_summed') }}
),

days as (
    select * from {{ ref('int_days_compared') }}
),

renames as (
    select * from {{ ref('int_category_renames') }}
),

-- Days on which there is always somebody who writes, and nobody did: together they would have brought five tickets.
days_lost as (
    select
        week_start,
        'days_lost' as code,
        string_agg(cast(ticket_date as {{ dbt.type_string() }}), ',' order by ticket_date) as dates,
        count(*) as observed,
        sum(usual_count) as usual
    from days
    where
        ticket_count = 0
        and weeks_before > 0
        and 4 * share_with_tickets >= 3
    group by week_start
    having sum(usual_count) >= 5
),

days_low as (
    select
        week_start,
        'days_low' as code,
        string_agg(cast(ticket_date as {{ dbt.type_string() }}), ',' order by ticket_date) as dates,
        sum(ticket_count) as observed,
        sum(usual_count) as usual
    from days
    where
        ticket_count > 0
        and weeks_before > 1
        and usual_count >= 20
        and 5 * ticket_count <= usual_count
    group by week_start
),

days_high as (
    select
        week_start,
        'days_high' as code,
        string_agg(cast(ticket_date as {{ dbt.type_string() }}), ',' order by ticket_date) as dates,
        sum(ticket_count) as observed,
        sum(usual_count) as usual
    from days
    where
        weeks_before > 1
        and ticket_count - usual_count >= 30
        and ticket_count >= 5 * usual_count
    group by week_start
),

weeks_compared as (
    select
        weeks.*,
        avg(total_count) over before as usual_total,
        sum(total_count) over before as total_before,
        sum(unclassified_count) over before as unclassified_before,
        sum(without_emotion_count) over before as without_emotion_before,
        sum(unknown_emotion_count) over before as unknown_emotion_before,
        sum(negative_count) over before as negative_before,
        sum(repeated_count) over before as repeated_before,
        max(most_rows_per_ticket) over before as most_rows_before,
        count(*) over before as weeks_before
    from weeks
    window before as (order by week_start rows between 8 preceding and 1 preceding)
),

-- One row for each rule and week, with what is compared.
rules as (
    select
        week_start,
        'week_empty' as code,
        total_count as observed,
        usual_total as usual,
        total_count = 0 as is_met
    from weeks_compared
    union all
    select
        week_start,
        'week_low' as code,
        total_count as observed,
        usual_total as usual,
        total_count > 0 and weeks_before > 1 and usual_total >= 20 and 5 * total_count <= 2 * usual_total as is_met
    from weeks_compared
    union all
    select
        week_start,
        'week_high' as code,
        total_count as observed,
        usual_total as usual,
        weeks_before > 1 and total_count - usual_total >= 30 and 2 * total_count >= 5 * usual_total as is_met
    from weeks_compared
    {%- for code, counted in [
        ('unclassified', 'unclassified'),
        ('emotion_missing', 'without_emotion'),
        ('emotion_unknown', 'unknown_emotion'),
        ('ids_repeated', 'repeated'),
    ] %}
    union all
    -- A share that has risen by 20 points, and to twice what it was.
    select
        week_start,
        '{{ code }}' as code,
        {{ counted }}_count / nullif(total_count, 0) as observed,
        {{ counted }}_before / nullif(total_before, 0) as usual,
        total_count >= 10
        and total_before >= 10
        and 5 * ({{ counted }}_count * total_before - {{ counted }}_before * total_count) >= total_count * total_before
        and {{ counted }}_count * total_before >= 2 * {{ counted }}_before * total_count as is_met
    from weeks_compared
    {%- endfor %}
    union all
    -- Five negative tickets would have been usual, or there has never been one.
    select
        week_start,
        'no_negative' as code,
        negative_count as observed,
        negative_before * total_count / nullif(total_before, 0) as usual,
        total_count >= 10
        and negative_count = 0
        and (negative_before * total_count >= 5 * total_before or coalesce(negative_before, 0) = 0) as is_met
    from weeks_compared
    union all
    select
        week_start,
        'ids_shared' as code,
        most_rows_per_ticket as observed,
        most_rows_before as usual,
        most_rows_per_ticket >= 10 and most_rows_per_ticket >= 2 * coalesce(most_rows_before, 0) as is_met
    from weeks_compared
),

rules_met as (
    select
        week_start,
        code,
        cast(null as {{ dbt.type_string() }}) as dates,
        observed,
        usual
    from rules
    where is_met
),

doubts as (
    {%- for found in ['days_lost', 'days_low', 'days_high', 'rules_met'] %}
    select
        week_start,
        code,
        dates,
        cast(null as {{ dbt.type_string() }}) as category1,
        cast(null as {{ dbt.type_string() }}) as category2,
        cast(null as {{ dbt.type_string() }}) as category3,
        cast(null as {{ dbt.type_string() }}) as renamed_to,
        1e0 * observed as observed,
        1e0 * usual as usual
    from {{ found }}
    union all
    {%- endfor %}
    select
        week_start,
        'renamed' as code,
        cast(null as {{ dbt.type_string() }}) as dates,
        category1,
        category2,
        category3,
        renamed_to,
        1e0 * comparison_total as observed,
        1e0 * base_total as usual
    from renames
)

select
    week_start,
    code,
    code in ('days_lost', 'days_low', 'week_empty', 'week_low') as is_incomplete,
    dates,
    category1,
    category2,
    category3,
    renamed_to,
    observed,
    usual
from doubts
where {{ in_weeks('week_start', weeks_to_judge()) }}
