"""The statement drawn: one A4 page for most, in a face that has the naira and every letter.

Loaded when first asked for: what draws takes half a second to load.
"""

from collections.abc import Iterator, Sequence

import fontpkg_fira_sans
from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout, TableCellFillMode, XPos, YPos

from crm.payouts.money import day, naira
from crm.payouts.statements.building import Statement

_FACE = "Fira"
_FILES = {"": "FiraSans-Regular.ttf", "B": "FiraSans-SemiBold.ttf"}
_INK, _GREY, _GREEN, _PALE = (27, 36, 32), (96, 108, 102), (14, 92, 66), (241, 246, 243)
_MARGIN_MM = 16
_HEAD = FontFace(emphasis="BOLD", color=_GREEN, size_pt=8.5)
_MINUS = "\u2212"


def pdf(statement: Statement) -> bytes:
    """The statement as a PDF; the same statement always gives the same bytes."""
    page = _Page(statement)
    page.add_page()
    _write_facts(page, statement)
    _write_revenue(page, statement)
    _write_lines(page, statement)
    _write_net(page, statement)
    _write_notes(page, statement)
    return bytes(page.output())


class _Page(FPDF):
    """A4 with our head and foot."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(format="A4")
        self.statement = statement
        self.set_title(f"Statement {statement.reference}")
        self.set_author("GrandPro HMSO")
        self.set_lang("en")
        self.set_creation_date(statement.made_at)
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=22)
        for style, name in _FILES.items():
            self.add_font(_FACE, style, fontpkg_fira_sans.ROOT / "files" / name)

    def header(self) -> None:
        self.face(17, bold=True, ink=_GREEN)
        self.cell(0, 8, "GrandPro HMSO")
        self.face(11, ink=_GREY)
        self.cell(0, 8, "Statement for the owner", align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_draw_color(*_GREEN)
        self.set_line_width(0.5)
        self.line(_MARGIN_MM, self.y + 1, self.w - _MARGIN_MM, self.y + 1)
        self.ln(5)

    def footer(self) -> None:
        self.set_y(-16)
        self.face(7, ink=_GREY)
        proof = f"SHA-256 of what this was worked out from: {self.statement.fingerprint}"
        self.cell(0, 4, proof, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.cell(0, 4, f"{self.statement.reference}, page {self.page_no()} of {{nb}}")

    def face(self, size: float, *, bold: bool = False, ink: tuple[int, int, int] = _INK) -> None:
        """Write on in this size and colour."""
        self.set_font(_FACE, "B" if bold else "", size)
        self.set_text_color(*ink)

    def headline(self, text: str) -> None:
        """A heading over a table."""
        self.ln(4)
        self.face(11, bold=True)
        self.cell(0, 7, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def rows(
        self, widths: Sequence[int], aligns: Sequence[str], rows: Iterator[Sequence[str]]
    ) -> None:
        """A table with a head and pale stripes."""
        self.face(8.5)
        self.set_draw_color(200, 212, 206)
        self.set_line_width(0.2)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            cell_fill_color=_PALE,
            cell_fill_mode=TableCellFillMode.EVEN_ROWS,
            col_widths=tuple(widths),
            text_align=tuple(aligns),
            headings_style=_HEAD,
            line_height=4.6,
            padding=1.2,
        ) as table:
            for cells in rows:
                table.row(cells)


def _write_facts(page: _Page, statement: Statement) -> None:
    page.face(14, bold=True)
    page.cell(0, 8, f"Payout for {statement.period}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    for name, value in _facts(statement):
        page.face(9, ink=_GREY)
        page.cell(32, 5.4, name)
        page.face(9)
        page.multi_cell(0, 5.4, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _facts(statement: Statement) -> Iterator[tuple[str, str]]:
    yield "Owner", statement.owner
    yield "Hospital", f"{statement.hospital}, {statement.address}"
    yield "Reference", statement.reference
    yield "Status", statement.status
    if statement.paid_on:
        yield "Paid", f"{day(statement.paid_on)}, bank reference {statement.provider_reference}"
    else:
        yield "Due", day(statement.due_on)
    yield "Paid into", statement.bank


def _write_revenue(page: _Page, statement: Statement) -> None:
    if statement.gross_kobo is None:
        return
    page.headline(f"Revenue {statement.earned}, in naira")
    page.rows((64, 38, 38, 38), ("LEFT", "RIGHT", "RIGHT", "RIGHT"), _revenue(statement))


def _revenue(statement: Statement) -> Iterator[Sequence[str]]:
    yield "Service line", "Charges", "Refunds, write-offs", "Left"
    for row in statement.revenue:
        name = row.service_line if row.is_shared else f"{row.service_line} (not shared)"
        yield name, _money(row.charges_kobo), _money(row.taken_back_kobo), _money(row.sum_kobo)
    yield "Revenue that is shared", "", "", _money(statement.gross_kobo or 0)


def _write_lines(page: _Page, statement: Statement) -> None:
    page.headline("How the payout was worked out, in naira")
    page.rows((46, 76, 28, 28), ("LEFT", "LEFT", "RIGHT", "RIGHT"), _lines(statement))


def _lines(statement: Statement) -> Iterator[Sequence[str]]:
    yield "Step", "In words", "Amount", "Balance"
    for each in statement.lines:
        line = each.line
        amount, balance = _money(line.amount_kobo), _money(each.balance_kobo)
        yield line.label, each.explanation, amount, balance


def _write_net(page: _Page, statement: Statement) -> None:
    page.ln(4)
    page.set_fill_color(*_GREEN)
    page.face(12, bold=True, ink=(255, 255, 255))
    page.cell(0, 11, f"  {_said(statement)}", fill=True)
    page.ln(14)


def _said(statement: Statement) -> str:
    if not statement.net_kobo:
        return "Nothing to be paid"
    return f"{'Paid' if statement.paid_on else 'To be paid'}: ₦{_money(statement.net_kobo)}"


def _write_notes(page: _Page, statement: Statement) -> None:
    page.face(8.5, ink=_GREY)
    for label, kobo in statement.still_owed:
        said = f"Still owed and taken from later payouts: {label}, ₦{_money(kobo)}."
        page.multi_cell(0, 5, said, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    if statement.notes:
        page.multi_cell(0, 5, f"Note: {statement.notes}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _money(kobo: int) -> str:
    return naira(kobo).replace("-", _MINUS)
