"""Acceptance and hand-over keep their days, their panel and their sums."""

from django.db import migrations

# The project's row is locked first: its steps, shares and assets hold still while they are asked.
ACCEPTANCE_IN_ORDER = """
CREATE FUNCTION acceptance_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    unit bigint;
    completed_on date;
    taken_over boolean;
    granted numeric;
BEGIN
    PERFORM require_fresh_sums();
    SELECT implementing_unit_id INTO unit FROM projects_project WHERE id = NEW.project_id FOR UPDATE;
    SELECT max(effective_on) FILTER (WHERE to_stage = 'COMPLETED'),
        coalesce(bool_or(opening_id IS NOT NULL), false)
    INTO completed_on, taken_over FROM projects_stagechange
    WHERE project_id = NEW.project_id AND counted_at IS NOT NULL AND voided_at IS NULL;
    IF NEW.held_on < completed_on OR completed_on IS NULL AND NOT taken_over
        OR NEW.held_on > (NEW.counted_at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'acceptance %: held on %, not between the completion on % and today', NEW.id,
            NEW.held_on, completed_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'acceptance_follows_completion';
    END IF;
    IF NEW.level IN ('COUNTY', 'JOINT') AND NEW.chair_of_id = unit THEN
        RAISE EXCEPTION 'acceptance %: the unit that did the works chairs it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'acceptance_chair_is_from_elsewhere';
    END IF;
    IF NEW.level IN ('COUNTY', 'JOINT')
        AND (SELECT count(DISTINCT name) FROM jsonb_array_elements_text(NEW.members) name) < 3 THEN
        RAISE EXCEPTION 'acceptance %: a panel has three members', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'acceptance_panel_has_three';
    END IF;
    SELECT coalesce(sum(net_of_share(id)), 0) INTO granted FROM projects_projectfunding
    WHERE project_id = NEW.project_id AND counted_at IS NOT NULL AND voided_at IS NULL
        AND source NOT IN ('MATCH', 'SELF', 'DON_KIND');
    IF NEW.final_aid_yuan > granted THEN
        RAISE EXCEPTION 'acceptance %: % yuan of aid of % granted', NEW.id, NEW.final_aid_yuan, granted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'acceptance_aid_was_granted';
    END IF;
    PERFORM require_assets_within_settlement(NEW.project_id);
    RETURN NULL;
END $$
"""
# Of several panels that passed the works since they were completed last, the newest says what they
# cost.
WITHIN_SETTLEMENT = """
CREATE FUNCTION require_assets_within_settlement(project bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    settled numeric;
    worth numeric;
BEGIN
    SELECT final_settlement_yuan INTO settled FROM projects_acceptance
    WHERE project_id = project AND result = 'PASS' AND level IN ('COUNTY', 'JOINT')
        AND final_settlement_yuan IS NOT NULL AND counted_at IS NOT NULL AND voided_at IS NULL
        AND held_on >= coalesce((
            SELECT max(effective_on) FROM projects_stagechange
            WHERE project_id = project AND to_stage = 'COMPLETED'
                AND counted_at IS NOT NULL AND voided_at IS NULL
        ), held_on)
    ORDER BY held_on DESC, id DESC LIMIT 1;
    SELECT coalesce(sum(original_value_yuan), 0) INTO worth FROM projects_asset
    WHERE project_id = project AND counted_at IS NOT NULL AND voided_at IS NULL;
    IF worth > settled THEN
        RAISE EXCEPTION 'project %: assets worth % yuan of a settlement of %', project, worth, settled
            USING ERRCODE = 'check_violation', CONSTRAINT = 'assets_stay_within_settlement';
    END IF;
END $$
"""
ACCEPTANCE_STANDS = """
CREATE FUNCTION acceptance_stands_under_its_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM projects_project WHERE id = NEW.project_id FOR UPDATE;
    IF EXISTS (
        SELECT FROM projects_stagechange
        WHERE project_id = NEW.project_id AND counted_at IS NOT NULL AND voided_at IS NULL
            AND effective_on >= NEW.held_on AND from_stage = 'COMPLETED'
            AND to_stage = CASE NEW.result WHEN 'PASS' THEN 'ACCEPTED' ELSE 'ACTIVE' END
    ) THEN
        RAISE EXCEPTION 'acceptance %: the project went on by its word', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'acceptance_stands_under_its_step';
    END IF;
    RETURN NULL;
END $$
"""
ASSET_IN_ORDER = """
CREATE FUNCTION asset_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    accepted_on date;
    taken_over boolean;
BEGIN
    PERFORM require_fresh_sums();
    PERFORM 1 FROM projects_project WHERE id = NEW.project_id FOR UPDATE;
    SELECT max(effective_on) FILTER (WHERE to_stage = 'ACCEPTED'),
        coalesce(bool_or(opening_id IS NOT NULL), false)
    INTO accepted_on, taken_over FROM projects_stagechange
    WHERE project_id = NEW.project_id AND counted_at IS NOT NULL AND voided_at IS NULL;
    IF NEW.handed_over_on < accepted_on
        OR NEW.handed_over_on IS NOT NULL AND accepted_on IS NULL AND NOT taken_over
        OR NEW.handed_over_on > (NEW.updated_at AT TIME ZONE 'Asia/Shanghai')::date THEN
        RAISE EXCEPTION 'asset %: handed over on %, not between the acceptance on % and today',
            NEW.id, NEW.handed_over_on, accepted_on
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_over_follows_acceptance';
    END IF;
    IF NEW.counted_at IS NOT NULL THEN
        PERFORM require_assets_within_settlement(NEW.project_id);
    END IF;
    RETURN NULL;
END $$
"""
TRIGGERS = [
    "CREATE TRIGGER acceptance_in_order"
    " AFTER INSERT OR UPDATE OF counted_at ON projects_acceptance"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION acceptance_in_order()",
    "CREATE TRIGGER acceptance_stands_under_its_step"
    " AFTER UPDATE OF voided_at ON projects_acceptance"
    " FOR EACH ROW WHEN (NEW.counted_at IS NOT NULL AND NEW.voided_at IS NOT NULL)"
    " EXECUTE FUNCTION acceptance_stands_under_its_step()",
    "CREATE TRIGGER asset_in_order"
    " AFTER INSERT OR UPDATE OF counted_at, handed_over_on, original_value_yuan, project_id"
    " ON projects_asset"
    " FOR EACH ROW WHEN (NEW.voided_at IS NULL)"
    " EXECUTE FUNCTION asset_in_order()",
]


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_parents_stand")]

    operations = [
        migrations.RunSQL(
            [WITHIN_SETTLEMENT, ACCEPTANCE_IN_ORDER, ACCEPTANCE_STANDS, ASSET_IN_ORDER, *TRIGGERS],
            [
                "DROP TRIGGER asset_in_order ON projects_asset",
                "DROP TRIGGER acceptance_stands_under_its_step ON projects_acceptance",
                "DROP TRIGGER acceptance_in_order ON projects_acceptance",
                "DROP FUNCTION asset_in_order()",
                "DROP FUNCTION acceptance_stands_under_its_step()",
                "DROP FUNCTION acceptance_in_order()",
                "DROP FUNCTION require_assets_within_settlement(bigint)",
            ],
        ),
    ]
