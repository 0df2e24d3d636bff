"""A share of a fund plan has the plan's fiscal year and source, by a foreign key of all three columns."""

from django.db import migrations

ADD = """
ALTER TABLE projects_projectfunding
    ADD CONSTRAINT funding_has_its_plans_year_and_source
    FOREIGN KEY (fund_plan_id, fiscal_year, source)
    REFERENCES projects_fundplan (id, fiscal_year, source)
    DEFERRABLE INITIALLY DEFERRED
"""
DROP = "ALTER TABLE projects_projectfunding DROP CONSTRAINT funding_has_its_plans_year_and_source"


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]

    operations = [migrations.RunSQL(ADD, DROP)]
