"""Speak with helpdesks, each in a folder of its own."""
