/**
 * The live region that screen readers read.
 */

/** @param {string} text */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) announcer.textContent = text;
}

/** Announces what the costs of the shown layer come to. */
export function announceVerdict() {
  const verdict = document.querySelector(".verdict")?.textContent ?? "";
  announce(verdict.replace(/\s+/g, " ").trim());
}
