"""Makes the accounts anew: user00001@foreign.test with pass-00001-Sekisho, and so on.

Each is set up for codes by mail already, so that its first sign-in asks for one.
"""

import os
import pathlib
import sys

DATABASE = pathlib.Path(os.environ["FOREIGN_DATABASE"])
for leftover in ("", "-wal", "-shm"):
    DATABASE.with_name(DATABASE.name + leftover).unlink(missing_ok=True)

from app import app, database, security, users  # noqa: E402  (opens the database)
from flask_security import hash_password  # noqa: E402

with app.app_context():
    database.create_all()
    for number in range(1, int(sys.argv[1]) + 1):
        users.create_user(
            email=f"user{number:05}@foreign.test",
            password=hash_password(f"pass-{number:05}-Sekisho"),
            tf_primary_method="email",
            tf_totp_secret=security.totp_factory.generate_totp_secret(),
        )
    database.session.commit()
    # Readers and the writer don't wait for each other; the setting stays in the file.
    database.session.execute(database.text("PRAGMA journal_mode=WAL"))
