"""What the shares and the step of an opening refer to."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0011_changes_by_request"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="opening",
            constraint=models.UniqueConstraint(
                fields=("id", "project"), name="opening_and_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="opening",
            constraint=models.UniqueConstraint(
                fields=("id", "project", "stage", "as_of"), name="opening_with_its_stage"
            ),
        ),
        migrations.AddConstraint(
            model_name="stagechange",
            constraint=models.CheckConstraint(
                condition=models.Q(("opening", None), ("from_stage", "DRAFT"), _connector="OR"),
                name="stage_change_of_an_opening_is_the_first",
            ),
        ),
    ]
