// Runs before the first paint: sets the theme that was chosen here, and marks that there is JavaScript.
(() => {
  const root = document.documentElement;
  root.className = "js";
  try {
    const theme = localStorage.getItem("theme");
    // The address of an embedded page may set the theme.
    if (theme && !root.dataset.theme) root.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's theme is then followed.
  }
})();
