"use strict";
// Beside (on a phone: above) each lane its behaviour's name, and what holds at the current frame.

/** @param {string} tag @param {string} className @param {string} [text] shown as it is: names may hold anything */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * What a pointer on a lane is told, or "".
 * @param {VideoData} data @param {number} b @param {number} frame @param {"labels" | "tags" | "corrected" | "curve"} row
 */
function wordsUnder(data, b, frame, row) {
  const { name, corrected, label } = data.behaviours[b];
  const stop = [...data.stops.moment, ...data.stops.doubt].find((one) => one.b === b && one.start <= frame && frame < one.stop);
  if (row === "curve" && stop) return `${name}: ${stop.text}`;
  const span = row === "labels" ? spanAt(corrected, frame) : null;
  if (!span) return "";
  const said = { 1: "shown", 0: "not shown", "-1": "nobody knows" }[label[frame]];
  return `${name}, frames ${span[0]}–${span[1] - 1}: a label that a file of corrections put right (data.corrections); here: ${said}`;
}

/** One button a lane; pressed is the behaviour that decisions are about. */
class LaneNames {
  /** @param {HTMLElement} root @param {VideoData} data */
  constructor(root, data) {
    this.root = root;
    this.data = data;
    /** @param {number} b */
    this.chosen = (b) => {};
    this.entries = data.behaviours.map((behaviour, b) => this.#entry(behaviour, b));
    root.replaceChildren(...this.entries.map((entry) => entry.box));
  }

  /** @param {Behaviour} behaviour @param {number} b */
  #entry(behaviour, b) {
    const box = element("div", "lane");
    const button = /** @type {HTMLButtonElement} */ (element("button", "name"));
    button.type = "button";
    button.title = behaviour.name;
    const swatch = element("span", "swatch");
    const probability = element("span", "probability");
    button.append(swatch, ...(b < 9 ? [element("kbd", "digit", String(b + 1))] : []), element("span", "text", behaviour.name), probability);
    button.addEventListener("click", () => this.chosen(b));
    const rows = Object.fromEntries(
      [...(this.data.told.labelled ? [["labels", "label"]] : []), ["tags", "tag"], ["corrected", "corrected"]].map(([row, title]) => {
        const caption = element("span", `row ${row}`);
        caption.append(element("span", "long", title), element("span", "value"));
        return [row, caption];
      }),
    );
    box.append(button, ...Object.values(rows));
    return { box, button, probability, rows, swatch };
  }

  /** Colours as the lanes have them, on light or dark. @param {number} lift see `liftedColour` */
  dress(lift) {
    this.colours = this.data.behaviours.map((behaviour) => liftedColour(behaviour.colour, lift));
    this.entries.forEach(({ swatch }, b) => (swatch.style.backgroundColor = this.colours[b]));
  }

  /** @param {ReturnType<typeof laneLayout>} layout */
  place(layout) {
    this.root.style.height = `${layout.height + AXIS_PX}px`;
    layout.lanes.forEach((lane, b) => {
      const { box, rows, button } = this.entries[b];
      box.style.top = `${lane.top + AXIS_PX}px`;
      box.style.height = `${lane.height}px`;
      button.style.height = `${layout.rows.head || layout.rows.curve}px`;
      for (const row of /** @type {const} */ (["labels", "tags", "corrected"])) {
        const top = lane[row];
        if (top !== null && rows[row]) rows[row].style.top = `${top - lane.top + layout.rows.bar / 2}px`;
      }
    });
  }

  /**
   * @param {number} frame
   * @param {Corrections} corrections
   * @param {number} chosen behaviour
   */
  show(frame, corrections, chosen) {
    this.data.behaviours.forEach((behaviour, b) => {
      const { button, probability, rows, box } = this.entries[b];
      const value = behaviour.probabilityAt(frame);
      probability.textContent = value === null ? "–" : value.toFixed(2);
      probability.classList.toggle("over", behaviour.threshold !== null && value !== null && value >= behaviour.threshold);
      probability.title = behaviour.threshold === null ? "probability" : `probability; tagged from ${behaviour.threshold.toFixed(2)} on`;
      button.setAttribute("aria-pressed", String(b === chosen));
      box.classList.toggle("chosen", b === chosen);
      const values = { labels: behaviour.label[frame], tags: behaviour.tag[frame], corrected: corrections.now[b][frame] };
      for (const [row, caption] of Object.entries(rows)) {
        const of = values[/** @type {keyof typeof values} */ (row)];
        caption.lastElementChild.textContent = of === SHOWN ? "yes" : of === NOT_SHOWN ? "no" : "?";
        caption.classList.toggle("yes", of === SHOWN);
      }
    });
  }

  /** In words, for those who do not see the lanes. @param {number} frame @param {Corrections} corrections */
  words(frame, corrections) {
    const said = this.data.behaviours.map((behaviour, b) => {
      const value = behaviour.probabilityAt(frame);
      const tag = behaviour.tag[frame] ? "tagged" : "not tagged";
      const label = { 1: "labelled", 0: "not labelled", "-1": "nobody looked" }[corrections.now[b][frame]];
      const by = spanAt(behaviour.corrected, frame) ? " (corrected by a file)" : "";
      return `${behaviour.name}: ${tag}, ${label}${by}${value === null ? "" : `, probability ${value.toFixed(2)}`}`;
    });
    return said.join("; ");
  }
}
