"use strict";
// Spans of frames: half-open [start, stop), sorted and disjoint within a list.

/** @typedef {[number, number]} Span */

/**
 * Place of the first span that ends after a frame; the list's length if none does.
 * @param {Span[]} spans
 * @param {number} frame
 */
function firstEndingAfter(spans, frame) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle][1] > frame) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The span that a frame lies in, or null.
 * @param {Span[]} spans
 * @param {number} frame
 * @returns {Span | null}
 */
function spanAt(spans, frame) {
  const span = spans[firstEndingAfter(spans, frame)];
  return span && span[0] <= frame ? span : null;
}

/**
 * Stretches of equal values, in order.
 * @param {ArrayLike<number>} values
 * @returns {{start: number, stop: number, value: number}[]}
 */
function runsOf(values) {
  const runs = [];
  for (let start = 0, frame = 1; frame <= values.length; frame++) {
    if (frame < values.length && values[frame] === values[start]) continue;
    runs.push({ start, stop: frame, value: values[start] });
    start = frame;
  }
  return runs;
}

/**
 * Stretches in which the values are this one.
 * @param {ArrayLike<number>} values
 * @param {number} wanted
 * @returns {Span[]}
 */
function spansOf(values, wanted) {
  return runsOf(values)
    .filter((run) => run.value === wanted)
    .map((run) => [run.start, run.stop]);
}
