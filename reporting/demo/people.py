"""The demo's people: who was sent where, for how long, and who came back."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from assistance.models import Organisation, Pairing, Programme, Region, User
from assistance.models.regions import OrganisationKind
from assistance.models.rows import entered
from assistance.periods import local_day
from reporting.demo.cast import Cast
from reporting.demo.lots import lots
from reporting.demo.world import Story, World, on
from teams import actions
from teams.models import (
    GRADES,
    AppraisalKind,
    Batch,
    Category,
    Direction,
    Gender,
    GroupType,
    LeaveKind,
    Person,
    Posting,
    Team,
    Term,
)
from teams.models.endings import usual_scale

LABEL = "演示批次"
GO_WEST, ENDS_EARLY, OVERSTAYS = 0.75, 0.05, 0.06
GOES_ON_LEAVE, EXTENDED, EXCELLENT = 0.3, 0.12, 0.2
LEAVE_DAYS = 7
DAYS = {Term.Y3: 1095, Term.Y2: 730, Term.M18: 547, Term.Y1: 365, Term.M6: 182, Term.M1: 60}


class Post(NamedTuple):
    """A kind of post: what it is called, how long it usually lasts, and where it is."""

    category: Category
    title: str
    terms: tuple[Term, ...]
    kind: OrganisationKind
    unit: str
    share: int
    group: GroupType = GroupType.NONE


OUT = (
    Post(
        Category.CADRE,
        "副局长(挂职)",
        (Term.Y3, Term.Y2),
        OrganisationKind.RECIPIENT_OFFICE,
        "东西部协作办公室",
        5,
    ),
    Post(
        Category.TEACHER,
        "教师(支教)",
        (Term.M18, Term.Y1),
        OrganisationKind.SCHOOL,
        "中学",
        6,
        GroupType.EDUCATION,
    ),
    Post(
        Category.DOCTOR,
        "主治医师(支医)",
        (Term.Y1, Term.M6),
        OrganisationKind.HOSPITAL,
        "人民医院",
        6,
        GroupType.MEDICAL,
    ),
    Post(
        Category.AGRI,
        "农技专家",
        (Term.M6, Term.M1),
        OrganisationKind.IMPLEMENTING_UNIT,
        "农业技术推广站",
        3,
    ),
    Post(
        Category.OTHER_TECH,
        "规划工程师",
        (Term.Y1, Term.M6),
        OrganisationKind.IMPLEMENTING_UNIT,
        "规划设计室",
        2,
    ),
)
IN = (
    Post(
        Category.CADRE,
        "街道副主任(挂职)",
        (Term.Y1, Term.M6),
        OrganisationKind.DONOR,
        "对口工作部门",
        3,
    ),
    Post(Category.TEACHER, "教师(跟岗)", (Term.M6, Term.M1), OrganisationKind.SCHOOL, "中学", 3),
    Post(
        Category.DOCTOR, "医师(进修)", (Term.M6, Term.M1), OrganisationKind.HOSPITAL, "人民医院", 3
    ),
)
PROGRAMMES = ("east_west", "counterpart_support", "mountain_sea")


class People:
    """Draws the persons and tells their postings."""

    def __init__(self, world: World, cast: Cast, *, persons: int, seed: int) -> None:
        self.world, self.cast = world, cast
        self.rng = lots(seed, "people")
        today = local_day(world.now)
        self.first_day = today - timedelta(days=700)
        found = Pairing.objects.in_force_between(self.first_day, today + timedelta(days=1200))
        found = found.filter(
            programme__code__in=PROGRAMMES, recipient__level="county", starts_on__lt=self.first_day
        ).in_force_on(today + timedelta(days=1200))
        self.pairings = list(
            found.select_related("programme", "donor", "recipient").order_by("recipient__code")
        )
        self.teams = self._teams(cast.org)
        self.persons = self._persons(persons)

    def begin(self) -> None:
        """Begin the story of every person."""
        for person in self.persons:
            self.world.begin(self._story(person))

    def _teams(self, by: User) -> dict[str, Team]:
        at = on(self.first_day, self.rng)
        programme = Programme.objects.get(code="east_west")
        batch = Batch.objects.create(
            programme=programme,
            label=LABEL,
            dispatched_on=self.first_day,
            basis="演示数据,与真实批次无关",
            **entered(by, at),
        )
        headcounts = {"513300": 30, "510800": 16}
        return {
            code[:4]: Team.objects.create(
                batch=batch,
                region=Region.objects.get(code=code),
                declared_headcount=declared,
                basis="演示数据",
                **entered(by, at),
            )
            for code, declared in headcounts.items()
        }

    def _persons(self, number: int) -> list[Person]:
        at, rng = on(self.first_day, self.rng), self.rng
        rows = [
            Person(
                name=f"演示人员{count:03}",
                gender=rng.choice([Gender.FEMALE, Gender.MALE]),
                ethnicity=rng.choice(["汉族", "汉族", "藏族", "羌族"]),
                birth_ym=f"{rng.randint(1968, 1999)}-{rng.randint(1, 12):02}",
                political_status=rng.choice(["中共党员", "群众"]),
                education=rng.choice(["本科", "研究生"]),
                home_unit="演示单位",
                **entered(self.cast.org, at),
            )
            for count in range(1, number + 1)
        ]
        return Person.objects.bulk_create(rows)

    def _story(self, person: Person) -> Story:
        """Planned, dispatched, and sometimes ended; who overstays is still there."""
        rng, by = self.rng, self.cast.org
        pairing = rng.choice(self.pairings)
        out = rng.random() < GO_WEST
        post = rng.choices(OUT if out else IN, [p.share for p in (OUT if out else IN)])[0]
        term = rng.choice(post.terms)
        start_on = self._start_day(term)
        planned_at = on(start_on - timedelta(days=rng.randint(12, 30)), rng)
        planned_end = start_on + timedelta(days=DAYS[term] - 1)
        stays, early = rng.random() < OVERSTAYS, rng.random() < ENDS_EARLY
        letter_no = f"演示派遣〔{start_on.year}〕{rng.randint(1, 300)}号"
        yield planned_at
        posting = actions.plan_posting(
            person=person,
            team=self.teams.get(pairing.recipient.code[:4]) if out else None,
            pairing=pairing,
            region=pairing.recipient,
            direction=Direction.OUT if out else Direction.IN,
            category=post.category,
            term=term,
            group_type=post.group if out else GroupType.NONE,
            host_unit=self._host(pairing, post, out=out),
            host_post=f"演示·{post.title}",
            start_on=start_on,
            planned_end=planned_end,
            by=by,
            now=planned_at,
        )
        sent_at = on(start_on, rng)
        yield sent_at
        posting = actions.dispatch(posting, letter_no=letter_no, by=by, now=sent_at)
        if rng.random() < GOES_ON_LEAVE and term != Term.M1 and not early:
            self.world.begin(self._leave(posting, on(start_on + timedelta(days=20), rng)))
        if not early and rng.random() < EXTENDED:
            posting = yield from self._extend(posting)
        if not stays:
            yield from self._end(posting, early=early)

    def _extend(self, posting: Posting) -> Generator[datetime, None, Posting]:
        """Some stay for half a year more than they were sent for."""
        at = on(posting.planned_end - timedelta(days=self.rng.randint(10, 40)), self.rng)
        yield max(at, on(posting.start_on + timedelta(days=1), self.rng))
        longer = actions.extend(
            posting,
            new_end=posting.planned_end + timedelta(days=DAYS[Term.M6]),
            doc_no=f"演示延期〔{at.year}〕{self.rng.randint(1, 90)}号",
            on=local_day(at),
            reason="演示:项目未完,延长派驻",
            by=self.cast.org,
            now=at,
        )
        return longer

    def _leave(self, posting: Posting, at: datetime) -> Story:
        """Home leave that is asked for, granted and signed back in."""
        rng, cast = self.rng, self.cast
        first = local_day(at) + timedelta(days=5)
        yield at
        if first + timedelta(days=LEAVE_DAYS) > posting.planned_end:
            return
        leave = actions.request_leave(
            posting,
            kind=rng.choice([LeaveKind.HOME, LeaveKind.ANNUAL, LeaveKind.TRIP]),
            starts_on=first,
            ends_on=first + timedelta(days=LEAVE_DAYS - 1),
            reason="演示:休假",
            by=cast.org,
            now=at,
        )
        out = posting.direction == Direction.OUT
        team = cast.on_site(posting.region) if out else cast.reviewer
        actions.agree_to_leave(leave, by=team, now=at + timedelta(minutes=30))
        actions.grant_leave(leave, by=cast.clerk, now=at + timedelta(hours=1))
        left_at = on(first, rng)
        yield left_at
        left_on = min(local_day(left_at), leave.ends_on)
        actions.begin_leave(leave, on=left_on, by=cast.org, now=left_at)
        back_at = on(first + timedelta(days=LEAVE_DAYS), rng)
        yield back_at
        actions.return_from_leave(leave, on=local_day(back_at), by=cast.org, now=back_at)

    def _papers(self, posting: Posting, last_day: date, at: datetime) -> None:
        """The joint appraisal and the hand-over that an ordinary end takes."""
        rng, cast = self.rng, self.cast
        scale = usual_scale(posting.category)
        best, usual, *_worse = GRADES[scale]
        appraisal = actions.appraise(
            posting,
            kind=AppraisalKind.FINAL,
            scale=scale,
            grade=best if rng.random() < EXCELLENT else usual,
            appraised_on=last_day,
            remarks="演示考核",
            by=cast.clerk,
            now=at,
        )
        actions.confirm_appraisal(appraisal, by=cast.org, now=at + timedelta(minutes=10))
        handover = actions.hand_over_post(
            posting,
            handed_on=last_day,
            items="演示:办公用品与工作职责",
            open_projects="演示:在建项目台账",
            documents="演示:工作总结与档案",
            receiver="演示接任人员",
            by=cast.org,
            now=at,
        )
        out = posting.direction == Direction.OUT
        seen_by = cast.on_site(posting.region) if out else cast.reviewer
        actions.confirm_handover(handover, by=seen_by, now=at + timedelta(minutes=20))

    def _end(self, posting: Posting, *, early: bool) -> Iterator[datetime]:
        """An ordinary end is recorded some days later; who is recalled, leaves half-way."""
        rng = self.rng
        last_day: date = posting.planned_end
        if early:
            last_day = posting.start_on + (posting.planned_end - posting.start_on) / 2
        ended_at = on(last_day + timedelta(days=rng.randint(1, 4)), rng)
        yield ended_at
        if not early:
            self._papers(posting, last_day, ended_at - timedelta(minutes=40))
        actions.end_posting(
            posting,
            on=last_day,
            reason="演示:因工作需要提前返回" if early else "演示:期满返回",
            recalled=early,
            by=self.cast.org,
            now=ended_at,
        )

    def _start_day(self, term: Term) -> date:
        """Longer terms began with the batch; the others are spread up to a month from now."""
        latest = 730 if DAYS[term] < DAYS[Term.M18] else 260
        day = self.first_day + timedelta(days=self.rng.randint(0, latest))
        return local_day(on(day, self.rng))

    def _host(self, pairing: Pairing, post: Post, *, out: bool) -> Organisation:
        return self.cast.organisation(
            post.kind, pairing.recipient if out else pairing.donor, post.unit
        )
