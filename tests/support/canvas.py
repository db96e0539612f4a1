"""The pixels of a canvas in a browser."""

import base64

import numpy as np

PIXELS = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  let bytes = "";
  for (const byte of copy.getImageData(0, 0, canvas.width, canvas.height).data) bytes += String.fromCharCode(byte);
  return [canvas.height, canvas.width, btoa(bytes)];
}"""


def pixels(canvas):
    """The canvas as an array (height, width, RGBA) of bytes."""
    height, width, encoded = canvas.evaluate(PIXELS)
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(height, width, 4)
