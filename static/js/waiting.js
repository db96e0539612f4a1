/**
 * Shows that an answer is awaited, once that takes longer than a person takes for at once.
 */

/** Milliseconds; what is answered sooner is not marked, or a moved slider would flicker. */
const NOTICEABLE = 150;

let pending = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Passes an answer on; the page is marked as busy while it, or another one, is late.
 * @template T
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
export async function awaited(answer) {
  pending += 1;
  if (pending === 1) timer = setTimeout(mark, NOTICEABLE, true);
  try {
    return await answer;
  } finally {
    pending -= 1;
    if (pending === 0) {
      clearTimeout(timer);
      mark(false);
    }
  }
}

/** @param {boolean} busy */
function mark(busy) {
  document.documentElement.toggleAttribute("data-busy", busy);
  for (const figure of document.querySelectorAll("[data-figure]")) {
    if (busy) figure.setAttribute("aria-busy", "true");
    else figure.removeAttribute("aria-busy");
  }
}
