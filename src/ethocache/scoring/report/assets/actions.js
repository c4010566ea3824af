"use strict";
// What a reader can do, in one list: keys, buttons and the help are made of it.

/**
 * `keys` as `pressedKey` writes them; `button` names the element with that data-do.
 * @typedef {{do: string, keys: string[], shown: string, says: string, group: string, run: (page: VideoPage) => void}} Action
 */

const GO = "Go through the video";
const LOOK = "Go to what is worth a look";
const SAY = "Say what the selected frames show";
const SEE = "See more or less";

/** @type {Action[]} */
const ACTIONS = [
  { do: "play", keys: ["space", "k"], shown: "Space", says: "play or pause", group: GO, run: (page) => page.player.toggle() },
  { do: "back", keys: ["arrowleft"], shown: "←", says: "a frame back", group: GO, run: (page) => page.player.step(-1) },
  { do: "on", keys: ["arrowright"], shown: "→", says: "a frame on", group: GO, run: (page) => page.player.step(1) },
  { do: "back-second", keys: ["shift+arrowleft"], shown: "Shift ←", says: "a second back", group: GO, run: (page) => page.player.skip(-1) },
  { do: "on-second", keys: ["shift+arrowright"], shown: "Shift →", says: "a second on", group: GO, run: (page) => page.player.skip(1) },
  { do: "first", keys: ["home"], shown: "Home", says: "the first frame", group: GO, run: (page) => page.player.seek(0) },
  { do: "last", keys: ["end"], shown: "End", says: "the last frame", group: GO, run: (page) => page.player.seek(page.data.frames - 1) },
  { do: "slower", keys: ["-"], shown: "−", says: "slower", group: GO, run: (page) => page.player.hurry(-1) },
  { do: "faster", keys: ["+", "="], shown: "+", says: "faster", group: GO, run: (page) => page.player.hurry(1) },
  { do: "watch", keys: ["w"], shown: "W", says: "watch the selected frames, with a second around", group: GO, run: (page) => page.watch() },

  { do: "next-disagreement", keys: ["n", "arrowdown"], shown: "N ↓", says: "next place where tag and label differ", group: LOOK, run: (page) => page.go("disagreement", 1) },
  { do: "previous-disagreement", keys: ["p", "arrowup"], shown: "P ↑", says: "previous place where tag and label differ", group: LOOK, run: (page) => page.go("disagreement", -1) },
  { do: "next-moment", keys: ["m"], shown: "M", says: "next moment of the queue, here or in the next video", group: LOOK, run: (page) => page.go("moment", 1) },
  { do: "previous-moment", keys: ["shift+m"], shown: "Shift M", says: "previous moment of the queue", group: LOOK, run: (page) => page.go("moment", -1) },
  { do: "next-doubt", keys: ["d"], shown: "D", says: "next doubtful label", group: LOOK, run: (page) => page.go("doubt", 1) },
  { do: "previous-doubt", keys: ["shift+d"], shown: "Shift D", says: "previous doubtful label", group: LOOK, run: (page) => page.go("doubt", -1) },

  { do: "as-tagged", keys: ["y"], shown: "Y", says: "as the model tagged it", group: SAY, run: (page) => page.decide((review) => review.acceptTags()) },
  { do: "as-labelled", keys: ["l"], shown: "L", says: "as it is labelled: no correction", group: SAY, run: (page) => page.decide((review) => review.acceptLabels()) },
  { do: "shown", keys: ["s"], shown: "S", says: "the behaviour of this lane is shown", group: SAY, run: (page) => page.decide((review) => review.sayShown(review.chosen)) },
  { do: "not-shown", keys: ["x"], shown: "X", says: "it is not shown", group: SAY, run: (page) => page.decide((review) => review.sayNotShown()) },
  { do: "nobody-knows", keys: ["u"], shown: "U", says: "nobody knows", group: SAY, run: (page) => page.decide((review) => review.sayNobodyKnows()) },
  { do: "start-here", keys: ["[", "b"], shown: "[ B", says: "the bout begins with this frame", group: SAY, run: (page) => page.setEdge("start") },
  { do: "stop-here", keys: ["]", "e"], shown: "] E", says: "the bout ends with this frame", group: SAY, run: (page) => page.setEdge("stop") },
  { do: "undo", keys: ["ctrl+z"], shown: "Ctrl Z", says: "undo", group: SAY, run: (page) => page.review.take("undo") },
  { do: "redo", keys: ["ctrl+y", "ctrl+shift+z"], shown: "Ctrl Y", says: "do again", group: SAY, run: (page) => page.review.take("redo") },
  { do: "unselect", keys: ["escape"], shown: "Esc", says: "select nothing", group: SAY, run: (page) => page.review.select(null) },

  { do: "zoom-in", keys: ["z"], shown: "Z", says: "zoom in (or the wheel, or two fingers)", group: SEE, run: (page) => page.zoom(2) },
  { do: "zoom-out", keys: ["shift+z"], shown: "Shift Z", says: "zoom out", group: SEE, run: (page) => page.zoom(0.5) },
  { do: "whole", keys: ["f"], shown: "F", says: "the whole video", group: SEE, run: (page) => page.zoom(0) },
  { do: "pan-back", keys: ["pageup"], shown: "Page ↑", says: "earlier (or shift and the wheel)", group: SEE, run: (page) => page.pan(-0.8) },
  { do: "pan-on", keys: ["pagedown"], shown: "Page ↓", says: "later", group: SEE, run: (page) => page.pan(0.8) },
  { do: "help", keys: ["?"], shown: "?", says: "these keys", group: SEE, run: (page) => page.help() },
];

/** Behaviours by digit; with shift they are shown instead of the selected one. @param {KeyboardEvent} event @returns {number} -1 for other keys */
function digitOf(event) {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  return digit && !event.ctrlKey && !event.altKey && !event.metaKey ? Number(digit[1]) - 1 : -1;
}

/** Signs are named by what they write, wherever the keyboard has them; other keys with the keys held. @param {KeyboardEvent} event */
function pressedKey(event) {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  const writes = key.length === 1 && !/\p{L}/u.test(key);
  const held = writes && event.getModifierState("AltGraph") ? false : event.ctrlKey || event.metaKey;
  return `${held ? "ctrl+" : ""}${event.altKey && !writes ? "alt+" : ""}${event.shiftKey && !writes ? "shift+" : ""}${key}`;
}

/** Let keys and buttons do what the list says. @param {VideoPage} page */
function listenForActions(page) {
  const byKey = new Map(ACTIONS.flatMap((action) => action.keys.map((key) => [key, action])));
  document.addEventListener("keydown", (event) => {
    const on = /** @type {HTMLElement} */ (event.target);
    if (on.closest("dialog, select, input, textarea")) return;
    if (on.closest("button, a") && [" ", "Enter"].includes(event.key)) return; // they are pressed by it
    const digit = digitOf(event);
    const action = byKey.get(pressedKey(event));
    if (digit < 0 && !action) return;
    event.preventDefault();
    if (action) action.run(page);
    else if (event.shiftKey) page.decide((review) => review.sayShown(digit));
    else page.review.moveTo(digit);
  });
  for (const action of ACTIONS) {
    for (const button of document.querySelectorAll(`[data-do="${action.do}"]`)) dressButton(/** @type {HTMLButtonElement} */ (button), action, page);
  }
}

/** @param {HTMLButtonElement} button @param {Action} action @param {VideoPage} page */
function dressButton(button, action, page) {
  button.title = `${action.says} (${action.shown})`;
  if (!button.querySelector(".words")) button.setAttribute("aria-label", action.says);
  button.setAttribute("aria-keyshortcuts", action.keys.map(ariaKey).join(" "));
  button.addEventListener("click", (event) => {
    action.run(page);
    if (event.detail) button.blur(); // clicked: the space bar is to play again
  });
}

/** @param {string} key as browsers want it named */
function ariaKey(key) {
  const named = { space: "Space", arrowleft: "ArrowLeft", arrowright: "ArrowRight", arrowup: "ArrowUp", arrowdown: "ArrowDown", ctrl: "Control", "+": "Plus" };
  return key === "+" ? "Plus" : key.split("+").map((part) => named[/** @type {keyof typeof named} */ (part)] ?? part).join("+");
}

/** The list of keys. @param {HTMLElement} place */
function listKeys(place) {
  for (const group of [GO, LOOK, SAY, SEE]) {
    const list = element("dl", "keys");
    const digits = group === SAY ? [{ shown: "1 – 9", says: "to another behaviour, with the selected frames" }, { shown: "Shift 1 – 9", says: "another behaviour is shown instead" }] : [];
    for (const { shown, says } of [...ACTIONS.filter((action) => action.group === group), ...digits]) {
      const keys = element("dt", "");
      keys.append(element("kbd", "", shown));
      list.append(keys, element("dd", "", says));
    }
    const part = element("section", "");
    part.append(element("h3", "", group), list);
    place.append(part);
  }
}
