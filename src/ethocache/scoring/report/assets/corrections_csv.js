"use strict";
// corrections.csv, as ethocache reads it back, and how a page hands a file to its reader. Pages of videos and the overview share this.

/**
 * What a page keeps of one video: `spans` are the rows of a file that is saved now, `saved` is what earlier files say (later ones win).
 * Spans of one `decision` are one correction to people, such as those of a behaviour that was changed to another.
 * @typedef {{behaviour: string, start: number, stop: number, label: number, start_s: number, stop_s: number, decision?: number}} KeptSpan
 * `view` is the camera whose frames they are, where several film a session.
 * @typedef {{format: number, video: string, view?: string, frames: number, spans: KeptSpan[], saved?: KeptSpan[], seen?: string[]}} KeptCorrections
 */

const CORRECTIONS_COLUMNS = ["video", "behaviour", "start_frame", "stop_frame", "label", "video_frames", "start_s", "stop_s", "saved", "decision"];

/**
 * The text of corrections.csv.
 * @param {KeptCorrections[]} kept of one or several videos
 * @param {string} saved when, in UTC as ISO writes it; the same in all rows, so that a later file wins as a whole
 */
function correctionsCsv(kept, saved) {
  const several = kept.some((video) => video.view);
  const rows = kept.flatMap((video) =>
    numberedDecisions(video.spans).map((span) => [
      video.video,
      span.behaviour,
      span.start,
      span.stop,
      span.label,
      video.frames,
      span.start_s.toFixed(3),
      span.stop_s.toFixed(3),
      saved,
      span.decision ?? 0,
      ...(several ? [video.view ?? ""] : []),
    ]),
  );
  return [[...CORRECTIONS_COLUMNS, ...(several ? ["view"] : [])], ...rows].map((row) => row.map(csvCell).join(",") + "\n").join("");
}

/** @param {string | number} value quoted as RFC 4180 says where it must be */
function csvCell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Number the decisions of spans that were kept before there were numbers: those that tell of the same frames are one. @param {KeptSpan[]} spans */
function numberedDecisions(spans) {
  const frames = (/** @type {KeptSpan} */ span) => `${span.start}-${span.stop}`;
  const first = Math.max(0, ...spans.map((span) => span.decision ?? 0)) + 1;
  const without = [...new Set(spans.filter((span) => span.decision === undefined).map(frames))];
  return spans.map((span) => ({ ...span, decision: span.decision ?? first + without.indexOf(frames(span)) }));
}

/** How many decisions no earlier file says. @param {KeptCorrections} kept */
function unsavedDecisions(kept) {
  return new Set(numberedDecisions(unsavedSpans(kept)).map((span) => span.decision)).size;
}

/** What is to be kept once a file with all spans was saved. @param {KeptCorrections} kept @returns {KeptCorrections} */
function keptAfterSaving(kept) {
  return { ...kept, saved: [...(kept.saved ?? []), ...kept.spans] };
}

/**
 * What is to be saved that no earlier file says in all of its frames; of files that tell of the same frames, the last one counts.
 * Frames are compared rather than spans: files part a stretch by decisions, what is kept of earlier files does not.
 * @param {KeptCorrections} kept
 */
function unsavedSpans(kept) {
  const { frames, saved = [] } = kept;
  /** @type {Map<string, Int8Array>} of each behaviour; 2 where no file says anything */
  const written = new Map(kept.spans.map((span) => [span.behaviour, new Int8Array(frames).fill(2)]));
  for (const span of saved) written.get(span.behaviour)?.fill(span.label, span.start, span.stop);
  return kept.spans.filter((span) => written.get(span.behaviour)?.subarray(span.start, span.stop).some((label) => label !== span.label));
}

/** Now, in UTC to the second. */
function savedNow() {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

/**
 * Let the browser save a text as a file.
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
function downloadText(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000); // some browsers read it only after the click was handled
}
