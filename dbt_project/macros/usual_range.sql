{#-
  The range of a count in 95 of 100 weeks without a change, from its mean and its variance ÷ mean: the power 2/3 of such
  a count is nearly normal. Below, 1.3066 = 2/3 × 1.96.
-#}
{% macro usual_width(variance_ratio, mean) -%}
    13066e-4 * sqrt({{ variance_ratio }} / {{ mean }})
{%- endmacro %}

{% macro usual_low(mean, width) -%}
    cast(ceil({{ mean }} * power(greatest(1e0 - {{ width }}, 0e0), 15e-1)) as int64)
{%- endmacro %}

{% macro usual_high(mean, width) -%}
    cast(floor({{ mean }} * power(1e0 + {{ width }}, 15e-1)) as int64)
{%- endmacro %}

{#-
  Variance ÷ mean from the absolute errors of weeks, in standard deviations of a Poisson count: pi / 2 × the square of
  their mean is a normal distribution's variance; absolute, because one wild week would rule a sum of squares for a year.
-#}
{% macro spread_of(mean_error) -%}
    greatest(1.5707963267948966e0 * {{ mean_error }} * {{ mean_error }}, 1e0)
{%- endmacro %}
