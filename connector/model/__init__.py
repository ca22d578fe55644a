"""Frozen values that flow from the host through the rules and back."""
