"""One module per noun; each brings its ``router``, its ``RULES`` and what it adds to the menu (``NAV``)."""
