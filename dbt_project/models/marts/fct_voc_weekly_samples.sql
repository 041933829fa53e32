with tickets as (
    select * from {{ ref('int_flagged_tickets_by_name') }}
),

-- Equal first 80 characters, once case, digits and punctuation are folded away, make near-duplicates.
texts_folded as (
    select
        *,
        {{ dbt.hash('ticket_id') }} as ticket_hash,
        week_role = 'comparison' and is_negative as is_preferred,
        substr({{ fold_text("coalesce(nullif(trim(detail), ''), title, '')") }}, 1, 80) as folded_text
    from tickets
),

near_duplicates_ranked as (
    select
        *,
        row_number() over (
            partition by category1, category2, category3, week_role, folded_text
            order by is_preferred desc, ticket_hash asc
        ) as duplicate_rank
    from texts_folded
),

days_taken_in_turn as (
    select
        *,
        row_number() over (
            partition by
                category1, category2, category3, week_role, is_preferred, ticket_category2, ticket_category3,
                ticket_date
            order by ticket_hash
        ) as turn
    from near_duplicates_ranked
    where duplicate_rank = 1
),

-- Of a level above, each category has as large a part of the samples as of the tickets.
places_counted as (
    select
        *,
        row_number() over (
            partition by
                category1, category2, category3, week_role, is_preferred, ticket_category2, ticket_category3
            order by turn asc, ticket_date asc, ticket_hash asc
        ) as place,
        count(*) over (
            partition by
                category1, category2, category3, week_role, is_preferred, ticket_category2, ticket_category3
        ) as place_count
    from days_taken_in_turn
),

categories_in_proportion as (
    select
        *,
        (place - 5e-1) / place_count as share_before
    from places_counted
),

samples_ranked as (
    select
        *,
        row_number() over (
            partition by category1, category2, category3, week_role
            order by is_preferred desc, share_before asc, ticket_hash asc
        ) as sample_rank
    from categories_in_proportion
)

select
    week_start,
    category1,
    category2,
    category3,
    week_role,
    sample_rank,
    ticket_id,
    ticket_created_at,
    is_negative,
    title,
    detail,
    {{ ticket_url('ticket_id') }} as ticket_url
from samples_ranked
where sample_rank <= {{ var('samples_kept_per_week') }}
