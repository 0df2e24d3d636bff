from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from assistance.roles import BUREAU, READERS, Grants, Role, grant_roles

MAINTAINERS = (Role.CLERK, Role.REVIEWER)


class AssistanceConfig(AppConfig):
    name = "assistance"
    verbose_name = _("Regions and pairings")
    grants: Grants = {
        "view_region": READERS,
        "view_programme": READERS,
        "view_pairing": READERS,
        "view_organisation": READERS,
        "add_region": MAINTAINERS,
        "change_region": MAINTAINERS,
        "add_programme": MAINTAINERS,
        "change_programme": MAINTAINERS,
        "add_pairing": MAINTAINERS,
        "change_pairing": MAINTAINERS,
        "add_organisation": (*MAINTAINERS, Role.ORG, Role.P_EDIT, Role.D_EDIT),
        "change_organisation": MAINTAINERS,
        "view_indicator": READERS,
        "add_indicator": MAINTAINERS,
        "change_indicator": MAINTAINERS,
        "view_agreement": READERS,
        "add_agreement": (Role.CLERK,),
        "change_agreement": (Role.CLERK,),
        "sign_agreement": (Role.APPROVER,),
        "view_agreementtarget": READERS,
        "add_agreementtarget": (Role.CLERK,),
        "change_agreementtarget": (Role.CLERK,),
        "view_monthlyreturn": READERS,
        "change_monthlyreturn": (Role.CLERK, Role.P_EDIT),
        "submit_return": (Role.CLERK, Role.P_EDIT, Role.P_REVIEW),
        "accept_return": (Role.REVIEWER,),
        "view_returnadjustment": READERS,
        "add_returnadjustment": (Role.CLERK, Role.P_EDIT),
        "view_planindicator": BUREAU,
        "change_planindicator": (Role.CLERK,),
        "view_planactual": BUREAU,
        "add_planactual": (Role.CLERK,),
        "confirm_planactual": (Role.REVIEWER,),
        **{
            f"{verb}_{model}": READERS if verb == "view" else (Role.CLERK, Role.D_EDIT)
            for model in ("pairlink", "enterprise", "park", "workshop", "visit")
            for verb in ("view", "add", "change")
        },
        "view_investmentrecord": READERS,
        "add_investmentrecord": (Role.CLERK, Role.D_EDIT),
        "confirm_investmentrecord": (Role.REVIEWER,),
        "view_donation": READERS,
        "add_donation": (Role.CLERK, Role.D_EDIT),
        "confirm_donation": (Role.REVIEWER,),
        "view_setting": BUREAU,
        "add_setting": (Role.REVIEWER,),
        "confirm_setting": (Role.APPROVER,),
        "view_change": (Role.LOGAUDITOR, Role.AUDITOR),
        "view_seal": (Role.LOGAUDITOR,),
        "view_user": (Role.SYSADMIN, Role.SECADMIN, Role.LOGAUDITOR),
        "add_user": (Role.SYSADMIN,),
        "change_user": (Role.SYSADMIN,),
        "grant_roles_user": (Role.SECADMIN,),
        "view_apitoken": (Role.SYSADMIN, Role.SECADMIN),
        "add_apitoken": (Role.SYSADMIN,),
        "change_apitoken": (Role.SYSADMIN,),
    }

    def ready(self) -> None:
        post_migrate.connect(grant_roles, dispatch_uid="assistance.roles.grant_roles")
