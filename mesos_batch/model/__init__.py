"""Values of the domain: resources, offers, tasks, states. Pure and immutable."""
