/**
 * Presenting: without the controls, so that the lens and the maps fill the screen.
 */

/** Room of the lens and of three rows of maps in CSS pixels; text of 13 of them is then 24 on a screen of 1080. */
const [WIDTH, HEIGHT] = [792, 584];

const root = document.documentElement;
/** Whether presenting ends with the full screen, which Escape leaves without an event of the keyboard. */
let isFullScreen = false;

export const isPresenting = () => "presenting" in root.dataset;

/** @param {HTMLElement} leaveButton shown while presenting */
export function initPresent(leaveButton) {
  for (const button of document.querySelectorAll("[data-present]"))
    button.addEventListener("click", () => togglePresent(leaveButton));
  leaveButton.addEventListener("click", () => togglePresent(leaveButton));
  addEventListener("resize", fitZoom);
  document.addEventListener("fullscreenchange", () => {
    const hasLeft = isFullScreen && !document.fullscreenElement;
    isFullScreen = document.fullscreenElement !== null;
    if (hasLeft && isPresenting()) setPresenting(leaveButton, false);
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && isPresenting() && !document.querySelector("dialog[open]"))
      togglePresent(leaveButton);
  });
}

/** @param {HTMLElement} leaveButton */
export async function togglePresent(leaveButton) {
  const begins = !isPresenting();
  setPresenting(leaveButton, begins);
  try {
    if (begins) await root.requestFullscreen?.();
    else if (document.fullscreenElement) await document.exitFullscreen();
  } catch {
    // A frame may not be allowed to fill the screen; it fills its window.
  }
}

/**
 * @param {HTMLElement} leaveButton
 * @param {boolean} begins
 */
function setPresenting(leaveButton, begins) {
  const focused = document.activeElement;
  root.toggleAttribute("data-presenting", begins);
  leaveButton.hidden = !begins;
  fitZoom();
  // What had the focus may be hidden now: the keyboard goes on at the button that undoes this.
  if (focused?.checkVisibility()) return;
  const button = begins ? leaveButton : document.querySelector("[data-present]");
  if (button instanceof HTMLElement) button.focus({ preventScroll: true });
}

function fitZoom() {
  if (!isPresenting()) return;
  const zoom = Math.max(1, Math.min(innerWidth / WIDTH, innerHeight / HEIGHT));
  root.style.setProperty("--present-zoom", zoom.toFixed(3));
}
