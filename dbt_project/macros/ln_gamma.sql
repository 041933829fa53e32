{#-
  The natural logarithm of the gamma function for a column above 0. Stirling's series at x + 8, minus the logarithm of
  x (x + 1) … (x + 7), whose factors are taken in pairs: x (x + 7) = w, (x + 1) (x + 6) = w + 6, … The error is below
  1e-11 × greatest(1, |result|).

  For a column only, never for an expression: it is written out thirty times, and tools that read SQL give up on trees
  as deep as one call inside another would make.
-#}
{% macro ln_gamma(column) -%}
    {%- set z = '(' ~ column ~ ' + 8e0)' -%}
    {%- set square = '(' ~ z ~ ' * ' ~ z ~ ')' -%}
    {%- set w = '(' ~ column ~ ' * (' ~ column ~ ' + 7e0))' -%}
    (
        ({{ z }} - 5e-1) * ln({{ z }}) - {{ z }} + 9.189385332046727e-1
        + (((8.333333333333333e-2 * {{ square }} - 2.777777777777778e-3) * {{ square }} + 7.936507936507937e-4) * {{ square }} - 5.952380952380953e-4)
        / ({{ square }} * {{ square }} * {{ square }} * {{ z }})
        - ln({{ w }} * ({{ w }} + 6e0) * ({{ w }} + 1e1) * ({{ w }} + 12e0))
    )
{%- endmacro %}
