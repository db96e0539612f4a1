/**
 * The switch between light and dark.
 */

import { onPaper } from "./print.js";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether dark is shown: as it was chosen, else as the system has it. */
export function dark() {
  const { theme } = document.documentElement.dataset;
  return !onPaper() && (theme ? theme === "dark" : system.matches);
}

/**
 * From automatic to the theme that is not shown, then to the other, and back to automatic.
 * @param {string | undefined} theme what is chosen; nothing is automatic
 */
function next(theme) {
  const own = system.matches ? "dark" : "light";
  if (!theme) return own === "dark" ? "light" : "dark";
  return theme === own ? undefined : own;
}

/** @param {string | undefined} theme */
function choose(theme) {
  const { dataset } = document.documentElement;
  try {
    if (theme) localStorage.setItem("theme", theme);
    else localStorage.removeItem("theme");
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  if (theme) dataset.theme = theme;
  else delete dataset.theme;
}

/** @param {() => void} switched called after every change of the theme, by hand or by the system */
export function switchable(switched) {
  const { dataset } = document.documentElement;
  const button = document.getElementById("theme");
  const state = button?.querySelector("[data-state]");
  const tell = () => {
    if (state) state.textContent = dataset.theme ?? "automatic";
  };
  tell();
  button?.addEventListener("click", () => {
    choose(next(dataset.theme));
    tell();
    switched();
  });
  system.addEventListener("change", switched);
}
