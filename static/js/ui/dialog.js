/**
 * Closes a dialog on a click on its backdrop.
 * @param {HTMLDialogElement} dialog
 */
export function closeOnBackdrop(dialog) {
  let isPressedOutside = false;
  // Selecting text from inside to outside must not close the dialog.
  dialog.addEventListener("pointerdown", (event) => {
    isPressedOutside = isOutside(dialog, event);
  });
  dialog.addEventListener("click", (event) => {
    if (isPressedOutside && isOutside(dialog, event)) dialog.close();
    isPressedOutside = false;
  });
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {MouseEvent} event
 */
function isOutside(dialog, { target, clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  const isOver = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  return target === dialog && !isOver;
}
