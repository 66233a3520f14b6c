"""`make demo`: the whole product on the sandbox CRMs, shown in a terminal."""
