"""The door for carriers: signed, once only, answered in milliseconds."""
