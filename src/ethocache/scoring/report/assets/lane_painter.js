"use strict";
// Draws one behaviour's lane: probability, labels, where they differ, tags, and the corrected labels.

/**
 * Heights of a lane's rows in px.
 * @typedef {{head: number, curve: number, bar: number, differs: number, gap: number}} RowHeights
 * @typedef {{top: number, height: number, curve: number, labels: number | null, differs: number | null, tags: number, corrected: number}} Lane
 * @typedef {Record<"paper" | "ink" | "soft" | "line" | "select" | "lift", string>} Theme
 */

/**
 * Where each lane and its rows begin.
 * @param {number} count of behaviours
 * @param {boolean} labelled
 * @param {number} head px above each lane for its name, where there is no room beside
 * @returns {{lanes: Lane[], rows: RowHeights, height: number}}
 */
function laneLayout(count, labelled, head) {
  const small = count > 6;
  const rows = { head, curve: small ? 22 : 30, bar: small ? 7 : 9, differs: 4, gap: small ? 7 : 9 };
  const above = head + rows.curve + 3;
  const behind = labelled ? rows.bar + 1 + rows.differs + 1 : 0;
  const height = above + behind + 2 * rows.bar + 2 + rows.gap;
  const lanes = Array.from({ length: count }, (_, b) => {
    const top = b * height;
    const labels = labelled ? top + above : null;
    const tags = top + above + behind;
    const differs = labels === null ? null : labels + rows.bar + 1;
    return { top, height, curve: top + head, labels, differs, tags, corrected: tags + rows.bar + 2 };
  });
  return { lanes, rows, height: height * count };
}

/**
 * A behaviour's colour for a page that is dark: the darker it is, the more white is mixed in.
 * @param {string} colour #rrggbb; others stay as they are
 * @param {number} lift from 0, nothing
 */
function liftedColour(colour, lift) {
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour)?.slice(1).map((part) => parseInt(part, 16));
  if (!parts || !lift) return colour;
  const brightness = (0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]) / 255;
  const white = lift * (1 - brightness);
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * white)).join(" ")})`;
}

/** Draws on a canvas whose unit is a CSS px. */
class LanePainter {
  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {VideoData} data
   * @param {TimeView} view
   * @param {number} width px
   * @param {Theme} theme
   */
  constructor(pen, data, view, width, theme) {
    this.pen = pen;
    this.data = data;
    this.view = view;
    this.width = width;
    this.theme = theme;
    [this.first, this.last] = view.frames();
    this.hatch = this.#hatch(theme.soft, false);
    this.cross = this.#hatch(theme.ink, true);
    this.stripes = this.#stripes();
  }

  /** Upright bars of ink on paper: label and tag differ. Signs have no colour, as any might be that of a behaviour. */
  #stripes() {
    const tile = document.createElement("canvas");
    [tile.width, tile.height] = [5, 1];
    const pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    pen.fillStyle = this.theme.paper;
    pen.fillRect(0, 0, 5, 1);
    pen.fillStyle = this.theme.ink;
    pen.fillRect(0, 0, 3, 1);
    return /** @type {CanvasPattern} */ (this.pen.createPattern(tile, "repeat"));
  }

  /** Diagonal lines: nobody looked; crossed ones: somebody looked and could not tell. @param {string} colour @param {boolean} crossed */
  #hatch(colour, crossed) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    for (const shift of [-6, 0, 6]) {
      pen.moveTo(shift, 6);
      pen.lineTo(shift + 6, 0);
      if (crossed) pen.moveTo(shift, 0);
      if (crossed) pen.lineTo(shift + 6, 6);
    }
    pen.stroke();
    return /** @type {CanvasPattern} */ (this.pen.createPattern(tile, "repeat"));
  }

  /** @param {number} frame whose left edge is meant */
  x(frame) {
    return this.view.xOf(this.data.edgesS[frame], this.width);
  }

  /**
   * Bars over spans, at least a px wide each, so that a bout of one frame is seen from afar.
   * @param {Span[]} spans @param {number} top @param {number} height @param {string | CanvasPattern} fill @param {number} [least] px
   */
  bars(spans, top, height, fill, least = 1) {
    this.pen.fillStyle = fill;
    let reached = -Infinity;
    for (let place = firstEndingAfter(spans, this.first); place < spans.length && spans[place][0] <= this.last; place++) {
      const left = Math.max(this.x(spans[place][0]), -2);
      const right = Math.min(this.x(spans[place][1]), this.width + 2);
      const end = Math.max(right, left + least);
      if (end - reached < 0.25) continue; // it would lie on the one before: seen from afar bouts are many to a px
      this.pen.fillRect(left, top, end - left, height); // a path of so many rectangles takes a hundred times as long
      reached = end;
    }
  }

  /**
   * Labels that a file put right: a dotted frame, with a notch above its beginning that is seen also where the span is narrow.
   * @param {Span[]} spans @param {number} top @param {number} height
   */
  corrected(spans, top, height) {
    const { pen, theme } = this;
    pen.lineWidth = 1.5;
    for (const [start, stop] of spans) {
      const left = Math.max(this.x(start), -9);
      const right = Math.min(Math.max(this.x(stop), left + 3), this.width + 9);
      if (right < 0 || left > this.width) continue;
      const frame = /** @type {const} */ ([left + 0.75, top + 0.75, right - left - 1.5, height - 1.5]);
      pen.strokeStyle = theme.paper;
      pen.strokeRect(...frame);
      pen.strokeStyle = pen.fillStyle = theme.ink;
      pen.setLineDash([2, 2]);
      pen.strokeRect(...frame);
      pen.setLineDash([]);
      pen.beginPath();
      pen.moveTo(left, top - 3);
      pen.lineTo(left + 7, top - 3);
      pen.lineTo(left, top + 4);
      pen.fill();
    }
  }

  /**
   * The probability: as steps where frames are wide, else from its least to its greatest within each px.
   * @param {Behaviour} behaviour @param {number} top @param {number} height
   */
  curve(behaviour, top, height) {
    const { pen } = this;
    pen.strokeStyle = this.theme.line;
    pen.lineWidth = 1;
    pen.strokeRect(0.5, top + 0.5, this.width - 1, height - 1);
    pen.fillStyle = liftedColour(behaviour.colour, Number(this.theme.lift));
    for (const [opacity, from] of /** @type {const} */ ([[0.22, "bottom"], [1, "curve"]])) {
      pen.globalAlpha = opacity;
      this.#columns(behaviour, (left, right, least, most) => {
        if (from === "bottom" && right - left === 1.5) return; // a flank: the columns beside it are filled
        const high = top + height - 1 - (most / FULL_PROBABILITY) * (height - 2);
        const low = from === "bottom" ? top + height : top + height - 1 - (least / FULL_PROBABILITY) * (height - 2) + 1.5;
        pen.fillRect(left, high, right - left, Math.max(low - high, 1.5));
      });
    }
    pen.globalAlpha = 1;
    if (behaviour.threshold !== null) this.#threshold(top + height - 1 - behaviour.threshold * (height - 2));
  }

  /** @param {number} y */
  #threshold(y) {
    const { pen } = this;
    pen.strokeStyle = this.theme.ink;
    pen.setLineDash([4, 3]);
    pen.globalAlpha = 0.65;
    pen.beginPath();
    pen.moveTo(0, Math.round(y) + 0.5);
    pen.lineTo(this.width, Math.round(y) + 0.5);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  /**
   * Give left and right px, least and greatest value of each column, and thin flanks where one column does not reach the next.
   * @param {Behaviour} behaviour
   * @param {(left: number, right: number, least: number, most: number) => void} give
   */
  #columns(behaviour, give) {
    const values = behaviour.probability;
    let before = NO_ANSWER;
    for (let frame = this.first; frame <= this.last; ) {
      const left = Math.max(this.x(frame), 0);
      let [least, most] = [NO_ANSWER, -1];
      let next = frame;
      do {
        const value = values[next];
        if (value !== NO_ANSWER && value < least) least = value;
        if (value !== NO_ANSWER && value > most) most = value;
        next++;
      } while (next <= this.last && this.x(next) < left + 1);
      if (most >= 0) {
        give(left, Math.min(this.x(next), this.width), least, most);
        if (before !== NO_ANSWER && (before < least || before > most)) give(left - 0.5, left + 1, Math.min(before, least), Math.max(before, most));
      }
      before = values[next - 1];
      frame = next;
    }
  }

  /**
   * Over the curve, a queue's moment in a full frame with its rank on ink, or a doubt in a dashed one with its sign on paper.
   * @param {Stop} stop @param {number} top @param {number} height @param {boolean} seen
   */
  stop(stop, top, height, seen) {
    const left = this.x(stop.start);
    const right = Math.max(this.x(stop.stop), left + 3);
    if (right < 0 || left > this.width) return;
    const { pen } = this;
    const doubt = stop.kind === "doubt";
    pen.fillStyle = pen.strokeStyle = this.theme.ink;
    pen.globalAlpha = seen ? 0.04 : 0.12;
    pen.fillRect(left, top, right - left, height);
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    if (doubt) pen.setLineDash([3, 2]);
    pen.strokeRect(left, top + 0.75, right - left, height - 1.5);
    pen.setLineDash([]);
    this.#flag(seen ? "✓" : stop.mark, Math.max(left, 0), top, doubt);
  }

  /** @param {string} text @param {number} left @param {number} top @param {boolean} hollow */
  #flag(text, left, top, hollow) {
    const { pen } = this;
    pen.font = "bold 10px system-ui, sans-serif";
    const width = pen.measureText(text).width + 6;
    pen.fillStyle = this.theme.ink;
    pen.fillRect(left, top, width, 13);
    pen.fillStyle = this.theme.paper;
    if (hollow) pen.fillRect(left + 1, top + 1, width - 2, 11);
    if (hollow) pen.fillStyle = this.theme.ink;
    pen.textBaseline = "middle";
    pen.fillText(text, left + 3, top + 7);
  }
}
