"""Settings of every mode, from one mapping of names to text.

Production: any of DATABASE_URL, REDIS_URL, EMAIL_URL is set, and the environment is
the mapping. Embedded: none is, and `paybill_site.local` supplies the same names for
the services that `./paybill up` starts. PAYBILL_MODE=tenant runs one tenant's plane
alone, without the control plane.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django_stubs_ext import monkeypatch

from paybill_site.environ import (
    CONTROL_REQUIRED,
    REQUIRED,
    TENANT_REQUIRED,
    database,
    key_ring,
    mailer,
    read,
    require,
    words,
)
from paybill_site.local.environment import embedded as embedded_environment
from paybill_site.local.places import Places
from paybill_site.openapi import DOCUMENT

BASE_DIR = Path(__file__).resolve().parent.parent


# Lets ModelAdmin[Tenant] and the like run, not only pass the type checker.
monkeypatch()

# --- Which mode -------------------------------------------------------------------

PAYBILL_LOCAL = Path(os.environ.get("PAYBILL_LOCAL", BASE_DIR / ".local")).absolute()
PAYBILL_MODE = os.environ.get("PAYBILL_MODE", "control")
if PAYBILL_MODE not in {"control", "tenant"}:
    raise ImproperlyConfigured("PAYBILL_MODE is 'control' or 'tenant'.")
CONTROL = PAYBILL_MODE == "control"
PAYBILL_EMBEDDED = CONTROL and not any(
    read(os.environ, name) for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL")
)
ENV: Mapping[str, str] = (
    {**os.environ, **embedded_environment(Places(PAYBILL_LOCAL))}
    if PAYBILL_EMBEDDED
    else os.environ
)

require(ENV, REQUIRED | (CONTROL_REQUIRED if CONTROL else TENANT_REQUIRED))

# --- Where we are -----------------------------------------------------------------

PAYBILL_BASE_URL = read(ENV, "PAYBILL_BASE_URL").rstrip("/")
PAYBILL_TENANT_DOMAIN = read(ENV, "PAYBILL_TENANT_DOMAIN").lower()
# Of a tenant's own server: hosts beside those of the domain above.
PAYBILL_HOSTS = words(ENV, "PAYBILL_HOSTS")
PAYBILL_TENANT_ID = read(ENV, "PAYBILL_TENANT_ID")
PAYBILL_SCHEMA = read(ENV, "PAYBILL_SCHEMA")
PAYBILL_PROVISIONER_DSN = read(ENV, "PAYBILL_PROVISIONER_URL")
PAYBILL_METRICS_TOKEN = read(ENV, "PAYBILL_METRICS_TOKEN")
PAYBILL_PRODUCT_APPS = words(ENV, "PAYBILL_PRODUCT_APPS", "examples.storefront")
# What a customer is told who pays by bank transfer: "label: value" pairs.
PAYBILL_BANK_DETAILS = words(ENV, "PAYBILL_BANK_DETAILS")
# Stripe collects where there is a key; of webhook secrets the new and the old one.
PAYBILL_STRIPE_SECRET_KEY = read(ENV, "PAYBILL_STRIPE_SECRET_KEY")
PAYBILL_STRIPE_WEBHOOK_SECRETS = words(ENV, "PAYBILL_STRIPE_WEBHOOK_SECRETS")
PAYBILL_STRIPE_API = read(ENV, "PAYBILL_STRIPE_API", "https://api.stripe.com")
# Who issues invoices; without a country nothing is taxed, and operators are told.
PAYBILL_SELLER = {
    name: read(ENV, f"PAYBILL_SELLER_{name.upper()}")
    for name in (
        "name",
        "street",
        "postcode",
        "city",
        "country",
        "vat_number",
        "email",
        "iban",
    )
}
# Numbers begin anew with each series: strftime of the moment of finalisation.
PAYBILL_INVOICE_SERIES = read(ENV, "PAYBILL_INVOICE_SERIES", "%Y")
PAYBILL_CREDIT_NOTE_SERIES = read(ENV, "PAYBILL_CREDIT_NOTE_SERIES", "CN%Y")
# A folder, or s3://bucket/prefix.
PAYBILL_BACKUPS = read(ENV, "PAYBILL_BACKUPS", str(PAYBILL_LOCAL / "backups"))
# Places made ahead, so that a sign-up waits for none.
PAYBILL_POOL_SIZE = int(read(ENV, "PAYBILL_POOL_SIZE", "20"))
# How long a runner that is not heard of is taken to live. It is heard of every third.
PAYBILL_RUN_LEASE_SECONDS = int(read(ENV, "PAYBILL_RUN_LEASE_SECONDS", "45"))
SECURE = PAYBILL_BASE_URL.startswith("https://")

PAYBILL_KEYS = key_ring(ENV, CONTROL)
SECRET_KEY, *SECRET_KEY_FALLBACKS = PAYBILL_KEYS["session"]
DEBUG = False
CONTROL_HOST = urlsplit(PAYBILL_BASE_URL).hostname or ""
# Every host reaches the routing middleware, which answers 404 to one it does not know;
# customers' own domains cannot be listed at start.
ALLOWED_HOSTS = ["*"]

# --- Apps and planes --------------------------------------------------------------

BOTH_PLANES = [
    "paybill_site.kernel", "paybill_site.accounts",
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.admin", "guardian", "allauth.account", "allauth.mfa",
    "allauth.idp.oidc", "agents",
]  # fmt: skip
WITHOUT_TABLES = [
    "django.contrib.messages", "django.contrib.staticfiles", "allauth",
    "rest_framework", "drf_spectacular", "django_htmx",
]  # fmt: skip
SHARED_APPS = [
    *BOTH_PLANES,
    *WITHOUT_TABLES,
    "tenants",
    "billing",
    "provisioning",
    "django_tenants",  # last, because its admin templates replace Django's
]
if PAYBILL_EMBEDDED:
    SHARED_APPS.append("paybill_site.local")
TENANT_APPS = [*BOTH_PLANES, *PAYBILL_PRODUCT_APPS]
INSTALLED_APPS = (
    [*SHARED_APPS, *PAYBILL_PRODUCT_APPS]
    if CONTROL
    else [*TENANT_APPS, *WITHOUT_TABLES]
)

TENANT_MODEL = "tenants.Placement"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_SYNC_ROUTER = "paybill_site.kernel.planes.PlaneRouter"
DATABASE_ROUTERS = [TENANT_SYNC_ROUTER]
DATABASES = {"default": database(read(ENV, "DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOT_URLCONF = "paybill_site.urls" if CONTROL else "paybill_site.urls_tenant"
WSGI_APPLICATION = "paybill_site.wsgi.application"
MIDDLEWARE = [
    "paybill_site.requests.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "tenants.routing.HostMiddleware"
    if CONTROL
    else "paybill_site.kernel.planes.SinglePlaneMiddleware",
    "paybill_site.accounts.sessions.PlaneSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "paybill_site.refusals.RefusalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
if not CONTROL:
    MIDDLEWARE.append("paybill_site.accounts.doors.LicenceMiddleware")

# --- Services ---------------------------------------------------------------------

REDIS_URL = read(ENV, "REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "paybill_site.kernel.counts.CountingCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "paybill_site.kernel.planes.cache_key",
    }
}
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)
MAILERS = {"default": mailer(read(ENV, "EMAIL_URL"))}
DEFAULT_FROM_EMAIL = read(
    ENV, "PAYBILL_FROM_EMAIL", f"Paybill <paybill@{CONTROL_HOST}>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# With what tenants' own servers send mail; give them a log-in that may do less.
PAYBILL_SILO_EMAIL_URL = read(ENV, "PAYBILL_SILO_EMAIL_URL") or read(ENV, "EMAIL_URL")
# The image that silos in a cloud run, best with its digest; a product may have its own.
PAYBILL_IMAGE = read(ENV, "PAYBILL_IMAGE")

# --- Pages ------------------------------------------------------------------------

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = read(ENV, "PAYBILL_STATIC_ROOT") or None
STATICFILES_DIRS = [BASE_DIR / "paybill_site" / "static"]
# Without a folder that collectstatic has filled, WhiteNoise asks the finders once.
WHITENOISE_USE_FINDERS = STATIC_ROOT is None

# --- Sessions, accounts, permissions ----------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# E-mail addresses are unique in lower case, by a constraint the check cannot read.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_ADAPTER = "paybill_site.accounts.adapter.AccountAdapter"
MFA_ADAPTER = "paybill_site.accounts.mfa.MFAAdapter"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# What allauth keeps of OAuth: clients, codes, refresh tokens. The rest is agents/oauth.
IDP_OIDC_ADAPTER = "agents.oauth.adapter.OAuthAdapter"
# Guardian would add an anonymous user to every plane and look it up in each check.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
CSRF_FAILURE_VIEW = "paybill_site.pages.forged"
CSRF_COOKIE_SECURE = SECURE

# --- What a browser may do --------------------------------------------------------

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    # Chromium holds what follows a form to it: the way to a fresh proof.
    "form-action": [CSP.SELF, PAYBILL_BASE_URL],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SECURE
# A probe asks the process itself, behind whatever ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^health/live$", r"^health/ready$"]
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
if SECURE and read(ENV, "PAYBILL_BEHIND_PROXY") == "1":
    # Only a proxy that always sets this header itself makes it trustworthy.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

REST_FRAMEWORK = {
    # Programs come with a key, people with their session; the views for agents name
    # the token instead. A view names its own permission, or nobody gets in.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        *(["tenants.keys.auth.KeyAuthentication"] if CONTROL else []),
        "paybill_site.accounts.auth.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "paybill_site.kernel.errors.problem_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = DOCUMENT

# --- Logs -------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "paybill_site.kernel.logs.RedactingFilter"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{message}",
            "style": "{",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["stderr"], "level": read(ENV, "PAYBILL_LOG_LEVEL", "INFO")},
    # Django's own handlers would print the same lines a second time, unredacted.
    "loggers": {
        **{name: {"handlers": []} for name in ("django", "django.server")},
        # One line for each sweep, every few seconds, would hide the rest.
        **{
            name: {"level": "WARNING"}
            for name in (
                "celery.beat",
                "celery.worker.strategy",
                "celery.app.trace",
                "stripe",
                # Below this it prints requests, with what is secret in them.
                "oauthlib",
            )
        },
    },
}
