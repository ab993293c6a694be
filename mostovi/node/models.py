# SPDX-License-Identifier: EUPL-1.2
"""Staff accounts and the roles they hold. Accounts are nobody's personal file of concern."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mostovi.node.job_models import JobRun as JobRun
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import GRANTABLE

_GOVERNANCE = Governance(purposes=frozenset({Purpose.GOVERNANCE}), retention="account")


class AccountQuery(BaseUserManager["Account"]):
    """Makes accounts; there is no superuser."""

    def create_user(self, username: str, password: str | None = None, **fields: str) -> Account:
        """A new account; without a password it can only sign in by passkey or partner identity."""
        account = self.model(username=username, **fields)
        account.set_password(password)
        account.save()
        return account


class Account(AbstractBaseUser):
    """A member of staff. Rights come from `Membership` alone."""

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    username = models.CharField(
        _("user name"), max_length=60, unique=True, validators=[UnicodeUsernameValidator()]
    )
    display_name = models.CharField(_("name shown to colleagues"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=12, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]
    objects = AccountQuery()

    class Meta:
        verbose_name = _("account")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.username


class Membership(models.Model):
    """A role an account holds in a unit; ended, never deleted."""

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=40, choices=[(r.value, r.value) for r in sorted(GRANTABLE)])
    unit = models.CharField(max_length=60)
    granted_by = models.UUIDField()
    granted_at = models.DateTimeField(default=timezone.now)
    ended_by = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("membership")
        ordering = ["granted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "unit"],
                condition=Q(ended_at__isnull=True),
                name="membership_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.unit}"
