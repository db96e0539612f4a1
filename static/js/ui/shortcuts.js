/**
 * Keys that work wherever the focus is, but not while typing; they can be turned off.
 */
const STORAGE_KEY = "single-keys";

/**
 * @param {HTMLDialogElement} sheet lists the keys, with a checkbox that turns them on and off
 * @param {Record<string, () => void>} actions by key
 */
export function initShortcuts(sheet, actions) {
  const isOn = /** @type {HTMLInputElement} */ (sheet.querySelector("input[type=checkbox]"));
  isOn.checked = readChoice() !== "off";
  isOn.addEventListener("change", () => storeChoice(isOn.checked ? "on" : "off"));
  const open = () => sheet.open || sheet.showModal();
  for (const button of document.querySelectorAll("[data-shortcuts]")) button.addEventListener("click", open);
  /** @type {Record<string, () => void>} */
  const all = { ...actions, "?": open };
  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    const action = Object.hasOwn(all, key) ? all[key] : null;
    if (!action || !isOn.checked || ctrlKey || metaKey || altKey || event.defaultPrevented || event.repeat)
      return;
    if (isTyping(target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    action();
  });
}

/**
 * Whether a key that is pressed there is a text, or chooses an option.
 * @param {EventTarget | null} target
 */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !/^(range|radio|checkbox|button|file)$/.test(target.type);
  return target.isContentEditable || target.matches("select, textarea");
}

function readChoice() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

/** @param {string} choice */
function storeChoice(choice) {
  try {
    localStorage.setItem(STORAGE_KEY, choice);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
