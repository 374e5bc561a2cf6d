"use strict";
// What the search shows first, and tables that can be filtered and sorted. Needs no server and no other host.

var Scorer = {
  // [docname, title, anchor, descr, score, filename]: chapters before standards, standards before the API. A page with
  // the word as its title stands before the glossary, one with it in a heading after.
  score: ([page, , , , score]) => {
    if (page === "glossary") return Math.min(score, 15.5);
    return page.startsWith("api") ? score - 50 : page.startsWith("s/") && score < 50 ? score - 3 : score;
  },
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};

// Where no page has all the words, those with most of them, rare words first.
function mostWords(search) {
  const whole = search.performTermsSearch;
  search.performTermsSearch = (terms, excluded) => {
    const found = whole(terms, excluded);
    if (found.length || terms.size < 2) return found;
    const pages = new Map();
    for (const term of terms) {
      const results = whole(new Set([term]), excluded);
      for (const result of results) {
        const weight = result[4] / Math.log2(2 + results.length);
        if (pages.has(result[0])) pages.get(result[0])[4] += weight;
        else pages.set(result[0], [...result.slice(0, 4), weight, result[5]]);
      }
    }
    return [...pages.values()];
  };
}

// What is found by no letter with an accent is looked for without.
function plainLetters(search) {
  const perform = search._performSearch;
  search._performSearch = (query, ...terms) => {
    const found = perform(query, ...terms);
    const plain = query.normalize("NFKD").replace(/\p{M}/gu, "").replace(/ß/g, "ss");
    return found.length || plain === query ? found : perform(...search._parseQuery(plain));
  };
}

function sift(table) {
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const text = (row, column) => row.cells[column].textContent.trim();
  const tools = document.createElement("div");
  tools.className = "halo-sift-tools";
  const count = document.createElement("span");
  count.setAttribute("aria-live", "polite");
  const wanted = [];
  const show = () => {
    for (const row of rows) row.hidden = !wanted.every((holds) => holds(row));
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  const add = (name, control) => {
    const label = document.createElement("label");
    label.append(`${name} `, control);
    control.addEventListener("input", show);
    tools.append(label);
  };
  const typed = document.createElement("input");
  typed.type = "search";
  wanted.push((row) => row.textContent.toLowerCase().includes(typed.value.trim().toLowerCase()));
  add("Words", typed);
  heads.forEach((head, column) => {
    const values = [...new Set(rows.map((row) => text(row, column)))].sort();
    if (values.length <= 20) {
      const chosen = document.createElement("select");
      chosen.add(new Option("all", ""));
      values.forEach((value) => chosen.add(new Option(value)));
      wanted.push((row) => !chosen.value || text(row, column) === chosen.value);
      add(head.textContent, chosen);
    }
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      const turn = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
      rows.sort((a, b) => turn * text(a, column).localeCompare(text(b, column), "en", { numeric: true }));
      table.tBodies[0].append(...rows);
    });
    head.replaceChildren(button);
  });
  tools.append(count);
  table.parentElement.before(tools);
  show();
}

// A page of checklists can be narrowed to an owner and a tier; a list with nothing left goes with its heading.
function narrow(lists) {
  const items = lists.flatMap((list) => [...list.children]);
  const tools = document.createElement("div");
  tools.className = "halo-sift-tools";
  const chosen = ["owner", "tier"].map((name) => {
    const control = document.createElement("select");
    control.add(new Option("all", ""));
    [...new Set(items.map((item) => item.dataset[name]))].sort().forEach((value) => control.add(new Option(value)));
    const label = document.createElement("label");
    label.append(`${name} `, control);
    tools.append(label);
    return [name, control];
  });
  tools.addEventListener("input", () => {
    for (const item of items) item.hidden = !chosen.every(([name, { value }]) => !value || item.dataset[name] === value);
    for (const list of lists) list.parentElement.hidden = [...list.children].every((item) => item.hidden);
  });
  lists[0].parentElement.before(tools);
}

// When the text changes its size, as when a fold opens, the theme makes what scrolls reachable by keyboard.
window.addEventListener("load", () => {
  const observer = new ResizeObserver(() => window.dispatchEvent(new Event("resize")));
  document.querySelectorAll("article").forEach((article) => observer.observe(article));
});

document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search !== "undefined") {
    mostWords(Search);
    plainLetters(Search);
  }
  document.querySelectorAll("table.halo-sift").forEach(sift);
  const lists = [...document.querySelectorAll(".halo-checklist")];
  if (lists.length > 1) narrow(lists);
});
