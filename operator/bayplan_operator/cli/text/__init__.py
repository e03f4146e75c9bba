"""Figures as text: tables, charts of characters, sentences."""
