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
 * @typedef {{b: number, start: number, before: Int8Array, after: Int8Array}} Change
 * @typedef {{changes: Change[], selected: any, seen: string}} Edit
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
    this.#lay(kept.spans, this.now);
    this.#lay(kept.saved ?? [], this.written);
    for (const id of kept.seen ?? []) this.seen.add(String(id));
  }

  /** @param {KeptSpan[]} spans @param {Int8Array[]} values */
  #lay(spans, values) {
    for (const span of spans) {
      const b = this.data.behaviours.findIndex((behaviour) => behaviour.name === span.behaviour);
      if (b >= 0) values[b].fill(span.label, span.start, span.stop);
    }
  }

  /**
   * Say something of some frames.
   * @param {Patch[]} patches
   * @param {any} selected what was selected before, for undo
   * @param {string} seen the stop that is decided by this, or ""
   */
  write(patches, selected, seen) {
    const changes = patches.map(({ b, start, stop, value }) => {
      const after = typeof value === "number" ? new Int8Array(stop - start).fill(value) : Int8Array.from(value);
      return { b, start, before: this.now[b].slice(start, stop), after };
    });
    const edit = { changes, selected, seen: this.seen.has(seen) ? "" : seen };
    this.undone = [];
    this.done.push(edit);
    this.#apply(edit, "after");
  }

  /** @returns {Edit | null} what was taken back */
  undo() {
    const edit = this.done.pop() ?? null;
    if (edit) {
      this.undone.push(edit);
      this.#apply({ ...edit, changes: [...edit.changes].reverse() }, "before");
    }
    return edit;
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
    for (const change of edit.changes) this.now[change.b].set(change[way], change.start);
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
    this.rows = this.data.behaviours.map((behaviour, b) => {
      const said = Int8Array.from(this.now[b], (value, frame) => {
        const takenBack = this.written[b][frame] !== UNSAID && this.written[b][frame] !== value;
        return value !== behaviour.label[frame] || takenBack ? value : UNSAID;
      });
      return runsOf(said).filter((run) => run.value !== UNSAID);
    });
    this.count = this.differences.reduce((sum, runs) => sum + runs.length, 0);
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
      frames: this.data.frames,
      spans: this.#spans(this.rows),
      saved: this.#spans(saved),
      seen: [...this.seen],
    };
  }

  /** @param {{start: number, stop: number, value: number}[][]} found of each behaviour @returns {KeptSpan[]} */
  #spans(found) {
    return found.flatMap((runs, b) =>
      runs.map(({ start, stop, value }) => ({
        behaviour: this.data.behaviours[b].name,
        start,
        stop,
        label: value,
        start_s: this.data.edgesS[start],
        stop_s: this.data.edgesS[stop],
      })),
    );
  }

  #keep() {
    this.refused = "";
    const kept = this.kept();
    this.drawer.write(kept.spans.length || kept.saved?.length || this.seen.size ? kept : null);
  }
}
