"""The runner: one process per run, which owns the lease, the folder and Terraform.

1. Claim the run: lease and fence (``ClaimRun``). Who does not get it ends here.
2. Plan: ``init``, ``plan -out``, ``show -json``; keep the plan and its two digests.
   A run that needs confirmation ends here, and another runner goes on with it.
3. Apply exactly that plan: its SHA-256 is checked before.
4. Finish: fill what was made and attach it, or prove that nothing is left.
Every step shows the fence. A lease that another runner has stops this one: Terraform
gets one SIGINT, and nothing more is written.
"""
