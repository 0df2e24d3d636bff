from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from assistance.roles import READERS, Grants, Role

ENTERS = (
    Role.CLERK,
    Role.P_EDIT,
)  # the recipient's own office, or the bureau's clerk on its behalf


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("Projects and money")
    grants: Grants = {
        "view_project": READERS,
        "view_stagechange": READERS,
        "view_yearplanentry": READERS,
        "view_progressreport": READERS,
        "view_fundplan": READERS,
        "view_transfer": READERS,
        "view_projectfunding": READERS,
        "view_payment": READERS,
        "add_project": ENTERS,
        "change_project": ENTERS,
        "submit_project": (*ENTERS, Role.P_REVIEW),
        "return_project": (Role.REVIEWER,),
        "admit_project": (Role.REVIEWER,),
        "reject_project": (Role.APPROVER,),
        "approve_project": (Role.APPROVER,),
        "advance_project": ENTERS,
        "start_project": (Role.FRONT, Role.REVIEWER),
        "complete_project": (Role.FRONT, Role.REVIEWER),
        "add_progressreport": ENTERS,
        "verify_progressreport": (Role.FRONT, Role.REVIEWER),
        "add_fundplan": (Role.CLERK, Role.D_EDIT),
        "change_fundplan": (Role.CLERK, Role.D_EDIT),
        "issue_fundplan": (Role.FINANCE,),
        "add_transfer": (Role.CLERK, Role.D_EDIT, Role.P_EDIT),
        "report_arrival_transfer": (Role.CLERK, Role.P_EDIT),
        "confirm_transfer": (Role.FINANCE,),
        "view_transferreturn": READERS,
        "add_transferreturn": ENTERS,
        "confirm_transferreturn": (Role.FINANCE,),
        "view_refund": READERS,
        "add_refund": ENTERS,
        "verify_refund": (Role.FINANCE,),
        "add_projectfunding": (Role.CLERK,),
        "add_payment": ENTERS,
        "verify_payment": (Role.REVIEWER,),
    }
