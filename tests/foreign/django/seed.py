"""Makes accounts from `user00001@foreign.test` up to the wanted number, each with an e-mail device.

Those that are there already stay as they are.
"""

import sys

import django

BATCH = 1_000
MAX_ACCOUNTS = 99_999


def main() -> None:
    wanted = int(sys.argv[1])
    if not 1 <= wanted <= MAX_ACCOUNTS:
        raise SystemExit(f"error: {wanted} accounts asked for\n\nhint: 1 to {MAX_ACCOUNTS} can be made")
    django.setup()
    from django.contrib.auth.models import User
    from django.db import transaction

    there = set(User.objects.values_list("username", flat=True))
    missing = [index for index in range(1, wanted + 1) if address(index) not in there]
    for start in range(0, len(missing), BATCH):
        with transaction.atomic():
            make(missing[start : start + BATCH])


def address(index: int) -> str:
    return f"user{index:05}@foreign.test"


def make(indices: list[int]) -> None:
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django_otp.plugins.otp_email.models import EmailDevice

    users = User.objects.bulk_create(
        User(username=address(index), email=address(index), password=make_password(f"pass-{index:05}-Sekisho"))
        for index in indices
    )
    # The package asks for the device that bears the name `default`; without an address of its own, it mails to the user's.
    EmailDevice.objects.bulk_create(EmailDevice(user=user, name="default", confirmed=True) for user in users)


if __name__ == "__main__":
    main()
