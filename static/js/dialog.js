/**
 * A dialog that a click beside it closes, where the browser does not do so by itself.
 * @param {HTMLDialogElement} dialog
 */
export function closeBeside(dialog) {
  let pressedBeside = false;
  // A selection that is drawn from inside to outside is no click beside the dialog.
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
