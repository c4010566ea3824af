"use strict";
// The page of one video. The file with its data, which comes after this, calls ethocacheVideo.

/** @param {string} id @returns {any} the element, which the template has */
function byId(id) {
  return document.getElementById(id);
}

/** All parts of the page, and what they tell each other. */
class VideoPage {
  /** @param {any} told see `VideoData` */
  constructor(told) {
    this.data = new VideoData(told);
    const drawer = new Drawer(`ethocache-corrections:${document.documentElement.dataset.project}:${told.id}`);
    this.corrections = new Corrections(this.data, drawer);
    this.review = new Review(this.data, this.corrections, tell);
    this.player = new FramePlayer(byId("video"), this.data, tell);
    this.ethogram = new Ethogram(byId("ethogram"), this.data, this.corrections, this.#events());
    this.panel = new Panel(this);
    this.#connect();
    this.#begin();
  }

  #events() {
    const events = new EthogramEvents();
    events.sought = (frame) => this.seek(frame);
    events.clicked = (b, frame, row) => this.review.selectAt(b, frame, row);
    events.spanned = (b, start, stop) => this.review.select({ b, start, stop, from: null });
    return events;
  }

  #connect() {
    this.player.moved = () => this.#moved();
    this.player.toggled = () => this.panel.showPlaying();
    this.review.changed = () => this.#reviewed();
    this.corrections.changed = () => this.#reviewed();
    this.ethogram.names.chosen = (b) => this.review.choose(b);
    listenForActions(this);
    window.addEventListener("storage", (event) => event.key === this.corrections.drawer.key && this.corrections.reload());
    window.addEventListener("pageshow", (event) => event.persisted && this.corrections.reload()); // while it was left, no window told it anything
    window.addEventListener("hashchange", () => this.#goToHash());
    window.addEventListener("beforeprint", () => (this.printed = this.ethogram.forPrint()));
    window.addEventListener("afterprint", () => this.printed?.());
  }

  #begin() {
    this.#moved();
    this.#reviewed();
    this.panel.showPlaying();
    if (this.corrections.refused) tell(this.corrections.refused);
    else if (this.corrections.drawer.lasts) tell(this.corrections.count ? "Corrections from an earlier visit are kept here." : "");
    else tell("This browser keeps nothing for this page: save your corrections before you leave.");
    this.#goToHash();
  }

  /** Links into the page: #moment=<rank>, #moment, #doubt=<place>, #frame=<number>. */
  #goToHash() {
    const [, what, value] = /^#(moment|doubt|frame)(?:=(\d+))?$/.exec(location.hash) ?? [];
    if (what === "frame") this.seek(Number(value ?? 0));
    const { moment, doubt } = this.data.stops;
    const meant = this.data.told.doubts[Number(value ?? 0)];
    const stop = { moment: value ? moment.find((one) => one.mark === value) : moment[0], doubt: meant && doubt.find((one) => one.id === doubtId(meant)) };
    const found = what && stop[/** @type {"moment" | "doubt"} */ (what)];
    if (found) this.#goTo(found);
  }

  #moved() {
    const { frame } = this.player;
    this.ethogram.frame = frame;
    if (!this.ethogram.drag) this.ethogram.view.follow(this.data.middleS(frame));
    this.ethogram.redrawMoving();
    this.panel.showFrame(frame);
  }

  #reviewed() {
    this.ethogram.selected = this.review.selected;
    this.ethogram.redraw();
    this.panel.showReview();
    this.panel.showFrame(this.player.frame);
  }

  /** @param {number} frame */
  seek(frame) {
    this.player.pause();
    this.player.seek(frame);
  }

  /** @param {Stop["kind"]} kind @param {1 | -1} way */
  go(kind, way) {
    const stop = this.review.neighbour(kind, way, this.player.frame);
    if (stop) return this.#goTo(stop);
    const onward = kind === "moment" && way > 0 ? this.data.told.next_moment : null;
    if (onward) location.assign(onward.href.includes("#") ? onward.href : `${onward.href}#moment`);
    else tell(this.data.stops[kind].length ? `No ${way > 0 ? "later" : "earlier"} ${NAMES[kind]} in this video.` : `No ${NAMES[kind]} in this video.`);
  }

  /** @param {Stop} stop */
  #goTo(stop) {
    this.seek(stop.start);
    this.ethogram.view.reveal(stop.start, stop.stop);
    this.review.selectStop(stop);
    tell(`${this.data.behaviours[stop.b].name}: ${stop.text}`);
  }

  /** Decide, and go on to the next stop of the kind where the reader wants that. @param {(review: Review) => void} say */
  decide(say) {
    const { selected } = this.review;
    say(this.review);
    if (selected?.from && byId("go-on").checked) this.go(selected.from.kind, 1);
  }

  /** @param {"start" | "stop"} edge */
  setEdge(edge) {
    this.review.setEdge(edge, this.player.frame);
  }

  watch() {
    const { selected } = this.review;
    if (selected) this.player.watch(selected.start, selected.stop);
    else this.player.watch(this.player.frame, this.player.frame + 1);
  }

  /** @param {number} factor above 1 goes nearer; 0 shows all */
  zoom(factor) {
    const { view } = this.ethogram;
    if (factor) view.zoom(factor, this.data.middleS(this.player.frame));
    else view.show(0, view.wholeS);
  }

  /** @param {number} share of what is on the screen */
  pan(share) {
    this.ethogram.view.pan(share * this.ethogram.view.spanS);
  }

  help() {
    byId("help").showModal();
  }

  saveCorrections() {
    const kept = this.corrections.kept();
    if (!kept.spans.length) return tell("There is no correction to save.");
    downloadText("corrections.csv", correctionsCsv([kept], savedNow()), "text/csv");
    this.corrections.noteSaved();
    tell("corrections.csv is in your downloads: put it into the folder that data.corrections names.");
  }

  saveForBoris() {
    const refused = refusedByBoris(this.data);
    if (refused) return tell(refused);
    const { states, widened } = borisStates(this.data, this.corrections.now);
    downloadText(`${fileName(this.data.told.id)}.boris`, borisProject(this.data, states), "application/json");
    const nobody = states.length > this.data.behaviours.length ? ` Frames without a label are the state "${NOBODY_LOOKED_NAME}".` : "";
    const lost = widened ? ` BORIS cannot say that one behaviour alone is unknown: ${widened} frames are saved as unknown.` : "";
    tell(`The BORIS project is in your downloads.${nobody}${lost}`);
  }
}

const NAMES = { disagreement: "disagreement", moment: "moment of the queue", doubt: "doubtful label" };

/** @param {string} name that any file system takes */
function fileName(name) {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "_").slice(0, 100) || "video";
}

/** Say something to the reader, also to one who hears the page. @param {string} text */
function tell(text) {
  byId("said").textContent = text;
}

/** Called by the file with the data. @param {any} told */
function ethocacheVideo(told) {
  try {
    window.ethocachePage = new VideoPage(told);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    throw error;
  }
}
