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

  /** Read again what another window of this video kept. */
  reload() {
    this.now = this.data.behaviours.map((behaviour) => behaviour.label.slice());
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
    for (const span of kept.spans) {
      const b = this.data.behaviours.findIndex((behaviour) => behaviour.name === span.behaviour);
      if (b >= 0) this.now[b].fill(span.label, span.start, span.stop);
    }
    for (const id of kept.seen ?? []) this.seen.add(String(id));
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
      const differs = Int8Array.from(this.now[b], (value, frame) => (value === behaviour.label[frame] ? 2 : value));
      return runsOf(differs).filter((run) => run.value !== 2);
    });
    this.count = this.differences.reduce((sum, runs) => sum + runs.length, 0);
  }

  /** The differences from the labels, as they are kept and saved. @returns {KeptCorrections} */
  kept() {
    const spans = this.differences.flatMap((runs, b) =>
      runs.map(({ start, stop, value }) => ({
        behaviour: this.data.behaviours[b].name,
        start,
        stop,
        label: value,
        start_s: this.data.edgesS[start],
        stop_s: this.data.edgesS[stop],
      })),
    );
    return { format: 1, video: this.data.told.id, frames: this.data.frames, spans, seen: [...this.seen] };
  }

  #keep() {
    this.refused = "";
    this.drawer.write(this.count || this.seen.size ? this.kept() : null);
  }
}
