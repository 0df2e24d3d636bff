"""What nobody checked here, because the project was taken over: the guards of the road that an
opening skips.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.hindrances.application import REQUIRED_TO_SUBMIT, label
from projects.models import Opening, Stage
from projects.models.funds import WITHOUT_A_PLAN, total_yuan
from projects.models.works import BEGUN_AT, ENDED_AT

READY_OR_LATER = (Stage.READY, *BEGUN_AT)
ACCEPTED_OR_LATER = ENDED_AT[1:]

# By the stages from which on a guard was skipped.
ALWAYS: tuple[str | Promise, ...] = (
    gettext_lazy("that the application was free of what is on the negative list"),
    gettext_lazy("the front team's opinion and the public notice before the admission"),
    gettext_lazy("the donor's consent, the county's decision and the approval document"),
)
SKIPPED: tuple[tuple[tuple[Stage, ...], str | Promise], ...] = (
    (READY_OR_LATER, gettext_lazy("the award or the plan on file")),
    (BEGUN_AT, gettext_lazy("the start of the works on site")),
    (ENDED_AT, gettext_lazy("the completion of the works on site")),
    (ACCEPTED_OR_LATER, gettext_lazy("the acceptance, its panel and the notice after it")),
    ((Stage.CLOSED,), gettext_lazy("the settlement audit, the evaluation and open findings")),
    (
        (Stage.TERMINATED,),
        gettext_lazy("the consent to the termination and the money that was to be recovered"),
    ),
)


def not_checked(opening: Opening) -> list[str]:
    """What was taken from the ledger as it stood, one sentence each; the page of the project and
    the API show them under “not checked: taken over”.
    """
    project = opening.project
    blank = [label(name) for name in REQUIRED_TO_SUBMIT if not getattr(project, name)]
    found = []
    if blank:
        found.append(_("what the ledger leaves blank: %(fields)s") % {"fields": ", ".join(blank)})
    found += [str(sentence) for sentence in ALWAYS]
    shares = list(opening.shares.all())
    without = [s for s in shares if s.fund_plan_id is None and s.source not in WITHOUT_A_PLAN]
    if without:
        sources = ", ".join(dict.fromkeys(str(s.get_source_display()) for s in without))
        found.append(_("whether a fund plan covers the money (%(sources)s)") % {"sources": sources})
    found += [str(sentence) for stages, sentence in SKIPPED if opening.stage in stages]
    if opening.stage in {Stage.HANDED_OVER, Stage.CLOSED} and project.forms_asset:
        found.append(_("the assets, their owners and the hand-over sheet"))
    if opening.physical_pct:
        found.append(
            _("the progress of %(pct)s%%: no photographs, nobody on site")
            % {"pct": f"{opening.physical_pct.normalize():f}"}
        )
    paid = total_yuan(opening.shares.all(), "opening_paid_yuan")
    if paid:
        found.append(
            _("the vouchers and tranches of %(paid)s yuan paid before") % {"paid": f"{paid:,.2f}"}
        )
    return found
