"""What ``biomedplm plm`` shows."""

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from spacy_biomedplm.cli.console import out_console, plain
from spacy_biomedplm.plm.catalogue import TAXONOMY, values_of
from spacy_biomedplm.plm.language_model import UNKNOWN, LanguageModel, Variant
from spacy_biomedplm.plm.recommendation import Reason, Recommendation, format_parameters


def print_models(models: Sequence[LanguageModel]) -> None:
    """Print one line for each model.

    models (Sequence[LanguageModel]): From ``select_models``.
    """
    # Without lines, so that 80 columns are enough.
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("model", no_wrap=True, style="bold")
    for name, width in (("text", 10), ("architecture", 13), ("size", 5), ("licence", 12), ("access", 12)):
        table.add_column(name, overflow="fold", width=width)
    for model in models:
        cells = (" ".join(model.genres), model.architecture, _smallest(model), model.licence or UNKNOWN, model.access)
        table.add_row(model.name, *map(escape, cells))
    out_console().print(table)
    available = sum(model.is_available for model in models)
    out_console().print(f"{len(models)} models, the weights of {available} are to be had")


def _smallest(model: LanguageModel) -> str:
    known = sorted({variant.parameters for variant in model.variants if variant.parameters is not None})
    return f"{format_parameters(known[0])}{'+' if len(known) > 1 else ''}" if known else "–"


def print_model(model: LanguageModel) -> None:
    """Print the record of a model.

    model (LanguageModel): From ``get_model``.
    """
    table = Table(title=escape(f"{model.name}: {model.title}"), show_header=False, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    place = f"{model.survey}, row {model.row}" if model.row else model.survey
    for name, value in (("paper", model.citation), ("date", model.date or UNKNOWN), ("survey", place)):
        _add(table, name, value)
    _add(table, "also", ", ".join(model.aliases))
    for group in ("data", "model", "application"):
        table.add_section()
        for name, field in TAXONOMY[group].items():
            _add(table, name, ", ".join(values_of(model, field)) or "none")
        if group == "model":
            _add(table, "from", model.initialised_from or "")
            _add(table, "tokenizer", model.tokenizer or UNKNOWN)
    table.add_section()
    _add(table, "licence", model.licence or UNKNOWN)
    _add(table, "access", model.access)
    _add(table, "address", model.source or UNKNOWN)
    for variant in model.variants:
        _add(table, "variant", _describe_variant(variant))
    loads = f"as {model.loads}" if model.loads else "no"
    _add(table, "loads here", f"{loads}. {model.why}" if model.why else loads)
    for note in model.notes:
        _add(table, "note", note)
    out_console().print(table)


def _describe_variant(variant: Variant) -> str:
    weights = f"weights {variant.weights}" if variant.weights else ""
    parts = (variant.name, variant.hub or variant.url or "", format_parameters(variant.parameters), weights)
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _add(table: Table, name: str, value: str) -> None:
    if value:
        table.add_row(escape(name), escape(value))


def print_recommendation(found: Recommendation, *, limit: int) -> None:
    """Print what was understood, the best models with their reasons, and what was left out.

    found (Recommendation): From ``recommend``. limit (int): How many models.
    """
    console = out_console()
    request = found.request
    wishes = _describe_wishes(request.wanted)
    if request.max_parameters is not None:
        wishes.append(f"at most {format_parameters(request.max_parameters)} parameters")
    console.print(f"Wanted: {escape('; '.join(wishes))}")
    if found.assumed:
        console.print(f"Assumed: {escape('; '.join(_describe_wishes(found.assumed)))}")
    if request.not_understood:
        words = ", ".join(f"'{plain(word)}'" for word in request.not_understood)
        console.print(f"[yellow]Not understood, and not taken into account:[/] {escape(words)}")
    for number, one in enumerate(found.suggestions[:limit], start=1):
        title = escape(f"{one.model.name}: {one.model.title}")
        console.print(f"\n[bold]{number}. {title}[/], {one.points} points")
        rows = Table.grid(padding=(0, 1, 0, 0))
        rows.add_column(justify="right", width=4)
        rows.add_column(overflow="fold")
        rows.add_row("", escape(f"{_describe_variant(one.variant)}; {one.model.licence or 'licence unknown'}"))
        for reason in one.reasons:
            rows.add_row(f"+{reason.points}" if reason.points else "0", escape(reason.text), style=_style(reason))
        console.print(rows)
    if not found.suggestions:
        console.print("\nNo model meets all that must hold.")
    elif len(found.suggestions) > limit:
        console.print(f"\n{len(found.suggestions) - limit} more with --limit {len(found.suggestions)}")
    if found.left_out:
        counts = ", ".join(f"{count} by {reason}" for reason, count in found.left_out.items())
        console.print(f"Left out: {escape(counts)}")


def _style(reason: Reason) -> str:
    return "" if reason.points else "dim"


def _describe_wishes(wanted: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{name} {' or '.join(values)}" for name, values in wanted.items()]
