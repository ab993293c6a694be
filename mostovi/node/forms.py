# SPDX-License-Identifier: EUPL-1.2
"""Forms of the accounts' rooms and of the entrance."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.utils.translation import gettext_lazy as _

from mostovi.node.labels import ROLE_LABELS, unit_label
from mostovi.node.models import Account
from mostovi.rights.policy import reads_personal_data
from mostovi.rights.roles import GRANTABLE, Role

if TYPE_CHECKING:
    _AccountModelForm = forms.ModelForm[Account]
    _AccountPasswordForm = SetPasswordForm[Account]
else:
    # Django's forms name their model to the type checker only.
    _AccountModelForm, _AccountPasswordForm = forms.ModelForm, SetPasswordForm


def speak_plainly() -> None:
    """Let every form of the node say what to do instead of what is missing."""
    forms.Field.default_error_messages["required"] = _("Please answer this.")


class AccountForm(_AccountModelForm):
    """A new account: who, and how they sign in."""

    class Meta:
        model = Account
        fields: ClassVar[list[str]] = [
            "display_name", "username", "language", "email", "partner_email", "partner_subject",
        ]  # fmt: skip
        help_texts: ClassVar = {
            "display_name": _("As it appears beside notes and decisions."),
            "username": _("For signing in. Small letters, digits, dot, hyphen or underscore."),
            "email": _("At work. Not used for signing in."),
            "partner_email": _(
                "Only if your institution's own sign-in is used and confirms e-mail addresses."
            ),
            "partner_subject": _(
                "Only if your institution's own sign-in is used. Safer than e-mail."
            ),
        }
        widgets: ClassVar = {
            "display_name": forms.TextInput(attrs={"autocomplete": "off"}),
            "username": forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "none", "dir": "ltr"}
            ),
            "email": forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
            "partner_email": forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
            "partner_subject": forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        }

    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("They can change it later.")
    )

    def clean_username(self) -> str:
        """Account names are written small."""
        return str(self.cleaned_data["username"]).lower()

    def clean_partner_email(self) -> str:
        """Compared without regard to capitals."""
        return str(self.cleaned_data["partner_email"]).lower()


class GrantForm(forms.Form):
    """Which role in which unit."""

    role = forms.ChoiceField(label=_("Role"))
    unit = forms.ChoiceField(label=_("Unit"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        node = settings.MOSTOVI
        self.fields["role"] = forms.ChoiceField(
            label=_("Role"),
            # Nothing is chosen in advance: a role is given on purpose.
            choices=[("", _("Choose a role"))]
            + [
                (role.value, label)
                for role, label in ROLE_LABELS.items()
                if role in GRANTABLE and (node.holds_persons or not reads_personal_data(role))
            ],
        )
        self.fields["unit"] = forms.ChoiceField(
            label=_("Unit"),
            choices=[("", _("Choose a unit"))] + [(unit, unit_label(unit)) for unit in node.units],
        )

    def chosen_role(self) -> Role:
        """The role, once the form is valid."""
        return Role(self.cleaned_data["role"])


class StartForm(_AccountPasswordForm):
    """The first password of an account."""


class SignInForm(LoginForm):
    """Account name and password, in the shell's words."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = _("Account name")
        login.widget.attrs |= {"dir": "ltr", "autocapitalize": "none", "spellcheck": "false"}
        password.label = _("Password")
        password.help_text = ""

    def clean_login(self) -> str:
        """Account names are written small."""
        return str(super().clean_login()).lower()


class ConfirmPasswordForm(ReauthenticateForm):
    """The password once more, before a step that changes how the account is protected."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Your password")
        self.fields["password"].help_text = ""


class ChangeOwnPasswordForm(ChangePasswordForm):
    """The old password, and the new one twice."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "oldpassword": _("Your password now"),
            "password1": _("New password"),
            "password2": _("New password once more"),
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""


class PasskeyForm(AddWebAuthnForm):
    """A new passkey; by default it also opens without the password."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of this passkey")
        self.fields["name"].help_text = _("So that you recognise it later, such as 'work phone'.")
        self.fields["passwordless"].label = _("Sign in with it alone, without the password")
        self.fields["passwordless"].help_text = _("The device then always asks for finger or PIN.")
        self.fields["passwordless"].initial = True


class AppCodeForm(ActivateTOTPForm):
    """The first code from an authenticator app."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("The six digits the app shows now")
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "dir": "ltr"}


class SecondStepForm(AuthenticateForm):
    """A code from the app, or a recovery code."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from your app, or a recovery code")
        self.fields["code"].widget.attrs |= {"dir": "ltr"}
