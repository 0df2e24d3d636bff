"""The steps that a page offers for its rows, one by one and for many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import quote
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import OperationalError, connection, models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assistance.admin.scoped.lists import MOST_COUNTED, QueueFilter
from assistance.admin.scoped.readers import reader
from assistance.admin.scoped.shown import NextStep, Result
from assistance.admin.verbs import ANSWERS_OF_A_VERB, Queue, Verb, VerbForm, sentence, tell
from assistance.contention import again_if_met, met_somebody
from assistance.desk import OnTheDesk, Waiting
from assistance.errors import Refused

if TYPE_CHECKING:
    Page = admin.ModelAdmin[Any]
else:
    Page = admin.ModelAdmin

MOST_AT_ONCE = 200  # rows that one bulk step takes
STEPS_AT_ONCE = 2  # steps of a row that a list shows before somebody asks for more


class TakesSteps(OnTheDesk, Page):
    """A page whose rows have verbs: buttons on a row's page, bulk steps of the list, and queues
    on the home page.
    """

    verbs: ClassVar[tuple[Verb, ...]] = ()
    queues: ClassVar[tuple[Queue, ...]] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<int:pk>/do/<slug:name>/", view, name=name), *super().get_urls()]

    def verbs_of(self, request: HttpRequest) -> list[Verb]:
        """The verbs that the reader's roles hold."""
        return [verb for verb in self.verbs if reader(request).has_perm(verb.permission)]

    def queues_of(self, request: HttpRequest) -> list[Queue]:
        """The queues of the reader's roles."""
        return [queue for queue in self.queues if reader(request).has_perm(queue.permission)]

    def waiting(self, request: HttpRequest, now: datetime) -> Iterable[Waiting]:
        if not self.has_view_permission(request):
            return
        for queue in self.queues_of(request):
            rows = queue.rows(self.get_queryset(request), reader(request), now)
            count = rows[:MOST_COUNTED].count()
            yield Waiting(
                queue.label, count, f"{self.list_url}?{QueueFilter.parameter_name}={queue.name}"
            )

    def next_steps(self, request: HttpRequest, row: Any) -> list[NextStep]:
        """Every verb of the reader on this row, open ones first, those that turn it down last."""
        steps, now = [], timezone.now()
        for verb in self.verbs_of(request):
            refusal = verb.refusal(row, reader(request), now)
            if isinstance(refusal, PermissionDenied):
                continue
            reason = "" if refusal is None else str(refusal)
            near = isinstance(refusal, Refused) and refusal.code == "own_work"
            steps.append(NextStep(verb, self._verb_url(row, verb), reason, near))
        return sorted(steps, key=lambda step: (bool(step.reason), step.verb.turns_down))

    def verb_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask what a verb needs, then do it and go back to the row."""
        row = self.get_object(request, str(pk))
        if row is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined,no-any-return]
                request, self.opts, str(pk)
            )
        verb = next((verb for verb in self.verbs_of(request) if verb.name == name), None)
        if verb is None:
            raise PermissionDenied
        is_sent = request.method == "POST"  # then the verb itself says what its guards find
        by, now = reader(request), timezone.now()
        refusal = verb.why_not(row, by) if is_sent else verb.refusal(row, by, now)
        if isinstance(refusal, PermissionDenied):
            raise refusal
        sent = (request.POST, request.FILES) if is_sent else (None, None)
        form = verb.form(*sent, row=row, by=by)
        if refusal is None and form.is_valid():
            try:
                done = verb.do(row, form, now=timezone.now())
            except ANSWERS_OF_A_VERB as answer:
                tell(form, answer, self.get_object(request, str(pk)))
            except ObjectDoesNotExist as gone:
                raise Http404 from gone
            else:
                self.log_change(request, row, str(verb.label))
                return self.after(request, row, verb, done)
        return TemplateResponse(
            request,
            "admin/desk/verb.html",
            {
                **self.admin_site.each_context(request),
                "title": verb.label,
                "subtitle": str(row),
                "opts": self.opts,
                "verb": verb,
                "row": row,
                "row_url": self._row_url(row),
                "facts": self.facts(row),
                "form": form,
                "refusal": refusal,
                "media": self.media + form.media,
            },
        )

    def after(self, request: HttpRequest, row: Any, verb: Verb, done: Any) -> HttpResponse:
        """Say that a verb went through and show the row again."""
        told = _("%(verb)s: done for “%(row)s”.") % {"verb": verb.label, "row": row}
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(self._row_url(row))

    def shown_once(self, request: HttpRequest, row: Any, **shown: Any) -> HttpResponse:
        """A page with a secret that is on no other page and in no cache."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "subtitle": str(row),
            "row_url": self._row_url(row),
            **shown,
        }
        return TemplateResponse(request, "admin/desk/shown_once.html", context)

    def facts(self, row: Any) -> Iterable[tuple[str | Promise, Any]]:
        """What somebody who decides on the row wants to see beside the question."""
        return ()

    # ----------------------------------------------------------------------------------- bulk steps

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The verbs that many rows can take at once, each with a page of its own."""
        return {
            f"{verb.name}_selected": (
                _bulk(verb),
                f"{verb.name}_selected",
                _("%(verb)s…") % {"verb": verb.label},
            )
            for verb in self.verbs_of(request)
            if verb.for_many
        }

    def bulk_view(
        self, request: HttpRequest, verb: Verb, rows: models.QuerySet[Any]
    ) -> HttpResponse | None:
        """Ask once for many rows; then do them one by one, each with a line of its own."""
        chosen = list(rows[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            told = _("At most %(most)d rows at once; choose fewer.") % {"most": MOST_AT_ONCE}
            self.message_user(request, told, messages.WARNING)
            return None
        confirmed = request.POST if "confirmed" in request.POST else None
        form = verb.form(confirmed, row=None, by=reader(request))
        results = None
        if confirmed is not None and form.is_valid():
            results = [self._one_of_many(request, verb, row, form) for row in chosen]
        return TemplateResponse(
            request,
            "admin/desk/bulk.html",
            {
                **self.admin_site.each_context(request),
                "title": _("%(verb)s: %(count)d selected")
                % {"verb": verb.label, "count": len(chosen)},
                "opts": self.opts,
                "verb": verb,
                "form": form,
                "chosen": [
                    (
                        row,
                        self._row_url(row),
                        tuple(self.facts(row))[:3],
                        verb.why_not(row, form.by),
                    )
                    for row in ([] if results else chosen)
                ],
                "results": results,
                "action": f"{verb.name}_selected",
                "checkbox": ACTION_CHECKBOX_NAME,
                "list_url": self.list_url,
                "media": self.media + form.media,
            },
        )

    def _one_of_many(self, request: HttpRequest, verb: Verb, row: Any, form: VerbForm) -> Result:
        """Do one row, and only this one again where it met somebody: those before it are done."""
        try:
            told, went = again_if_met(lambda _tries_left: self._tried(request, verb, row, form))
        except OperationalError as error:
            if connection.in_atomic_block or not met_somebody(error):
                raise
            told, went = str(_("Somebody else is at work on it; repeat the step for it.")), False
        return Result(str(row), self._row_url(row), went, told)

    def _tried(
        self, request: HttpRequest, verb: Verb, row: Any, form: VerbForm
    ) -> tuple[str, bool]:
        form.row = row
        seen = request.POST.get(f"version_{row.pk}", "")
        form.cleaned_data["seen_version"] = int(seen) if seen.isdigit() else None
        try:
            refusal = verb.why_not(row, form.by)
            if refusal is not None:
                raise refusal
            with transaction.atomic():
                verb.do(row, form, now=timezone.now())
                self.log_change(request, row, str(verb.label))
        except (*ANSWERS_OF_A_VERB, PermissionDenied) as answer:
            current = self.get_object(request, str(row.pk))
            return sentence(answer, current), False
        return str(_("done")), True

    def _route(self, name: str) -> str:
        return f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}"

    @property
    def list_url(self) -> str:
        """The address of the list."""
        return reverse(self._route("changelist"))

    def _row_url(self, row: Any) -> str:
        return reverse(self._route("change"), args=[quote(row.pk)])

    def _verb_url(self, row: Any, verb: Verb) -> str:
        return reverse(self._route("verb"), args=[row.pk, verb.name])


def _bulk(verb: Verb) -> Callable[..., Any]:
    def act(page: TakesSteps, request: HttpRequest, rows: models.QuerySet[Any]) -> Any:
        return page.bulk_view(request, verb, rows)

    return act


def open_steps_column(page: TakesSteps, request: HttpRequest) -> Callable[[Any], SafeString]:
    """The column of open steps for the reader of this request."""
    verbs, by = page.verbs_of(request), reader(request)

    @admin.display(description=gettext_lazy("open steps"))
    def open_steps(row: Any) -> SafeString:
        links = [
            (page._verb_url(row, verb), verb.label)
            for verb in verbs
            if verb.why_not(row, by) is None
        ]
        if not links:
            return format_html('<span class="quiet">{}</span>', "–")
        first, more = (
            format_html_join(" ", '<a class="step" href="{}">{}</a>', some)
            for some in (links[:STEPS_AT_ONCE], links[STEPS_AT_ONCE:])
        )
        if more:
            told = _("%(count)d more") % {"count": len(links) - STEPS_AT_ONCE}
            more = format_html("<details><summary>{}</summary>{}</details>", told, more)
        return format_html('<div class="steps">{}{}</div>', first, more)

    return open_steps
