/**
 * Printing: the page is light, and the maps begin with the first.
 */
const paper = matchMedia("print");
let isPrinting = false;

/** Whether the page is drawn for print. */
export const isPrintMedia = () => isPrinting || paper.matches;

/**
 * @param {() => void} onChange called before and after printing
 * @param {() => Iterable<Element>} findBoxes those that are scrolled to their top in print
 */
export function initPrint(onChange, findBoxes) {
  /** @type {Map<Element, number>} */
  let scrollTops = new Map();
  addEventListener("beforeprint", () => {
    isPrinting = true;
    scrollTops = new Map(Array.from(findBoxes(), (box) => [box, box.scrollTop]));
    onChange();
    for (const box of scrollTops.keys()) box.scrollTop = 0;
  });
  addEventListener("afterprint", () => {
    isPrinting = false;
    onChange();
    for (const [box, scrollTop] of scrollTops) box.scrollTop = scrollTop;
  });
  // Where a browser only shows how it would print.
  paper.addEventListener("change", onChange);
}
