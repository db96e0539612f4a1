/**
 * The button that switches between light and dark.
 */

import { isPrintMedia } from "./print.js";

const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark: as it was chosen, else as the system is. */
export function isDark() {
  const { theme } = document.documentElement.dataset;
  return !isPrintMedia() && (theme ? theme === "dark" : system.matches);
}

/**
 * The theme after the given one: from automatic to the one that is not shown, then to the other, then to automatic.
 * @param {string | undefined} theme undefined is automatic
 */
function nextTheme(theme) {
  const systemTheme = system.matches ? "dark" : "light";
  if (!theme) return system.matches ? "light" : "dark";
  return theme === systemTheme ? undefined : systemTheme;
}

/** @param {string | undefined} theme */
function setTheme(theme) {
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

/** @param {() => void} onChange called after every change of the theme, by the button or by the system */
export function initThemeToggle(onChange) {
  const { dataset } = document.documentElement;
  const button = document.getElementById("theme");
  const state = button?.querySelector("[data-state]");
  const showState = () => {
    if (state) state.textContent = dataset.theme ?? "automatic";
  };
  showState();
  button?.addEventListener("click", () => {
    setTheme(nextTheme(dataset.theme));
    showState();
    onChange();
  });
  system.addEventListener("change", onChange);
}
