"""The voice: how a message leaves the house."""
