/**
 * Closes a dialog on a click beside it.
 * @param {HTMLDialogElement} dialog
 */
export function closeBeside(dialog) {
  let pressedBeside = false;
  // Selecting text from inside to outside must not close the dialog.
  dialog.addEventListener("pointerdown", (event) => {
    pressedBeside = isBeside(dialog, event);
  });
  dialog.addEventListener("click", (event) => {
    if (pressedBeside && isBeside(dialog, event)) dialog.close();
    pressedBeside = false;
  });
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {MouseEvent} event
 */
function isBeside(dialog, { target, clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  const isOver = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  return target === dialog && !isOver;
}
