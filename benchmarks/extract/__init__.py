"""Our extractor beside other people's packages, on the same data, over the same wire, in one run."""
