# SPDX-License-Identifier: EUPL-1.2
"""Django settings of one node; everything that differs between nodes comes from `node.toml`."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_htmx
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from mostovi.node import config, secrets

MOSTOVI = config.load()
REPOSITORY = Path(__file__).resolve().parents[2]

SECRET_KEY = secrets.django_secret(MOSTOVI.keys)
DEBUG = False
ALLOWED_HOSTS = list(MOSTOVI.allowed_hosts)
BEHIND_HTTPS = MOSTOVI.base_url.startswith("https://")
ROOT_URLCONF = "mostovi.node.urls"
WSGI_APPLICATION = "mostovi.node.wsgi.application"
AUTH_USER_MODEL = "node.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DOMAINS = [
    "mostovi.rights",
    "mostovi.people",
    "mostovi.procedures",
    "mostovi.exchange",
    "mostovi.screening",
    "mostovi.cases",
    "mostovi.cases.children",
    "mostovi.cases.victims",
    "mostovi.cases.alternatives",
    "mostovi.cases.directory",
    "mostovi.cases.transfers",
    "mostovi.tracing",
    "mostovi.routes",
    "mostovi.routes.incidents",
    "mostovi.pathways",
    "mostovi.portal",
    "mostovi.statistics",
    "mostovi.plan",
    "mostovi.node",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    *DOMAINS,
]
MIDDLEWARE = [
    "mostovi.node.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mostovi.node.compression.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "mostovi.node.sessions.SessionLimitMiddleware",
    "mostovi.node.acting.ActingMiddleware",
    "mostovi.rights.doors.DefaultDenyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before those of installed packages, whose pages the shell restyles.
        "DIRS": [REPOSITORY / "mostovi/node/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mostovi.node.shell.shell",
            ],
        },
    },
]

if MOSTOVI.database == "sqlite":
    DATABASES: dict[str, dict[str, Any]] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": MOSTOVI.home / "db.sqlite3",
            "OPTIONS": {
                # IMMEDIATE: two writers queue for the lock instead of failing half way.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
                    "PRAGMA secure_delete=ON;PRAGMA cache_size=-8192;"
                ),
            },
        }
    }
else:
    DATABASES = {"default": config.database_from_url(MOSTOVI.database)}
DATABASES["default"]["CONN_MAX_AGE"] = 60

CACHES = {
    "default": {
        # Shared by all processes of the node, so lock-out counts hold; no broker needed.
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": MOSTOVI.home / "cache",
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

LANGUAGE_CODE = MOSTOVI.language
LANGUAGES = [
    ("en", "English"),
    ("sq", "Shqip"),
    ("bs", "Bosanski / hrvatski / srpski"),
    ("sr", "Српски"),
    ("mk", "Македонски"),
    ("ar", "العربية"),
]
FORMAT_MODULE_PATH = ["mostovi.node.formats"]
LOCALE_PATHS = [REPOSITORY / "mostovi/content/locale"]
USE_TZ = True
TIME_ZONE = "Europe/Sarajevo"
LANGUAGE_COOKIE_HTTPONLY = True

STATIC_URL = "/static/"
NODE_MODULES = Path(os.environ.get("MOSTOVI_NODE_MODULES") or REPOSITORY / "node_modules")
STATICFILES_DIRS = [
    (f"vendor/{package.split('/')[-1]}", NODE_MODULES / package / sub)
    for package, sub in (
        ("bootstrap", "dist"),
        ("@getodk/web-forms", "dist"),
        ("vue", "dist"),
        ("@fontsource-variable/noto-sans", "files"),
        ("@fontsource-variable/noto-sans-arabic", "files"),
    )
    if (NODE_MODULES / package / sub).is_dir()
] + [("vendor/htmx", Path(django_htmx.__file__).parent / "static/django_htmx")]
# The nodes of a demo share one folder: gathering is the same work for each.
STATIC_ROOT = Path(os.environ.get("MOSTOVI_STATIC_ROOT") or MOSTOVI.home / "static")
# For documents on paper, made from the fonts of the browser parts; a demo's nodes share them too.
PAPER_FONTS = Path(os.environ.get("MOSTOVI_PAPER_FONTS") or STATIC_ROOT.with_name("fonts"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "mostovi.node.assets.StaticFilesStorage"},
}
# Gathered and compressed by `assets.prepare` when the application starts.
WHITENOISE_USE_FINDERS = False
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("map", "woff2", "png", "jpg", "gz", "br", "zip")
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

_PARTNER_SIGN_IN = [MOSTOVI.oidc["server_url"]] if MOSTOVI.oidc.get("server_url") else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # The partner's sign-in answers our form with a redirect to itself.
        "form-action": [
            SELF,
            *("{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in _PARTNER_SIGN_IN),
        ],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_HTTPS else None
SESSION_COOKIE_SECURE = BEHIND_HTTPS
CSRF_COOKIE_SECURE = BEHIND_HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Several demo nodes share 127.0.0.1; browsers do not separate cookies by port.
SESSION_COOKIE_NAME = f"mostovi_{MOSTOVI.code.replace('-', '_')}_session"
CSRF_COOKIE_NAME = f"mostovi_{MOSTOVI.code.replace('-', '_')}_csrf"
LANGUAGE_COOKIE_NAME = f"mostovi_{MOSTOVI.code.replace('-', '_')}_language"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_IDLE = timedelta(minutes=30)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSIONS_PER_ACCOUNT = 3
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "node:home"
ACCOUNT_ADAPTER = "mostovi.node.adapters.AccountAdapter"
CSRF_FAILURE_VIEW = "mostovi.node.views.csrf_failure"
MFA_ADAPTER = "mostovi.node.adapters.SecondFactorAdapter"
SOCIALACCOUNT_ADAPTER = "mostovi.node.adapters.PartnerIdentityAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_FORMS = {
    "change_password": "mostovi.node.forms.ChangeOwnPasswordForm",
    "login": "mostovi.node.forms.SignInForm",
    "reauthenticate": "mostovi.node.forms.ConfirmPasswordForm",
}
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "60/m/ip,5/15m/key"}
MFA_FORMS = {
    "activate_totp": "mostovi.node.forms.AppCodeForm",
    "add_webauthn": "mostovi.node.forms.PasskeyForm",
    "authenticate": "mostovi.node.forms.SecondStepForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = f"Mostovi {MOSTOVI.code}"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BEHIND_HTTPS
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_REQUIRED = not MOSTOVI.demo
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "partner",
                "name": MOSTOVI.oidc.get("name", str(_("Your institution's account"))),
                "client_id": MOSTOVI.oidc["client_id"],
                "secret": MOSTOVI.oidc.get("secret", ""),
                "settings": {"server_url": MOSTOVI.oidc["server_url"]},
            }
        ]
        if MOSTOVI.oidc.get("server_url")
        else []
    }
}
USERSESSIONS_TRACK_ACTIVITY = False
# Doors of addresses that come with django-allauth; what is not named here stays closed.
DOORS = dict.fromkeys(
    (
        "account_inactive", "account_login", "account_logout", "mfa_authenticate",
        "mfa_login_webauthn", "openid_connect_callback", "openid_connect_login",
        "socialaccount_login_cancelled", "socialaccount_login_error",
    ),
    "public",
) | dict.fromkeys(
    (
        "account_change_password", "account_reauthenticate", "mfa_activate_totp",
        "mfa_add_webauthn", "mfa_deactivate_totp", "mfa_download_recovery_codes",
        "mfa_edit_webauthn", "mfa_generate_recovery_codes", "mfa_index", "mfa_list_webauthn",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_remove_webauthn",
        "mfa_view_recovery_codes",
    ),
    "account",
)  # fmt: skip
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "mostovi.node.logs.SafeJsonFormatter",
            "node": MOSTOVI.code,
        }
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["out"], "level": os.environ.get("MOSTOVI_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # It logs each empty look into the queue.
        "django_tasks_db": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
