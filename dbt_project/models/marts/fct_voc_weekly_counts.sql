with tickets as (
    select * from {{ ref('stg_zendesk__tickets') }}
),

tickets_by_weekday as (
    select
        *,
        {{ days_between('week_start', 'ticket_date') }} as days_after_monday
    from tickets
),

tickets_counted_by_week as (
    select
        week_start,
        category1,
        category2,
        category3,
        count(*) as total_count,
        count(case when is_negative then 1 end) as negative_count,
        count(case when emotion = '긍정' then 1 end) as positive_count,
        count(case when emotion = '중립' then 1 end) as neutral_count,
        count(case when emotion is null then 1 end) as without_emotion_count,
        count(case when is_inbound then 1 end) as inbound_count,
        {%- for day in weekdays() %}
        count(case when days_after_monday = {{ loop.index0 }} then 1 end) as {{ day }}_count,
        {%- endfor %}
        count(case when row_count > 1 then 1 end) as repeated_count,
        max(row_count) as most_rows_per_ticket,
        sum(row_count) as source_row_count
    from tickets_by_weekday
    group by week_start, category1, category2, category3
),

-- Not in staging, which has a thousand times the rows.
{{ category_names_masked('tickets_counted_by_week') }}

select
    week_start,
    category1,
    category2,
    category3,
    cast(sum(total_count) as int64) as total_count,
    cast(sum(negative_count) as int64) as negative_count,
    cast(sum(positive_count) as int64) as positive_count,
    cast(sum(neutral_count) as int64) as neutral_count,
    cast(sum(without_emotion_count) as int64) as without_emotion_count,
    cast(sum(inbound_count) as int64) as inbound_count,
    {%- for day in weekdays() %}
    cast(sum({{ day }}_count) as int64) as {{ day }}_count,
    {%- endfor %}
    cast(sum(repeated_count) as int64) as repeated_count,
    cast(sum(source_row_count) as int64) as source_row_count,
    sum(negative_count) / sum(total_count) as negative_ratio,
    max(most_rows_per_ticket) as most_rows_per_ticket
from names_masked
group by week_start, category1, category2, category3
