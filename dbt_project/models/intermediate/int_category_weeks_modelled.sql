with category_weeks as (
    select * from {{ ref('int_category_weeks') }}
),

-- Three tickets a week and more: below that the quotient jumps. The levels above would be too few for a median, and are
-- judged by this one.
steady_categories as (
    select
        week_start,
        (total_count + 5e-1) / ((baseline_total + 5e-1) / weeks_before) as quotient
    from category_weeks
    where weeks_before >= 1 and baseline_total >= 3 * weeks_before and category3 != ''
),

levels_ranked as (
    select
        week_start,
        quotient,
        row_number() over (partition by week_start order by quotient) as quotient_rank,
        count(*) over (partition by week_start) as category_count
    from steady_categories
),

-- The median, the lower one of two. A ratio of totals would follow the largest category alone.
week_levels as (
    select
        week_start,
        quotient as week_level
    from levels_ranked
    where category_count >= 5 and 2 * quotient_rank between category_count and category_count + 1
),

-- Half a ticket more than counted: what has never been seen is not impossible.
expected as (
    select
        category_weeks.*,
        coalesce(week_levels.week_level, 1e0) as week_level,
        (category_weeks.baseline_total + 5e-1) / greatest(category_weeks.weeks_before, 1) as own_mean,
        (category_weeks.baseline_negative + 5e-1) / (category_weeks.baseline_total + 1e0) as usual_share,
        case
            when
                category_weeks.weeks_before >= 1
                and category_weeks.baseline_total >= 10
                and category_weeks.category3 != ''
                then 1
            else 0
        end as is_in_company_share
    from category_weeks
    left join week_levels
        on category_weeks.week_start = week_levels.week_start
),

-- How far each week was from what was expected, in standard deviations of a Poisson or binomial count.
errors as (
    select
        *,
        case
            when weeks_before >= 2 and baseline_total >= weeks_before
                then
                    abs(total_count - week_level * own_mean)
                    / sqrt(week_level * own_mean * (1e0 + week_level / weeks_before))
        end as volume_error,
        case
            when weeks_before >= 2 and baseline_total >= 10 and total_count >= 5
                then
                    abs(negative_count - total_count * usual_share)
                    / sqrt(total_count * usual_share * (1e0 - usual_share) * (1e0 + total_count / baseline_total))
        end as share_error
    from expected
),

errors_summed as (
    select
        *,
        count(volume_error) over spread as volume_weeks,
        coalesce(sum(volume_error) over spread, 0e0) as volume_errors,
        count(share_error) over spread as share_weeks,
        coalesce(sum(share_error) over spread, 0e0) as share_errors
    from errors
    window
        spread as (
            partition by category_id
            order by week_start
            rows between {{ var('evidence_spread_weeks') }} preceding and 1 preceding
        )
),

weeks_judged as (
    select * from errors_summed
    where {{ in_weeks('week_start', weeks_to_judge()) }}
),

-- What the company's share has of the category, or of all categories below a level above.
shares_below as (
    select
        *,
        {{ sum_of_categories_below('is_in_company_share * total_count') }} as company_total,
        {{ sum_of_categories_below('is_in_company_share * negative_count') }} as company_negative,
        {{ sum_of_categories_below('is_in_company_share * total_count * usual_share') }} as company_expected
    from weeks_judged
),

-- A new company begins with 20 weeks of errors that make a variance of 2.5 times the mean.
company as (
    select
        week_start,
        (sum(volume_errors) + 20 * 126e-2) / (sum(volume_weeks) + 20) as volume_error,
        (sum(share_errors) + 20 * 126e-2) / (sum(share_weeks) + 20) as share_error,
        sum(is_in_company_share) as category_count,
        sum(company_total) as total_count,
        sum(company_negative) as negative_count,
        sum(company_expected) as expected_negative
    from shares_below
    where category3 != ''
    group by week_start
),

-- Each category's errors count with 20 weeks of the company's; without the category itself in the company's share.
shrunk as (
    select
        shares_below.*,
        (20 * company.volume_error + volume_errors) / (20 + volume_weeks) as mean_volume_error,
        (20 * company.share_error + share_errors) / (20 + share_weeks) as mean_share_error,
        company.volume_error as company_volume_error,
        company.category_count,
        company.total_count - company_total as others_total,
        company.negative_count - company_negative as others_negative,
        company.expected_negative - company_expected as others_expected
    from shares_below
    inner join company
        on shares_below.week_start = company.week_start
),

spread_measured as (
    select
        *,
        {{ spread_of('mean_volume_error') }} as volume_spread,
        {{ spread_of('company_volume_error') }} as company_spread,
        {{ spread_of('mean_share_error') }} as share_spread,
        case
            when category_count >= 5 and others_total >= 50
                then
                    ((others_negative + 5e-1) / (others_total - others_negative + 5e-1))
                    / ((others_expected + 5e-1) / (others_total - others_expected + 5e-1))
            else 1e0
        end as share_odds
    from shrunk
)

select
    week_start,
    category1,
    category2,
    category3,
    first_week_start,
    weeks_before,
    total_count,
    negative_count,
    baseline_total,
    week_level,
    own_mean,
    week_level * own_mean as expected_total,
    usual_share,
    share_odds * usual_share / (1e0 - usual_share + share_odds * usual_share) as share_now,
    volume_spread,
    company_spread,
    share_spread,
    is_in_company_share
from spread_measured
