"""Amounts and dates as pure functions: no Django, no database, no clock.

Everything an invoice says can be recomputed here from the inputs stored on its lines.
"""
