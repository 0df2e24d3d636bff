"""What an opening brought is its own and stands or falls with it."""

from django.db import migrations

# By foreign keys of several columns: a share belongs to the opening's project; a step besides leads
# to the opening's stage, on its day.
KEYS = [
    (
        "projects_projectfunding",
        "share_is_of_its_openings_project",
        "opening_id, project_id",
        "id, project_id",
    ),
    (
        "projects_stagechange",
        "stage_change_is_what_its_opening_says",
        "opening_id, project_id, to_stage, effective_on",
        "id, project_id, stage, as_of",
    ),
]
# Asked when the transaction commits: by then the opening and what it brings have all been written.
OPENING_IS_WHOLE = """
CREATE FUNCTION opening_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    opening projects_opening%ROWTYPE;
    has_step boolean;
    has_share boolean;
BEGIN
    SELECT * INTO opening FROM projects_opening WHERE id = (
        CASE TG_TABLE_NAME WHEN 'projects_opening' THEN NEW.id
        ELSE (to_jsonb(NEW)->>'opening_id')::bigint END
    ) FOR UPDATE;
    SELECT EXISTS (SELECT FROM projects_stagechange WHERE opening_id = opening.id
                   AND counted_at IS NOT NULL AND voided_at IS NULL),
           EXISTS (SELECT FROM projects_projectfunding WHERE opening_id = opening.id
                   AND counted_at IS NOT NULL AND voided_at IS NULL)
    INTO has_step, has_share;
    IF opening.counted_at IS NOT NULL AND opening.voided_at IS NULL THEN
        IF NOT has_step THEN
            RAISE EXCEPTION 'opening %: it counts without the step that it says', opening.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_has_its_step';
        END IF;
    ELSIF has_step OR has_share THEN
        RAISE EXCEPTION 'opening %: it does not count, what it brought does', opening.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_counts_with_what_it_brought';
    END IF;
    RETURN NULL;
END $$
"""
WHOLE_TRIGGERS = [
    "CREATE CONSTRAINT TRIGGER opening_is_whole"
    " AFTER INSERT OR UPDATE OF counted_at, voided_at ON projects_opening"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION opening_is_whole()",
    *(
        "CREATE CONSTRAINT TRIGGER opening_is_whole"
        f" AFTER INSERT OR UPDATE OF opening_id, counted_at, voided_at ON {table}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.opening_id IS NOT NULL)"
        " EXECUTE FUNCTION opening_is_whole()"
        for table in ("projects_stagechange", "projects_projectfunding")
    ),
]
BEFORE_GOING_LIVE = """
CREATE FUNCTION opening_before_going_live() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live_on date;
BEGIN
    SELECT g.went_live_on INTO live_on FROM projects_project p
    JOIN assistance_pairing t ON t.id = p.pairing_id
    JOIN assistance_programme g ON g.id = t.programme_id
    WHERE p.id = NEW.project_id FOR SHARE OF g;
    IF live_on <= (NEW.created_at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'opening of project %: the programme works with this system since %',
            NEW.project_id, live_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'opening_precedes_going_live';
    END IF;
    RETURN NEW;
END $$
"""
LIVE_TRIGGER = """
CREATE TRIGGER opening_precedes_going_live BEFORE INSERT ON projects_opening
FOR EACH ROW EXECUTE FUNCTION opening_before_going_live()
"""


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_changes_by_request")]

    operations = [
        *(
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
                f" REFERENCES projects_opening ({theirs}) DEFERRABLE INITIALLY DEFERRED",
                f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            )
            for table, name, columns, theirs in KEYS
        ),
        migrations.RunSQL(
            [OPENING_IS_WHOLE, *WHOLE_TRIGGERS],
            [
                "DROP TRIGGER opening_is_whole ON projects_projectfunding",
                "DROP TRIGGER opening_is_whole ON projects_stagechange",
                "DROP TRIGGER opening_is_whole ON projects_opening",
                "DROP FUNCTION opening_is_whole()",
            ],
        ),
        migrations.RunSQL(
            [BEFORE_GOING_LIVE, LIVE_TRIGGER],
            [
                "DROP TRIGGER opening_precedes_going_live ON projects_opening",
                "DROP FUNCTION opening_before_going_live()",
            ],
        ),
    ]
