"""Pages of the embedded mode, included below /mail/ and nowhere in production."""

from __future__ import annotations

from django.urls import path

from paybill_site.local import mail

app_name = "local"
urlpatterns = [
    path("", mail.mail_list, name="mail_list"),
    path("<str:name>/", mail.mail_message, name="mail_message"),
]
