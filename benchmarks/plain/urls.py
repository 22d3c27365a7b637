"""One door: a list of events, validated by a serializer, inserted once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.plain.models import Event


class EventSerializer(serializers.ModelSerializer[Event]):
    id = serializers.CharField(source="name", max_length=100)

    class Meta:
        model = Event
        fields = ("id", "source", "tenant", "meter", "at", "value", "properties")
        validators: ClassVar[list[Any]] = []  # else a query for each event


class Events(APIView):
    def post(self, request: Request) -> Response:
        body: Any = request.data
        sent = EventSerializer(data=body["events"], many=True)
        sent.is_valid(raise_exception=True)
        rows = [Event(**one) for one in sent.validated_data]
        Event._default_manager.bulk_create(rows, ignore_conflicts=True)
        return Response({"received": len(rows)})


urlpatterns = [path("api/usage/events", Events.as_view())]
