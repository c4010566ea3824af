"use strict";
// What people say of the frames now: the labels with their corrections, and how these survive a reload.

/** A small drawer of the browser; in memory where the browser keeps nothing, as some do for pages from a file. */
class Drawer {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    this.lasts = true;
    try {
      localStorage.setItem(`${key}?`, "");
      localStorage.removeItem(`${key}?`);
    } catch {
      this.lasts = false;
    }
  }

  /** @returns {any} null where nothing is kept, or something that is not ours */
  read() {
    if (!this.lasts) return null;
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {object | null} value null empties the drawer @returns {boolean} whether it is kept */
  write(value) {
    if (!this.lasts) return false;
    try {
      if (value === null) localStorage.removeItem(this.key);
      else localStorage.setItem(this.key, JSON.stringify(value));
    } catch {
      this.lasts = false; // it is full
    }
    return this.lasts;
  }
}

/**
 * A stretch of one behaviour and what is said of it: one value for all its frames, or one for each.
 * @typedef {{b: number, start: number, stop: number, value: number | ArrayLike<number>}} Patch
 * @typedef {{said: Int8Array, by: Int32Array}} State
 * @typedef {{b: number, start: number, before: State, after: State}} Change
 * @typedef {{b: number, from: Span, to: Span}} MovedBout
 * @typedef {{changes: Change[], selected: any, seen: string, decision: number, bout: MovedBout | null}} Edit
 */

const UNSAID = 2;

/** Corrections of one video. `now[b][frame]` is 1 shown, 0 not shown, -1 nobody knows. */
class Corrections {
  /**
   * @param {VideoData} data
   * @param {Drawer} drawer
   */
  constructor(data, drawer) {
    this.data = data;
    this.drawer = drawer;
    this.now = data.behaviours.map((behaviour) => behaviour.label.slice());
    /** Which decision said it, from 1 on; 0: none. A decision may correct several behaviours and stretches, and is one correction to people. */
    this.by = data.behaviours.map(() => new Int32Array(data.frames));
    this.decisions = 0;
    /** What files that were saved before say. One who takes back what such a file says has to say so in the next. */
    this.written = data.behaviours.map(() => new Int8Array(data.frames).fill(UNSAID));
    /** @type {Set<string>} stops about which somebody decided */
    this.seen = new Set();
    /** @type {Edit[]} */
    this.done = [];
    /** @type {Edit[]} */
    this.undone = [];
    this.changed = () => {};
    /** Why what this browser keeps was not taken; empty where it was. */
    this.refused = "";
    this.#take(drawer.read());
    this.#measure();
  }

  /** Read again what another window of this video kept; where this one can keep nothing, what it holds is all there is of that. */
  reload() {
    if (!this.drawer.lasts) return;
    this.now = this.data.behaviours.map((behaviour) => behaviour.label.slice());
    for (const values of this.written) values.fill(UNSAID);
    for (const values of this.by) values.fill(0);
    this.seen.clear();
    this.done = [];
    this.undone = [];
    this.#take(this.drawer.read());
    this.#measure();
    this.changed();
  }

  /** @param {any} kept */
  #take(kept) {
    if (!kept || kept.format !== 1 || !Array.isArray(kept.spans)) return;
    if (kept.frames !== this.data.frames) {
      this.refused = `Corrections kept in this browser are of a version of this video with ${kept.frames} frames, not ${this.data.frames}; they are not shown.`;
      return;
    }
    if (kept.view && kept.view !== this.data.told.view) {
      this.refused = `Corrections kept in this browser are of the frames of '${kept.view}', not of those that this page has; they are not shown.`;
      return;
    }
    const spans = numberedDecisions(kept.spans);
    this.#lay(spans, this.now, (span) => span.label);
    this.#lay(spans, this.by, (span) => span.decision ?? 0);
    this.#lay(kept.saved ?? [], this.written, (span) => span.label);
    this.decisions = Math.max(0, ...spans.map((span) => span.decision ?? 0));
    for (const id of kept.seen ?? []) this.seen.add(String(id));
  }

  /** @param {KeptSpan[]} spans @param {(Int8Array | Int32Array)[]} values @param {(span: KeptSpan) => number} valueOf */
  #lay(spans, values, valueOf) {
    for (const span of spans) {
      const b = this.data.behaviours.findIndex((behaviour) => behaviour.name === span.behaviour);
      if (b >= 0) values[b].fill(valueOf(span), span.start, span.stop);
    }
  }

  /**
   * Say something of some frames.
   * @param {Patch[]} patches
   * @param {any} selected what was selected before, for undo
   * @param {string} seen the stop that is decided by this, or ""
   * @param {MovedBout | null} bout whose edge is set by this: who sets the other one as well goes on with the same decision
   */
  write(patches, selected, seen, bout = null) {
    const last = this.done.at(-1);
    const goesOn = last?.bout && bout && last.bout.b === bout.b && last.bout.to.join() === bout.from.join();
    const decision = goesOn ? last.decision : ++this.decisions;
    const changes = patches.map(({ b, start, stop, value }) => {
      const before = { said: this.now[b].slice(start, stop), by: this.by[b].slice(start, stop) };
      const said = typeof value === "number" ? new Int8Array(stop - start).fill(value) : Int8Array.from(value);
      const by = before.by.map((earlier, place) => (said[place] === before.said[place] ? earlier : decision));
      return { b, start, before, after: { said, by } };
    });
    const edit = { changes, selected, seen: this.seen.has(seen) ? "" : seen, decision, bout };
    this.undone = [];
    this.done.push(edit);
    this.#apply(edit, "after");
  }

  /** @returns {Edit | null} what was taken back */
  undo() {
    const edit = this.done.pop() ?? null;
    if (edit) {
      this.undone.push(edit);
      this.#apply({ ...edit, changes: this.#takenBack(edit) }, "before");
    }
    return edit;
  }

  /**
   * The changes of an edit from the last to the first. What a saved file says otherwise, to take it back is a decision of its own.
   * @param {Edit} edit @returns {Change[]}
   */
  #takenBack(edit) {
    const decision = this.decisions + 1;
    const changes = [...edit.changes].reverse().map((change) => {
      const { said, by } = change.before;
      const written = this.written[change.b].subarray(change.start, change.start + said.length);
      const anew = by.map((earlier, place) => (written[place] !== UNSAID && written[place] !== said[place] ? decision : earlier));
      return { ...change, before: { said, by: anew } };
    });
    if (changes.some((change) => change.before.by.includes(decision))) this.decisions = decision;
    return changes;
  }

  /** @returns {Edit | null} what was done again */
  redo() {
    const edit = this.undone.pop() ?? null;
    if (edit) {
      this.done.push(edit);
      this.#apply(edit, "after");
    }
    return edit;
  }

  /** @param {Edit} edit @param {"before" | "after"} way */
  #apply(edit, way) {
    for (const change of edit.changes) {
      this.now[change.b].set(change[way].said, change.start);
      this.by[change.b].set(change[way].by, change.start);
    }
    if (edit.seen) this.seen[way === "after" ? "add" : "delete"](edit.seen);
    this.#measure();
    this.#keep();
    this.changed();
  }

  /** Find again where behaviours are shown, unknown and corrected. */
  #measure() {
    this.shown = this.now.map((values) => spansOf(values, SHOWN));
    this.unknown = this.now.map((values) => spansOf(values, NOBODY_KNOWS));
    this.differences = this.data.behaviours.map((behaviour, b) => {
      const differs = Int8Array.from(this.now[b], (value, frame) => (value === behaviour.label[frame] ? UNSAID : value));
      return runsOf(differs).filter((run) => run.value !== UNSAID);
    });
    this.rows = this.data.behaviours.map((behaviour, b) => this.#rowsOf(behaviour, b));
    this.count = this.#decisionsThatDiffer();
    this.data.compare(this.now);
  }

  /** The rows of a file, each of one value that one decision said. @param {Behaviour} behaviour @param {number} b */
  #rowsOf(behaviour, b) {
    const said = Int32Array.from(this.now[b], (value, frame) => {
      const takenBack = this.written[b][frame] !== UNSAID && this.written[b][frame] !== value;
      return value !== behaviour.label[frame] || takenBack ? 4 * this.by[b][frame] + value + 1 : -1;
    });
    const runs = runsOf(said).filter((run) => run.value >= 0);
    return runs.map(({ start, stop, value }) => ({ start, stop, value: (value & 3) - 1, decision: value >> 2 }));
  }

  /** How many decisions make the labels differ from those that the report was made from. */
  #decisionsThatDiffer() {
    const found = new Set();
    this.differences.forEach((runs, b) => runs.forEach(({ start, stop }) => this.by[b].subarray(start, stop).forEach((decision) => found.add(decision))));
    return found.size;
  }

  /** A file with all of this was saved. */
  noteSaved() {
    this.rows.forEach((runs, b) => runs.forEach((run) => this.written[b].fill(run.value, run.start, run.stop)));
    this.#measure();
    this.#keep();
    this.changed();
  }

  /** What is kept: the rows of a file that is saved now, and what earlier files say. @returns {KeptCorrections} */
  kept() {
    const saved = this.written.map((values) => runsOf(values).filter((run) => run.value !== UNSAID));
    return {
      format: 1,
      video: this.data.told.id,
      ...(this.data.told.view ? { view: this.data.told.view } : {}),
      frames: this.data.frames,
      spans: this.#spans(this.rows),
      saved: this.#spans(saved),
      seen: [...this.seen],
    };
  }

  /** @param {{start: number, stop: number, value: number, decision?: number}[][]} found of each behaviour @returns {KeptSpan[]} */
  #spans(found) {
    return found.flatMap((runs, b) =>
      runs.map(({ start, stop, value, decision }) => ({
        behaviour: this.data.behaviours[b].name,
        start,
        stop,
        label: value,
        start_s: this.data.edgesS[start],
        stop_s: this.data.edgesS[stop],
        ...(decision === undefined ? {} : { decision }),
      })),
    );
  }

  #keep() {
    this.refused = "";
    const kept = this.kept();
    this.drawer.write(kept.spans.length || kept.saved?.length || this.seen.size ? kept : null);
  }
}
