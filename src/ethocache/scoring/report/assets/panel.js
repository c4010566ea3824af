"use strict";
// The parts of the page that are text and buttons.

class Panel {
  /** @param {VideoPage} page */
  constructor(page) {
    this.page = page;
    this.data = page.data;
    this.#describe();
    this.#links();
    this.#menus();
    listKeys(byId("key-list"));
    byId("save").addEventListener("click", () => page.saveCorrections());
    byId("save-boris").addEventListener("click", () => page.saveForBoris());
    byId("draw").addEventListener("change", (/** @type {Event} */ event) => {
      page.ethogram.drawsSpans = /** @type {HTMLInputElement} */ (event.target).checked;
    });
  }

  #describe() {
    const { told, frames, lengthS } = this.data;
    const about = Object.entries(told.about ?? {}).map(([part, value]) => `${part} ${value}`);
    byId("about").textContent = [told.file, ...about].join(" · ");
    byId("judged").textContent = told.judged_by;
    byId("no-video").hidden = told.media !== null;
    byId("video").hidden = told.media === null;
    document.body.classList.toggle("unlabelled", !told.labelled);
    document.body.classList.toggle("untagged", told.tagged === false);
    const byFile = this.data.behaviours.some((behaviour) => behaviour.corrected.length);
    byId("by-file").hidden = !byFile;
    const labels = told.labelled ? `labels${byFile ? " (a dotted frame: corrected by a file)" : ""}, marks where label and tag differ, ` : "";
    byId("caption").textContent =
      `Ethogram of ${told.id} (${told.file}): ${frames} frames, ${clockText(lengthS, 0.1)} at about ${Number(told.fps).toFixed(1)} frames a second. ` +
      `From above, for each behaviour: its probability with the threshold (dashed), ${labels}tags, and the labels as corrected (underlined where they ` +
      `were). Hatched: nobody looked; crossed: nobody knows. Tagged by ${told.judged_by}.`;
  }

  #links() {
    for (const way of /** @type {const} */ (["previous", "next"])) {
      const to = this.data.told[way];
      const link = byId(`${way}-video`);
      link.hidden = !to;
      if (to) link.href = to.href;
      if (to) link.querySelector(".words").textContent = to.title;
      if (to) link.setAttribute("aria-label", `${way} video: ${to.title}`);
    }
  }

  #menus() {
    const menu = byId("change");
    this.data.behaviours.forEach((behaviour, b) => menu.append(new Option(behaviour.name, String(b))));
    menu.addEventListener("change", () => {
      const b = Number(menu.value);
      if (menu.value !== "") this.page.decide((review) => review.sayShown(b));
      menu.value = "";
      menu.blur();
    });
  }

  /** @param {number} frame */
  showFrame(frame) {
    const { data, page } = this;
    const time = `${data.edgesS[frame].toFixed(3)} s`;
    byId("frame").textContent = String(frame);
    byId("frames").textContent = `of ${data.frames}`;
    byId("time").textContent = `${clockText(data.edgesS[frame], 0.001)}`;
    page.ethogram.names.show(frame, page.corrections, page.review.chosen);
    const slider = byId("slider");
    slider.setAttribute("aria-valuemax", String(data.frames - 1));
    slider.setAttribute("aria-valuenow", String(frame));
    slider.setAttribute("aria-valuetext", `frame ${frame}, ${time}; ${page.ethogram.names.words(frame, page.corrections)}`);
  }

  showPlaying() {
    const { player } = this.page;
    byId("video").ariaLabel = "The cropped video";
    for (const button of document.querySelectorAll('[data-do="play"]')) {
      button.classList.toggle("playing", player.playing);
      button.setAttribute("aria-label", player.playing ? "pause" : "play");
    }
    document.body.classList.toggle("no-media", !player.hasMedia);
    byId("speed").textContent = `${player.speed}×`;
  }

  showReview() {
    const { review, corrections } = this.page;
    for (const kind of /** @type {const} */ (["disagreement", "moment", "doubt"])) this.#showPlace(kind);
    byId("selected").textContent = this.#selection();
    byId("swatch").style.backgroundColor = this.page.ethogram.names.colours[review.chosen];
    byId("count").textContent = String(corrections.count);
    const where = corrections.drawer.lasts ? "kept in this browser" : "not kept: save before you leave";
    byId("kept").textContent = `${corrections.count === 1 ? "correction" : "corrections"}, ${where}`;
    byId("save").disabled = corrections.rows.every((runs) => !runs.length);
    for (const button of document.querySelectorAll('[data-do="undo"]')) /** @type {HTMLButtonElement} */ (button).disabled = !corrections.done.length;
    for (const button of document.querySelectorAll('[data-do="redo"]')) /** @type {HTMLButtonElement} */ (button).disabled = !corrections.undone.length;
  }

  /** Which of how many, and how many are decided. @param {Stop["kind"]} kind */
  #showPlace(kind) {
    const stops = this.data.stops[kind];
    const { review, corrections } = this.page;
    const at = stops.findIndex((stop) => stop.id === review.selected?.from?.id);
    const seen = stops.filter((stop) => corrections.seen.has(stop.id)).length;
    byId(`of-${kind}`).textContent = `${at < 0 ? "" : `${at + 1} of `}${stops.length}${seen ? `, ${seen} done` : ""}`;
    const ahead = kind === "moment" && this.data.told.next_moment;
    byId(`go-${kind}`).classList.toggle("empty", !stops.length && !ahead);
  }

  #selection() {
    const { selected, chosen } = this.page.review;
    const name = this.data.behaviours[chosen].name;
    if (!selected) return `${name}: no span selected`;
    const { start, stop } = selected;
    const [from, to] = [start, stop].map((frame) => this.data.edgesS[frame].toFixed(3));
    return `${name}, frames ${start}–${stop - 1} (${from}–${to} s)`;
  }
}
