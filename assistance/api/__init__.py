"""What every resource of the API shares, and the resources of the ground floor."""
