"""Starts the product's processes as forks of one that has imported and warmed up what they need: a start costs nothing.

Importing Prefect or dbt takes seconds of a core, reading the dbt project for the first time five more, and the tests
start hundreds of processes. `tests.nursery.client` starts one, `tests.nursery.server` is what it is a fork of, and
`tests.nursery.dbt` keeps what dbt there would work out again for each query.
"""
