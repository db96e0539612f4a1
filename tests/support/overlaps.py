"""Texts of figures that lie over each other or leave their figure, as a browser lays them out."""

OVERLAPS = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect(), found = [], name = svg.querySelector('title').textContent;
  const texts = [...svg.querySelectorAll('text')].map(node => [node.textContent, node.getBoundingClientRect()]);
  texts.forEach(([text, a], i) => {
    const aside = a.left < frame.left - .5 || a.right > frame.right + .5;
    if (aside || a.top < frame.top - .5 || a.bottom > frame.bottom + .5)
      found.push(`${name}: ${text} leaves`);
    texts.slice(i + 1).forEach(([other, b]) => {
      if (a.left < b.right && b.left < a.right && a.top + 2.5 < b.bottom && b.top + 2.5 < a.bottom)
        found.push(`${name}: ${text} over ${other}`);
    });
  });
  return found;
})"""


def overlaps(page, figures):
    """What is found of these SVGs, one below the other."""
    page.set_content("<body>" + "<br>".join(figures))
    return page.evaluate(OVERLAPS)
