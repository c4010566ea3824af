"use strict";
// Which part of the time is on the screen.

const FEWEST_FRAMES = 12;

/** A window [fromS, toS) of the video's seconds, and where times lie in it. */
class TimeView {
  /** @param {VideoData} data */
  constructor(data) {
    this.data = data;
    this.wholeS = data.lengthS;
    this.leastS = Math.min(this.wholeS, (FEWEST_FRAMES * this.wholeS) / data.frames);
    this.fromS = 0;
    this.toS = this.wholeS;
    this.changed = () => {};
  }

  get spanS() {
    return this.toS - this.fromS;
  }

  /** @param {number} fromS @param {number} toS kept inside of the video, and as long as it can be */
  show(fromS, toS) {
    const spanS = Math.min(Math.max(toS - fromS, this.leastS), this.wholeS);
    this.fromS = Math.min(Math.max(fromS, 0), this.wholeS - spanS);
    this.toS = this.fromS + spanS;
    this.changed();
  }

  /** Zoom in by a factor above 1, around a time that stays where it is. @param {number} factor @param {number} atS */
  zoom(factor, atS) {
    const spanS = Math.min(Math.max(this.spanS / factor, this.leastS), this.wholeS);
    const fromS = atS - ((atS - this.fromS) / this.spanS) * spanS;
    this.show(fromS, fromS + spanS);
  }

  /** @param {number} byS */
  pan(byS) {
    this.show(this.fromS + byS, this.fromS + byS + this.spanS);
  }

  /** Turn the page if a time is not on it. @param {number} timeS */
  follow(timeS) {
    if (timeS >= this.fromS && timeS < this.toS) return;
    const marginS = timeS < this.fromS ? this.spanS * 0.9 : this.spanS * 0.1; // room in the direction in which one goes
    this.show(timeS - marginS, timeS - marginS + this.spanS);
  }

  /** Show a stretch with what is around it; stay where it is seen well already. @param {number} start @param {number} stop frames */
  reveal(start, stop) {
    const [startS, stopS] = [this.data.edgesS[start], this.data.edgesS[stop]];
    const lengthS = stopS - startS;
    const marginS = this.spanS / 20;
    const seen = startS >= (this.fromS > 0 ? this.fromS + marginS : 0) && stopS <= (this.toS < this.wholeS ? this.toS - marginS : this.wholeS);
    if (seen && lengthS > this.spanS / 40) return;
    const spanS = Math.min(Math.max(6 * lengthS, 10), Math.max(this.spanS, 1.5 * lengthS));
    this.show((startS + stopS - spanS) / 2, (startS + stopS + spanS) / 2);
  }

  /** @param {number} timeS @param {number} width px @returns {number} px */
  xOf(timeS, width) {
    return ((timeS - this.fromS) / this.spanS) * width;
  }

  /** @param {number} x px @param {number} width px @returns {number} s */
  timeAt(x, width) {
    return this.fromS + (x / width) * this.spanS;
  }

  /** Frames [first, last] of which something is seen. */
  frames() {
    return [this.data.frameAt(this.fromS), this.data.frameAt(this.toS)];
  }
}

/** Seconds between ticks so that there is room for their texts. @param {number} spanS @param {number} most */
function tickStepS(spanS, most) {
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
  return steps.find((step) => spanS / step <= most) ?? 14400;
}

/** @param {number} timeS @param {number} stepS @returns {string} such as 4:05 or 1:02:03.5 */
function clockText(timeS, stepS = 1) {
  const digits = stepS >= 1 ? 0 : stepS >= 0.1 ? 1 : stepS >= 0.01 ? 2 : 3;
  const scaled = Math.round(timeS * 10 ** digits) / 10 ** digits;
  const hours = Math.floor(scaled / 3600);
  const minutes = Math.floor(scaled / 60) % 60;
  const seconds = (scaled % 60).toFixed(digits).padStart(digits ? digits + 3 : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}
