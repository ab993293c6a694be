# SPDX-License-Identifier: EUPL-1.2
"""What the node stores about its own staff: accounts and the roles they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, NoReturn
from uuid import UUID, uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mostovi.node.job_models import JobRun
from mostovi.rights.governance import Governance
from mostovi.rights.purposes import Purpose
from mostovi.rights.roles import GRANTABLE

__all__ = ["Account", "JobRun", "Membership"]

_GOVERNANCE = Governance(purposes=frozenset({Purpose.GOVERNANCE}), retention="account")


class AccountManager(BaseUserManager["Account"]):
    """Makes accounts; there is no superuser. Staff are added through `accounts.create_account`."""

    def create_user(self, username: str, password: str | None = None, **fields: str) -> Account:
        """A new account; without a password only a passkey or the partner's sign-in opens it."""
        account = self.model(username=username, **fields)
        account.set_password(password)
        account.save()
        return account


class Account(AbstractBaseUser):
    """A member of staff of this node. What the account may do comes from its memberships alone.

    `partner_subject` and `partner_email` tie the account to the institution's own identity
    provider; an administrator sets them, nobody is created by signing in.
    """

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    username = models.CharField(
        _("Account name"),
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9][a-z0-9._-]*$",
                _("Use small letters a to z, digits, dot, hyphen or underscore."),
            )
        ],
        error_messages={"unique": _("This account name is taken. Choose another.")},
    )
    display_name = models.CharField(_("Name shown to colleagues"), max_length=120)
    email = models.EmailField(_("E-mail"), blank=True)
    language = models.CharField(_("Language"), max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    partner_subject = models.CharField(
        _("Identifier at the institution's sign-in"), max_length=200, blank=True
    )
    partner_email = models.EmailField(_("E-mail at the institution's sign-in"), blank=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        ordering = ["display_name", "username"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner_subject"],
                condition=~models.Q(partner_subject=""),
                name="one_account_per_partner_subject",
            ),
            models.UniqueConstraint(
                fields=["partner_email"],
                condition=~models.Q(partner_email=""),
                name="one_account_per_partner_email",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, with the ones that hold now."""

    def current(self) -> MembershipQuerySet:
        """Those that have not been ended."""
        return self.filter(ended_at=None)


class Membership(models.Model):
    """A role held in a unit from `granted_at` to `ended_at`. Rows are only added and ended."""

    GOVERNANCE: ClassVar[Governance] = _GOVERNANCE

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(
        max_length=40, choices=[(role.value, role.value) for role in sorted(GRANTABLE)]
    )
    unit = models.CharField(max_length=60)
    # An account's id; the nil id where the node itself granted it (first administrator, demo).
    granted_by = models.UUIDField()
    granted_at = models.DateTimeField(default=timezone.now)
    ended_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["granted_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "unit"],
                condition=models.Q(ended_at=None),
                name="role_held_once_in_a_unit",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.unit}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the row; a change is an error, because the history of rights stays as it was."""
        if not self._state.adding:
            raise TypeError("a membership is only added and ended")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Never."""
        raise TypeError("a membership is only added and ended")

    def end(self, *, by: UUID, at: datetime) -> bool:
        """End it once; False when it had been ended before."""
        ended = Membership.objects.filter(pk=self.pk, ended_at=None).update(
            ended_by=by, ended_at=at
        )
        self.refresh_from_db(fields=["ended_by", "ended_at"])
        return bool(ended)
