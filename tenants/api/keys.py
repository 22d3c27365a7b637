"""REST: API keys. They are made by people: no key has a scope that makes keys."""

from __future__ import annotations

from pydantic import BaseModel, Field
from rest_framework import serializers

from paybill_site.kernel.rest import Row, Things, action_path, shown_once, things
from tenants.keys.actions import CreateKey, RevokeKey
from tenants.models import ApiKey


class KeySerializer(Row[ApiKey]):
    status = serializers.CharField(help_text="active, expired or revoked")

    class Meta:
        model = ApiKey
        fields = (
            "id",
            "account",
            "name",
            "made_by",
            "prefix",
            "status",
            "scopes",
            "per_minute",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )


class KeyViews(Things):
    queryset = ApiKey.objects.select_related("account")
    serializer_class = KeySerializer


class FreshKey(BaseModel):
    """A key, once: a repeat under the same idempotency key answers without ``key``."""

    id: str = Field(description="public id of the key")
    prefix: str = Field(description="the beginning of the key, to know it again by")
    scopes: list[str] = Field(description="what it may be used for, at most")
    expires_at: str | None = Field(description="ISO 8601; null: until it is revoked")
    key: str = Field("", description="for the header Authorization: Bearer")


urlpatterns = [
    *things("api-keys", KeyViews),
    shown_once(
        "accounts/<str:public_id>/api-keys",
        CreateKey,
        output=FreshKey,
        secret=lambda made: {"key": made.secret},
    ),
    action_path("api-keys/<str:public_id>/revoke", RevokeKey),
]
