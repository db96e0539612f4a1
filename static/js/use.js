/**
 * "Use this": what the server says of a figure, in a dialog; and copying what can be pasted.
 */
import { ask } from "./client.js";
import { closeBeside } from "./dialog.js";
import { awaited } from "./waiting.js";

/** @param {(error: unknown) => void} failed */
export function usable(failed) {
  for (const dialog of document.querySelectorAll("dialog")) closeBeside(dialog);
  document.addEventListener("click", (event) => {
    const { target, ctrlKey, metaKey, shiftKey } = event;
    const link = target instanceof Element ? target.closest("a[data-use]") : null;
    const button = target instanceof Element ? target.closest("[data-copy]") : null;
    if (button instanceof HTMLElement) copy(button);
    const dialog = document.getElementById("use");
    if (!(link instanceof HTMLAnchorElement && dialog instanceof HTMLDialogElement)) return;
    if (ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    awaited(open(dialog, link.href)).catch(failed);
  });
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} address
 */
async function open(dialog, address) {
  const answer = new DOMParser().parseFromString(await (await ask(address)).text(), "text/html");
  const used = /** @type {HTMLElement} */ (answer.querySelector("[data-used]"));
  const place = /** @type {HTMLElement} */ (dialog.querySelector("[data-used]"));
  place.replaceChildren(...used.childNodes);
  if (!dialog.open) {
    // What is told outside of an open dialog is heard by nobody.
    const told = /** @type {HTMLElement} */ (document.getElementById("told"));
    dialog.append(told);
    dialog.addEventListener("close", () => dialog.after(told), { once: true });
    dialog.showModal();
  }
  place.querySelector("h1")?.scrollIntoView({ block: "end" });
}

/** @param {HTMLElement} button */
async function copy(button) {
  const text = document.getElementById(button.dataset.copy ?? "");
  if (!text) return;
  const told = /** @type {HTMLElement} */ (document.getElementById("told"));
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.dataset.state = "copied";
  } catch {
    // Without permission, or without https: the keyboard still copies what is selected.
    getSelection()?.selectAllChildren(text);
    text.focus();
    button.dataset.state = "selected";
  }
  told.textContent =
    button.dataset.state === "copied" ? "copied" : "selected, to be copied with the keyboard";
}
