/**
 * Marks the page as busy while a response is late.
 */

/** The page would flicker while a slider is moved if every response were marked. */
const DELAY_MS = 150;

let pending = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Returns the response; the page is marked as busy while this one or another one is late.
 * @template T
 * @param {Promise<T>} response
 * @returns {Promise<T>}
 */
export async function withBusyMark(response) {
  pending += 1;
  if (pending === 1) timer = setTimeout(markBusy, DELAY_MS, true);
  try {
    return await response;
  } finally {
    pending -= 1;
    if (pending === 0) {
      clearTimeout(timer);
      markBusy(false);
    }
  }
}

/** @param {boolean} isBusy */
function markBusy(isBusy) {
  document.documentElement.toggleAttribute("data-busy", isBusy);
  for (const figure of document.querySelectorAll("[data-figure]")) {
    if (isBusy) figure.setAttribute("aria-busy", "true");
    else figure.removeAttribute("aria-busy");
  }
}
