/**
 * Marks the page as busy while a response is late.
 */

/** A sooner response is not marked: the page would flicker while a slider is moved. */
const NOTICEABLE_MS = 150;

let pending = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Returns the response; the page is marked as busy while this one or another one is late.
 * @template T
 * @param {Promise<T>} answer
 * @returns {Promise<T>}
 */
export async function awaited(answer) {
  pending += 1;
  if (pending === 1) timer = setTimeout(mark, NOTICEABLE_MS, true);
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
