import assert from "node:assert/strict";
import { test } from "node:test";
import { Store } from "../../static/js/state.js";

test("subscribers are called in order, once for each update that changes one of their keys", () => {
  const store = new Store({ query: "a", look: "b", file: "c" });
  /** @type {string[]} */
  const calls = [];
  store.subscribe(["query", "look"], ({ query, look }) => calls.push(`1 ${query}${look}`));
  store.subscribe(["file"], ({ file }) => calls.push(`2 ${file}`));
  store.update({ query: "x", look: "y", file: "z" });
  store.update({ query: "x" });
  store.update({ file: "w" });
  assert.deepEqual(calls, ["1 xy", "2 z", "2 w"]);
  assert.deepEqual(store.state, { query: "x", look: "y", file: "w" });
});
