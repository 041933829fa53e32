with tickets as (
    select * from {{ ref('int_flagged_tickets_masked') }}
),

weeks as (
    select * from {{ ref('fct_voc_weekly_alarms') }}
),

{{ keywords_counted('tickets') }},

category_totals as (
    select
        category1,
        category2,
        category3,
        count(*) as ticket_count,
        count(case when week_role = 'base' and trim(keywords) != '' then 1 end) as base_total,
        count(case when week_role = 'comparison' and trim(keywords) != '' then 1 end) as comparison_total
    from tickets
    group by category1, category2, category3
),

-- How much the company's tickets stray, and the level of the week beside that of the week before.
week_compared as (
    select
        comparison.volume_spread,
        coalesce(comparison.week_level / base.week_level, 1e0) as week_level
    from weeks as comparison
    left join weeks as base
        on base.week_start = {{ report_week_start() }} - 7
    where comparison.week_start = {{ report_week_start() }}
),

tickets_with_words as (
    select
        count(case when week_role = 'base' then 1 end) as base_total,
        count(case when week_role = 'comparison' then 1 end) as comparison_total,
        count(case when week_role = 'base' and trim(keywords) != '' then 1 end) as base_count,
        count(case when week_role = 'comparison' and trim(keywords) != '' then 1 end) as comparison_count
    from tickets
),

-- A word can be in more tickets because more have words. Where none has in the base week, all words would be new.
week_modelled as (
    select
        week_compared.volume_spread,
        week_compared.week_level
        * (tickets_with_words.comparison_count / tickets_with_words.comparison_total)
        / (tickets_with_words.base_count / tickets_with_words.base_total) as word_level
    from week_compared
    cross join tickets_with_words
    where tickets_with_words.base_count > 0 and tickets_with_words.comparison_count > 0
),

-- A ticket is in one category, so the categories add up. A word that moved as its category did is no news.
words_in_categories as (
    select
        keywords_counted.keyword as word,
        keywords_counted.category1,
        keywords_counted.category2,
        keywords_counted.category3,
        keywords_counted.base_count,
        keywords_counted.comparison_count,
        keywords_counted.comparison_count - keywords_counted.base_count as increase,
        keywords_counted.base_count + keywords_counted.comparison_count as word_count,
        keywords_counted.base_count * (category_totals.comparison_total + 5e-1) / (category_totals.base_total + 5e-1)
            as moved_count,
        category_totals.ticket_count
    from keywords_counted
    inner join category_totals
        on
            keywords_counted.category1 = category_totals.category1
            and keywords_counted.category2 = category_totals.category2
            and keywords_counted.category3 = category_totals.category3
),

words_summed as (
    select
        word,
        cast(sum(base_count) as int64) as base_count,
        cast(sum(comparison_count) as int64) as comparison_count,
        sum(moved_count) as moved_count,
        sum(word_count * (word_count / ticket_count)) / sum(word_count) as share_of_categories,
        count(*) over () as test_count
    from words_in_categories
    group by word
),

-- A tenth of a ticket more than counted: of all words there could be, most are in no ticket of a week. Tickets of a
-- category stray together, and a word with them by as much as it has of them. Fewer tickets may be of one customer.
words_modelled as (
    select
        words_summed.word,
        words_summed.base_count,
        words_summed.comparison_count,
        words_summed.test_count,
        words_summed.base_count + 1e-1 as own_mean,
        words_summed.moved_count + 1e-1 * week_modelled.word_level as expected_total,
        1e0 + (week_modelled.volume_spread - 1e0) * words_summed.share_of_categories as word_spread
    from words_summed
    cross join week_modelled
    where words_summed.comparison_count >= {{ var('rising_words_least_tickets') }}
),

words_tested as (
    select
        word,
        base_count,
        comparison_count,
        comparison_count as comparison_total,
        test_count,
        own_mean,
        2e0 * word_spread as own_variance_ratio,
        expected_total,
        word_spread * (1e0 + expected_total / own_mean) as variance_ratio,
        row_number() over (order by word) as row_id
    from words_modelled
),

{{ volume_p_values('words_tested') }},

p_values as (
    select
        words_tested.word,
        words_tested.base_count,
        words_tested.comparison_count,
        words_tested.test_count,
        words_tested.expected_total,
        volume_p_values.p_increase
    from words_tested
    inner join volume_p_values
        on words_tested.row_id = volume_p_values.row_id
),

-- Benjamini and Hochberg, as in int_evidence.
p_values_ranked as (
    select
        *,
        count(*) over (order by p_increase) as increase_rank
    from p_values
),

p_values_adjusted as (
    select
        *,
        least(min(p_increase * (test_count / increase_rank)) over (order by p_increase desc), 1e0) as q_increase
    from p_values_ranked
),

words_ranked as (
    select
        *,
        row_number() over (order by p_increase asc, comparison_count - base_count desc, word asc) as word_rank
    from p_values_adjusted
    where
        p_increase <= {{ var('evidence_p') }}e0
        and q_increase <= {{ var('evidence_q') }}e0
),

-- Where most of the new tickets are: the lowest name that has more than half of them.
increases_above as (
    select
        word,
        category1,
        category2,
        category3,
        increase,
        sum(increase) over (partition by word) as word_increase,
        sum(increase) over (partition by word, category1) as increase_1,
        sum(increase) over (partition by word, category1, category2) as increase_2
    from words_in_categories
),

places as (
    select
        *,
        case
            when 2 * increase > word_increase then 3
            when 2 * increase_2 > word_increase then 2
            when 2 * increase_1 > word_increase then 1
            else 0
        end as level
    from increases_above
),

places_ranked as (
    select
        *,
        row_number() over (
            partition by word
            order by level desc, increase desc, category1 asc, category2 asc, category3 asc
        ) as place_rank
    from places
)

select
    {{ report_week_start() }} as week_start,
    words_ranked.word_rank,
    words_ranked.word,
    case when places_ranked.level >= 1 then places_ranked.category1 end as category1,
    case when places_ranked.level >= 2 then places_ranked.category2 end as category2,
    case when places_ranked.level >= 3 then places_ranked.category3 end as category3,
    words_ranked.base_count,
    words_ranked.comparison_count,
    words_ranked.expected_total as expected_count,
    words_ranked.p_increase,
    words_ranked.q_increase
from words_ranked
inner join places_ranked
    on words_ranked.word = places_ranked.word
where places_ranked.place_rank = 1 and words_ranked.word_rank <= {{ var('rising_words_kept') }}
