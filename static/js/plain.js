/**
 * What pages without maps need.
 */
import { switchable } from "./switch.js";
import { usable } from "./use.js";

switchable(() => {});
usable((error) => {
  throw error;
});
