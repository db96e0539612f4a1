/**
 * The dialog "Use this" with snippets for a figure, and the buttons that copy them.
 */
import { request } from "../client.js";
import { announce } from "./announcer.js";
import { withBusyMark } from "./busy.js";
import { closeOnBackdrop } from "./dialog.js";

/** @param {(error: unknown) => void} onError */
export function initUseDialog(onError) {
  for (const dialog of document.querySelectorAll("dialog")) closeOnBackdrop(dialog);
  document.addEventListener("click", (event) => {
    const { target, ctrlKey, metaKey, shiftKey } = event;
    const link = target instanceof Element ? target.closest("a[data-use]") : null;
    const button = target instanceof Element ? target.closest("[data-copy]") : null;
    if (button instanceof HTMLElement) copyText(button);
    const dialog = document.getElementById("use");
    if (!(link instanceof HTMLAnchorElement && dialog instanceof HTMLDialogElement)) return;
    if (ctrlKey || metaKey || shiftKey) return;
    event.preventDefault();
    withBusyMark(openUseDialog(dialog, link.href)).catch(onError);
  });
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {string} address
 */
async function openUseDialog(dialog, address) {
  const page = new DOMParser().parseFromString(await (await request(address)).text(), "text/html");
  const rendered = /** @type {HTMLElement} */ (page.querySelector("[data-used]"));
  const content = /** @type {HTMLElement} */ (dialog.querySelector("[data-used]"));
  content.replaceChildren(...rendered.childNodes);
  if (!dialog.open) {
    // A screen reader ignores a live region outside of an open dialog.
    const announcer = /** @type {HTMLElement} */ (document.getElementById("announcer"));
    dialog.append(announcer);
    dialog.addEventListener("close", () => dialog.after(announcer), { once: true });
    dialog.showModal();
  }
  content.querySelector("h1")?.scrollIntoView({ block: "end" });
}

/**
 * Copies the text that a button names, or else selects it.
 * @param {HTMLElement} button
 */
async function copyText(button) {
  const text = document.getElementById(button.dataset.copy ?? "");
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text.textContent);
    button.dataset.state = "copied";
  } catch {
    // Without permission, or without https, the user copies the selection with the keyboard.
    getSelection()?.selectAllChildren(text);
    text.focus();
    button.dataset.state = "selected";
  }
  announce(button.dataset.state === "copied" ? "copied" : "selected, to be copied with the keyboard");
}
