"""What the pages with records show: pure, from an address and rows to what a template needs."""
