"""Published cases, answered by the functions that bill.

Adapters rename and convert; there is no arithmetic in them. ``cases`` reads a file,
asks for an answer and compares.
"""
