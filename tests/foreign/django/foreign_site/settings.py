"""Settings of the foreign site. What differs from the packages' defaults says why; NOTES.md lists the defaults that matter.

Everything that belongs to one run comes from the environment, where `start` puts it.
"""

import os
from pathlib import Path

MINUTE = 60
DAY = 24 * 60 * MINUTE

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ["SITE_FOLDER"])

SECRET_KEY = os.environ["SITE_SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "foreign_site.urls"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django_otp",
    # The package's own table of backup codes: its sign-in page reads it, whoever has some or not.
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_email",
    "two_factor",
    "two_factor.plugins.email",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / "site.sqlite3",
        # A thread keeps its connection.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Threads wait for each other's writes instead of failing with "database is locked".
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# Thousands of accounts are made at the start, and load is to meet the login and not the hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LOGIN_URL = "two_factor:login"
LOGIN_REDIRECT_URL = "my-page"

LANGUAGE_CODE = "ja"
TIME_ZONE = "Asia/Tokyo"
USE_I18N = True
USE_TZ = True

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ["SITE_SMTP_HOST"]
EMAIL_PORT = int(os.environ["SITE_SMTP_PORT"])
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = "login@foreign.test"

# The published rules: a code lives 30 minutes, a remembered browser 90 days.
OTP_EMAIL_TOKEN_VALIDITY = 30 * MINUTE
TWO_FACTOR_REMEMBER_COOKIE_AGE = 90 * DAY
# By default an attempt is thrown away after 10 minutes, and so no code could be sent back after 29.
TWO_FACTOR_LOGIN_TIMEOUT = 60 * MINUTE
# The default mail is the code alone, in English; these two settings are the documented way to word it.
OTP_EMAIL_SUBJECT = "ワンタイムパスワードのお知らせ"
OTP_EMAIL_BODY_TEMPLATE = "ワンタイムパスワード：{{ token }}\nこの番号の有効期間は30分です。\n"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        # One line for every request that waits for a thread: under load that is every request.
        "waitress.queue": {"level": "ERROR"},
    },
}
