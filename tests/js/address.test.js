import assert from "node:assert/strict";
import { test } from "node:test";
import { altered, changed, parameter, restored } from "../../static/js/address.js";

test("a change replaces one parameter and keeps the order of all", () => {
  const names = ["kind", "kernel_size", "stride", "seed"];
  for (const [at, name] of names.entries()) {
    for (let value = 0; value < 20; value++) {
      const query = names.map((each, place) => `${each}=${place}`).join("&");
      const expected = names.map((each, place) => `${each}=${place === at ? value : place}`).join("&");
      assert.equal(changed(query, name, String(value)), expected);
      assert.equal(parameter(changed(query, name, String(value)), name), String(value));
    }
  }
});

test("a parameter that is not there is added at the end", () => {
  assert.equal(changed("stride=2", "seed", "7"), "stride=2&seed=7");
  assert.equal(changed("", "seed", "7"), "seed=7");
});

test("a parameter that is not there is null, an empty one is empty", () => {
  assert.equal(parameter("stride=2", "seed"), null);
  assert.equal(parameter("stride=2&seed=", "seed"), "");
});

test("what needs escaping comes back as it was", () => {
  for (const value of ["a&b", "1=2", "ü ñ", "+", "%41", "#"]) {
    const query = changed("stride=2", "input", value);
    assert.equal(parameter(query, "input"), value);
    assert.equal(parameter(query, "stride"), "2");
  }
});

test("several changes are made at once, and null leaves a parameter out", () => {
  const changes = /** @type {[string, string | null][]} */ ([
    ["scale", "stage"],
    ["colormap", null],
    ["stride", "3"],
  ]);
  assert.equal(altered("?stride=2&colormap=grey&seed=0", changes), "stride=3&seed=0&scale=stage");
  assert.equal(altered("", [["scale", null]]), "");
});

test("another kind takes over what was asked for, also what is not yet rendered", () => {
  const wanted = "kind=depthwise-separable&out_channels=9&kernel_size=5";
  const rendered = "kind=standard&out_channels=8&kernel_size=3";
  assert.equal(restored(wanted, rendered), "kind=standard&out_channels=9&kernel_size=5");
  assert.equal(
    restored(wanted, "kind=spatially-separable&kernel_size=3"),
    "kind=spatially-separable&kernel_size=5",
  );
});
