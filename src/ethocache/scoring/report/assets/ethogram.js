"use strict";
// The lanes on the page: keeps them drawn, and turns what pointers do on them into places in the video.

const NARROW_PX = 720;
const NEAR_PX = 4;
const PRINT_PX = 820;

/** What happens on the lanes, for the page to answer. */
class EthogramEvents {
  /** Go to a frame. @param {number} frame */
  sought(frame) {}
  /** A place on a lane was clicked. @param {number} b @param {number} frame @param {"labels" | "tags" | "corrected" | "curve"} row */
  clicked(b, frame, row) {}
  /** A span was drawn. @param {number} b @param {number} start @param {number} stop */
  spanned(b, start, stop) {}
}

/** Lanes, time axis and strip, with their pointers. */
class Ethogram {
  /**
   * @param {HTMLElement} root the element with the canvases
   * @param {VideoData} data
   * @param {Corrections} corrections
   * @param {EthogramEvents} events
   */
  constructor(root, data, corrections, events) {
    this.root = root;
    this.data = data;
    this.corrections = corrections;
    this.events = events;
    this.view = new TimeView(data);
    this.whole = new TimeView(data);
    this.view.changed = () => this.redraw();
    this.frame = 0;
    /** @type {{b: number, start: number, stop: number} | null} */
    this.selected = null;
    /** Whether a drag draws a span without the shift key: fingers have none. */
    this.drawsSpans = false;
    this.width = 0;
    const canvas = (/** @type {string} */ name) => /** @type {HTMLCanvasElement} */ (root.querySelector(`canvas.${name}`));
    [this.still, this.moving, this.strip] = [canvas("still"), canvas("moving"), canvas("strip")];
    this.names = new LaneNames(/** @type {HTMLElement} */ (root.querySelector(".names")), data);
    this.names.dress(Number(themeOf(root).lift));
    /** @type {Map<number, {x: number, y: number}>} */
    this.touches = new Map();
    this.waiting = { still: false, moving: false };
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    this.#resize();
  }

  #resize() {
    const printing = document.documentElement.classList.contains("printing");
    const place = /** @type {HTMLElement} */ (this.moving.parentElement);
    const narrow = !printing && window.innerWidth < NARROW_PX;
    this.root.classList.toggle("narrow", narrow);
    this.width = printing ? PRINT_PX : Math.floor(place.clientWidth);
    this.layout = laneLayout(this.data.behaviours.length, this.data.told.labelled, narrow ? 20 : 0);
    this.names.place(this.layout);
    this.redraw();
  }

  /** For paper: all of the video, in the colours and at the width of paper. Returns how to go back. */
  forPrint() {
    const { fromS, toS } = this.view;
    document.documentElement.classList.add("printing");
    this.view.show(0, this.view.wholeS);
    this.#resize();
    this.#drawStill();
    this.#drawMoving();
    return () => {
      document.documentElement.classList.remove("printing");
      this.view.show(fromS, toS);
      this.#resize();
    };
  }

  /** Draw all again with the next picture of the screen. */
  redraw() {
    this.#soon("still", () => this.#drawStill());
    this.redrawMoving();
  }

  redrawMoving() {
    this.#soon("moving", () => this.#drawMoving());
  }

  /** @param {"still" | "moving"} what @param {() => void} draw */
  #soon(what, draw) {
    if (this.waiting[what]) return;
    this.waiting[what] = true;
    requestAnimationFrame(() => {
      this.waiting[what] = false;
      draw();
    });
  }

  #drawStill() {
    if (this.width < 1) return;
    const theme = themeOf(this.root);
    this.names.dress(Number(theme.lift));
    const pen = fitted(this.still, this.width, this.layout.height + AXIS_PX);
    drawLanes(new LanePainter(pen, this.data, this.view, this.width, theme), this.layout, this.corrections);
  }

  #drawMoving() {
    if (this.width < 1) return;
    const theme = themeOf(this.root);
    const pen = fitted(this.moving, this.width, this.layout.height + AXIS_PX);
    if (!document.documentElement.classList.contains("printing")) {
      drawMoving(new LanePainter(pen, this.data, this.view, this.width, theme), this.layout, this.frame, this.selected);
    }
    const strip = fitted(this.strip, this.width, stripHeight(this.data.behaviours.length));
    drawStrip(new LanePainter(strip, this.data, this.whole, this.width, theme), this.view, this.corrections, this.frame);
  }

  #listen() {
    const { moving, strip } = this;
    moving.addEventListener("pointerdown", (event) => this.#pressed(event));
    moving.addEventListener("pointermove", (event) => this.#dragged(event));
    for (const end of ["pointerup", "pointercancel"]) moving.addEventListener(end, (event) => this.#released(/** @type {PointerEvent} */ (event)));
    moving.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    strip.addEventListener("wheel", (event) => this.#wheeled(event), { passive: false });
    const slide = (/** @type {PointerEvent} */ event) => event.buttons && this.#slid(event);
    strip.addEventListener("pointerdown", (event) => {
      strip.setPointerCapture(event.pointerId);
      slide(event);
    });
    strip.addEventListener("pointermove", slide);
  }

  /** @param {MouseEvent} event @returns {{x: number, y: number, frame: number}} */
  #at(event) {
    const box = this.moving.getBoundingClientRect();
    const x = event.clientX - box.left;
    return { x, y: event.clientY - box.top, frame: this.data.frameAt(this.view.timeAt(Math.min(Math.max(x, 0), this.width), this.width)) };
  }

  /** @param {number} y px */
  #laneAt(y) {
    const b = Math.floor((y - AXIS_PX) / this.layout.lanes[0].height);
    return Math.min(Math.max(b, 0), this.layout.lanes.length - 1);
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.button !== 0) return;
    this.moving.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.touches.set(event.pointerId, at);
    if (this.touches.size === 2) {
      this.drag = null; // two fingers zoom and pan
      return;
    }
    this.drag = { ...at, b: this.#laneAt(at.y), draws: (event.shiftKey || this.drawsSpans) && at.y > AXIS_PX, moved: false };
    if (!this.drag.draws) this.events.sought(at.frame);
  }

  /** @param {PointerEvent} event */
  #dragged(event) {
    const at = this.#at(event);
    if (!this.touches.has(event.pointerId)) return this.#hovered(at);
    if (this.touches.size === 2) this.#pinched(event.pointerId, at);
    this.touches.set(event.pointerId, at);
    const { drag } = this;
    if (!drag) return;
    drag.moved ||= Math.abs(at.x - drag.x) > NEAR_PX;
    if (!drag.moved) return;
    if (drag.draws) this.events.spanned(drag.b, Math.min(drag.frame, at.frame), Math.max(drag.frame, at.frame) + 1);
    else this.events.sought(at.frame);
  }

  /** @param {{y: number, frame: number}} at */
  #hovered({ y, frame }) {
    const b = this.#laneAt(y);
    this.moving.title = y < AXIS_PX ? "" : wordsUnder(this.data, b, frame, this.#rowAt(b, y - AXIS_PX));
  }

  /** @param {PointerEvent} event */
  #released(event) {
    this.touches.delete(event.pointerId);
    const { drag } = this;
    this.drag = null;
    if (!drag || drag.moved || event.type === "pointercancel" || drag.y < AXIS_PX) return;
    if (drag.draws) this.events.spanned(drag.b, drag.frame, drag.frame + 1);
    else this.events.clicked(drag.b, drag.frame, this.#rowAt(drag.b, drag.y - AXIS_PX));
  }

  /** @param {number} b @param {number} y px below the axis */
  #rowAt(b, y) {
    const lane = this.layout.lanes[b];
    if (y >= lane.corrected - 1) return "corrected";
    if (y >= lane.tags - 1) return "tags";
    return lane.labels !== null && y >= lane.labels - 1 ? "labels" : "curve";
  }

  /** The times under two fingers stay under them. @param {number} id @param {{x: number}} at */
  #pinched(id, at) {
    const before = /** @type {{x: number}} */ (this.touches.get(id));
    const other = /** @type {{x: number}} */ ([...this.touches].find(([key]) => key !== id)?.[1]);
    const held = this.view.timeAt(other.x, this.width);
    const apart = Math.abs(at.x - other.x);
    const was = Math.abs(before.x - other.x);
    if (apart > 8 && was > 8) this.view.zoom(apart / was, held);
  }

  /** @param {WheelEvent} event */
  #wheeled(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const across = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
    if (Math.abs(across) > Math.abs(event.deltaY) || event.shiftKey) {
      this.view.pan(((across * unit) / this.width) * this.view.spanS);
    } else if (event.deltaY) {
      const at = event.target === this.strip ? this.data.middleS(this.frame) : this.view.timeAt(this.#at(event).x, this.width);
      this.view.zoom(Math.exp(-event.deltaY * unit * 0.002), at);
    }
  }

  /** The strip: the lanes show what is under the pointer, and the video goes there. @param {MouseEvent} event */
  #slid(event) {
    const box = this.strip.getBoundingClientRect();
    const timeS = this.whole.timeAt(Math.min(Math.max(event.clientX - box.left, 0), this.width), this.width);
    this.events.sought(this.data.frameAt(timeS));
    this.view.show(timeS - this.view.spanS / 2, timeS + this.view.spanS / 2);
  }
}
