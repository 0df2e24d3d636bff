"""Writes to the tables of this app go into the change log."""

from django.db import migrations

from assistance.change_log import logged


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_change_log"), ("projects", "0002_share_follows_its_plan")]

    operations = [
        logged(
            "projects_project",
            "province_id",
            "prefecture_id",
            "allocated_yuan",
            "paid_yuan",
            "physical_pct",
        ),
        logged("projects_performancetarget"),
        logged("projects_yearplanentry"),
        logged("projects_stagechange"),
        logged("projects_progressreport"),
        logged("projects_fundplan", "total_committed_yuan", "total_arrived_yuan"),
        logged("projects_transfer"),
        logged("projects_projectfunding"),
        logged("projects_payment"),
        logged("projects_refund"),
        logged("projects_transferreturn"),
        logged("projects_fundingadjustment"),
        logged("projects_changerequest"),
        logged("projects_stepproposal"),
        logged("projects_paper"),
        logged("projects_publicnotice"),
        logged("projects_acceptance"),
        logged("projects_asset"),
        logged("projects_auditrecord"),
        logged("projects_finding"),
        logged("projects_evaluation"),
        logged("projects_opening"),
        logged("projects_paymentpolicy"),
    ]
