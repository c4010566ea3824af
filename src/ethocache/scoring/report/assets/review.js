"use strict";
// Going from one thing to look at to the next, and saying what it is.

/**
 * What decisions are about. `stop` is set where it came from the queue, the doubts or the disagreements.
 * @typedef {{b: number, start: number, stop: number, from: Stop | null}} Selection
 */

/** The selected span and what is done with it. */
class Review {
  /**
   * @param {VideoData} data
   * @param {Corrections} corrections
   * @param {(text: string) => void} tell
   */
  constructor(data, corrections, tell) {
    this.data = data;
    this.corrections = corrections;
    this.tell = tell;
    /** The behaviour of the next decision, also while no span is selected. */
    this.chosen = 0;
    /** @type {Selection | null} */
    this.selected = null;
    this.lastMoment = "";
    this.changed = () => {};
  }

  /** @param {Selection | null} selected */
  select(selected) {
    this.selected = selected;
    if (selected) this.chosen = selected.b;
    this.changed();
  }

  /** @param {number} b */
  choose(b) {
    this.chosen = b;
    if (this.selected && this.selected.b !== b) this.selected = null;
    this.changed();
  }

  /** Ask about another behaviour: a selected span moves to its lane, and nothing is written. @param {number} b */
  moveTo(b) {
    if (b >= this.data.behaviours.length) return;
    if (this.selected && this.selected.b !== b) this.selected = { ...this.selected, b, from: null };
    this.chosen = b;
    this.changed();
  }

  /**
   * The next or previous stop of a kind; null behind the last one. It goes on from the selected one in their order; without one from the
   * current frame, or in the queue, whose order is by rank, from the moment that was visited last.
   * @param {Stop["kind"]} kind @param {1 | -1} way @param {number} frame
   */
  neighbour(kind, way, frame) {
    const stops = this.data.stops[kind];
    const place = (/** @type {string | undefined} */ id) => stops.findIndex((stop) => stop.id === id);
    const selected = place(this.selected?.from?.id);
    const at = selected < 0 && kind === "moment" ? place(this.lastMoment) : selected;
    if (at >= 0) return stops[at + way] ?? null;
    if (kind === "moment") return (way > 0 ? stops[0] : null) ?? null;
    return (way > 0 ? stops.find((stop) => stop.start >= frame) : stops.findLast((stop) => stop.start < frame)) ?? null;
  }

  /** @param {Stop} stop */
  selectStop(stop) {
    if (stop.kind === "moment") this.lastMoment = stop.id;
    this.select({ b: stop.b, start: stop.start, stop: stop.stop, from: stop });
  }

  /**
   * Select the bout under a click: what is shown there according to this row.
   * @param {number} b @param {number} frame @param {"labels" | "tags" | "corrected" | "curve"} row
   */
  selectAt(b, frame, row) {
    const behaviour = this.data.behaviours[b];
    const inside = [...this.data.stops.moment, ...this.data.stops.doubt].find((stop) => stop.b === b && stop.start <= frame && frame < stop.stop);
    if (row === "curve" && inside) return this.selectStop(inside);
    const spans = { labels: behaviour.labels, tags: behaviour.tags, corrected: this.corrections.shown[b], curve: [] }[row];
    const span = spanAt(spans, frame);
    if (span) this.select({ b, start: span[0], stop: span[1], from: null });
    else this.choose(b);
  }

  /** @returns {Selection | null} and says so where there is none */
  #needed() {
    if (!this.selected) this.tell("Select a span first: click a bar, drag with shift on a lane, or go to the next moment (M).");
    return this.selected;
  }

  /** Take the model's tags for what is shown. */
  acceptTags() {
    if (this.data.told.tagged === false) return this.tell("No model tagged this video.");
    const at = this.#needed();
    if (!at) return;
    const { b, start, stop } = at;
    this.#write(this.#each(at, (values, place) => values[place].tag.slice(start, stop)), `tags of ${this.#name(b)} accepted`);
  }

  /** Take the labels for what is shown: whatever was corrected here is gone. */
  acceptLabels() {
    const at = this.#needed();
    if (!at) return;
    this.#write(this.#each(at, (values, place) => values[place].label.slice(at.start, at.stop)), `labels of ${this.#name(at.b)} accepted`);
  }

  /** @param {Selection} at @param {(values: Behaviour[], b: number) => Int8Array} valueOf one behaviour, or all that exclude each other */
  #each(at, valueOf) {
    const all = this.data.behaviours.map((_, b) => b);
    const meant = this.data.told.exclusive ? all : [at.b];
    return meant.map((b) => ({ b, start: at.start, stop: at.stop, value: valueOf(this.data.behaviours, b) }));
  }

  sayNotShown() {
    const at = this.#needed();
    if (at) this.#write([{ ...at, value: NOT_SHOWN }], `${this.#name(at.b)} is not shown`);
  }

  sayNobodyKnows() {
    const at = this.#needed();
    if (!at) return;
    const unknown = new Int8Array(at.stop - at.start).fill(NOBODY_KNOWS);
    this.#write(this.#each(at, () => unknown), `nobody knows about ${this.data.told.exclusive ? "these frames" : this.#name(at.b)}`);
  }

  /**
   * Say that a behaviour is shown. Another than the selected one stands in its place, or beside it where `also`; of behaviours that
   * exclude each other only it is left.
   * @param {number} b @param {boolean} [also]
   */
  sayShown(b, also = false) {
    const at = this.#needed();
    if (!at || b >= this.data.behaviours.length) return;
    const { start, stop } = at;
    const cleared = this.data.behaviours.map((_, other) => other).filter((other) => other !== b && (this.data.told.exclusive || (other === at.b && !also)));
    const patches = [...cleared.map((other) => ({ b: other, start, stop, value: NOT_SHOWN })), { b, start, stop, value: SHOWN }];
    this.#write(patches, `${this.#name(b)} is shown`);
    this.select({ ...at, b });
  }

  /**
   * Let the selected bout begin at a frame, or end with it. Where no labelled bout is selected only the span changes.
   * @param {"start" | "stop"} edge @param {number} frame
   */
  setEdge(edge, frame) {
    const at = this.selected ?? { b: this.chosen, start: frame, stop: frame + 1, from: null };
    const bout = this.#boutIn(at);
    const [start, stop] = bout ?? [at.start, at.stop];
    const moved = edge === "start" ? { start: frame, stop: Math.max(stop, frame + 1) } : { start: Math.min(start, frame), stop: frame + 1 };
    const before = this.selected;
    if (bout) this.#moveBout(at, bout, moved);
    else this.tell("Span set; now say what it is: Y as tagged, S shown, X not shown, U nobody knows, or a digit.");
    this.select({ ...at, ...moved, from: before?.from ?? null });
  }

  /** The labelled bout that a selection lies on most. @param {Selection} at @returns {Span | null} */
  #boutIn(at) {
    const overlap = (/** @type {Span} */ span) => Math.min(span[1], at.stop) - Math.max(span[0], at.start);
    const bouts = this.corrections.shown[at.b].filter((span) => overlap(span) > 0);
    return this.selected ? bouts.reduce((best, span) => (best && overlap(best) >= overlap(span) ? best : span), /** @type {Span | null} */ (null)) : null;
  }

  /** @param {Selection} at @param {Span} bout @param {{start: number, stop: number}} moved */
  #moveBout(at, bout, moved) {
    const { b } = at;
    const patches = [{ b, start: bout[0], stop: bout[1], value: NOT_SHOWN }, { b, ...moved, value: SHOWN }];
    const others = this.data.behaviours.map((_, other) => other).filter((other) => this.data.told.exclusive && other !== b);
    const cleared = others.map((other) => ({ b: other, ...moved, value: NOT_SHOWN }));
    this.#write([...cleared, ...patches], `${this.#name(b)} is shown`, moved, { b, from: bout, to: [moved.start, moved.stop] });
  }

  /**
   * @param {Patch[]} patches @param {string} text
   * @param {{start: number, stop: number} | null} [frames] the selected ones, if not said
   * @param {MovedBout | null} [bout] whose edge is set
   */
  #write(patches, text, frames = this.selected, bout = null) {
    const { selected } = this;
    this.corrections.write(patches, selected, selected?.from?.id ?? "", bout);
    this.tell(text + (frames ? `, frames ${frames.start} to ${frames.stop - 1}` : ""));
    this.changed();
  }

  /** @param {"undo" | "redo"} way */
  take(way) {
    const edit = this.corrections[way]();
    if (!edit) return this.tell(way === "undo" ? "Nothing to undo." : "Nothing to redo.");
    if (edit.selected) this.select(edit.selected);
    this.tell(way === "undo" ? "Undone." : "Done again.");
  }

  /** @param {number} b */
  #name(b) {
    return this.data.behaviours[b].name;
  }
}
