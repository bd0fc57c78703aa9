"""What gogen says of its outputs and its pins in the words of others: in-toto and CycloneDX."""
