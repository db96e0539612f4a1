/**
 * Printing: paper is light, and begins with the first maps.
 */
const paper = matchMedia("print");
let printing = false;

/** Whether the page is drawn for paper. */
export const onPaper = () => printing || paper.matches;

/**
 * @param {() => void} repaint called before and after printing
 * @param {Element[]} boxes those that begin at their top on paper
 */
export function preparePrint(repaint, boxes) {
  /** @type {number[]} */
  let tops = [];
  addEventListener("beforeprint", () => {
    printing = true;
    tops = boxes.map((box) => box.scrollTop);
    repaint();
    for (const box of boxes) box.scrollTop = 0;
  });
  addEventListener("afterprint", () => {
    printing = false;
    repaint();
    boxes.forEach((box, at) => {
      box.scrollTop = tops[at];
    });
  });
  // Where a browser only shows how it would print.
  paper.addEventListener("change", repaint);
}
