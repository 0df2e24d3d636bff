from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from assistance.roles import READERS, Grants, Role

ENTERS = (
    Role.CLERK,
    Role.P_EDIT,
)  # the recipient's own office, or the bureau's clerk on its behalf
CHECKS_ON_SITE = (Role.FRONT, Role.REVIEWER)  # the reviewer where a pairing has no front team


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
        "view_transferreturn": READERS,
        "view_refund": READERS,
        "view_fundingadjustment": READERS,
        "view_changerequest": READERS,
        "view_stepproposal": READERS,
        "view_paper": READERS,
        "view_publicnotice": READERS,
        "view_acceptance": READERS,
        "view_asset": READERS,
        "view_auditrecord": READERS,
        "view_finding": READERS,
        "view_evaluation": READERS,
        "view_opening": READERS,
        "view_paymentpolicy": READERS,
        # the road
        "add_project": ENTERS,
        "change_project": ENTERS,
        "submit_project": (*ENTERS, Role.P_REVIEW),
        "withdraw_project": (*ENTERS, Role.P_REVIEW),
        "return_project": (Role.REVIEWER,),
        "admit_project": (Role.REVIEWER,),
        "reject_project": (Role.APPROVER,),
        "approve_project": (Role.APPROVER,),
        "advance_project": ENTERS,
        "propose_step": ENTERS,
        "start_project": CHECKS_ON_SITE,
        "complete_project": CHECKS_ON_SITE,
        "decline_step": CHECKS_ON_SITE,
        "suspend_project": (Role.REVIEWER,),
        "rework_project": (Role.REVIEWER,),
        "accept_project": (Role.REVIEWER,),
        "close_project": (Role.APPROVER,),
        # evidence, acceptance, audit
        "add_paper": (*ENTERS, Role.P_REVIEW, Role.FRONT, Role.REVIEWER, Role.D_EDIT),
        "add_publicnotice": ENTERS,
        "confirm_publicnotice": (Role.REVIEWER,),
        "add_progressreport": ENTERS,
        "verify_progressreport": CHECKS_ON_SITE,
        "add_acceptance": ENTERS,
        "confirm_acceptance": (Role.REVIEWER,),
        "add_asset": ENTERS,
        "change_asset": ENTERS,
        "add_auditrecord": (Role.CLERK,),
        "add_finding": (Role.AUDITOR,),
        "rectify_finding": ENTERS,
        "close_finding": (Role.AUDITOR,),
        "add_evaluation": ENTERS,
        "confirm_evaluation": (Role.REVIEWER,),
        # changes of what was approved
        "add_changerequest": ENTERS,
        "change_changerequest": ENTERS,
        "consent_changerequest": (*CHECKS_ON_SITE, Role.D_EDIT),
        "decide_small_changerequest": (Role.REVIEWER,),
        "approve_changerequest": (Role.APPROVER,),
        # what ran before this system
        "add_opening": (Role.CLERK,),
        "confirm_opening": (Role.REVIEWER,),
        # money
        "add_fundplan": (Role.CLERK, Role.D_EDIT),
        "change_fundplan": (Role.CLERK, Role.D_EDIT),
        "issue_fundplan": (Role.FINANCE,),
        "close_fundplan": (Role.FINANCE,),
        "add_transfer": (Role.CLERK, Role.D_EDIT, Role.P_EDIT),
        "report_arrival_transfer": (Role.CLERK, Role.P_EDIT),
        "confirm_transfer": (Role.FINANCE,),
        "add_transferreturn": ENTERS,
        "confirm_transferreturn": (Role.FINANCE,),
        "add_projectfunding": (Role.CLERK,),
        "add_payment": ENTERS,
        "remark_payment": (Role.FRONT,),
        "verify_payment": (Role.REVIEWER,),
        "add_refund": ENTERS,
        "verify_refund": (Role.FINANCE,),
        "add_paymentpolicy": (Role.REVIEWER,),
        "confirm_paymentpolicy": (Role.APPROVER,),
    }
