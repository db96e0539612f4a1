/**
 * The gestures that bring a picture to this page: the button, drag and drop, and paste.
 */

const ADDRESS_MESSAGE =
  "That is the address of a picture, and this page fetches nothing from other sites. " +
  "Save the picture and upload the file, or copy the picture itself and paste it.";
const NO_PICTURE_MESSAGE = "There is no picture in what was dropped; a picture file would fit.";
const ADDRESS_PATTERN = /^(https?|data|blob|file):/i;

/**
 * Calls back with each picture, or with a message where there is none.
 * @param {HTMLInputElement} button
 * @param {(file: File) => void} onFile
 * @param {(message: string) => void} onProblem
 */
export function initPictureGestures(button, onFile, onProblem) {
  const markDropping = (/** @type {boolean} */ isOver) => document.body.classList.toggle("dropping", isOver);

  button.addEventListener("change", () => {
    if (button.files?.[0]) onFile(button.files[0]);
    button.value = "";
  });
  addEventListener("paste", (event) => {
    const transfer = event.clipboardData;
    if (!transfer || isText(event, transfer)) return;
    if (transfer.files[0]) onFile(transfer.files[0]);
    else if (hasAddress(transfer)) onProblem(ADDRESS_MESSAGE);
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer || isText(event, event.dataTransfer)) return;
    event.preventDefault();
    markDropping(true);
  });
  addEventListener("dragleave", () => markDropping(false));
  addEventListener("drop", (event) => {
    markDropping(false);
    const transfer = event.dataTransfer;
    if (!transfer || isText(event, transfer)) return;
    event.preventDefault();
    if (transfer.files[0]) onFile(transfer.files[0]);
    else onProblem(hasAddress(transfer) ? ADDRESS_MESSAGE : NO_PICTURE_MESSAGE);
  });
}

/**
 * Whether the browser itself puts the text into a field.
 * @param {Event} event
 * @param {DataTransfer} transfer
 */
function isText({ target }, transfer) {
  return target instanceof Element && target.matches("input, textarea") && !transfer.types.includes("Files");
}

/** @param {DataTransfer} transfer */
function hasAddress(transfer) {
  const text = transfer.getData("text/uri-list") || transfer.getData("text/plain");
  return ADDRESS_PATTERN.test(text.trim()) || /<img\b/i.test(transfer.getData("text/html"));
}
