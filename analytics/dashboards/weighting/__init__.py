"""Pages under respondent weights, and the page on which weightings are compared and made."""
