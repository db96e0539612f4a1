/**
 * The ways in which a picture comes to this page: chosen by the button, dropped anywhere, or pasted.
 */

const ADDRESS =
  "That is the address of a picture, and this page fetches nothing from other sites. " +
  "Save the picture and upload the file, or copy the picture itself and paste it.";
const NO_PICTURE = "There is no picture in what was dropped; a picture file would fit.";
const FETCHABLE = /^(https?|data|blob|file):/i;

/**
 * @param {HTMLInputElement} button
 * @param {(file: File) => void} receive
 * @param {(words: string) => void} refuse
 */
export function listenForPictures(button, receive, refuse) {
  const dropping = (/** @type {boolean} */ over) => document.body.classList.toggle("dropping", over);

  button.addEventListener("change", () => {
    if (button.files?.[0]) receive(button.files[0]);
    button.value = "";
  });
  addEventListener("paste", (event) => {
    const carried = event.clipboardData;
    if (!carried || isText(event, carried)) return;
    if (carried.files[0]) receive(carried.files[0]);
    else if (hasAddress(carried)) refuse(ADDRESS);
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer || isText(event, event.dataTransfer)) return;
    event.preventDefault();
    dropping(true);
  });
  addEventListener("dragleave", () => dropping(false));
  addEventListener("drop", (event) => {
    dropping(false);
    const carried = event.dataTransfer;
    if (!carried || isText(event, carried)) return;
    event.preventDefault();
    if (carried.files[0]) receive(carried.files[0]);
    else refuse(hasAddress(carried) ? ADDRESS : NO_PICTURE);
  });
}

/**
 * Whether this is text for a field, which the browser puts there.
 * @param {Event} event
 * @param {DataTransfer} carried
 */
function isText({ target }, carried) {
  return target instanceof Element && target.matches("input, textarea") && !carried.types.includes("Files");
}

/** @param {DataTransfer} carried */
function hasAddress(carried) {
  const text = carried.getData("text/uri-list") || carried.getData("text/plain");
  return FETCHABLE.test(text.trim()) || /<img\b/i.test(carried.getData("text/html"));
}
