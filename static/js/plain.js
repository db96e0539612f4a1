/**
 * The script of pages without maps.
 */
import { initThemeToggle } from "./ui/theme-toggle.js";
import { initUseDialog } from "./ui/use-dialog.js";

initThemeToggle(() => {});
initUseDialog((error) => {
  throw error;
});
