"""The cost of a layer as a formula: numbers below the letters, terms in the colours of their stages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sepviz.figures.canvas import TEXT, TITLE, Canvas, number
from sepviz.figures.text_metrics import letter_width, text_width
from sepviz.layer.cost import Factor, LayerCost, OperationCost, StageCost

HEIGHT = 40.0  # of one equation
MAX_WIDTH = 968.0  # a longer one has no values of its stages

_LABEL = 64.0  # width of the label before the equation
_BETWEEN = 13.0  # between two factors, for a dot
_SIGN = 24.0  # width of a plus or equals sign
_LETTERS, _NUMBERS = 14.0, 32.0  # baselines


@dataclass(frozen=True, slots=True)
class Term:
    """A product of letters, in the colour of a stage; `word` if it is a word such as `bias` instead."""

    factors: tuple[Factor, ...]
    role: str
    word: bool = False


def draw_equations(canvas: Canvas, y: float, cost: LayerCost, parts: bool = True) -> float:
    """Draw the equations of MACs and params; return their end. With `parts`, each stage's value is drawn as well."""
    macs = [Term(stage.macs.factors, _ink(stage)) for stage in cost.stages]
    values = [(stage.macs.value, _ink(stage)) for stage in cost.stages]
    draw_equation(canvas, y, canvas.translate("formula.macs"), macs, values if parts else [], cost.macs)
    with_params = [each for each in cost.operations if each.params]
    params = [term for each in with_params for term in _params(canvas, each)]
    values = [(each.params, _ink(each)) for each in with_params]
    unit = canvas.translate("formula.param" if cost.params == 1 else "formula.params")
    draw_equation(canvas, y + HEIGHT, unit, params, values if parts else [], cost.params)
    return y + 2 * HEIGHT


def _ink(cost: OperationCost) -> str:
    return f"{cost.operation.stage.role}-ink" if isinstance(cost, StageCost) else "muted"


def _params(canvas: Canvas, cost: OperationCost) -> list[Term]:
    if not isinstance(cost, StageCost):
        word = canvas.translate("formula.norm")
        return [Term((Factor(word, cost.params),), _ink(cost), word=True)]
    weights = Term(cost.weights.factors, _ink(cost))
    if not cost.biases:
        return [weights]
    return [weights, Term((Factor(canvas.translate("formula.bias"), cost.biases),), _ink(cost), word=True)]


def draw_equation(
    canvas: Canvas, y: float, label: str, terms: Sequence[Term], parts: Sequence[tuple[int, str]], total: int
) -> None:
    """Draw one equation from y down: the terms, then their values in their colours, then the sum."""
    canvas.text(0, y + _NUMBERS, label, "ink", TEXT, weight=600)
    if _LABEL + _terms_width(terms) + _values_width([*parts, (total, "ink")]) > MAX_WIDTH:
        parts = ()
    x, dots = _LABEL, ""
    pluses = []
    for index, term in enumerate(terms):
        if index:
            pluses.append((x + _SIGN / 2, "+"))
            x += _SIGN
        letters, numbers = [], []
        for place, factor in enumerate(term.factors):
            if place:
                middle = number(x + _BETWEEN / 2 - 0.9)
                dots += "".join([f"M{middle} {number(y + base - 4)}h1.8" for base in (_LETTERS, _NUMBERS)])
                x += _BETWEEN
            width = _width(term, factor)
            letters.append((x + width / 2, factor.letter))
            numbers.append((x + width / 2, str(factor.value)))
            x += width
        canvas.text_row(letters, y + _LETTERS, term.role, TEXT if term.word else TITLE, serif=not term.word)
        canvas.text_row(numbers, y + _NUMBERS, term.role)
    canvas.path(dots, stroke="muted", line=1.8)
    if pluses:
        canvas.text_row(pluses, y + _LETTERS, "muted")
    signs = list(pluses)
    values = [*(parts if len(parts) > 1 else ()), (total, "ink")]
    for index, (value, role) in enumerate(values):
        last = index == len(values) - 1
        signs.append((x + _SIGN / 2, "+" if 0 < index < len(values) - 1 else "="))
        canvas.text(x + _SIGN, y + _NUMBERS, f"{value:,}", role, TEXT, weight=600 if last else None)
        x += _SIGN + text_width(f"{value:,}", TEXT)
    canvas.text_row(signs, y + _NUMBERS, "muted")


def _terms_width(terms: Sequence[Term]) -> float:
    factors = sum(_width(term, factor) for term in terms for factor in term.factors)
    return factors + _BETWEEN * sum(len(term.factors) - 1 for term in terms) + _SIGN * (len(terms) - 1)


def _values_width(values: Sequence[tuple[int, str]]) -> float:
    return sum(_SIGN + text_width(f"{value:,}", TEXT) for value, _ in values)


def _width(term: Term, factor: Factor) -> float:
    letter = text_width(factor.letter, TEXT) if term.word else letter_width(factor.letter, TITLE)
    return max(letter, text_width(str(factor.value), TEXT))
