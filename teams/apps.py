from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from assistance.roles import READERS, Grants, Role

PARTNERS = (Role.P_EDIT, Role.P_REVIEW)


class TeamsConfig(AppConfig):
    name = "teams"
    verbose_name = _("Teams and people")
    grants: Grants = {
        "view_batch": READERS,
        "view_team": READERS,
        "view_posting": READERS,
        "view_person": (Role.ORG, Role.FRONT, Role.AUDITOR),
        "add_batch": (Role.ORG,),
        "change_batch": (Role.ORG,),
        "add_team": (Role.ORG,),
        "change_team": (Role.ORG,),
        "add_person": (Role.ORG,),
        "change_person": (Role.ORG,),
        "reveal_person": (Role.ORG,),
        "look_up_person": (Role.ORG,),
        "view_numberreading": (Role.AUDITOR,),
        "view_particulars": (Role.ORG, Role.AUDITOR),
        "view_erasure": (Role.ORG, Role.AUDITOR),
        "add_erasure": (Role.ORG,),
        "confirm_erasure": (Role.ORG,),
        "add_posting": (Role.ORG,),
        "change_posting": (Role.ORG,),
        "dispatch_posting": (Role.ORG,),
        "end_posting": (Role.ORG,),
        "view_postingextension": READERS,
        "add_postingextension": (Role.ORG,),
        # who is where is for everybody; why somebody is away, and how they did, is not
        "view_leave": (Role.ORG, Role.FRONT, Role.REVIEWER, Role.CLERK, *PARTNERS, Role.AUDITOR),
        "add_leave": (Role.ORG, Role.FRONT, Role.CLERK, Role.P_EDIT),
        "agree_leave": (Role.FRONT, Role.REVIEWER),
        "grant_leave": (*PARTNERS, Role.CLERK),
        "sign_leave": (Role.FRONT, Role.ORG, *PARTNERS),
        "view_appraisal": (Role.ORG, Role.CLERK, *PARTNERS, Role.AUDITOR),
        "add_appraisal": (*PARTNERS, Role.CLERK),
        "confirm_appraisal": (Role.ORG,),
        "view_handover": (Role.ORG, Role.FRONT, Role.REVIEWER, Role.CLERK, *PARTNERS, Role.AUDITOR),
        "add_handover": (Role.ORG, Role.CLERK, Role.P_EDIT),
        "confirm_handover": (Role.FRONT, Role.REVIEWER),
    }
