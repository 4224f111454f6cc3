"""`ticketos screenshots`: a picture of every page, in both themes and at both widths, as each role sees it."""
