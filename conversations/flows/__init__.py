"""Pictures of the talks, drawn from the scripts that are played, and what is wrong with them."""
