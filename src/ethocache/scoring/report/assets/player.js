"use strict";
// The video, frame by frame.

const FORGOTTEN_MS = 5000;
const FIRST_PICTURE_MS = 3000; // then a film is taken to begin at 0, as crops do
const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];

/**
 * Shows frames of a video by their own time stamps, which need not be evenly spaced. Without a video it only keeps the place.
 *
 * `frame` is the frame that was asked for or is playing. The element's `data-shown` is the one whose picture is there, and
 * lacks while a picture is sought.
 */
class FramePlayer {
  /**
   * @param {HTMLVideoElement} video
   * @param {VideoData} data
   * @param {(text: string) => void} tell says something to the reader
   */
  constructor(video, data, tell) {
    this.video = video;
    this.data = data;
    this.tell = tell;
    this.frame = 0;
    this.speed = 1;
    this.hasMedia = data.told.media !== null;
    this.moved = () => {};
    this.toggled = () => {};
    /** Where the first frame lies on the media's clock. */
    this.offsetS = 0;
    this.stopAt = Infinity;
    this.wanted = -1; // a seek waits for the one before it: only the last of many is worth a decoded picture
    this.sought = 0;
    this.insisting = 0; // the timer of a seek that has not ended
    this.ready = false; // until the media's clock is known
    if (this.hasMedia) this.#open();
  }

  #open() {
    const { video } = this;
    video.addEventListener("seeked", () => this.#seeked());
    video.addEventListener("error", () => this.#failed());
    video.addEventListener("play", () => this.toggled());
    video.addEventListener("pause", () => this.#paused());
    // Told late, also of a seek to the end: by then the reader may have gone elsewhere.
    video.addEventListener("ended", () => video.ended && this.#playedTo(this.data.frames - 1));
    video.addEventListener("loadedmetadata", () => this.#opened(), { once: true });
    if (video.requestVideoFrameCallback) {
      video.requestVideoFrameCallback((_, picture) => {
        if (!this.ready) this.offsetS = picture.mediaTime; // the first picture is the first frame, whatever its time stamp
        this.#watch();
        this.#start();
      });
    }
    video.src = this.data.told.media;
  }

  #opened() {
    const { video, data } = this;
    const differenceS = Math.abs(video.duration - this.offsetS - data.lengthS);
    if (differenceS > Math.max(1, 0.02 * data.lengthS)) {
      this.tell(`The video lasts ${video.duration.toFixed(2)} s, but its data ${data.lengthS.toFixed(2)} s: is it another file?`);
    }
    this.wanted = 0;
    this.#seekWanted(); // some browsers show nothing before the first seek
    setTimeout(() => this.#start(), video.requestVideoFrameCallback ? FIRST_PICTURE_MS : 0);
  }

  /** Show the frame that was asked for, now that the media's clock is known. */
  #start() {
    if (this.ready) return;
    this.ready = true;
    if (this.frame !== this.sought) this.seek(this.frame);
  }

  /** Follow the pictures: only they say which frame is on the screen. */
  #watch() {
    this.video.requestVideoFrameCallback((_, picture) => {
      if (!this.video.paused && !this.video.seeking) this.#playedTo(this.data.frameNearest(picture.mediaTime - this.offsetS));
      this.#watch();
    });
  }

  /** @param {number} frame */
  #playedTo(frame) {
    this.frame = this.data.inside(frame);
    this.video.dataset.shown = String(this.frame);
    if (this.frame >= this.stopAt) this.pause();
    this.moved();
  }

  #failed() {
    this.hasMedia = false;
    this.video.hidden = true;
    this.tell("This browser cannot show the video; its lanes are below. The file should lie in the report's folder 'media'.");
    this.toggled();
  }

  /** Go to a frame. @param {number} frame */
  seek(frame) {
    this.frame = this.data.inside(frame);
    if (this.hasMedia && this.ready) {
      this.wanted = this.frame;
      if (!this.video.seeking) this.#seekWanted();
    }
    this.moved();
  }

  #seekWanted() {
    this.sought = this.wanted;
    this.wanted = -1;
    delete this.video.dataset.shown;
    this.video.currentTime = this.offsetS + this.data.middleS(this.sought);
    this.#insist();
  }

  /** A busy browser forgets a seek now and then, or to tell that it is done: ask again. */
  #insist() {
    clearTimeout(this.insisting);
    this.insisting = setTimeout(() => {
      if (this.playing || this.video.dataset.shown === String(this.sought)) return;
      if (this.video.seeking) this.#repeat();
      else this.#seeked();
    }, FORGOTTEN_MS);
  }

  #repeat() {
    if (this.wanted < 0) this.wanted = this.sought;
    this.#seekWanted();
  }

  #seeked() {
    if (this.video.seeking) return; // of an earlier seek
    if (this.wanted >= 0 && this.wanted !== this.sought) return this.#seekWanted();
    this.wanted = -1;
    this.video.dataset.shown = String(this.sought);
  }

  /** @param {number} frames */
  step(frames) {
    this.pause();
    this.seek(this.frame + frames);
  }

  /** @param {number} seconds by time stamps */
  skip(seconds) {
    this.pause();
    const frame = this.data.frameAt(this.data.middleS(this.frame) + seconds);
    this.seek(frame === this.frame ? frame + Math.sign(seconds) : frame);
  }

  get playing() {
    return this.hasMedia && !this.video.paused;
  }

  /** Play on, up to a frame where one is given. @param {number} [stopAt] */
  play(stopAt = Infinity) {
    if (!this.hasMedia) return this.tell("There is no video to play here.");
    if (stopAt === Infinity && this.frame >= this.data.frames - 1) this.seek(0);
    this.stopAt = stopAt;
    this.video.playbackRate = this.speed;
    this.video.play().catch((error) => error.name === "AbortError" || this.tell(`The browser does not play: ${error.message}`));
    if (!this.video.requestVideoFrameCallback) this.#followClock();
  }

  /** For browsers that do not tell of pictures. */
  #followClock() {
    if (!this.playing) return;
    if (!this.video.seeking) this.#playedTo(this.data.frameAt(this.video.currentTime - this.offsetS));
    requestAnimationFrame(() => this.#followClock());
  }

  pause() {
    if (this.playing) this.video.pause();
  }

  #paused() {
    this.toggled();
    if (!this.video.seeking) this.seek(this.frame); // onto the middle of the frame that is seen
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Play a stretch with a second around it: a behaviour is told from how it begins and ends. @param {number} start @param {number} stop */
  watch(start, stop) {
    this.seek(this.data.frameAt(this.data.edgesS[start] - 1));
    this.play(this.data.frameAt(this.data.edgesS[stop] + 1));
  }

  /** @param {number} places among `SPEEDS` */
  hurry(places) {
    this.setSpeed(SPEEDS[Math.min(Math.max(SPEEDS.indexOf(this.speed) + places, 0), SPEEDS.length - 1)]);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.video.playbackRate = speed;
    this.toggled();
  }
}
