"""Makes the tables of the plain project and prints a token for it."""

from __future__ import annotations

import django


def main() -> None:
    """Tables without migrations of their own, one user, one token."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - after django.setup
    from django.core.management import call_command  # noqa: PLC0415
    from rest_framework.authtoken.models import Token  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    print(Token.objects.create(user=User.objects.create_user("bench")).key)


if __name__ == "__main__":
    django.setup()
    main()
