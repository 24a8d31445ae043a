"""Pure parts: tables of input and outcome, no input or output."""
