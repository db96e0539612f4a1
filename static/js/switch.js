/**
 * The switch between light and dark.
 */

const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether dark is shown: as it was chosen, else as the system has it. */
export function dark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : system.matches;
}

/** @param {() => void} switched called after every change of the theme, by hand or by the system */
export function switchable(switched) {
  const button = document.getElementById("theme");
  button?.toggleAttribute("hidden", false);
  button?.addEventListener("click", () => {
    const { dataset } = document.documentElement;
    dataset.theme = dark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", dataset.theme);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
    switched();
  });
  system.addEventListener("change", switched);
}
