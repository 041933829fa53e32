// Sorts, filters and opens the categories. Without it they are all shown, open.
"use strict";
document.documentElement.classList.add("scripted");

document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table.categories");
  const form = document.querySelector("form.filter");
  const nothing = table.querySelector(".nothing");
  const groups = [...table.tBodies].filter((body) => body !== nothing);
  const words = new Map(
    groups.map((group) => [
      group,
      folded([...group.querySelectorAll("[data-words]")].map((node) => node.textContent).join("\n")),
    ]),
  );

  function folded(text) {
    return text.normalize("NFKC").toLocaleLowerCase();
  }

  function open(group, isOpen) {
    group.classList.toggle("open", isOpen);
    group.querySelector(".name button").setAttribute("aria-expanded", isOpen);
  }

  function filter() {
    const asked = new FormData(form);
    const statuses = new Set(asked.getAll("status"));
    const wanted = folded(asked.get("words").trim());
    for (const group of groups) {
      group.hidden = !(
        statuses.has(group.dataset.status) &&
        (!asked.has("clear") || "clear" in group.dataset) &&
        words.get(group).includes(wanted)
      );
    }
    const shown = groups.filter((group) => !group.hidden).length;
    nothing.hidden = shown > 0;
    const output = form.elements.shown;
    output.value = output.dataset.text.replace("{shown}", shown).replace("{all}", groups.length);
  }

  // What has no value comes last in either direction; what is equal keeps the order of severity.
  function sort(column, direction) {
    const valueOf = (group) => group.rows[0].cells[column].dataset.value;
    const compared = groups.map((group) => [valueOf(group), group]);
    compared.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      const [x, y] = [Number(a), Number(b)];
      const order = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x === y ? 0 : x - y;
      return direction === "ascending" ? order : -order;
    });
    for (const [, group] of compared) table.insertBefore(group, nothing);
  }

  for (const group of groups) {
    open(group, false);
    group.rows[0].addEventListener("click", () => {
      if (getSelection().isCollapsed) open(group, !group.classList.contains("open"));
    });
  }

  for (const [column, heading] of [...table.tHead.rows[0].cells].entries()) {
    const button = heading.querySelector("button");
    button?.addEventListener("click", () => {
      const opposite = heading.ariaSort === "ascending" ? "descending" : "ascending";
      const direction = heading.ariaSort === "none" ? button.dataset.first : opposite;
      for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.ariaSort = "none";
      heading.ariaSort = direction;
      sort(column, direction);
    });
  }

  function follow() {
    const group = groups.find((each) => `#${each.id}` === location.hash);
    if (!group) return;
    if (group.hidden) {
      form.reset();
      filter();
    }
    open(group, true);
    group.scrollIntoView();
    group.querySelector("button").focus({ preventScroll: true });
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", follow);
  filter();
  follow();
});
