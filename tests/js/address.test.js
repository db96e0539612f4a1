import assert from "node:assert/strict";
import { test } from "node:test";
import { asKind, getParameter, withParameter, withParameters } from "../../static/js/address.js";

test("changed parameter keeps its place in the query", () => {
  const names = ["kind", "kernel_size", "stride", "seed"];
  for (const [at, name] of names.entries()) {
    for (let value = 0; value < 20; value++) {
      const query = names.map((each, place) => `${each}=${place}`).join("&");
      const expected = names.map((each, place) => `${each}=${place === at ? value : place}`).join("&");
      assert.equal(withParameter(query, name, String(value)), expected);
      assert.equal(getParameter(withParameter(query, name, String(value)), name), String(value));
    }
  }
});

test("missing parameter is added at the end", () => {
  assert.equal(withParameter("stride=2", "seed", "7"), "stride=2&seed=7");
  assert.equal(withParameter("", "seed", "7"), "seed=7");
});

test("missing parameter is null, and an empty one is empty", () => {
  assert.equal(getParameter("stride=2", "seed"), null);
  assert.equal(getParameter("stride=2&seed=", "seed"), "");
});

test("value with special characters survives the query", () => {
  for (const value of ["a&b", "1=2", "ü ñ", "+", "%41", "#"]) {
    const query = withParameter("stride=2", "input", value);
    assert.equal(getParameter(query, "input"), value);
    assert.equal(getParameter(query, "stride"), "2");
  }
});

test("several parameters change at once, and null removes one", () => {
  const changes = /** @type {[string, string | null][]} */ ([
    ["scale", "stage"],
    ["colormap", null],
    ["stride", "3"],
  ]);
  assert.equal(withParameters("?stride=2&colormap=grey&seed=0", changes), "stride=3&seed=0&scale=stage");
  assert.equal(withParameters("", [["scale", null]]), "");
});

test("another kind takes over the values of the requested layer", () => {
  const wanted = "kind=depthwise-separable&out_channels=9&kernel_size=5";
  const rendered = "kind=standard&out_channels=8&kernel_size=3";
  assert.equal(asKind(wanted, rendered), "kind=standard&out_channels=9&kernel_size=5");
  assert.equal(
    asKind(wanted, "kind=spatially-separable&kernel_size=3"),
    "kind=spatially-separable&kernel_size=5",
  );
});
