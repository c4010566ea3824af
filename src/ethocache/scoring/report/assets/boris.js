"use strict";
// A BORIS project of the corrected labels, for people who go on in BORIS. The names are those that BORIS 10 writes (format 7.0).

const NOBODY_LOOKED_NAME = "not_scored"; // as `ethocache export boris` calls it
const NO_DATE = "1970-01-01T00:00:00"; // today's date would make another file of the same labels

/**
 * Why BORIS could not take these labels, or "".
 * @param {VideoData} data
 */
function refusedByBoris(data) {
  const names = data.behaviours.map((behaviour) => behaviour.name);
  const broken = [data.told.id, data.told.file, ...names].find((name) => name === "" || name !== name.trim() || /[\p{Cc}\u2028\u2029]/u.test(name));
  if (broken !== undefined) return `BORIS takes no name that is empty, or has line breaks or spaces around it: "${broken}".`;
  const piped = names.find((name) => name.includes("|"));
  if (piped !== undefined) return `BORIS takes no "|" in the name of a behaviour: "${piped}".`;
  return names.includes(NOBODY_LOOKED_NAME) ? `A behaviour is called "${NOBODY_LOOKED_NAME}", which in BORIS would stand for frames without a label.` : "";
}

/**
 * Per behaviour where it is shown, and last where nobody looked. BORIS knows no "unknown": a state of its own says so, which
 * ethocache reads with `labels.not_scored: [not_scored]`. It holds for all behaviours, so one unknown makes a frame unknown.
 * @param {VideoData} data
 * @param {Int8Array[]} now
 * @returns {{states: {name: string, spans: Span[]}[], widened: number}} widened: frames of which only some behaviours were unknown
 */
function borisStates(data, now) {
  const unknown = new Int8Array(data.frames);
  let widened = 0;
  for (let frame = 0; frame < data.frames; frame++) {
    const count = now.reduce((sum, values) => sum + (values[frame] === NOBODY_KNOWS ? 1 : 0), 0);
    unknown[frame] = count ? 1 : 0;
    if (count && count < now.length) widened++;
  }
  const states = now.map((values, b) => ({
    name: data.behaviours[b].name,
    spans: spansOf(values.map((value, frame) => (unknown[frame] ? 0 : value)), SHOWN),
  }));
  const nobody = spansOf(unknown, 1);
  return { states: nobody.length ? [...states, { name: NOBODY_LOOKED_NAME, spans: nobody }] : states, widened };
}

/**
 * The text of a `.boris` file with one observation.
 * @param {VideoData} data
 * @param {{name: string, spans: Span[]}[]} states
 */
function borisProject(data, states) {
  const second = (/** @type {number} */ frame) => Number(data.edgesS[frame].toFixed(6));
  const fields = data.told.media === null ? ["", ""] : ["", "", "NA"]; // modifiers, comment, and the frame where there are some
  const events = states.flatMap(({ name, spans }) => spans.flatMap((span) => span.map((frame) => [second(frame), "", name, ...fields])));
  events.sort((one, other) => Number(one[0]) - Number(other[0]) || (one[2] < other[2] ? -1 : one[2] > other[2] ? 1 : 0));
  const project = {
    time_format: "hh:mm:ss",
    project_date: NO_DATE,
    project_name: data.told.id,
    project_description: "Behaviours labelled and corrected in a report of ethocache",
    project_format_version: "7.0",
    subjects_conf: {},
    behaviors_conf: borisEthogram(data, states),
    observations: { [data.told.id]: borisObservation(data, events, second(data.frames)) },
    behavioral_categories: [],
    behavioral_categories_config: {},
    independent_variables: {},
    coding_map: {},
    behaviors_coding_map: [],
    converters: {},
  };
  // BORIS reads the computer's own encoding, so only characters that all of them share
  return JSON.stringify(project).replace(/[\u007f-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`) + "\n";
}

/** @param {VideoData} data @param {{name: string}[]} states */
function borisEthogram(data, states) {
  const free = new Set("abcdefghijklmnopqrstuvwxyz0123456789");
  const entries = states.map(({ name }, place) => {
    const key = [...name.toLowerCase(), ...free].find((letter) => free.has(letter)) ?? "";
    free.delete(key);
    const color = data.behaviours[place]?.colour ?? "#999999";
    return [place, { type: "State event", key, code: name, description: "", color, category: "", modifiers: {}, excluded: "", "coding map": "" }];
  });
  return Object.fromEntries(entries);
}

/** @param {VideoData} data @param {any[]} events @param {number} lengthS */
function borisObservation(data, events, lengthS) {
  const media = data.told.media === null ? "" : data.told.file;
  const players = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((player) => [player, player === 1 ? [media] : []]));
  const about = { length: lengthS, fps: data.told.fps, hasVideo: true, hasAudio: false, display: "Nothing" };
  const info = Object.fromEntries(Object.entries(about).map(([name, value]) => [name, { [media]: value }]));
  const common = {
    file: media ? players : {},
    type: media ? "MEDIA" : "LIVE",
    date: NO_DATE,
    description: "",
    "time offset": 0,
    events,
    "observation time interval": [0, 0],
    independent_variables: {},
    visualize_spectrogram: false,
    visualize_waveform: false,
    media_creation_date_as_offset: false,
    media_scan_sampling_duration: 0,
    image_display_duration: 1,
    close_behaviors_between_videos: false,
  };
  const noMedia = { scan_sampling_time: 0, start_from_current_time: false, start_from_current_epoch_time: false };
  return media ? { ...common, media_info: { ...info, offset: { 1: 0 } } } : { ...common, ...noMedia };
}
