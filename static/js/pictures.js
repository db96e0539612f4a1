/**
 * Uploaded pictures: the newest is sent; note, thumbnail and choice are always those of one picture.
 */
import { Refusal } from "./client.js";
import { listenForPictures } from "./gestures.js";
import { post, send } from "./sending.js";
import { formatSize, showThumbnail, usedPart } from "./thumbnail.js";

/** @typedef {import("./sending.js").Upload} Upload */

/**
 * @param {HTMLFormElement} form
 * @param {(id: string) => Promise<void>} use shows the layer with this picture
 * @returns {{
 *   choose: (input: string) => void, show: (input: string) => void, sendAgain: (id: string) => Promise<boolean>
 * }} `choose` and `show` follow the controls: to be called with the input that is asked for and the one that is shown;
 *   `sendAgain` resolves to whether the server has the picture again
 */
export function initUploads(form, use) {
  const label = document.getElementById("upload");
  if (!label) return { choose: () => {}, show: () => {}, sendAgain: async () => false };
  const button = /** @type {HTMLInputElement} */ (label.querySelector("input"));
  const choice = /** @type {HTMLElement} */ (form.querySelector(".uploaded"));
  const radio = /** @type {HTMLInputElement} */ (choice.querySelector("input"));
  const [note, problem, place] = ["picture-note", "upload-problem", "picture-thumbnail"].map(
    (id) => /** @type {HTMLElement} */ (document.getElementById(id)),
  );
  const progress = /** @type {HTMLProgressElement} */ (document.getElementById("upload-progress"));
  const limits = JSON.parse(label.dataset.limits ?? "{}");
  /** @type {Map<string, Upload>} */
  const uploads = new Map();
  /** @type {AbortController | null} the upload that is under way */
  let pending = null;
  let shown = radio.checked ? radio.value : "";

  /** @param {string} words */
  function say(words) {
    if (note.textContent !== words) note.textContent = words;
  }

  /** @param {string} words */
  function refuse(words) {
    problem.textContent = words;
    button.setAttribute("aria-invalid", String(Boolean(words)));
  }

  /** Everything about the picture that is shown; while one is under way, about that one. */
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
    say(isUpload(shown) ? [...described(upload), label?.dataset.lasts].join(" ") : "");
    showThumbnail(place, upload?.thumbnail ?? null, upload);
  }

  /** @param {string} input */
  function choose(input) {
    if (!pending && !isUpload(input)) return;
    if (!pending) radio.value = input;
    choice.hidden = false;
    radio.checked = true;
  }

  /** Chosen is again what is shown. */
  function restore() {
    for (const each of form.querySelectorAll("input[name=input]")) {
      const other = /** @type {HTMLInputElement} */ (each);
      other.checked = other.value === shown;
    }
  }

  function cancel() {
    pending?.abort();
    pending = null;
    refuse("");
    render();
  }

  /** @param {File} file */
  async function receive(file) {
    cancel();
    const own = new AbortController();
    pending = own;
    progress.removeAttribute("value");
    render();
    radio.checked = true;
    say("Reading your picture.");
    showThumbnail(place, null);
    try {
      const upload = await send(file, limits, own.signal, {
        onRead: (thumbnail) => showThumbnail(place, thumbnail),
        onPhase: say,
        onProgress: (share) => {
          // The server decodes what it has; how long that takes is not known.
          if (share < 1) progress.value = share;
          else progress.removeAttribute("value");
        },
      });
      // The newest is the last one.
      uploads.delete(upload.id);
      uploads.set(upload.id, upload);
      await use(upload.id);
      finish(own);
    } catch (error) {
      if (!finish(own)) return;
      restore();
      const isRefused = error instanceof Refusal;
      refuse(
        isRefused ? sentence(error.message) : "The server cannot be reached; your picture was not sent.",
      );
    }
  }

  /**
   * Whether this upload was still the newest; it is no longer under way.
   * @param {AbortController} upload
   */
  function finish(upload) {
    if (pending !== upload) return false;
    pending = null;
    render();
    return true;
  }

  listenForPictures(button, receive, (words) => {
    cancel();
    refuse(words);
  });
  // Whatever else is chosen is newer than the upload, which ends before the choice is followed.
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
      restore();
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
    async sendAgain(id) {
      const upload = uploads.get(id);
      return upload !== undefined && (await post(upload.file)).id === id;
    },
  };
}

/** @param {string} input */
const isUpload = (input) => input.startsWith("upload-");

/**
 * Sentences on a picture of this visit; none of any other.
 * @param {Upload} [upload]
 */
function described(upload) {
  if (!upload) return [];
  const { used, thumbnail, notes } = upload;
  const part = usedPart(upload);
  const where = thumbnail ? "as marked" : `${used.left} from the left and ${used.top} from the top`;
  return [`${formatSize(upload)}${part && `, of which ${part} is used, ${where}`}.`, ...notes.map(sentence)];
}

/** @param {string} words */
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
