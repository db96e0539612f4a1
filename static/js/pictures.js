/**
 * A picture of one's own: by button, dropped anywhere, or pasted.
 */
import { ask, Refusal } from "./client.js";

/**
 * @param {(id: string, note: string) => void} arrived
 * @param {(words: string) => void} refused
 * @returns {(id: string) => Promise<boolean>} sends a picture of this visit once more; whether it is there again
 */
export function receive(arrived, refused) {
  /** @type {Map<string, File>} */
  const sent = new Map();
  const label = document.getElementById("upload");
  if (!label) return async () => false;
  const button = /** @type {HTMLInputElement} */ (label.querySelector("input"));
  const { lasts } = label.dataset;
  // The server would refuse more after all of it was sent.
  const most = Number(label.dataset.most);

  /** @param {File | null | undefined} file */
  async function send(file) {
    if (!file) return;
    if (file.size > most) {
      refused(`image is larger than ${most / 2 ** 20} MiB`);
      return;
    }
    refused("");
    try {
      const answer = await post(file, (words) => refused(`${words}. Your picture is sent again by itself.`));
      sent.set(answer.id, file);
      const notes = answer.notes.map((/** @type {string} */ note) => ` ${sentence(note)}`).join("");
      arrived(
        answer.id,
        `${answer.width} × ${answer.height}.${notes} Kept on this server for ${lasts}; a link to it works no longer than that.`,
      );
    } catch (error) {
      refused(
        error instanceof Refusal ? error.message : "The server cannot be reached; your picture was not sent.",
      );
    }
  }

  button.addEventListener("change", () => {
    send(button.files?.[0]);
    button.value = "";
  });
  addEventListener("paste", (event) => send(event.clipboardData?.files[0]));
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", () => document.body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    send(event.dataTransfer?.files[0]);
  });
  return async (id) => {
    const file = sent.get(id);
    return file !== undefined && (await post(file)).id === id;
  };
}

/** @param {string} words */
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;

/**
 * @param {File} file
 * @param {import("./client.js").Waiting} [waiting]
 */
async function post(file, waiting) {
  const form = new FormData();
  form.append("file", file);
  return (await ask("/api/images", { method: "POST", body: form }, waiting)).json();
}
