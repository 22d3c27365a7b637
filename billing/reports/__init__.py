"""Figures for operators, each made of rows that can be listed and summed again."""
