"""The least that a Django stack can do for one answer: a form, a token spent once, one atomic insert."""
