"""The desk in the place of Django's own admin site."""

from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Makes ``django.contrib.admin.site`` the desk."""

    default_site = "assistance.desk.Desk"
