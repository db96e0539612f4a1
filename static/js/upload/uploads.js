/**
 * Uploads of pictures: a new one ends the one before; note, thumbnail and choice always belong to the same picture.
 */
import { Refusal } from "../client.js";
import { initPictureGestures } from "./gestures.js";
import { post, send } from "./sending.js";
import { formatSize, showThumbnail, usedPart } from "./thumbnail.js";

/** @typedef {import("./sending.js").Upload} Upload */

/**
 * Lets pictures be uploaded.
 * @param {HTMLFormElement} form
 * @param {(id: string) => Promise<void>} onUpload shows the layer with this picture
 * @returns {{
 *   choose: (input: string) => void, show: (input: string) => void, uploadAgain: (id: string) => Promise<boolean>
 * }} `choose` is to be called with the input that is requested, `show` with the one that is shown;
 *   `uploadAgain` resolves to whether the server has the picture again
 */
export function initUploads(form, onUpload) {
  const label = document.getElementById("upload");
  if (!label) return { choose: () => {}, show: () => {}, uploadAgain: async () => false };
  const button = /** @type {HTMLInputElement} */ (label.querySelector("input"));
  const choice = /** @type {HTMLElement} */ (form.querySelector(".uploaded"));
  const radio = /** @type {HTMLInputElement} */ (choice.querySelector("input"));
  const [note, problem, thumbnailBox] = ["picture-note", "upload-problem", "picture-thumbnail"].map(
    (id) => /** @type {HTMLElement} */ (document.getElementById(id)),
  );
  const progress = /** @type {HTMLProgressElement} */ (document.getElementById("upload-progress"));
  const limits = JSON.parse(label.dataset.limits ?? "{}");
  /** @type {Map<string, Upload>} */
  const uploads = new Map();
  /** @type {AbortController | null} of the upload that is in progress */
  let pending = null;
  let shown = radio.checked ? radio.value : "";

  /** @param {string} text */
  function showNote(text) {
    if (note.textContent !== text) note.textContent = text;
  }

  /** @param {string} message */
  function showProblem(message) {
    problem.textContent = message;
    button.setAttribute("aria-invalid", String(Boolean(message)));
  }

  /** Shows all about the picture of the layer; during an upload, about that picture. */
  function render() {
    progress.hidden = !pending;
    if (pending) {
      radio.value = "";
      choice.hidden = false;
      return;
    }
    const upload = uploads.get(shown);
    radio.value = isUpload(shown) ? shown : ([...uploads.keys()].at(-1) ?? "");
    choice.hidden = !radio.value;
    showNote(isUpload(shown) ? [...describe(upload), label?.dataset.lasts].join(" ") : "");
    showThumbnail(thumbnailBox, upload?.thumbnail ?? null, upload);
  }

  /** @param {string} input */
  function choose(input) {
    if (!pending && !isUpload(input)) return;
    if (!pending) radio.value = input;
    choice.hidden = false;
    radio.checked = true;
  }

  /** Chooses the input of the layer that is shown again. */
  function restoreChoice() {
    for (const each of form.querySelectorAll("input[name=input]")) {
      const other = /** @type {HTMLInputElement} */ (each);
      other.checked = other.value === shown;
    }
  }

  function cancel() {
    pending?.abort();
    pending = null;
    showProblem("");
    render();
  }

  /** @param {File} file */
  async function upload(file) {
    cancel();
    const controller = new AbortController();
    pending = controller;
    progress.removeAttribute("value");
    render();
    radio.checked = true;
    showNote("Reading your picture.");
    showThumbnail(thumbnailBox, null);
    try {
      const picture = await send(file, limits, controller.signal, {
        onRead: (thumbnail) => showThumbnail(thumbnailBox, thumbnail),
        onPhase: showNote,
        onProgress: (share) => {
          // How long the server decodes the picture is not known.
          if (share < 1) progress.value = share;
          else progress.removeAttribute("value");
        },
      });
      // The newest stands last.
      uploads.delete(picture.id);
      uploads.set(picture.id, picture);
      await onUpload(picture.id);
      finish(controller);
    } catch (error) {
      if (!finish(controller)) return;
      restoreChoice();
      const isRefused = error instanceof Refusal;
      showProblem(
        isRefused ? toSentence(error.message) : "The server cannot be reached; your picture was not sent.",
      );
    }
  }

  /**
   * Ends an upload; returns whether it was still the newest.
   * @param {AbortController} controller
   */
  function finish(controller) {
    if (pending !== controller) return false;
    pending = null;
    render();
    return true;
  }

  initPictureGestures(button, upload, (message) => {
    cancel();
    showProblem(message);
  });
  // Another choice is newer than the upload and ends it, before the change is loaded.
  form.addEventListener(
    "input",
    ({ target }) => {
      if (/** @type {HTMLInputElement} */ (target).name === "input") cancel();
    },
    { capture: true },
  );
  addEventListener(
    "popstate",
    () => {
      if (!pending) return;
      cancel();
      restoreChoice();
    },
    { capture: true },
  );

  return {
    choose,
    show(input) {
      shown = input;
      render();
      choose(input);
    },
    async uploadAgain(id) {
      const upload = uploads.get(id);
      return upload !== undefined && (await post(upload.file)).id === id;
    },
  };
}

/** @param {string} input */
const isUpload = (input) => input.startsWith("upload-");

/**
 * Sentences about a picture that was uploaded during this visit; none about any other.
 * @param {Upload} [upload]
 */
function describe(upload) {
  if (!upload) return [];
  const { used, thumbnail, notes } = upload;
  const part = usedPart(upload);
  const position = thumbnail ? "as marked" : `${used.left} from the left and ${used.top} from the top`;
  return [
    `${formatSize(upload)}${part && `, of which ${part} is used, ${position}`}.`,
    ...notes.map(toSentence),
  ];
}

/** @param {string} text */
const toSentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
