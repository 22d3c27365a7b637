"""REST: the agents' edge, and the verbs by which people's programs run agents."""

from __future__ import annotations

from django.urls import path

from agents import actions
from agents.actions.access import (
    ActivateRule,
    AddRule,
    ReleaseSwitch,
    RetireRule,
    RevokeAllTokens,
    ShadowRule,
    ThrowSwitch,
)
from agents.actions.approvals import ApproveCall, RefuseCall, RevokeApproval
from agents.actions.bindings import (
    AddBinding,
    AllowAddress,
    ForbidAddress,
    RemoveBinding,
)
from agents.actions.limits import AddLimit, ChangeLimit, RemoveLimit
from agents.actions.roles import (
    CreateRole,
    DropRole,
    GrantToRole,
    PutInRole,
    RevokeFromRole,
    TakeFromRole,
)
from agents.actions.workflows import CancelWorkflowRun, RetryCompensation
from agents.api.access import RoleViews, RuleViews, SwitchViews
from agents.api.approvals import ApprovalViews
from agents.api.calls import Calls, Tools, WaitingCall
from agents.api.delegations import DelegationViews
from agents.api.keeping import (
    AgentViews,
    FreshClient,
    TokenViews,
    issuing,
    secret_of,
)
from agents.api.limits import BindingViews, EgressViews, LimitViews
from agents.api.proposals import ProposalViews
from agents.api.workflows import RunViews, StepsView
from paybill_site.kernel.rest import action_path, shown_once, things

urlpatterns = [
    path("agents/tools", Tools.as_view(), name="agent_tools"),
    path("agents/tools/<str:name>/calls", Calls.as_view(), name="agent_call"),
    path(
        "agents/tools/approvals/<str:public_id>",
        WaitingCall.as_view(),
        name="agent_waiting",
    ),
    *things("agents", AgentViews, actions.CreateAgent),
    *things("agent-tokens", TokenViews),
    *things("agent-proposals", ProposalViews),
    action_path("agent-proposals/<str:public_id>/decline", actions.DeclineProposal),
    action_path("agents/<str:public_id>/stop", actions.StopAgent),
    action_path("agents/<str:public_id>/resume", actions.ResumeAgent),
    action_path("agents/<str:public_id>/grant", actions.GrantAccess),
    action_path("agents/<str:public_id>/revoke", actions.RevokeAccess),
    issuing("agents/<str:public_id>/tokens", actions.IssueToken),
    issuing("agents/<str:public_id>/sessions", actions.OpenSession),
    shown_once(
        "agents/<str:public_id>/client",
        actions.RegisterClient,
        output=FreshClient,
        secret=secret_of,
    ),
    action_path("agents/<str:public_id>/revoke-tokens", RevokeAllTokens),
    action_path("agents/<str:public_id>/put-in-role", PutInRole),
    action_path("agents/<str:public_id>/take-from-role", TakeFromRole),
    action_path("agent-tokens/<str:public_id>/revoke", actions.RevokeToken),
    *things("agent-roles", RoleViews, CreateRole),
    action_path("agent-roles/<str:public_id>/grant", GrantToRole),
    action_path("agent-roles/<str:public_id>/revoke", RevokeFromRole),
    action_path("agent-roles/<str:public_id>/drop", DropRole),
    *things("agent-rules", RuleViews, AddRule),
    action_path("agent-rules/<str:public_id>/activate", ActivateRule),
    action_path("agent-rules/<str:public_id>/shadow", ShadowRule),
    action_path("agent-rules/<str:public_id>/retire", RetireRule),
    *things("agent-switches", SwitchViews, ThrowSwitch),
    action_path("agent-switches/<str:public_id>/release", ReleaseSwitch),
    *things("delegations", DelegationViews, actions.Delegate),
    action_path("delegations/<str:public_id>/end", actions.EndDelegation),
    *things("approvals", ApprovalViews),
    action_path("approvals/<str:public_id>/approve", ApproveCall),
    action_path("approvals/<str:public_id>/refuse", RefuseCall),
    action_path("approvals/<str:public_id>/revoke", RevokeApproval),
    *things("agent-limits", LimitViews, AddLimit),
    action_path("agent-limits/<str:public_id>/change", ChangeLimit),
    action_path("agent-limits/<str:public_id>/remove", RemoveLimit),
    *things("agent-bindings", BindingViews, AddBinding),
    action_path("agent-bindings/<str:public_id>/remove", RemoveBinding),
    *things("agent-addresses", EgressViews, AllowAddress),
    action_path("agent-addresses/<str:public_id>/forbid", ForbidAddress),
    *things("workflow-runs", RunViews),
    path(
        "workflow-runs/<str:public_id>/steps", StepsView.as_view(), name="agents_steps"
    ),
    action_path("workflow-runs/<str:public_id>/cancel", CancelWorkflowRun),
    action_path("workflow-runs/<str:public_id>/retry", RetryCompensation),
]
