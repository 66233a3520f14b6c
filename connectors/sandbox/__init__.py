"""Two synthetic CRMs on the real wire formats. Chosen by name, never a fallback; imports no extractor code."""
