"""REST: the agents' edge, and the verbs by which people's programs run agents."""

from __future__ import annotations

from django.urls import path

from agents import actions
from agents.api.calls import Calls, Tools
from agents.api.keeping import AgentViews, IssueTokenView, TokenViews
from paybill_site.kernel.rest import action_path, things

urlpatterns = [
    path("agents/tools", Tools.as_view(), name="agent_tools"),
    path("agents/tools/<str:name>/calls", Calls.as_view(), name="agent_call"),
    *things("agents", AgentViews, actions.CreateAgent),
    *things("agent-tokens", TokenViews),
    action_path("agents/<str:public_id>/stop", actions.StopAgent),
    action_path("agents/<str:public_id>/resume", actions.ResumeAgent),
    action_path("agents/<str:public_id>/grant", actions.GrantAccess),
    action_path("agents/<str:public_id>/revoke", actions.RevokeAccess),
    path(
        "agents/<str:public_id>/tokens",
        IssueTokenView.as_view(),
        name="agents_issue_token",
    ),
    action_path("agent-tokens/<str:public_id>/revoke", actions.RevokeToken),
]
