"""The Model Context Protocol at ``/mcp``: one view, one dispatch, a registry behind it.

views     admission, HTTP, JSON or a stream
messages  one JSON-RPC message, bounded and strict
eras      which revision a request speaks, and what its client can
headers   the body's fields that are mirrored in headers
methods   what each method answers; ``turns`` those that can ask the user first
states    what a client hands back: sealed, bound, for one use
registry  what a server offers; ``offering`` is ours, tests have another
"""
