"""Provider plugins: where they are on this machine, and which of them a run may use.

1. ``mirrors`` finds folders of plugins; nothing is ever fetched while a run works.
2. ``hashing`` says what a plugin is: the hash that Terraform's lock files call h1.
3. ``locks`` keeps a lock file per stack and mirror, made by Terraform itself.
4. ``fetching`` fills a mirror of our own from the registry, when a person asks.
"""
