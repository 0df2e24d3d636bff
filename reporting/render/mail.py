"""The mail: an HTML body that any client can show, and the same as plain text."""

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from reporting.render.report import Payload, Report, Table, for_mail, read
from reporting.render.sentences import plain
from reporting.render.widths import padded, width


def footer() -> str:
    """Return the two rules every mail ends with."""
    return _(
        "Do not forward this mail to mailboxes on the internet. "
        "It is forbidden to process state secrets."
    )


def no_rows() -> str:
    """Return what stands in a table without rows."""
    return _("No rows.")


def mail_html(payload: Payload) -> str:
    """Return the mail's body in the active language: inline CSS, nothing fetched, no script."""
    context = {"report": for_mail(read(payload)), "footer": footer(), "no_rows": no_rows()}
    return render_to_string("reporting/mail.html", context)


def mail_text(payload: Payload) -> str:
    """Return the same as plain text, tables aligned for a fixed-width font."""
    report = for_mail(read(payload))
    lines = [*head_lines(report), ""]
    for chapter in report.chapters:
        lines += [chapter.heading, *(plain(sentence) for sentence in chapter.sentences), ""]
        for table in chapter.tables:
            lines += [*table_lines(table), ""]
        for remark in chapter.remarks:
            lines += [remark, ""]
    lines += [*report.footnotes, footer(), *filter(None, [report.demo])]
    return "\n".join(lines) + "\n"


def head_lines(report: Report) -> list[str]:
    """Return what stands above the first section; warnings come first."""
    lines = [
        report.demo,
        report.title,
        report.scope,
        report.cutoff,
        report.stamp,
        report.standing,
        report.banner,
        report.empty,
    ]
    return [line for line in lines if line]


def table_lines(table: Table) -> list[str]:
    """Return a table as aligned lines under its title."""
    heading = (table.row_heading, *(column.heading for column in table.columns))
    body = [("  " * row.depth + row.name, *(cell.text for cell in row.cells)) for row in table.rows]
    right = (False, *(column.is_number for column in table.columns))
    widths = [max(width(line[place]) for line in (heading, *body)) for place in range(len(heading))]
    lines = [table.heading, *([table.units] if table.units else [])]
    for cells in (heading, *body):
        fitted = (
            padded(text, columns, right=number)
            for text, columns, number in zip(cells, widths, right, strict=True)
        )
        lines.append("  ".join(fitted).rstrip())
    if not body:
        lines.append(no_rows())
    return [*lines, *table.remarks]
