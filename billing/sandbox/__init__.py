"""A gateway that moves no money, and a clock that can be moved: embedded mode only.

``billing.apps`` imports this package only there, so in production its actions are in
no registry and its pages in no URL.
"""
