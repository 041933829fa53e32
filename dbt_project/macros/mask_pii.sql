{% macro mask_pii(c) %}{{ c }}{% endmacro %}
