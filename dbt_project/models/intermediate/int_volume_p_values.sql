with tested as (
    select * from {{ ref('int_category_weeks_judged_modelled') }}
    where is_tested
),

{{ volume_p_values('tested') }}

select
    row_id,
    p_increase,
    p_decrease,
    p_increase_own,
    p_decrease_own
from volume_p_values
