// Sorts, filters and opens the categories, as the address says. Without it they are all shown, open.
"use strict";
document.documentElement.classList.add("scripted");

document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table.categories");
  const form = document.querySelector("form.filter");
  const nothing = table.querySelector(".nothing");
  const headings = [...table.tHead.rows[0].cells].filter((cell) => cell.querySelector("button"));
  const groups = [...table.tBodies].filter((body) => body !== nothing);
  const words = new Map(
    groups.map((group) => [
      group,
      folded([...group.querySelectorAll("[data-words]")].map((node) => node.textContent).join("\n")),
    ]),
  );
  let isTyping = false;

  function folded(text) {
    return text.normalize("NFKC").toLocaleLowerCase();
  }

  function open(group, isOpen) {
    group.classList.toggle("open", isOpen);
    group.querySelector(".name button").setAttribute("aria-expanded", isOpen);
    if (isOpen) group.querySelectorAll(".trend").forEach(explain);
  }

  // Says under the mouse what the table beside the bars says. Made when it is first seen: 26 texts a category are much.
  function explain(figure) {
    const bars = figure.querySelector(".bars");
    if (bars.querySelector(".slot")) return;
    const [head, ...weeks] = [...figure.querySelectorAll("tr")].map((row) => [...row.cells].map((c) => c.textContent));
    for (const [index, cells] of weeks.reverse().entries()) {
      const slot = document.createElementNS(bars.namespaceURI, "rect");
      const title = document.createElementNS(bars.namespaceURI, "title");
      title.textContent = cells.map((text, n) => (n ? `${head[n]} ${text}` : text)).join(" · ");
      for (const [name, value] of Object.entries({ class: "slot", x: 10 * index, width: 10, height: 100 }))
        slot.setAttribute(name, value);
      slot.append(title);
      bars.append(slot);
    }
  }

  // The tickets that are counted for a hypothesis stand in the category's lists: here they are shown in place.
  function fill(counted) {
    for (const link of counted.querySelectorAll("li > a[href^='#']")) {
      const ticket = document.getElementById(link.hash.slice(1));
      link.parentNode.append(" ", ticket.lastElementChild.cloneNode(true));
      link.replaceWith(ticket.firstChild.cloneNode(true));
    }
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
  function sort(heading, direction) {
    for (const other of headings) other.ariaSort = other === heading ? direction : "none";
    const valueOf = (group) => group.rows[0].cells[heading.cellIndex].dataset.value;
    const compared = groups.map((group) => [valueOf(group), group]);
    compared.sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      const [x, y] = [Number(a), Number(b)];
      const order = Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x === y ? 0 : x - y;
      return direction === "ascending" ? order : -order;
    });
    table.append(...compared.map(([, group]) => group), nothing);
  }

  // The view is in the fragment, which no server sees: a bucket's page is behind an address that must not change.
  function viewed() {
    const view = new URLSearchParams();
    const boxes = [...form.elements.status];
    const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
    if (chosen.length < boxes.length) view.set("status", chosen.join(" "));
    if (form.elements.clear.checked) view.set("clear", "");
    if (form.elements.words.value.trim()) view.set("words", form.elements.words.value.trim());
    const heading = headings.find((each) => each.ariaSort !== "none");
    if (heading !== headings[0] || heading.ariaSort !== "ascending")
      view.set("sort", `${heading.className} ${heading.ariaSort}`);
    return view.toString();
  }

  // One step back for each choice; the letters of one search are one choice.
  function remember(typing) {
    const view = viewed();
    const address = location.pathname + location.search + (view && `#${view}`);
    history[typing && isTyping ? "replaceState" : "pushState"](null, "", address);
    isTyping = typing;
  }

  function restore() {
    const view = new URLSearchParams(location.hash.slice(1));
    const statuses = view.get("status")?.split(" ");
    for (const box of form.elements.status) box.checked = statuses?.includes(box.value) ?? true;
    form.elements.clear.checked = view.has("clear");
    form.elements.words.value = view.get("words") ?? "";
    const [name, direction] = (view.get("sort") ?? "").split(" ");
    const heading = headings.find((each) => each.className === name);
    sort(heading ?? headings[0], heading && direction === "descending" ? direction : "ascending");
    filter();
  }

  // The address is a view, or the id of something here.
  function follow() {
    isTyping = false;
    const id = location.hash.slice(1);
    if (id === "" || id.includes("=")) {
      restore();
      if (document.getElementById(id)) document.getElementById("categories").scrollIntoView();
      return;
    }
    const target = document.getElementById(id);
    const group = target?.closest("tbody[id]");
    if (!group) return;
    if (group.hidden) {
      form.reset();
      filter();
    }
    open(group, true);
    for (let each = target; each !== group; each = each.parentElement) if (each.matches("details")) each.open = true;
    target.scrollIntoView();
    (target === group ? group.querySelector("button") : target).focus({ preventScroll: true });
  }

  // Spreadsheets take a cell that begins like this for a formula; our own numbers are none, and stay numbers.
  function cell(value) {
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : value;
    return `"${text.replaceAll('"', '""')}"`;
  }

  function figure(node, scale = 1) {
    const { value } = node.dataset;
    if (value === "") return "";
    return value === "Infinity" ? node.textContent.trim() : Number((scale * value).toFixed(2));
  }

  function lines() {
    return [...table.tBodies]
      .filter((group) => groups.includes(group) && !group.hidden)
      .map((group) => {
        const of = (name) => group.querySelector(`.category > .${name}`);
        const text = (node) => node.textContent.trim().replace(/\s+/g, " ");
        return [
          text(of("status")),
          text(of("name").querySelector("button")),
          [...group.querySelectorAll(".why")].map(text).join(""),
          text(of("evidence")),
          Number(of("tickets").dataset.base),
          figure(of("tickets")),
          figure(of("growth")),
          figure(of("share"), 100),
          figure(of("points")),
        ];
      });
  }

  function download(button) {
    const rows = [button.dataset.columns.split("|"), ...lines()];
    const text = rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
    // Excel takes a file for UTF-8 only if it begins with this mark.
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  for (const group of groups) {
    open(group, false);
    for (const row of group.querySelectorAll(":scope > :not(.details)"))
      row.addEventListener("click", () => {
        if (getSelection().isCollapsed) open(group, !group.classList.contains("open"));
      });
  }

  for (const heading of headings) {
    const button = heading.querySelector("button");
    button.addEventListener("click", () => {
      const opposite = heading.ariaSort === "ascending" ? "descending" : "ascending";
      sort(heading, heading.ariaSort === "none" ? button.dataset.first : opposite);
      remember(false);
    });
  }

  for (const counted of document.querySelectorAll("details.counted"))
    counted.addEventListener("toggle", () => fill(counted), { once: true });
  form.addEventListener("input", (event) => {
    filter();
    remember(event.target === form.elements.words);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector(".csv").addEventListener("click", (event) => download(event.target));
  window.addEventListener("hashchange", follow);
  document.querySelectorAll(".headline .trend").forEach(explain);
  restore();
  follow();
});
