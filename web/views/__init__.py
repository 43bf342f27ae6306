"""One module for each thing the page can be asked; each makes a blueprint from what it needs."""
