"""Ten thousand projects: every reader's newest page is read by an index and not by sorting them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client

from assistance.roles import Role
from projects.models import Project, Stage
from tests import factories as make
from tests.raw_rows import triggers_asleep

PROJECTS = 10_000
COUNTIES = 50  # of five prefectures, each helped by a district of its own


@pytest.fixture
def ten_thousand(db: None) -> None:
    """Copies of one project, spread over the counties, changed at different hours."""
    pairings = [
        make.pairing(f"99{1 + n // 10:02}{1 + n % 10:02}", f"9801{1 + n:02}").pk
        for n in range(COUNTIES)
    ]
    one = make.project_at(Stage.SUBMITTED)
    own = {"id", "code", "name", "pairing_id", "county_id", "updated_at"}
    columns = [
        str(field.column)
        for field in Project._meta.local_concrete_fields
        if field.column not in own and not isinstance(field, models.GeneratedField)
    ]
    with triggers_asleep("projects_project"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO projects_project"
            f" (code, name, pairing_id, county_id, updated_at, {', '.join(columns)})"
            " SELECT 'T' || n, 'T' || n, p.id, p.recipient_id, now() - n * interval '1 minute',"
            f" {', '.join(f'o.{column}' for column in columns)}"
            f" FROM generate_series(1, %s) n JOIN projects_project o ON o.id = %s"
            f" JOIN assistance_pairing p ON p.id = (%s::bigint[])[1 + n %% %s]",
            [PROJECTS, one.pk, pairings, COUNTIES],
        )
        cursor.execute(  # what the sleeping triggers keep
            "UPDATE projects_project p SET prefecture_id = f.id, province_id = f.parent_id"
            " FROM assistance_region c JOIN assistance_region f ON f.id = c.parent_id"
            " WHERE c.id = p.county_id"
        )
        cursor.execute("ANALYZE projects_project, assistance_pairing, assistance_region")


def _touched(rows: models.QuerySet[Any]) -> dict[str, int]:
    """How many projects the database looked at, by how it found them."""
    explained = json.loads(rows.explain(format="json", analyze=True))
    found: dict[str, int] = {}
    waiting = [explained[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node.get("Relation Name") == Project._meta.db_table:
            looked_at = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            found[node["Node Type"]] = round(looked_at * node["Actual Loops"])
    return found


READERS: dict[str, tuple[Role, str]] = {
    "bureau": (Role.CLERK, ""),
    "recipient county": (Role.P_EDIT, "990203"),
    "recipient prefecture": (Role.P_EDIT, "990200"),
    "recipient province": (Role.P_EDIT, "990000"),
    "donor district": (Role.D_EDIT, "980113"),
    "donor city": (Role.D_EDIT, "980100"),
}
OF_THEIRS = {"recipient county": 200, "recipient prefecture": 2_000, "donor district": 200}


def test_the_newest_page_of_every_reader_is_read_by_an_index(ten_thousand: None) -> None:
    for reader, (role, code) in READERS.items():
        user = make.user_with(role, region_code=code)
        rows = Project.objects.visible_to(user).select_related("pairing__recipient")
        assert rows.count() == OF_THEIRS.get(reader, PROJECTS + 1), reader
        touched = _touched(rows.order_by("-updated_at", "-id")[:50])
        assert "Seq Scan" not in touched, reader
        assert sum(touched.values()) < PROJECTS / 10, (reader, touched)


def test_a_list_of_ten_thousand_costs_as_many_queries_as_a_short_one(
    ten_thousand: None, django_assert_num_queries: Any
) -> None:
    _row, plain = make.token(make.service_account(Role.P_EDIT, "990200"))
    client = Client(headers={"authorization": f"Bearer {plain}"})
    client.get("/api/v1/me/")  # notes the use of the token, which costs a query once a minute
    for length in (20, 100):
        with django_assert_num_queries(4):
            answer = client.get("/api/v1/projects/", {"limit": length})
        assert len(answer.json()["results"]) == length
