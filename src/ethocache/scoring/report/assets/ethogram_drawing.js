"use strict";
// Draws all lanes, the time axis above them, and the strip of the whole video.

const AXIS_PX = 20;
const STRIP_ROW_PX = 5;

/**
 * Fit a canvas to its place, sharp on screens of any density.
 * @param {HTMLCanvasElement} canvas @param {number} width CSS px @param {number} height CSS px
 */
function fitted(canvas, width, height) {
  const density = Math.max(window.devicePixelRatio || 1, document.documentElement.classList.contains("printing") ? 3 : 1);
  const [across, down] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(density, 0, 0, density, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** The page's colours, as its style sheet has them for light, dark or print. @returns {Theme} */
function themeOf(/** @type {Element} */ element) {
  const style = getComputedStyle(element);
  const names = /** @type {const} */ (["paper", "ink", "soft", "line", "select", "lift"]);
  return /** @type {Theme} */ (Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--v-${name}`).trim()])));
}

/**
 * All that stays while the video plays.
 * @param {LanePainter} painter
 * @param {ReturnType<typeof laneLayout>} layout
 * @param {Corrections} corrections
 */
function drawLanes(painter, layout, corrections) {
  drawAxis(painter, layout.height + AXIS_PX);
  const { pen, data } = painter;
  pen.save();
  pen.translate(0, AXIS_PX);
  layout.lanes.forEach((lane, b) => drawLane(painter, lane, layout.rows, corrections, b));
  for (const kind of /** @type {const} */ (["moment", "doubt"])) {
    for (const stop of data.stops[kind]) painter.stop(stop, layout.lanes[stop.b].curve, layout.rows.curve, corrections.seen.has(stop.id));
  }
  pen.restore();
}

/** @param {LanePainter} painter @param {Lane} lane @param {RowHeights} rows @param {Corrections} corrections @param {number} b */
function drawLane(painter, lane, rows, corrections, b) {
  const { data, theme } = painter;
  const behaviour = data.behaviours[b];
  const whole = /** @type {Span[]} */ ([[0, data.frames]]);
  const colour = liftedColour(behaviour.colour, Number(theme.lift));
  painter.curve(behaviour, lane.curve, rows.curve);
  for (const top of [lane.labels, lane.tags, lane.corrected]) if (top !== null) painter.bars(whole, top, rows.bar, theme.line);
  if (lane.labels !== null && lane.differs !== null) {
    painter.bars(behaviour.unknown, lane.labels, rows.bar, painter.hatch);
    painter.bars(behaviour.labels, lane.labels, rows.bar, colour);
    painter.corrected(behaviour.corrected, lane.labels, rows.bar);
    const differing = data.stops.disagreement.filter((stop) => stop.b === b).map((stop) => /** @type {Span} */ ([stop.start, stop.stop]));
    painter.bars(differing, lane.differs, rows.differs, painter.stripes, 2);
  }
  painter.bars(behaviour.tags, lane.tags, rows.bar, colour);
  painter.bars(corrections.unknown[b], lane.corrected, rows.bar, painter.hatch);
  painter.bars(corrections.shown[b], lane.corrected, rows.bar, colour);
  const spans = corrections.differences[b].map((run) => /** @type {Span} */ ([run.start, run.stop]));
  const unknown = corrections.differences[b].filter((run) => run.value < 0).map((run) => /** @type {Span} */ ([run.start, run.stop]));
  painter.bars(unknown, lane.corrected, rows.bar, painter.cross);
  painter.bars(spans, lane.corrected + rows.bar, 2, theme.ink, 2);
}

/** @param {LanePainter} painter @param {number} height */
function drawAxis(painter, height) {
  const { pen, view, width, theme } = painter;
  const stepS = tickStepS(view.spanS, width / 75);
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.strokeStyle = theme.line;
  pen.fillStyle = theme.soft;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let tick = Math.ceil(view.fromS / stepS); tick * stepS <= view.toS; tick++) {
    const x = Math.round(view.xOf(tick * stepS, width)) + 0.5;
    pen.moveTo(x, AXIS_PX - 5);
    pen.lineTo(x, height);
    const text = clockText(tick * stepS, stepS);
    const room = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(Math.max(x - room, 0), width - 2 * room), 7);
  }
  pen.stroke();
}

/**
 * What moves: the playhead with the frame that it is on, and the selected span.
 * @param {LanePainter} painter
 * @param {ReturnType<typeof laneLayout>} layout
 * @param {number} frame
 * @param {{b: number, start: number, stop: number} | null} selected
 */
function drawMoving(painter, layout, frame, selected) {
  const { pen, theme, width } = painter;
  if (selected) {
    const lane = layout.lanes[selected.b];
    const left = painter.x(selected.start);
    const right = Math.max(painter.x(selected.stop), left + 2);
    const [top, height] = [AXIS_PX + lane.curve - 2, lane.height - lane.curve + lane.top - layout.rows.gap + 6];
    pen.fillStyle = pen.strokeStyle = theme.select;
    pen.globalAlpha = 0.12;
    pen.fillRect(left, top, right - left, height);
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.strokeRect(left, top, right - left, height);
    for (const x of [left, right]) pen.fillRect(x - 3, top + height / 2 - 8, 6, 16);
  }
  const [left, right] = [painter.x(frame), painter.x(frame + 1)];
  pen.fillStyle = theme.ink;
  pen.globalAlpha = 0.12;
  pen.fillRect(left, AXIS_PX, right - left, layout.height);
  pen.globalAlpha = 1;
  const middle = Math.min(Math.max((left + right) / 2, 1), width - 1);
  if (right < 0 || left > width) return;
  pen.fillRect(middle - 0.75, AXIS_PX - 8, 1.5, layout.height + 8);
  pen.beginPath();
  pen.moveTo(middle - 6, AXIS_PX - 9);
  pen.lineTo(middle + 6, AXIS_PX - 9);
  pen.lineTo(middle, AXIS_PX - 1);
  pen.fill();
}

/** @param {number} count of behaviours @returns {number} px */
function stripHeight(count) {
  return 14 + count * STRIP_ROW_PX;
}

/**
 * Above the strip, told apart by form: a hair where label and tag differ, a full box for a moment, a hollow one for a doubt.
 * @param {LanePainter} painter
 */
function drawTicks(painter) {
  const { pen, data, theme } = painter;
  const at = (/** @type {Stop} */ stop) => Math.round(painter.x(stop.start));
  pen.fillStyle = theme.ink;
  for (const stop of data.stops.disagreement) pen.fillRect(at(stop), 0, 1, 4);
  for (const stop of data.stops.moment) pen.fillRect(at(stop), 0, 4, 6);
  for (const stop of data.stops.doubt) {
    pen.fillStyle = theme.ink;
    pen.fillRect(at(stop), 0, 6, 6);
    pen.fillStyle = theme.paper;
    pen.fillRect(at(stop) + 1, 1, 4, 4);
  }
}

/**
 * The whole video: a row of tags or of what is corrected for each behaviour, and ticks where there is something to look at.
 * @param {LanePainter} painter of a view of the whole
 * @param {TimeView} view what the lanes show
 * @param {Corrections} corrections
 * @param {number} frame
 */
function drawStrip(painter, view, corrections, frame) {
  const { pen, data, theme, width } = painter;
  const height = stripHeight(data.behaviours.length);
  pen.fillStyle = theme.line;
  pen.globalAlpha = 0.5;
  pen.fillRect(0, 0, width, height);
  pen.globalAlpha = 1;
  data.behaviours.forEach((behaviour, b) => {
    painter.bars(behaviour.tags, 7 + b * STRIP_ROW_PX, STRIP_ROW_PX - 1, liftedColour(behaviour.colour, Number(theme.lift)));
  });
  drawTicks(painter);
  const changed = corrections.differences.flat().map((run) => /** @type {Span} */ ([run.start, run.stop]));
  for (const span of changed) painter.bars([span], height - 5, 3, theme.ink, 2);
  const [left, right] = [painter.view.xOf(view.fromS, width), painter.view.xOf(view.toS, width)];
  pen.fillStyle = theme.paper;
  pen.globalAlpha = 0.6;
  pen.fillRect(0, 0, left, height);
  pen.fillRect(right, 0, width - right, height);
  pen.globalAlpha = 1;
  pen.strokeStyle = pen.fillStyle = theme.ink;
  pen.lineWidth = 2;
  pen.strokeRect(left + 1, 1, Math.max(right - left - 2, 2), height - 2);
  pen.fillRect(painter.x(frame) - 0.75, 0, 1.5, height);
}
