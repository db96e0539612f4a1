// Runs before the first paint: the theme that was chosen here, and that there is JavaScript.
(() => {
  const root = document.documentElement;
  root.className = "js";
  try {
    const theme = localStorage.getItem("theme");
    // A page that is framed by others may have been asked for in one theme.
    if (theme && !root.dataset.theme) root.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's theme is then followed.
  }
})();
