"""Flask-Security as its manual has it: settings, an account table, and two pages of our own."""

import os
from datetime import timedelta

from flask import Flask, jsonify, render_template_string
from flask_mail import Mail
from flask_security import (
    Security, SQLAlchemyUserDatastore, auth_required, current_user,
)
from flask_security.models import fsqla_v3 as tables
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect

# Secure cookies need https, and this one only ever listens on loopback without it.
PLAIN_HTTP_COOKIE = {"httponly": True, "secure": False, "samesite": "Strict"}

# The package says so for its own pages only.
NOT_KEPT = {"Cache-Control": "no-store"}

MY_PAGE = """
{% extends "security/base.html" %}
{% set title = "My Page" %}
{% block content %}
{% include "security/_messages.html" %}
<main id="my-page"><h1>My Page</h1><p id="address">{{ current_user.email }}</p></main>
{% include "security/_menu.html" %}
{% endblock %}
"""

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["FOREIGN_SECRET_KEY"],
    SESSION_COOKIE_SAMESITE="Strict",
    REMEMBER_COOKIE_SAMESITE="Strict",
    SQLALCHEMY_DATABASE_URI="sqlite:///" + os.environ["FOREIGN_DATABASE"],
    SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 30}},
    MAIL_SERVER=os.environ["FOREIGN_SMTP_HOST"],
    MAIL_PORT=int(os.environ["FOREIGN_SMTP_PORT"]),
    SECURITY_EMAIL_SENDER="no-reply@foreign.test",
    # `.test` is reserved, and refused as an address without this.
    SECURITY_EMAIL_VALIDATOR_ARGS={"test_environment": True},
    SECURITY_PASSWORD_SALT=os.environ["FOREIGN_PASSWORD_SALT"],
    # Cheap on purpose: a load run is to measure the login, not the hash.
    SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS={
        "argon2__time_cost": 1, "argon2__memory_cost": 1024, "argon2__parallelism": 1,
    },
    SECURITY_POST_LOGIN_VIEW="/my-page",
    SECURITY_POST_LOGOUT_VIEW="/login",
    SECURITY_CHANGEABLE=True,
    SECURITY_CHANGE_EMAIL=True,
    # FAQ-01, FAQ-03: a code by mail, for 30 minutes.
    SECURITY_TWO_FACTOR=True,
    SECURITY_TWO_FACTOR_REQUIRED=True,
    SECURITY_TWO_FACTOR_ENABLED_METHODS=["email"],
    SECURITY_TWO_FACTOR_MAIL_VALIDITY=1800,
    SECURITY_TOTP_SECRETS={"1": os.environ["FOREIGN_TOTP_SECRET"]},
    SECURITY_TOTP_ISSUER="foreign.test",
    # FAQ-06, FAQ-08: no code for 90 days in a browser that asked for it.
    SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=False,
    SECURITY_TWO_FACTOR_LOGIN_VALIDITY="90 days",
    SECURITY_TWO_FACTOR_VALIDITY_COOKIE=PLAIN_HTTP_COOKIE,
    # Forms carry their token in a hidden field, the JSON API sends the cookie back as a header.
    WTF_CSRF_CHECK_DEFAULT=False,
    SECURITY_CSRF_COOKIE_NAME="XSRF-TOKEN",
    SECURITY_CSRF_COOKIE={"httponly": False, "secure": False, "samesite": "Strict"},
)

database = SQLAlchemy(app)
tables.FsModels.set_db_info(database)


class Role(database.Model, tables.FsRoleMixin):
    pass


class User(database.Model, tables.FsUserMixin):
    pass


Mail(app)
CSRFProtect(app)
users = SQLAlchemyUserDatastore(database, User, Role)
security = Security(app, users)


@app.get("/my-page")
@auth_required("session")
def my_page():
    return render_template_string(MY_PAGE), NOT_KEPT


@app.get("/api/my-page")
@auth_required("session", "token")
def my_page_as_json():
    return jsonify(address=current_user.email), NOT_KEPT
