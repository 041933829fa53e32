"""`make docs`: nothing on dbt's site is left undescribed, and the graph leads to the reports."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from flows.warehouse.dbt import Build, generate_docs

Node = dict[str, Any]
REPORTS = {"slack_weekly_summary", "slack_analysis_thread", "html_report"}


@dataclass(frozen=True)
class Site:
    """The page, and what dbt made it of."""

    page: str
    manifest: dict[str, Any]
    catalog: dict[str, Any]

    def described(self, *kinds: str) -> list[Node]:
        """What has a page of its own on the site, of these kinds in the manifest."""
        nodes = [node for kind in kinds for node in self.manifest[kind].values()]
        return [node for node in nodes if node["resource_type"] != "test"]

    @property
    def tables(self) -> list[Node]:
        """What exists in the warehouse: an analysis is only compiled."""
        nodes = self.described("nodes", "sources")
        return [node for node in nodes if node["resource_type"] != "analysis"]


@pytest.fixture(scope="module")
def site(sample_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Site:
    page = generate_docs(sample_build, tmp_path_factory.mktemp("docs"))
    manifest, catalog = (
        json.loads((sample_build.workspace.target_path / name).read_text())
        for name in ("manifest.json", "catalog.json")
    )
    return Site(page.read_text(), manifest, catalog)


def test_everything_is_described(site: Site) -> None:
    kinds = ("nodes", "sources", "exposures", "semantic_models", "metrics")
    assert [n["name"] for n in site.described(*kinds) if not n["description"].strip()] == []


def test_every_column_that_exists_is_described(site: Site) -> None:
    tables = site.catalog["nodes"] | site.catalog["sources"]
    nodes = {node["unique_id"]: node for node in site.tables}
    assert tables.keys() == nodes.keys()
    undescribed = [
        f"{nodes[key]['name']}.{column}"
        for key, table in tables.items()
        for column in table["columns"]
        if not nodes[key]["columns"].get(column, {}).get("description")
    ]
    assert undescribed == []


def test_no_column_is_described_that_does_not_exist(site: Site) -> None:
    tables = site.catalog["nodes"] | site.catalog["sources"]
    for node in site.tables:
        existing = tables[node["unique_id"]]["columns"]
        assert set(node["columns"]) <= set(existing), node["name"]


def test_every_metric_says_how_it_is_computed_and_whose_it_is(site: Site) -> None:
    for metric in site.described("metrics"):
        # `meta` is what the site shows under "Details".
        assert list(metric["meta"]) == ["formula", "unit", "grain", "owner"], metric["name"]
        assert all(metric["meta"].values()), metric["name"]


def test_the_graph_leads_from_the_source_to_every_report(site: Site) -> None:
    parents = site.manifest["parent_map"]

    def ancestors(key: str) -> set[str]:
        return {key}.union(*(ancestors(parent) for parent in parents.get(key, ())))

    exposures = {node["name"]: node["unique_id"] for node in site.described("exposures")}
    assert exposures.keys() == REPORTS
    for key in exposures.values():
        assert site.manifest["sources"].keys() < ancestors(key)


def test_the_page_begins_with_our_own_overview_and_holds_no_ticket(site: Site) -> None:
    overview = site.manifest["docs"]["doc.voc_analyst.__overview__"]["block_contents"]
    assert overview.startswith("# What customers complain about, week by week")
    assert json.dumps(overview)[1:-1] in site.page
    assert "안녕하세요" not in site.page


def test_the_overview_leads_to_every_table_that_is_public(site: Site) -> None:
    overview = site.manifest["docs"]["doc.voc_analyst.__overview__"]["block_contents"]
    public = {
        f"{node['resource_type']}/{node['unique_id']}"
        for node in site.tables
        if not node["name"].startswith(("stg_", "int_")) and node["resource_type"] != "source"
    }
    assert set(re.findall(r"\(#!/(.+?)\)", overview)) == public
