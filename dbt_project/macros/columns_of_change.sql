{#- The columns of int_changes_at_every_level that say what changed, by how much, by which rule, and how clearly. -#}
{% macro columns_of_change() -%}
    {{ return([
        'week_start', 'category1', 'category2', 'category3', 'status', 'status_rank', 'status_reason', 'base_total',
        'comparison_total', 'base_negative', 'comparison_negative', 'total_change_pct', 'base_negative_ratio',
        'comparison_negative_ratio', 'negative_ratio_change_pp', 'is_new', 'total_last_8_weeks', 'threshold_min_total',
        'threshold_min_increase_pct', 'threshold_min_negative_ratio_increase_pp', 'threshold_min_decrease_pct',
        'is_threshold_override', 'first_week_start', 'weeks_before', 'expected_total', 'usual_low', 'usual_high',
        'usual_negative_ratio', 'p_increase', 'p_decrease', 'p_negative', 'q_increase', 'q_decrease', 'q_negative',
        'chance_of_alarm', 'evidence', 'evidence_note', 'is_unusual'
    ]) }}
{%- endmacro %}
