"use strict";
// The overview: search and sorting of the list of videos, and all corrections of the project in one file.

const PREFIX = `ethocache-corrections:${document.documentElement.dataset.project}:`;

/** @param {string} id */
function byId(id) {
  return /** @type {any} */ (document.getElementById(id));
}

/** Show the rows that hold every word that is searched for and are of the chosen kind. */
function filterRows() {
  const words = byId("search").value.normalize().toLowerCase().split(/\s+/).filter(Boolean);
  const kind = byId("kind").value;
  let found = 0;
  for (const row of byId("rows").rows) {
    const kinds = row.dataset.kind.split(" ");
    row.hidden = !(words.every((word) => row.dataset.words.includes(word)) && (!kind || kinds.includes(kind)));
    found += row.hidden ? 0 : 1;
  }
  byId("found").textContent = `${found} ${found === 1 ? "video" : "videos"}`;
}

/** @param {HTMLTableCellElement} cell @param {boolean} asNumber */
function valueOf(cell, asNumber) {
  return asNumber ? Number(cell.dataset.value) : (cell.textContent ?? "").trim();
}

/**
 * Sort the list by a column; once more turns the order round.
 * @param {HTMLTableCellElement} head
 */
function sortBy(head) {
  const asNumber = head.dataset.sort === "number";
  const first = asNumber ? "descending" : "ascending";
  const other = asNumber ? "ascending" : "descending";
  const order = head.getAttribute("aria-sort") === first ? other : first;
  for (const each of document.querySelectorAll(".videos thead th")) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const way = order === "ascending" ? 1 : -1;
  const column = head.cellIndex;
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const rows = [...byId("rows").rows].sort((one, two) => {
    const [a, b] = [valueOf(one.cells[column], asNumber), valueOf(two.cells[column], asNumber)];
    return way * (asNumber ? Number(a) - Number(b) : compare(String(a), String(b)));
  });
  byId("rows").append(...rows);
}

/** What this browser keeps of the videos that have something new to save, in the order of their names. */
function keptCorrections() {
  const kept = [];
  try {
    const keys = Array.from({ length: localStorage.length }, (_, place) => localStorage.key(place) ?? "");
    for (const key of keys.filter((each) => each.startsWith(PREFIX)).sort()) {
      const value = readJson(localStorage.getItem(key));
      if (value && value.format === 1 && Array.isArray(value.spans) && unsavedSpans(value).length) kept.push(value);
    }
  } catch {
    byId("corrections-note").textContent = "This browser keeps nothing for pages from a file: save corrections on each video's own page.";
  }
  return kept;
}

/** @param {string | null} text */
function readJson(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function countCorrections() {
  const kept = keptCorrections();
  const count = kept.reduce((sum, video) => sum + unsavedDecisions(video), 0);
  byId("corrections-count").textContent = String(count);
  byId("corrections-videos").textContent = String(kept.length);
  byId("save-all").disabled = !count;
  byId("corrections-badge").hidden = !count;
  byId("corrections-badge").textContent = String(count);
}

/** Save one file, and note in the browser what it says: what is taken back afterwards has to be said by the next. */
function saveAll() {
  const kept = keptCorrections();
  downloadText("corrections.csv", correctionsCsv(kept, savedNow()), "text/csv");
  try {
    for (const video of kept) localStorage.setItem(`${PREFIX}${video.video}`, JSON.stringify(keptAfterSaving(video)));
  } catch {
    byId("corrections-note").textContent = "This browser has no room left: should you take back a correction, remove it from the saved file as well.";
  }
  countCorrections();
}

/**
 * Say beside a table that it goes on sideways, as long as it does.
 * @param {HTMLElement} wide
 */
function showWhatIsCut(wide) {
  const cut = wide.scrollWidth - wide.clientWidth > 1;
  wide.classList.toggle("goes-on", cut && wide.scrollLeft + wide.clientWidth < wide.scrollWidth - 1);
  /** @type {HTMLElement} */ (wide.previousElementSibling).hidden = !cut;
}

/** Above each table a line for screens on which it is cut off. */
function watchTables() {
  for (const wide of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".wide"))) {
    const hint = document.createElement("p");
    hint.className = "sideways";
    hint.textContent = "More columns at the right: slide the table sideways →";
    wide.before(hint);
    wide.addEventListener("scroll", () => showWhatIsCut(wide), { passive: true });
    new ResizeObserver(() => showWhatIsCut(wide)).observe(wide);
    showWhatIsCut(wide);
  }
}

watchTables();
byId("search").addEventListener("input", filterRows);
byId("kind").addEventListener("change", filterRows);
for (const head of document.querySelectorAll(".videos thead th")) {
  head.querySelector("button")?.addEventListener("click", () => sortBy(/** @type {HTMLTableCellElement} */ (head)));
}
byId("save-all").addEventListener("click", saveAll);
window.addEventListener("storage", countCorrections);
window.addEventListener("pageshow", countCorrections);
filterRows(); // a browser that goes back fills in what was searched for
