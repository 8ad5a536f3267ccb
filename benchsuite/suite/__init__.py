"""What `run` and `report` are made of."""
