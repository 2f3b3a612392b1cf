"""Small tools with no table and no Flask."""
