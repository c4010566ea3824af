"use strict";
// What a page knows of its video: the file beside it calls ethocacheVideo({...}), and this makes arrays of it.

const SHOWN = 1;
const NOT_SHOWN = 0;
const NOBODY_KNOWS = -1;
const NO_ANSWER = 255;
const FULL_PROBABILITY = 254;

/** @param {string} text base64 */
function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) bytes[place] = binary.charCodeAt(place);
  return bytes;
}

/** @param {string} text base64 of little-endian float64, as numpy writes them */
function floatsOf(text) {
  const view = new DataView(bytesOf(text).buffer);
  return Float64Array.from({ length: view.byteLength / 8 }, (_, place) => view.getFloat64(8 * place, true));
}

/** @param {Float64Array} values */
function medianOf(values) {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One behaviour: what people said of every frame, and what the model did. */
class Behaviour {
  /**
   * @param {any} told
   * @param {number} frames
   */
  constructor(told, frames) {
    this.name = String(told.name);
    this.colour = String(told.colour);
    /** @type {number | null} */
    this.threshold = told.threshold;
    /** @type {Span[]} */
    this.labels = told.labels;
    /** @type {Span[]} */
    this.tags = told.tags;
    /** Where the label is a correction that a file brought. @type {Span[]} */
    this.corrected = told.corrected ?? [];
    this.probability = bytesOf(told.probability);
    this.label = new Int8Array(frames).fill(NOBODY_KNOWS);
    for (const [start, stop] of told.looked) this.label.fill(NOT_SHOWN, start, stop);
    for (const [start, stop] of told.labels) this.label.fill(SHOWN, start, stop);
    this.tag = new Int8Array(frames);
    for (const [start, stop] of told.tags) this.tag.fill(SHOWN, start, stop);
    /** @type {Span[]} */
    this.unknown = spansOf(this.label, NOBODY_KNOWS);
  }

  /** @param {number} frame @returns {number | null} from 0 to 1; null where the model has no answer */
  probabilityAt(frame) {
    const value = this.probability[frame];
    return value === undefined || value === NO_ANSWER ? null : value / FULL_PROBABILITY;
  }

  /**
   * Where the tag differs from what people say although somebody looked and the model answered.
   * @param {Int8Array} said the labels, as they are corrected now
   * @returns {{start: number, stop: number, value: number}[]} value 1: people say that it is shown
   */
  disagreements(said) {
    const differs = Int8Array.from(said, (label, frame) => (label < 0 || this.probability[frame] === NO_ANSWER || label === this.tag[frame] ? -1 : label));
    return runsOf(differs).filter((run) => run.value >= 0);
  }
}

/**
 * Something to look at.
 * @typedef {{kind: "disagreement" | "moment" | "doubt", id: string, b: number, start: number, stop: number, text: string, mark: string}} Stop
 */

/** What a doubt is about, whatever place it has in a later report. @param {{kind: string, behaviour: string | null, start: number | null, stop: number | null}} doubt */
function doubtId({ kind, behaviour, start, stop }) {
  return `q:${kind}:${behaviour}:${start}:${stop}`;
}

/** The video's frames, times, behaviours and what is worth a look. */
class VideoData {
  /** @param {any} told the object of the contract, format 1 */
  constructor(told) {
    if (told.format !== 1) throw new Error("This page is of another version of ethocache than its data; run dvc repro again.");
    this.told = told;
    /** @type {number} */
    this.frames = told.frames;
    this.edgesS = this.#edges(floatsOf(told.time_s));
    this.lengthS = this.edgesS[this.frames];
    /** @type {Behaviour[]} */
    this.behaviours = told.behaviours.map((/** @type {any} */ one) => new Behaviour(one, this.frames));
    /** @type {Record<Stop["kind"], Stop[]>} */
    this.stops = { disagreement: [], moment: this.#moments(), doubt: this.#doubts() };
  }

  /** When each frame begins and the last one ends, T + 1 seconds; the last lasts for the median interval. @param {Float64Array} timeS */
  #edges(timeS) {
    const intervals = timeS.subarray(1).map((time, place) => time - timeS[place]);
    const lastS = intervals.length ? medianOf(intervals) : 1 / (this.told.fps || 25);
    const edges = new Float64Array(timeS.length + 1);
    edges.set(timeS);
    edges[timeS.length] = timeS[timeS.length - 1] + lastS;
    return edges;
  }

  /** Find again where tags differ from what people say now: what was put right is no disagreement any more. @param {Int8Array[]} now of each behaviour */
  compare(now) {
    if (!this.told.labelled || this.told.tagged === false) return;
    const found = this.behaviours.flatMap((behaviour, b) =>
      behaviour.disagreements(now[b]).map(({ start, stop, value }) => {
        const asLabelled = now[b][start] === behaviour.label[start];
        const shown = asLabelled ? "labelled, but not tagged" : "corrected to shown, but not tagged";
        const not = asLabelled ? "tagged, but not labelled" : "tagged, but corrected to not shown";
        const text = value === SHOWN ? shown : not;
        return { kind: /** @type {const} */ ("disagreement"), id: `d:${behaviour.name}:${start}`, b, start, stop, text, mark: "" };
      }),
    );
    this.stops.disagreement = found.sort((one, other) => one.start - other.start || one.b - other.b);
  }

  #moments() {
    const ranked = [...this.told.queue].sort((one, other) => one.rank - other.rank);
    return ranked.flatMap((moment) => {
      const wrong = moment.wrong_frames === null || moment.wrong_frames === undefined ? "" : ` (about ${Number(moment.wrong_frames).toFixed(1)} frames wrong)`;
      return this.#stop("moment", moment, `m:${moment.behaviour}:${moment.start}`, `no. ${moment.rank} of the queue: ${moment.why}${wrong}`, String(moment.rank));
    });
  }

  #doubts() {
    return this.told.doubts.flatMap((/** @type {any} */ doubt, /** @type {number} */ place) => {
      const sure = typeof doubt.sureness === "number" ? `, ${Math.round(100 * doubt.sureness)} % sure` : "";
      return this.#stop("doubt", doubt, doubtId(doubt), `doubtful label: ${doubt.detail || doubt.kind + sure}`, "?");
    });
  }

  /**
   * A stop in a list of one, or none where it is of no behaviour of this page. A doubt of the whole video spans all of it.
   * @param {Stop["kind"]} kind @param {any} told @param {string} id @param {string} text @param {string} mark
   * @returns {Stop[]}
   */
  #stop(kind, told, id, text, mark) {
    const b = this.behaviours.findIndex((behaviour) => behaviour.name === told.behaviour);
    return b < 0 ? [] : [{ kind, id, b, start: told.start ?? 0, stop: told.stop ?? this.frames, text, mark }];
  }

  /** The frame that is shown at a time; the nearest one outside of the video. @param {number} timeS */
  frameAt(timeS) {
    let low = 0;
    let high = this.frames - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.edgesS[middle] <= timeS) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The frame whose time stamp is nearest: players round time stamps. @param {number} timeS */
  frameNearest(timeS) {
    const frame = this.frameAt(timeS);
    return frame + 1 < this.frames && this.edgesS[frame + 1] - timeS < timeS - this.edgesS[frame] ? frame + 1 : frame;
  }

  /** The middle of the time in which a frame is shown: a seek there cannot land on a neighbour. @param {number} frame */
  middleS(frame) {
    return (this.edgesS[frame] + this.edgesS[frame + 1]) / 2;
  }

  /** @param {number} frame */
  inside(frame) {
    return Math.min(Math.max(Math.round(frame), 0), this.frames - 1);
  }
}
