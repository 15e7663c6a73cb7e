"""What the repository itself promises: packaging, manifest, front page."""
